package import Core
package import Postgres

/// A row of `workflow_definitions`.
package struct StoredDefinition: Sendable {
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

    static let columns = "workflow_name, version, spec, spec_hash, created_at, created_by"

    init(_ row: inout RowReader) throws(PostgresError) {
        name = try row.text()
        version = try row.text()
        spec = try row.jsonValue()
        specHash = try row.bytes()
        createdAt = try row.instant()
        createdBy = try row.text()
    }
}

/// Writes a definition; no row comes back when the version exists already.
package struct RegisterDefinition: Statement {
    package let definition: WorkflowDefinition
    package let specHash: [UInt8]
    package let createdBy: String

    /// When it was written.
    package typealias Row = Instant

    package init(_ definition: WorkflowDefinition, specHash: [UInt8], createdBy: String) {
        self.definition = definition
        self.specHash = specHash
        self.createdBy = createdBy
    }

    package static let sql = """
        INSERT INTO workflow_definitions (workflow_name, version, spec, spec_hash, created_by)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING created_at
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(definition.name)
        parameters.text(definition.version.description)
        parameters.json(definition.source.bytes)
        parameters.bytes(specHash)
        parameters.text(createdBy)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Instant { try row.instant() }
}

/// One definition.
package struct FindDefinition: Statement {
    package let name: String
    package let version: String

    package typealias Row = StoredDefinition

    package init(name: String, version: String) {
        self.name = name
        self.version = version
    }

    package static let sql = """
        SELECT \(StoredDefinition.columns) FROM workflow_definitions
        WHERE tenant_id = 'default' AND workflow_name = $1 AND version = $2
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(name)
        parameters.text(version)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredDefinition {
        try StoredDefinition(&row)
    }
}

/// All versions of one workflow, or of all, without their specs.
package struct ListVersions: Statement {
    /// Nil for all.
    package let name: String?

    package init(name: String? = nil) { self.name = name }

    /// A registered version.
    package struct Row: Sendable {
        package let name: String
        package let version: String
        package let createdAt: Instant
        package let createdBy: String
    }

    package static let sql = """
        SELECT workflow_name, version, created_at, created_by FROM workflow_definitions
        WHERE tenant_id = 'default' AND ($1::text IS NULL OR workflow_name = $1) ORDER BY workflow_name, created_at LIMIT 10000
        """

    package func bind(_ parameters: inout Parameters) { parameters.text(name) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            name: try row.text(), version: try row.text(), createdAt: try row.instant(), createdBy: try row.text())
    }
}
