package import Core
package import Postgres

/// Participants with values that are not encrypted with this key, one owner after the other.
package struct FindUnrotatedSecrets: Statement {
    package let key: String
    /// Only those after this one; nil for all.
    package let after: ParticipantID?
    package let limit: Int

    package typealias Row = StoredSecrets

    package init(key: String, after: ParticipantID?, limit: Int) {
        self.key = key
        self.after = after
        self.limit = limit
    }

    // A participant that has no such value has no key either.
    package static let sql = """
        SELECT tenant_id, participant_name, headers, auth, secrets_key FROM participants
        WHERE (tenant_id, participant_name) > ($2, $3) AND secrets_key IS DISTINCT FROM $1
            AND (auth IS NOT NULL OR EXISTS (SELECT FROM json_object_keys(headers)))
        ORDER BY tenant_id, participant_name LIMIT $4
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(key)
        parameters.text(after?.owner.name ?? "")
        parameters.text(after?.name ?? "")
        parameters.int32(Int32(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredSecrets {
        StoredSecrets(
            id: try row.participant(), headers: try row.jsonValue(), auth: try row.jsonValueOrNil(),
            key: try row.textOrNil())
    }
}

/// What of a participant's row is secret, as it is stored.
package struct StoredSecrets: Sendable {
    package let id: ParticipantID
    package let headers: JSON
    package let auth: JSON?
    package let key: String?

    package init(id: ParticipantID, headers: JSON, auth: JSON?, key: String?) {
        self.id = id
        self.headers = headers
        self.auth = auth
        self.key = key
    }

    /// All of it encrypted with the newest key. A client's secret that is the name of one stays as it is.
    package func rotated(_ keys: SecretKeys) throws(UnsealingError) -> StoredSecrets {
        var sealed = JSONObject()
        for (header, value) in headers.object?.members ?? [] {
            let stored = StoredSecret(stored: value, key: key) ?? .text("")
            sealed[header] = try stored.sealed(with: keys, for: .header(header, of: id)).json
        }
        var auth = auth
        if let json = auth, let client = OAuth2Client(stored: json, key: key), !client.namesSecret {
            auth = client.with(try client.secret.sealed(with: keys, for: .clientSecret(of: id))).json
        }
        return StoredSecrets(id: id, headers: .object(sealed), auth: auth, key: keys.newest)
    }
}

/// Puts encrypted values in the place of those that were read; a row comes back if they were still there.
package struct ReplaceSecrets: Statement {
    package let old: StoredSecrets
    package let new: StoredSecrets
    package let by: String

    package typealias Row = String

    package init(_ old: StoredSecrets, with new: StoredSecrets, by: String) {
        self.old = old
        self.new = new
        self.by = by
    }

    // Not updated_at: nothing that a call carries has changed.
    package static let sql = """
        WITH written AS (
            UPDATE participants SET headers = $2, auth = $3, secrets_key = $4
            WHERE tenant_id = $10 AND participant_name = $1 AND headers::jsonb = $5::jsonb AND auth::jsonb IS NOT DISTINCT FROM $6::jsonb
                AND secrets_key IS NOT DISTINCT FROM $7
            RETURNING participant_name
        ), audit AS (
            \(AuditSQL.insert(
                tenant: "$10::text", by: "$8", origin: "$9", action: "'\(AuditAction.rotateSecrets.rawValue)'",
                subject: "'participants/' || participant_name", detail: "json_build_object('secretsKey', $4::text)",
                from: "written"))
        )
        SELECT participant_name FROM written
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(new.id.name)
        parameters.json(new.headers.bytes)
        parameters.json(new.auth?.bytes)
        parameters.text(new.key)
        parameters.text(old.headers.text)
        parameters.text(old.auth?.text)
        parameters.text(old.key)
        parameters.text(by)
        parameters.origin(.unknown)
        parameters.text(new.id.owner.name)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}
