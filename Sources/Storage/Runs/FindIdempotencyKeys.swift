package import Core
package import Postgres

/// An idempotency key within its tenant.
package struct KeyID: Hashable, Sendable {
    /// The tenant.
    package let tenantID: String
    /// What the client sent.
    package let key: String

    package init(tenantID: String, key: String) {
        self.tenantID = tenantID
        self.key = key
    }
}

/// The runs behind idempotency keys that are taken.
///
/// A replay is an acknowledgement like any other, so the answer stands behind `replicationBarrier`.
package struct FindIdempotencyKeys: Statement {
    private let keys: [KeyID]

    /// A key that is taken.
    package struct Row: Sendable {
        /// Which.
        package let id: KeyID
        /// SHA-256 of the request that took it.
        package let requestHash: [UInt8]
        /// The run it started.
        package let runID: RunID
    }

    package static let sql = """
        \(replicationBarrier)
        SELECT k.tenant_id, k.idempotency_key, k.request_hash, k.run_id
        FROM unnest($1::text[], $2::text[]) AS u (tenant_id, key)
        JOIN idempotency_keys k ON k.tenant_id = u.tenant_id AND k.idempotency_key = u.key
        WHERE (SELECT lsn FROM barrier) IS NOT NULL
        """

    package init(_ runs: [NewRun]) {
        keys = runs.compactMap(\.keyID)
    }

    package init(_ key: KeyID) { keys = [key] }

    package func bind(_ parameters: inout Parameters) {
        parameters.textArray(keys.lazy.map(\.tenantID))
        parameters.textArray(keys.lazy.map(\.key))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            id: KeyID(tenantID: try row.text(), key: try row.text()), requestHash: try row.bytes(),
            runID: try row.runID())
    }
}

/// Whether a key is taken, asked before a start under it is refused: most are not, and then nothing has to be as durable as an
/// answer.
package struct IsKeyTaken: Statement {
    private let key: KeyID

    package typealias Row = Bool

    package static let sql = """
        SELECT EXISTS (
            SELECT FROM idempotency_keys WHERE tenant_id = $1 AND idempotency_key = $2 AND expires_at >= now())
        """

    package init(_ key: KeyID) { self.key = key }

    package func bind(_ parameters: inout Parameters) {
        parameters.text(key.tenantID)
        parameters.text(key.key)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Which of these keys are taken and locked by somebody. Asked when a batch of starts could not get a lock.
package struct FindLockedKeys: Statement {
    private let keys: [KeyID]

    /// A key that is locked.
    package typealias Row = KeyID

    package static let sql = """
        WITH free AS MATERIALIZED (
            SELECT k.tenant_id, k.idempotency_key FROM unnest($1::text[], $2::text[]) AS u (tenant_id, key)
            JOIN idempotency_keys k ON k.tenant_id = u.tenant_id AND k.idempotency_key = u.key
            FOR NO KEY UPDATE OF k SKIP LOCKED
        )
        SELECT k.tenant_id, k.idempotency_key FROM unnest($1::text[], $2::text[]) AS u (tenant_id, key)
        JOIN idempotency_keys k ON k.tenant_id = u.tenant_id AND k.idempotency_key = u.key
        EXCEPT SELECT tenant_id, idempotency_key FROM free
        """

    package init(_ runs: [NewRun]) { keys = runs.compactMap(\.keyID) }

    package func bind(_ parameters: inout Parameters) {
        parameters.textArray(keys.lazy.map(\.tenantID))
        parameters.textArray(keys.lazy.map(\.key))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> KeyID {
        KeyID(tenantID: try row.text(), key: try row.text())
    }
}

extension NewRun {
    /// Its idempotency key within its tenant; nil without one.
    var keyID: KeyID? { idempotency.map { KeyID(tenantID: tenantID, key: $0.key) } }
}
