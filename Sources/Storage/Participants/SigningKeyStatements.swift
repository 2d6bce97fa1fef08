package import Postgres

/// Writes down that an engine signs with a key; no row comes back when the name is another key's that is in use.
package struct PublishSigningKey: Statement {
    package let keyID: String
    package let publicKey: String

    package typealias Row = String

    package init(keyID: String, publicKey: String) {
        self.keyID = keyID
        self.publicKey = publicKey
    }

    package static let sql = """
        INSERT INTO signing_keys AS k (key_id, public_key) VALUES ($1, $2)
        ON CONFLICT (key_id) DO UPDATE SET public_key = excluded.public_key, last_seen_at = now(),
            first_seen_at = CASE WHEN k.public_key = excluded.public_key THEN k.first_seen_at ELSE now() END
        WHERE k.public_key = excluded.public_key OR k.last_seen_at < now() - interval '1 day'
        RETURNING key_id
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(keyID)
        parameters.text(publicKey)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.text() }
}

/// The keys with which an engine has signed, or could have, within a day, newest first.
package struct ListSigningKeys: Statement {
    /// A key by which calls are verified.
    package struct Row: Sendable, Hashable {
        package let keyID: String
        /// Its 32 bytes in base64url.
        package let publicKey: String
    }

    package init() {}

    package static let sql = """
        SELECT key_id, public_key FROM signing_keys WHERE last_seen_at > now() - interval '1 day'
        ORDER BY first_seen_at DESC, key_id LIMIT 100
        """

    package func bind(_ parameters: inout Parameters) {}

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(keyID: try row.text(), publicKey: try row.text())
    }
}
