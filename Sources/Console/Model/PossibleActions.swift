package import Core

/// What can be asked of a run as it stands, as the API tells it.
package struct PossibleActions: Sendable, Hashable {
    /// Of the run.
    let ofRun: Set<String>
    /// By the id of a step or an element.
    let ofSteps: [String: Set<String>]
    let signals: [String]
    /// Steps that would be undone if the run turned back now; nil where nobody knows.
    let undoes: [String]?
    /// There is no way back, or may be none.
    let isPastPivot: Bool

    package init?(_ json: JSON?) {
        func texts(_ json: JSON?) -> [String]? { json?.array?.compactMap(\.string) }
        guard let json, let ofRun = texts(json["actions"]) else { return nil }
        self.ofRun = Set(ofRun)
        signals = texts(json["signals"]) ?? []
        undoes = texts(json["undoes"])
        isPastPivot = json["pastPivot"]?.bool ?? false
        var ofSteps: [String: Set<String>] = [:]
        for step in json["steps"]?.array ?? [] {
            guard let id = step["stepId"]?.string else { continue }
            ofSteps[id] = Set(texts(step["actions"]) ?? [])
        }
        self.ofSteps = ofSteps
    }
}
