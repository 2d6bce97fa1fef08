/// Which definition: whose it is, its name and its version. A run keeps to the one it was started with, whatever is registered later.
package struct DefinitionID: Sendable, Hashable {
    package let owner: Owner
    /// Of a workflow, or of its runs: those that make its calls after the end have a name of their own.
    package let name: String
    package let version: String

    package init(owner: Owner, name: String, version: String) {
        self.owner = owner
        self.name = name
        self.version = version
    }
}

extension WorkflowDefinition {
    package var id: DefinitionID { DefinitionID(owner: owner, name: name, version: versionText) }
}
