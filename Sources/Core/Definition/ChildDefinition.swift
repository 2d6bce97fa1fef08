/// `{"workflow", "version"?, "input"?, "context"?, "detached"?}`: a run of another workflow, or of the same.
package struct ChildDefinition: Sendable {
    /// `[a-z0-9][a-z0-9-]{0,62}`
    package let workflow: String
    /// Nil for the highest release that is not deprecated when the child is started.
    package let version: String?
    /// What it is started with; nil for null.
    package let input: Template?
    /// Nil for the parent's tenant and correlation id.
    package let context: Template?
    /// The step is done when the child is stored, and neither waits for it nor undoes it.
    package let isDetached: Bool
    /// It is cancelled when it has not ended after so long; nil: it is waited for as long as its parent lives.
    package let timeout: Duration?

    /// Runs that are children of each other at most, below the one that is nobody's.
    package static let maxDepth = 16
    /// So many children are asked to turn back, and so many to undo what they did, by one decision at most: it is written only
    /// while nobody has one of their rows locked.
    static let mostAtOnce = 16
    /// Bytes of an output that a step takes from its child at the most.
    package static let maxOutput = CallDefinition.keptResponseBytes
    /// Levels of it: as many as of a body.
    static let maxLevels = 64

    var uses: [ReferenceUse] {
        let pointer = JSONPointer(["run"])
        return (input?.uses ?? []).map { $0.below(pointer.appending("input")) }
            + (context?.uses ?? []).map { $0.below(pointer.appending("context")) }
    }
}

/// What a child is started with.
package struct ChildInput: Sendable {
    package let input: JSON
    /// Nil for the parent's tenant and correlation id.
    package let context: JSON?
}

extension ChildDefinition {
    /// What the child of a step is started with. What it names is done by then and never changes, so it is the same whenever it is
    /// asked for.
    ///
    /// - Throws: why that can't be built from this run's values.
    package func request(of run: Run, step: Int) throws(Failure) -> ChildInput {
        var place = "input"
        do throws(TemplateError) {
            let scope = StepScope(run: run, step: step)
            let input = try self.input?.render(scope) ?? .null
            place = "context"
            return ChildInput(input: input, context: try self.context?.render(scope))
        } catch {
            let error = error.below(JSONPointer(["steps", String(run.base(of: step)), "run", place]))
            throw Failure(
                kind: Failure.templateKind, message: "The child run can't be started: \(error)",
                pointer: error.pointer.description)
        }
    }
}
