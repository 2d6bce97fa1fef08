package import Core

/// Where a run and its steps stand, by their rows.
package struct RunStanding: Standing, Sendable {
    package let status: RunStatus
    package let isQuarantined: Bool
    package let steps: [Step]
    private let stepIDs: [String]

    /// Nil when its status is one that this version does not know.
    init?(_ run: RunHead, _ steps: [StepRow]) {
        guard let status = run.status else { return nil }
        self.status = status
        isQuarantined = run.isQuarantined
        self.steps = steps.map(\.step)
        stepIDs = steps.map(\.stepID)
    }

    /// The place of a step in the definition; nil when there is none of this id.
    func index(of stepID: String) -> Int? { stepIDs.firstIndex(of: stepID) }
}
