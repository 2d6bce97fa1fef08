package import Core
import Postgres

/// A row of `workflow_definitions` without its spec.
package struct StoredVersion: Sendable {
    package let name: String
    package let version: String
    package let createdAt: Instant
    /// The admin token's name.
    package let createdBy: String
    /// Nil while it is not deprecated.
    package let deprecation: Deprecation?

    static let columns = "workflow_name, version, created_at, created_by, \(Deprecation.columns)"

    init(_ row: inout RowReader) throws(PostgresError) {
        name = try row.text()
        version = try row.text()
        createdAt = try row.instant()
        createdBy = try row.text()
        deprecation = try Deprecation.read(&row)
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
