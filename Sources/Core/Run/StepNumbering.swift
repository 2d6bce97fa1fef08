/// Which step a number means. The steps of the definition have their places there as numbers; the elements of a list follow, list
/// after list in the order in which they began, so that a number means the same for as long as its run is there.
///
/// Events, commands, happenings and marks speak of steps by these numbers; people and participants by ids.
package struct StepNumbering: Sendable {
    package let definition: WorkflowDefinition

    package init(_ definition: WorkflowDefinition) {
        self.definition = definition
    }

    /// What the step of this number does.
    package func stepDefinition(_ number: Int) -> StepDefinition { definition.steps[number] }

    /// The id of the step of this number.
    package func stepID(_ number: Int) -> String { definition.steps[number].id }

    /// The number of the step with this id; nil when there is none.
    package func number(of stepID: String) -> Int? { definition.step(stepID)?.index }
}

extension Run {
    /// Which steps its numbers mean.
    package var numbering: StepNumbering { StepNumbering(definition) }

    /// What the step of this number does.
    package func stepDefinition(_ number: Int) -> StepDefinition { definition.steps[number] }

    /// The id of the step of this number.
    package func stepID(_ number: Int) -> String { definition.steps[number].id }

    /// The number of the step with this id; nil when there is none.
    package func number(of stepID: String) -> Int? { definition.step(stepID)?.index }
}
