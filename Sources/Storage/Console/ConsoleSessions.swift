// Who is logged in to the console. A row is found by a digest of what the browser's cookie holds, and what is in it is sealed with a
// key that follows from the same: neither the database nor its backup lets anybody in.

package import Core
package import Postgres

/// A login at the console, as it is stored.
package struct StoredConsoleSession: Sendable {
    /// The credential, sealed.
    package let sealed: [UInt8]
    package let createdAt: Instant
    package let expiresAt: Instant
    /// When it was read.
    package let now: Instant
}

/// Writes a login, and removes some that are over.
package struct CreateConsoleSession: Statement {
    package let sessionID: [UInt8]
    package let actor: String
    package let sealed: [UInt8]
    package let lifetime: Duration

    package typealias Row = Bool

    package init(sessionID: [UInt8], actor: String, sealed: [UInt8], lifetime: Duration) {
        self.sessionID = sessionID
        self.actor = actor
        self.sealed = sealed
        self.lifetime = lifetime
    }

    // Few at a time: a login is not to wait for all that nobody ended.
    package static let sql = """
        WITH over AS (
            SELECT session_id FROM console_sessions WHERE expires_at <= now()
            ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED
        ), removed AS (
            DELETE FROM console_sessions s USING over WHERE s.session_id = over.session_id
        )
        INSERT INTO console_sessions (session_id, actor, sealed, expires_at)
        VALUES ($1, $2, $3, now() + $4::int8 * interval '1 microsecond') RETURNING true
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.bytes(sessionID)
        parameters.text(actor)
        parameters.bytes(sealed)
        parameters.int64(lifetime.microseconds)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// A login that is not over.
package struct FindConsoleSession: Statement {
    package let sessionID: [UInt8]

    package typealias Row = StoredConsoleSession

    package init(sessionID: [UInt8]) { self.sessionID = sessionID }

    package static let sql = """
        SELECT sealed, created_at, expires_at, now() FROM console_sessions WHERE session_id = $1 AND expires_at > now()
        """

    package func bind(_ parameters: inout Parameters) { parameters.bytes(sessionID) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredConsoleSession {
        StoredConsoleSession(
            sealed: try row.bytes(), createdAt: try row.instant(), expiresAt: try row.instant(), now: try row.instant())
    }
}

/// A login that is used lasts longer.
package struct ProlongConsoleSession: Statement {
    package let sessionID: [UInt8]
    package let until: Instant

    package typealias Row = Bool

    package init(sessionID: [UInt8], until: Instant) {
        self.sessionID = sessionID
        self.until = until
    }

    package static let sql = """
        UPDATE console_sessions SET expires_at = greatest(expires_at, $2) WHERE session_id = $1 AND expires_at > now()
        RETURNING true
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.bytes(sessionID)
        parameters.timestamp(until.microseconds)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Ends a login, and with `actor` all of theirs.
package struct EndConsoleSessions: Statement {
    package let sessionID: [UInt8]
    /// Nil: this one alone.
    package let actor: String?

    package typealias Row = Bool

    package init(sessionID: [UInt8], actor: String? = nil) {
        self.sessionID = sessionID
        self.actor = actor
    }

    package static let sql = """
        DELETE FROM console_sessions WHERE session_id = $1 OR actor = $2 RETURNING true
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.bytes(sessionID)
        parameters.text(actor)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}
