package import Core
package import Postgres

/// A row of `participants`.
package struct StoredParticipant: Sendable {
    /// The name definitions use.
    package let name: String
    /// Where it is.
    package let url: String
    /// Calls in flight to it, over all engines; nil for no limit.
    package let maxConcurrent: Int?
    /// How its calls may begin, over all engines; nil for no limit.
    package let rate: CallRate?
    /// Sent with every call. May hold secrets: never shown, never logged.
    package let headers: [(name: String, value: StoredSecret)]
    /// When calls to it are stopped because it keeps failing; nil for never.
    package let breaker: BreakerPolicy?
    /// Names of the secrets that sign its calls; empty for none.
    package let signWith: [String]
    /// What connections to it are made with; nil for what all have in common.
    package let tls: ParticipantTLS?
    /// Where its access tokens come from; nil when it has none.
    package let client: OAuth2Client?
    /// The id of the key with which its secrets are encrypted; nil when none is.
    package let secretsKey: String?
    /// When it was last changed.
    package let updatedAt: Instant
    /// Nil while it is not paused.
    package let pause: ParticipantPause?

    package init(
        name: String, url: String, maxConcurrent: Int?, headers: [(name: String, value: StoredSecret)],
        breaker: BreakerPolicy?, signWith: [String] = [], tls: ParticipantTLS? = nil, client: OAuth2Client? = nil,
        secretsKey: String? = nil, updatedAt: Instant, pause: ParticipantPause? = nil, rate: CallRate? = nil
    ) {
        self.rate = rate
        self.name = name
        self.url = url
        self.maxConcurrent = maxConcurrent
        self.headers = headers
        self.breaker = breaker
        self.signWith = signWith
        self.tls = tls
        self.client = client
        self.secretsKey = secretsKey
        self.updatedAt = updatedAt
        self.pause = pause
    }
}

/// Writes a participant, new or changed; tells whether it is new.
package struct PutParticipant: Statement {
    package let name: String
    package let url: String
    package let maxConcurrent: Int?
    package let rate: CallRate?
    package let headers: JSON
    /// Nil for none: `false` in the table.
    package let breaker: BreakerPolicy?
    package let signWith: [String]
    package let tls: ParticipantTLS?
    package let client: OAuth2Client?
    /// The id of the key with which values are encrypted; nil when none is.
    package let secretsKey: String?
    package let updatedBy: String
    package let origin: CallOrigin

    /// Whether the participant is new.
    package typealias Row = Bool

    package init(
        name: String, url: String, maxConcurrent: Int?, headers: JSON, breaker: BreakerPolicy?, signWith: [String] = [],
        tls: ParticipantTLS? = nil, client: OAuth2Client? = nil, secretsKey: String? = nil, updatedBy: String,
        origin: CallOrigin = .unknown, rate: CallRate? = nil
    ) {
        self.rate = rate
        self.origin = origin
        self.name = name
        self.url = url
        self.maxConcurrent = maxConcurrent
        self.headers = headers
        self.breaker = breaker
        self.signWith = signWith
        self.tls = tls
        self.client = client
        self.secretsKey = secretsKey
        self.updatedBy = updatedBy
    }

    // xmax is 0 in a row this statement inserted, and our transaction in one it updated. Of headers only the names are
    // told: their values may be secret.
    package static let sql = """
        WITH written AS (
            INSERT INTO participants (participant_name, url, max_concurrent, headers, breaker, updated_by, sign_with, tls,
                auth, secrets_key, rate)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12)
            ON CONFLICT (participant_name) DO UPDATE SET url = excluded.url, max_concurrent = excluded.max_concurrent,
                headers = excluded.headers, breaker = excluded.breaker, sign_with = excluded.sign_with,
                tls = excluded.tls, auth = excluded.auth, secrets_key = excluded.secrets_key,
                rate = excluded.rate,
                updated_by = excluded.updated_by, updated_at = now()
            RETURNING xmax = 0 AS is_new
        ), audit AS (
            \(AuditSQL.insert(
                tenant: AuditSQL.everybodys, by: "$6", origin: "$13", action: "'put_participant'",
                subject: "'participants/' || $1",
                detail: """
                    json_build_object('isNew', is_new, 'url', $2, 'maxConcurrent', $3, 'rate', $12::json,
                        'headerNames', ARRAY (SELECT json_object_keys($4)), 'breaker', $5::json,
                        'signWith', to_json($7::text[]), 'tls', $8::json, 'auth', $11::json, 'secretsKey', $10::text)
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
        parameters.json(tls?.json.bytes)
        parameters.json(client?.json.bytes)
        parameters.text(secretsKey)
        parameters.json(client?.shown.bytes)
        parameters.json(rate?.json.bytes)
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
        SELECT participant_name, url, max_concurrent, headers, breaker, sign_with, tls, auth, secrets_key, updated_at,
            rate, \(ParticipantPause.columns)
        FROM participants
        WHERE $1::text IS NULL OR participant_name = $1 ORDER BY participant_name LIMIT 10000
        """

    package func bind(_ parameters: inout Parameters) { parameters.text(name) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredParticipant {
        let (name, url) = (try row.text(), try row.text())
        let maxConcurrent = try row.int32OrNil().map { Int($0) }
        let stored = try row.jsonValue().object?.members ?? []
        let breaker = try row.jsonValueOrNil() ?? .null
        let signWith = try row.textArray()
        let (tls, auth) = (try row.jsonValueOrNil() ?? .null, try row.jsonValueOrNil() ?? .null)
        let key = try row.textOrNil()
        let updatedAt = try row.instant()
        let rate = try row.jsonValueOrNil().flatMap { CallRate(stored: $0) }
        return StoredParticipant(
            name: name, url: url, maxConcurrent: maxConcurrent,
            headers: stored.map { ($0.key, StoredSecret(stored: $0.value, key: key) ?? .text("")) },
            breaker: breaker.bool == false ? nil : BreakerPolicy(stored: breaker), signWith: signWith,
            tls: ParticipantTLS(stored: tls), client: OAuth2Client(stored: auth, key: key), secretsKey: key,
            updatedAt: updatedAt, pause: try ParticipantPause.read(&row), rate: rate)
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
