package import Core

/// Where a run and its steps stand, by what is stored of them.
package struct RunStanding: Standing, Sendable {
    package let status: RunStatus
    package let isQuarantined: Bool
    package let steps: [Step]
    private let stepIDs: [String]

    /// Nil when its status, or that of a step, is one that this version does not know.
    init?(_ run: RunHead, _ steps: [SnapshotStep]) {
        let known = steps.compactMap { $0.step() }
        guard let status = run.status, known.count == steps.count else { return nil }
        self.status = status
        isQuarantined = run.isQuarantined
        self.steps = known
        stepIDs = steps.map(\.stepID)
    }

    /// The place of a step in the definition; nil when there is none of this id.
    func index(of stepID: String) -> Int? { stepIDs.firstIndex(of: stepID) }
}
