// What a workflow is, once checked: everything in here is resolved, inherited and in range, so that nothing that uses a
// definition has to ask again. The reading and refusing is in the DefinitionReader files; a definition that exists is valid.

/// A registered workflow: its steps as a graph, and what every call needs, defaults filled in.
///
/// A class, because every run carries it along: a copy of a run then costs one reference here and not all of these fields.
package final class WorkflowDefinition: Sendable {
    /// Whose it is. That is no part of its text: it is said where it is registered.
    package let owner: Owner
    /// `[a-z0-9][a-z0-9-]{0,62}`
    package let name: String
    package let version: SemanticVersion
    /// The version as it is written.
    package let versionText: String
    /// For people; at most 1,000 characters.
    package let description: String?
    /// How long a run may take before it is compensated; nil is forever. At most 366 days.
    package let timeout: Duration?
    /// What it may be started with.
    package let contract: InputContract
    /// 1...100 steps in the order they were written; a step's `index` is its place here.
    package let steps: [StepDefinition]
    /// What becomes the run's output; nil is the output of the last step.
    package let output: Template?
    /// The step after which there is no way back; nil when there is none. All others come before or after it.
    package let pivot: Int?
    /// For so long after its end a completed run may be undone; nil for as long as it is kept.
    package let undoWithin: Duration?
    /// One of the steps starts a run.
    package let startsRuns: Bool
    /// The calls that follow every end of a run; nil for none.
    package let onEnd: WorkflowDefinition?
    /// It is of the calls that follow another run's end, and not registered itself.
    package let isOnEnd: Bool
    /// What few are shown of its runs.
    package let sensitive: SensitivePaths
    /// The definition as it was given.
    package let source: JSON

    /// Steps of a workflow at most.
    package static let maxSteps = 100

    init(
        owner: Owner, name: String, version: SemanticVersion, description: String?, timeout: Duration?,
        contract: InputContract,
        steps: [StepDefinition], output: Template?, pivot: Int? = nil, undoWithin: Duration? = nil,
        onEnd: WorkflowDefinition? = nil, isOnEnd: Bool = false, sensitive: SensitivePaths = SensitivePaths(),
        source: JSON
    ) {
        self.owner = owner
        self.name = name
        self.version = version
        versionText = version.description
        self.description = description
        self.timeout = timeout
        self.contract = contract
        self.steps = steps
        self.output = output
        self.pivot = pivot
        self.undoWithin = undoWithin
        startsRuns = steps.contains { $0.action.kind == .run }
        self.onEnd = onEnd
        self.isOnEnd = isOnEnd
        self.sensitive = sensitive
        self.source = source
    }

    /// Reads a definition and checks every rule.
    ///
    /// - Parameter owner: whose it is.
    /// - Throws: `DefinitionErrors` with all that is wrong with it (the first 100), in the order of the fields.
    package convenience init(_ json: JSON, owner: Owner = .shared) throws(DefinitionErrors) {
        var reader = DefinitionReader(owner: owner)
        guard let read = reader.workflow(json), reader.errors.isEmpty else {
            throw DefinitionErrors(reader.errors)
        }
        self.init(
            owner: owner, name: read.name, version: read.version, description: read.description, timeout: read.timeout,
            contract: read.contract, steps: read.steps, output: read.output, pivot: read.pivot,
            undoWithin: read.undoWithin, onEnd: read.onEnd, sensitive: read.sensitive, source: read.source)
    }

    /// What is hashed to tell whether two definitions are the same: members sorted, no white space.
    package var canonicalBytes: [UInt8] { source.canonicalBytes }

    /// The step that this id is of, or of one of whose elements.
    package func step(of stepID: String) -> StepDefinition? { step(StepID.step(stepID)) }

    /// The step with this id.
    package func step(_ id: String) -> StepDefinition? { steps.first { $0.id == id } }
}
