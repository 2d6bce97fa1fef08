extension WorkflowDefinition {
    /// What is sensitive where it comes from, and is not where it goes to.
    func sensitiveFindings() -> [Finding] {
        guard !sensitive.isEmpty else { return [] }
        func shown(_ uses: [ReferenceUse], below place: JSONPointer) -> [Finding] {
            uses.filter { sensitive.covers($0.reference) }.map { use in
                Finding(
                    "sensitive-output", .warning, at: place.appending(use.pointer),
                    "\(use.reference) is sensitive, and becomes a part of the run's output, of which nothing is: name its place there "
                        + "(output…) in \"sensitive\", too.")
            }
        }
        guard sensitive.mask(of: .output).isEmpty else { return [] }
        let ends = steps.flatMap { step -> [Finding] in
            guard case .end(let end) = step.action, let output = end.output else { return [] }
            return shown(output.uses, below: JSONPointer(["steps", String(step.index), "end", "output"]))
        }
        return ends + (output.map { shown($0.uses, below: JSONPointer(["output"])) } ?? [])
    }
}
