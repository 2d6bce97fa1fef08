package import Core
package import Postgres

/// Writes a participant, new or changed; tells whether it is new. No row comes back where there may be no more.
package struct PutParticipant: Statement {
    package let participant: ParticipantID
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
    /// Nothing is written unless it is there, and as it was at this time; nil for whatever is there.
    package let unchangedSince: Instant?

    /// Whether the participant is new.
    package typealias Row = Bool

    package init(
        _ participant: ParticipantID, url: String, maxConcurrent: Int?, headers: JSON, breaker: BreakerPolicy?,
        signWith: [String] = [],
        tls: ParticipantTLS? = nil, client: OAuth2Client? = nil, secretsKey: String? = nil, updatedBy: String,
        origin: CallOrigin = .unknown, rate: CallRate? = nil, unchangedSince: Instant? = nil
    ) {
        self.unchangedSince = unchangedSince
        self.rate = rate
        self.origin = origin
        self.participant = participant
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
    // told: their values may be secret. Of many that are new at once all may pass the bounds.
    package static let sql = """
        WITH written AS (
            INSERT INTO participants (tenant_id, participant_name, url, max_concurrent, headers, breaker, updated_by,
                sign_with, tls, auth, secrets_key, rate)
            SELECT $14, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12
            WHERE EXISTS (SELECT FROM participants WHERE tenant_id = $14 AND participant_name = $1
                    AND ($15::timestamptz IS NULL OR updated_at = $15))
                OR $15 IS NULL AND (SELECT count(*) FROM participants) < \(StoredParticipant.most) AND ($14 = '*'
                    OR (SELECT count(*) FROM participants WHERE tenant_id = $14) < \(StoredParticipant.mostOfTenant))
            ON CONFLICT (tenant_id, participant_name) DO UPDATE SET url = excluded.url, max_concurrent = excluded.max_concurrent,
                headers = excluded.headers, breaker = excluded.breaker, sign_with = excluded.sign_with,
                tls = excluded.tls, auth = excluded.auth, secrets_key = excluded.secrets_key,
                rate = excluded.rate,
                updated_by = excluded.updated_by, updated_at = now()
                WHERE $15 IS NULL OR participants.updated_at = $15
            RETURNING xmax = 0 AS is_new
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$14::text", by: "$6", origin: "$13", action: "'put_participant'",
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
        parameters.text(participant.name)
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
        parameters.text(participant.owner.name)
        parameters.timestamp(unchangedSince?.microseconds)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Forgets a participant; a row comes back if there was one.
package struct DeleteParticipant: Statement {
    package let participant: ParticipantID
    package let deletedBy: String
    package let origin: CallOrigin

    package typealias Row = String

    package init(_ participant: ParticipantID, deletedBy: String, origin: CallOrigin = .unknown) {
        self.origin = origin
        self.participant = participant
        self.deletedBy = deletedBy
    }

    package static let sql = """
        WITH gone AS (
            DELETE FROM participants WHERE tenant_id = $4 AND participant_name = $1 RETURNING participant_name
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$4::text", by: "$2", origin: "$3", action: "'delete_participant'",
                subject: "'participants/' || participant_name", from: "gone"))
        )
        SELECT participant_name FROM gone
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(participant.name)
        parameters.text(deletedBy)
        parameters.origin(origin)
        parameters.text(participant.owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}
