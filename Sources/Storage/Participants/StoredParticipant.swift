package import Core
import Postgres

/// A row of `participants`.
package struct StoredParticipant: Sendable {
    /// Whose it is, and the name definitions use.
    package let id: ParticipantID
    package var name: String { id.name }
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
        id: ParticipantID, url: String, maxConcurrent: Int?, headers: [(name: String, value: StoredSecret)],
        breaker: BreakerPolicy?, signWith: [String] = [], tls: ParticipantTLS? = nil, client: OAuth2Client? = nil,
        secretsKey: String? = nil, updatedAt: Instant, pause: ParticipantPause? = nil, rate: CallRate? = nil
    ) {
        self.rate = rate
        self.id = id
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

extension StoredParticipant {
    /// Of all owners together.
    package static let most = 10_000
    /// Of a tenant's own.
    package static let mostOfTenant = 200

    static let columns = """
        tenant_id, participant_name, url, max_concurrent, headers, breaker, sign_with, tls, auth, secrets_key, updated_at,
        rate, \(ParticipantPause.columns)
        """

    /// The next columns, as in `columns`.
    init(_ row: inout RowReader) throws(PostgresError) {
        let (id, url) = (try row.participant(), try row.text())
        let maxConcurrent = try row.int32OrNil().map { Int($0) }
        let stored = try row.jsonValue().object?.members ?? []
        let breaker = try row.jsonValueOrNil() ?? .null
        let signWith = try row.textArray()
        let (tls, auth) = (try row.jsonValueOrNil() ?? .null, try row.jsonValueOrNil() ?? .null)
        let key = try row.textOrNil()
        let updatedAt = try row.instant()
        let rate = try row.jsonValueOrNil().flatMap { CallRate(stored: $0) }
        self.init(
            id: id, url: url, maxConcurrent: maxConcurrent,
            headers: stored.map { ($0.key, StoredSecret(stored: $0.value, key: key) ?? .text("")) },
            breaker: breaker.bool == false ? nil : BreakerPolicy(stored: breaker), signWith: signWith,
            tls: ParticipantTLS(stored: tls), client: OAuth2Client(stored: auth, key: key), secretsKey: key,
            updatedAt: updatedAt, pause: try ParticipantPause.read(&row), rate: rate)
    }
}

/// SQL of participants as statements are given them.
enum ParticipantSQL {
    /// Whether a row is of one of the participants; arguments are parameters as `Parameters.participants` fills them.
    static func isAmong(_ owners: String, _ names: String) -> String {
        "(tenant_id, participant_name) IN (SELECT * FROM unnest(\(owners)::text[], \(names)::text[]))"
    }
}

extension Parameters {
    /// Two parameters: owners and names.
    mutating func participants(_ participants: [ParticipantID]) {
        textArray(participants.map(\.owner.name))
        textArray(participants.map(\.name))
    }
}

extension RowReader {
    /// The next two columns, `tenant_id` and `participant_name`.
    mutating func participant() throws(PostgresError) -> ParticipantID {
        let owner = Owner(name: try text())
        return ParticipantID(try text(), of: owner)
    }
}
