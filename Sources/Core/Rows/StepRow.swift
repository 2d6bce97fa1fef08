/// A step with its place and name, as snapshots keep it and the view `run_steps` shows it.
package struct StepRow: Sendable {
    package let index: Int
    package let stepID: String
    package let step: Step

    package init(index: Int, stepID: String, step: Step) {
        self.index = index
        self.stepID = stepID
        self.step = step
    }
}

extension Run {
    /// Its steps as rows.
    package var stepRows: [StepRow] {
        steps.enumerated().map { StepRow(index: $0.offset, stepID: stepID($0.offset), step: $0.element) }
    }
}
