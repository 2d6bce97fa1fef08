package import Core
package import Postgres

/// A row of `participants`.
package struct StoredParticipant: Sendable {
    /// The name definitions use.
    package let name: String
    /// Where it is.
    package let url: String
    /// Calls in flight to it, per engine; nil for the engine's default.
    package let maxConcurrent: Int?
    /// Sent with every call. May hold secrets: never shown, never logged.
    package let headers: [(name: String, value: String)]
    /// When calls to it are stopped because it keeps failing; nil for never.
    package let breaker: BreakerPolicy?
    /// Names of the secrets that sign its calls; empty for none.
    package let signWith: [String]
    /// When it was last changed.
    package let updatedAt: Instant
    /// Nil while it is not paused.
    package let pause: ParticipantPause?

    package init(
        name: String, url: String, maxConcurrent: Int?, headers: [(name: String, value: String)],
        breaker: BreakerPolicy?, signWith: [String] = [], updatedAt: Instant, pause: ParticipantPause? = nil
    ) {
        self.name = name
        self.url = url
        self.maxConcurrent = maxConcurrent
        self.headers = headers
        self.breaker = breaker
        self.signWith = signWith
        self.updatedAt = updatedAt
        self.pause = pause
    }
}

/// Writes a participant, new or changed; tells whether it is new.
package struct PutParticipant: Statement {
    package let name: String
    package let url: String
    package let maxConcurrent: Int?
    package let headers: JSON
    /// Nil for none: `false` in the table.
    package let breaker: BreakerPolicy?
    package let signWith: [String]
    package let updatedBy: String
    package let origin: CallOrigin

    /// Whether the participant is new.
    package typealias Row = Bool

    package init(
        name: String, url: String, maxConcurrent: Int?, headers: JSON, breaker: BreakerPolicy?, signWith: [String] = [],
        updatedBy: String, origin: CallOrigin = .unknown
    ) {
        self.origin = origin
        self.name = name
        self.url = url
        self.maxConcurrent = maxConcurrent
        self.headers = headers
        self.breaker = breaker
        self.signWith = signWith
        self.updatedBy = updatedBy
    }

    // xmax is 0 in a row this statement inserted, and our transaction in one it updated. Of headers only the names are
    // told: their values may be secret.
    package static let sql = """
        WITH written AS (
            INSERT INTO participants (participant_name, url, max_concurrent, headers, breaker, updated_by, sign_with)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (participant_name) DO UPDATE SET url = excluded.url, max_concurrent = excluded.max_concurrent,
                headers = excluded.headers, breaker = excluded.breaker, sign_with = excluded.sign_with,
                updated_by = excluded.updated_by, updated_at = now()
            RETURNING xmax = 0 AS is_new
        ), audit AS (
            \(AuditSQL.insert(
                tenant: AuditSQL.everybodys, by: "$6", origin: "$8", action: "'put_participant'",
                subject: "'participants/' || $1",
                detail: """
                    json_build_object('isNew', is_new, 'url', $2, 'maxConcurrent', $3,
                        'headerNames', ARRAY (SELECT json_object_keys($4)), 'breaker', $5::json,
                        'signWith', to_json($7::text[]))
                    """,
                from: "written"))
        )
        SELECT is_new FROM written
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(name)
        parameters.text(url)
        parameters.int32(maxConcurrent.map { Int32($0) })
        parameters.json(headers.bytes)
        parameters.json((breaker?.json ?? .bool(false)).bytes)
        parameters.text(updatedBy)
        parameters.textArray(signWith)
        parameters.origin(origin)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// One participant, or all of them.
package struct FindParticipants: Statement {
    /// Nil for all.
    package let name: String?

    package typealias Row = StoredParticipant

    package init(name: String? = nil) { self.name = name }

    package static let sql = """
        SELECT participant_name, url, max_concurrent, headers, breaker, sign_with, updated_at, \(ParticipantPause.columns)
        FROM participants
        WHERE $1::text IS NULL OR participant_name = $1 ORDER BY participant_name LIMIT 10000
        """

    package func bind(_ parameters: inout Parameters) { parameters.text(name) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredParticipant {
        let (name, url) = (try row.text(), try row.text())
        let maxConcurrent = try row.int32OrNil().map { Int($0) }
        let headers = try row.jsonValue().object?.members ?? []
        let breaker = try row.jsonValueOrNil() ?? .null
        let signWith = try row.textArray()
        return StoredParticipant(
            name: name, url: url, maxConcurrent: maxConcurrent,
            headers: headers.map { ($0.key, $0.value.string ?? "") },
            breaker: breaker.bool == false ? nil : BreakerPolicy(stored: breaker), signWith: signWith,
            updatedAt: try row.instant(),
            pause: try ParticipantPause.read(&row))
    }
}

/// Forgets a participant; a row comes back if there was one.
package struct DeleteParticipant: Statement {
    package let name: String
    package let deletedBy: String
    package let origin: CallOrigin

    package typealias Row = String

    package init(name: String, deletedBy: String, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.name = name
        self.deletedBy = deletedBy
    }

    package static let sql = """
        WITH gone AS (
            DELETE FROM participants WHERE participant_name = $1 RETURNING participant_name
        ), audit AS (
            \(AuditSQL.insert(
                tenant: AuditSQL.everybodys, by: "$2", origin: "$3", action: "'delete_participant'",
                subject: "'participants/' || participant_name", from: "gone"))
        )
        SELECT participant_name FROM gone
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(name)
        parameters.text(deletedBy)
        parameters.origin(origin)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}
