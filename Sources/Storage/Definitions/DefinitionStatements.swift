package import Core
package import Postgres

/// A row of `workflow_definitions`.
package struct StoredDefinition: Sendable {
    package let owner: Owner
    /// The workflow's name.
    package let name: String
    /// Its semantic version, as text.
    package let version: String
    /// As it was registered.
    package let spec: JSON
    /// SHA-256 of the canonical form.
    package let specHash: [UInt8]
    /// When it was registered.
    package let createdAt: Instant
    /// The admin token's name.
    package let createdBy: String
    /// Nil while it is not deprecated.
    package let deprecation: Deprecation?

    static let columns =
        "tenant_id, workflow_name, version, spec, spec_hash, created_at, created_by, \(Deprecation.columns)"

    init(_ row: inout RowReader) throws(PostgresError) {
        owner = Owner(name: try row.text())
        name = try row.text()
        version = try row.text()
        spec = try row.jsonValue()
        specHash = try row.bytes()
        createdAt = try row.instant()
        createdBy = try row.text()
        deprecation = try Deprecation.read(&row)
    }
}

/// Writes a definition for its owner; no row comes back when the version exists already.
package struct RegisterDefinition: Statement {
    package let definition: WorkflowDefinition
    package let specHash: [UInt8]
    package let createdBy: String
    package let origin: CallOrigin

    /// When it was written.
    package typealias Row = Instant

    package init(
        _ definition: WorkflowDefinition, specHash: [UInt8], createdBy: String, origin: CallOrigin = .unknown
    ) {
        self.origin = origin
        self.definition = definition
        self.specHash = specHash
        self.createdBy = createdBy
    }

    package static let sql = """
        WITH written AS (
            INSERT INTO workflow_definitions (workflow_name, version, spec, spec_hash, created_by, tenant_id)
            VALUES ($1, $2, $3, $4, $5, $7) ON CONFLICT DO NOTHING RETURNING created_at
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$7", by: "$5", origin: "$6", action: "'register_workflow'",
                subject: "'workflows/' || $1 || '/' || $2",
                detail: "json_build_object('specHash', encode($4::bytea, 'hex'))", from: "written"))
        )
        SELECT created_at FROM written
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(definition.name)
        parameters.text(definition.version.description)
        parameters.json(definition.source.bytes)
        parameters.bytes(specHash)
        parameters.text(createdBy)
        parameters.origin(origin)
        parameters.text(definition.owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Instant { try row.instant() }
}

/// One definition.
package struct FindDefinition: Statement {
    package let id: DefinitionID

    package typealias Row = StoredDefinition

    package init(_ id: DefinitionID) { self.id = id }

    package static let sql = """
        SELECT \(StoredDefinition.columns) FROM workflow_definitions
        WHERE workflow_name = $1 AND version = $2 AND tenant_id = $3
        """

    package func bind(_ parameters: inout Parameters) { parameters.definition(id) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredDefinition {
        try StoredDefinition(&row)
    }
}

extension Parameters {
    /// The next three: name, version, owner.
    mutating func definition(_ id: DefinitionID) {
        text(id.name)
        text(id.version)
        text(id.owner.name)
    }
}

/// One version of a workflow as somebody sees it.
package struct FindSeenDefinition: Statement {
    /// Whose it is does not matter: its owner is who looks.
    package let id: DefinitionID

    package typealias Row = StoredDefinition

    /// - Parameter seenBy: who looks; `shared` for what is shared.
    package init(name: String, version: String, seenBy owner: Owner) {
        id = DefinitionID(owner: owner, name: name, version: version)
    }

    package static let sql = """
        SELECT \(StoredDefinition.columns) FROM workflow_definitions
        WHERE workflow_name = $1 AND version = $2
            AND tenant_id = \(DefinitionSightSQL.owner(of: "$1", seenBy: "$3"))
        """

    package func bind(_ parameters: inout Parameters) { parameters.definition(id) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredDefinition {
        try StoredDefinition(&row)
    }
}

/// All versions of one workflow as somebody sees it, without their specs, in the order they were registered.
package struct ListVersions: Statement {
    package let name: String
    /// Who looks; `shared` for what is shared.
    package let owner: Owner

    package init(name: String, seenBy owner: Owner) {
        self.name = name
        self.owner = owner
    }

    package typealias Row = StoredVersion

    package static let sql = """
        SELECT \(StoredVersion.columns) FROM workflow_definitions d \(StoredVersion.pauses)
        WHERE d.workflow_name = $1 AND d.tenant_id = \(DefinitionSightSQL.owner(of: "$1", seenBy: "$2"))
        ORDER BY d.created_at LIMIT 10000
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(name)
        parameters.text(owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredVersion {
        try StoredVersion(&row)
    }
}

/// A page of workflows by name as somebody sees them, each with all its versions.
package struct ListWorkflows: Statement {
    /// Who looks; `shared` for what is shared.
    package let owner: Owner
    /// Which of them whoever asks may see.
    package let scope: WorkflowScope
    /// Only names after this one; empty for the first page.
    package let after: String
    /// Workflows, not versions.
    package let limit: Int

    package init(seenBy owner: Owner, scope: WorkflowScope, after: String = "", limit: Int) {
        self.owner = owner
        self.scope = scope
        self.after = after
        self.limit = limit
    }

    package typealias Row = StoredVersion

    package static let sql = """
        SELECT \(StoredVersion.columns) FROM (
            SELECT DISTINCT workflow_name FROM workflow_definitions
            WHERE tenant_id IN ($4, '\(Owner.sharedName)') AND workflow_name > $1
                AND ($3::text[] IS NULL OR workflow_name LIKE ANY ($3)) ORDER BY workflow_name LIMIT $2
        ) page
        JOIN workflow_definitions d ON d.workflow_name = page.workflow_name
            AND d.tenant_id = \(DefinitionSightSQL.owner(of: "page.workflow_name", seenBy: "$4"))
        \(StoredVersion.pauses)
        ORDER BY d.workflow_name, d.created_at
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(after)
        parameters.int64(Int64(limit))
        parameters.textArrayOrNil(scope.likes)
        parameters.text(owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredVersion {
        try StoredVersion(&row)
    }
}

/// A row of `workflow_definitions` without its spec.
package struct StoredVersion: Sendable {
    package let owner: Owner
    package let name: String
    package let version: String
    package let createdAt: Instant
    /// The admin token's name.
    package let createdBy: String
    /// Nil while it is not deprecated.
    package let deprecation: Deprecation?
    /// Of its workflow, all versions of that owner together; nil while that is not paused.
    package let pause: WorkflowPause?

    static let columns = """
        d.tenant_id, d.workflow_name, d.version, d.created_at, d.created_by, \(Deprecation.columns), \(WorkflowPause.columns)
        """
    /// Joins the pause of the workflow of `d`.
    static let pauses = """
        LEFT JOIN workflow_pauses p ON p.tenant_id = d.tenant_id AND p.workflow_name = d.workflow_name
            AND p.resumed_at IS NULL
        """

    init(_ row: inout RowReader) throws(PostgresError) {
        owner = Owner(name: try row.text())
        name = try row.text()
        version = try row.text()
        createdAt = try row.instant()
        createdBy = try row.text()
        deprecation = try Deprecation.read(&row)
        pause = try WorkflowPause.read(&row)
    }
}

/// What a version of a workflow is told by that should no longer be started without being named.
package struct Deprecation: Sendable, Hashable {
    package let at: Instant
    /// The admin token's name.
    package let by: String
    package let reason: String?

    static let columns = "deprecated_at, deprecated_by, deprecation_reason"

    /// The next three columns; nil when the version is not deprecated.
    static func read(_ row: inout RowReader) throws(PostgresError) -> Deprecation? {
        let (at, by, reason) = (try row.instantOrNil(), try row.textOrNil(), try row.textOrNil())
        guard let at, let by else { return nil }
        return Deprecation(at: at, by: by, reason: reason)
    }
}
