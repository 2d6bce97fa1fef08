package import Core

/// A workflow as the API tells of it, with as many of its versions as it told.
package struct WorkflowView: Sendable {
    package let name: String
    /// Whose it is: a tenant's id, or `*`.
    package let owner: String
    /// What a start without a version takes.
    package let latest: String?
    package let versionCount: Int
    /// Highest first.
    package let versions: [Version]
    package let pause: Pause?

    package struct Version: Sendable {
        package let version: String
        package let createdAt: Instant?
        package let createdBy: String
        package let deprecation: Deprecation?

        init?(_ json: JSON) {
            guard let version = json["version"]?.string else { return nil }
            self.version = version
            createdAt = json["createdAt"]?.string.flatMap { Instant($0) }
            createdBy = json["createdBy"]?.string ?? ""
            deprecation = Deprecation(json["deprecation"])
        }
    }

    package struct Deprecation: Sendable {
        package let at: Instant?
        package let by: String
        package let reason: String?

        init?(_ json: JSON?) {
            guard let json, json.object != nil else { return nil }
            at = json["at"]?.string.flatMap { Instant($0) }
            by = json["by"]?.string ?? ""
            reason = json["reason"]?.string
        }
    }

    package struct Pause: Sendable {
        package let since: Instant?
        package let by: String
        package let reason: String
        /// Starts are answered with a refusal; else they wait.
        package let refuses: Bool

        init?(_ json: JSON?) {
            guard let json, json.object != nil else { return nil }
            since = json["since"]?.string.flatMap { Instant($0) }
            by = json["by"]?.string ?? ""
            reason = json["reason"]?.string ?? ""
            refuses = json["starts"] == "refuse"
        }
    }

    /// Nil for what is none.
    package init?(_ json: JSON) {
        guard let name = json["name"]?.string, let owner = json["tenant"]?.string else { return nil }
        self.name = name
        self.owner = owner
        latest = json["latest"]?.string
        versions = json["versions"]?.array?.compactMap { Version($0) } ?? []
        versionCount = json["versionCount"]?.int ?? versions.count
        pause = Pause(json["paused"])
    }

    package var isShared: Bool { owner == Owner.sharedName }
}

/// How somebody looks at workflows: as whom, and what of them may be changed.
package struct WorkflowSight: Sendable {
    /// Whose sight was asked for; nil for what one sees anyway.
    package var tenant: String?
    /// The tenant that whoever looks is of; nil for all of them.
    package var ownTenant: String?

    package init(tenant: String? = nil, ownTenant: String? = nil) {
        self.tenant = tenant
        self.ownTenant = ownTenant
    }

    var query: [(String, String?)] { [("tenant", tenant)] }

    /// Whoever is of one tenant changes what is its own.
    func mayChange(_ owner: String) -> Bool { ownTenant.map { $0 == owner } ?? true }
}
