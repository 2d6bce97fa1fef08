/// A row of `run_steps`, as it is shown.
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
