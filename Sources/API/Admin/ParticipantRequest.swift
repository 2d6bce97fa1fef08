import Core
import Participants
import Storage

/// What is registered of a participant, read and checked.
struct ParticipantRequest {
    /// As it was given.
    let url: String
    let maxConcurrent: Int?
    /// Nil for no limit.
    let rate: CallRate?
    /// Sent with every call, as they are stored.
    let headers: JSONObject
    /// Nil when it is switched off.
    let breaker: BreakerPolicy?
    /// Names of the secrets that sign its calls; empty for none.
    let signWith: [String]
    /// What connections are made with; nil for what all have in common.
    let tls: ParticipantTLS?
    /// Where access tokens come from, as it is stored; nil for nowhere.
    let client: OAuth2Client?
    /// The id of the key with which values are encrypted; nil when none is.
    let secretsKey: String?
    /// Where `url`, and the URL for access tokens, lead.
    let hosts: [(pointer: JSONPointer, host: String)]

    /// - Parameters:
    ///   - participant: whose it will be, and how it will be called.
    ///   - secrets: what may be registered of credentials.
    ///   - before: as it is registered, where values are to stay.
    init(
        _ json: JSON, of participant: ParticipantID, rules: AddressRules, secrets: SecretPolicy,
        before: StoredParticipant? = nil
    ) throws(Problem) {
        var fields = try Fields(
            json, known: ["url", "maxConcurrent", "rate", "headers", "breaker", "signWith", "tls", "auth"])
        let pointer = JSONPointer(["url"])
        let url = fields.string("url", maxBytes: 2048)
        if fields["url"] == nil { fields.refuse(pointer, "This member is required.") }
        let origin = url.flatMap { Self.origin(of: $0, at: pointer, rules: rules, &fields) }
        maxConcurrent = fields["maxConcurrent"]?.isNull == true ? nil : fields.integer("maxConcurrent", in: 1...10_000)
        rate = Self.rate(&fields)
        let tls = Self.tls(&fields, isEncrypted: origin?.scheme != .http)
        let kept = KeptSecrets(
            before: before, isSamePlace: before.map { $0.url == url && $0.tls == tls } ?? false, secrets)
        let asked = Self.client(&fields, rules: rules, secrets, kept)
        let values = Self.headers(&fields, hasTokens: fields["auth"]?.isNull == false, secrets, kept)
        breaker = Self.breaker(&fields)
        signWith = Self.signWith(&fields)
        try fields.check()
        (self.url, self.tls) = (url ?? "", tls)
        let stored = secrets.stored(headers: values, client: asked?.client, of: participant)
        (headers, client, secretsKey) = (stored.headers, stored.client, stored.key)
        hosts =
            (origin.map { [(pointer, $0.host)] } ?? [])
            + (asked.map { [(JSONPointer(["auth", "oauth2", "tokenUrl"]), $0.host)] } ?? [])
    }

    /// Where a URL leads, if it may be called as far as that can be said without looking it up.
    static func origin(
        of url: String, at pointer: JSONPointer, rules: AddressRules, _ fields: inout Fields
    ) -> Origin? {
        do throws(ParticipantsError) {
            let origin = try BaseURL(parsing: url).origin
            guard let violation = rules.violation(ofHost: origin.host) else { return origin }
            fields.refuse(pointer, violation)
        } catch {
            fields.refuse(pointer, error.description)
        }
        return nil
    }
}
