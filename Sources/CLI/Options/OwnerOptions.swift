import ArgumentParser
import Core

/// Whose definitions a command is about.
struct OwnerOptions: ParsableArguments {
    @Option(
        help: """
            Whose: a tenant's id for its own definitions and, to look, for what it sees; \(Owner.sharedName) for those that all \
            tenants share (default: the tenant of the key, or else what is shared).
            """)
    var tenant: String?

    /// What is asked for with it.
    var query: [(String, String?)] { [("tenant", tenant)] }
    /// The same behind a path; empty for nothing.
    var text: String { Paging.text(query) }

    func validate() throws {
        guard let tenant, tenant != Owner.sharedName, !ClientLabel.isTenant(tenant) else { return }
        throw ValidationError("--tenant is \(ClientLabel.rule), or \(Owner.sharedName).")
    }

    /// Behind the name of a workflow that an API has told of; empty where all tenants share it.
    static func suffix(_ workflow: JSON, _ member: String = "tenant") -> String {
        guard let tenant = workflow[member]?.string, tenant != Owner.sharedName else { return "" }
        return " (of the tenant \(tenant.clipped))"
    }
}
