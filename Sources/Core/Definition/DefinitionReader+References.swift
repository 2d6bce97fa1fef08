extension DefinitionReader {
    /// Checks that everything in a step refers to steps that are done by then: ancestors and, in its compensation, itself.
    mutating func checkReferences(
        of step: StepDefinition, among steps: [StepDefinition], _ graph: StepGraph, at pointer: JSONPointer
    ) {
        let ancestors = Set(steps.filter { graph.descendants[$0.index].contains(step.index) }.map(\.id))
        if let condition = step.condition {
            for use in condition.uses {
                check(
                    use.reference, at: pointer.appending("when").appending(use.pointer), knows: ancestors,
                    of: "the steps before \(step.id)")
            }
        }
        check(step.action.call, at: pointer.appending("action"), knows: ancestors, of: "the steps before \(step.id)")
        if let compensation = step.compensation {
            check(
                compensation, at: pointer.appending("compensation"), knows: ancestors.union([step.id]),
                of: "\(step.id) and the steps before it")
        }
    }

    private mutating func check(
        _ call: CallDefinition, at pointer: JSONPointer, knows steps: Set<String>, of what: String
    ) {
        for reference in call.path.references {
            check(reference, at: pointer.appending("path"), knows: steps, of: what)
        }
        if let body = call.body { check(body, at: pointer.appending("body"), knows: steps, of: what) }
        for (name, value) in call.headers {
            for reference in value.references {
                check(reference, at: pointer.appending("headers").appending(name), knows: steps, of: what)
            }
        }
    }

    mutating func check(_ template: Template, at pointer: JSONPointer, knows steps: Set<String>, of what: String) {
        for use in template.uses { check(use.reference, at: pointer.appending(use.pointer), knows: steps, of: what) }
    }

    private mutating func check(
        _ reference: Reference, at pointer: JSONPointer, knows steps: Set<String>, of what: String
    ) {
        guard let step = reference.step, !steps.contains(step) else { return }
        refuse(pointer, "\(reference) names a step that is not among \(what).")
    }
}
