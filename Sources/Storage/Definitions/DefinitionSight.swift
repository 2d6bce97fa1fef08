// Whose definitions of a name somebody uses: a tenant its own where it has registered any version of that name, else those that
// all tenants share. The rule is here, once for SQL and once for what `DefinitionStore` keeps in memory, and nowhere else.

package import Core
package import Postgres

enum DefinitionSightSQL {
    /// The owner of the definitions of a name that somebody sees. All arguments are SQL.
    ///
    /// - Parameter owner: who looks; `*` sees what is shared.
    static func owner(of name: String, seenBy owner: String) -> String {
        """
        CASE WHEN EXISTS (
            SELECT FROM workflow_definitions own WHERE own.workflow_name = \(name) AND own.tenant_id = \(owner)
        ) THEN \(owner) ELSE '\(Owner.sharedName)' END
        """
    }
}

extension Releases {
    /// Whose definitions of the name a tenant uses, by what is known of the shared ones.
    func owner(for tenantID: String) -> Owner { owners.contains(tenantID) ? .tenant(tenantID) : .shared }
}

/// The versions of one workflow of one owner, as they were a moment ago.
struct Releases: Sendable {
    /// What a start without a version takes; nil when there are only prereleases and deprecated versions.
    let highest: SemanticVersion?
    /// There are releases, but all of them are deprecated.
    let isDeprecated: Bool
    /// There is not a single version.
    let isEmpty: Bool
    let deprecations: [String: Deprecation]
    let pause: WorkflowPause?
    /// Of the shared ones: the tenants that have versions of their own.
    let owners: Set<String>
    let readAt: ContinuousClock.Instant
    /// Somebody reads them anew.
    var isBeingRead = false

    init(_ rows: [FindReleases.Row], readAt: ContinuousClock.Instant) {
        var (releases, usable): ([SemanticVersion], [SemanticVersion]) = ([], [])
        var (deprecations, owners): ([String: Deprecation], Set<String>) = ([:], [])
        var (pause, isEmpty): (WorkflowPause?, Bool) = (nil, true)
        for row in rows {
            switch row {
            case .owner(let tenantID): owners.insert(tenantID)
            case .version(let text, let deprecation, let paused):
                (pause, isEmpty) = (paused, false)
                deprecations[text] = deprecation
                guard let version = SemanticVersion(text), version.isRelease else { continue }
                releases.append(version)
                if deprecation == nil { usable.append(version) }
            }
        }
        highest = SemanticVersion.highestRelease(usable)
        isDeprecated = usable.isEmpty && !releases.isEmpty
        (self.deprecations, self.owners, self.pause, self.isEmpty) = (deprecations, owners, pause, isEmpty)
        self.readAt = readAt
    }
}

/// All versions of one workflow of one owner, for starts; and of the shared ones, which tenants have their own of the name. So one
/// statement answers for all tenants that use what is shared.
package struct FindReleases: Statement {
    package let name: String
    package let owner: Owner

    package init(name: String, owner: Owner) {
        self.name = name
        self.owner = owner
    }

    package enum Row: Sendable {
        case version(String, Deprecation?, WorkflowPause?)
        /// A tenant that has versions of its own.
        case owner(String)
    }

    // `owners` goes from one owner to the next by the primary key, however many versions each has.
    package static let sql = """
        WITH RECURSIVE owners (tenant_id) AS (
            (SELECT tenant_id FROM workflow_definitions WHERE workflow_name = $1 AND $2 = '\(Owner.sharedName)'
            ORDER BY tenant_id LIMIT 1)
            UNION ALL
            SELECT (
                SELECT d.tenant_id FROM workflow_definitions d
                WHERE d.workflow_name = $1 AND d.tenant_id > o.tenant_id ORDER BY d.tenant_id LIMIT 1
            ) FROM owners o WHERE o.tenant_id IS NOT NULL
        )
        (SELECT NULL::text, d.version, \(Deprecation.columns), \(WorkflowPause.columns)
        FROM workflow_definitions d \(StoredVersion.pauses)
        WHERE d.workflow_name = $1 AND d.tenant_id = $2 ORDER BY d.created_at LIMIT 10000)
        UNION ALL
        SELECT tenant_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM owners
        WHERE tenant_id <> '\(Owner.sharedName)'
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(name)
        parameters.text(owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        if let tenantID = try row.textOrNil() { return .owner(tenantID) }
        return .version(try row.text(), try Deprecation.read(&row), try WorkflowPause.read(&row))
    }
}
