import Core
import Storage

/// What a registration leaves as it is, without anybody having to know it: a header's value, or a client's secret, that is null.
///
/// It stays where it was: whoever may change a participant and can't read its secrets must not be able to have them sent elsewhere.
struct KeptSecrets: Sendable {
    let before: StoredParticipant?
    /// `url` and `tls` are those that are registered.
    let isSamePlace: Bool
    let policy: SecretPolicy

    init(before: StoredParticipant?, isSamePlace: Bool, _ policy: SecretPolicy) {
        self.before = before
        self.isSamePlace = isSamePlace
        self.policy = policy
    }

    /// Why a value can't stay.
    struct Loss: Error {
        let sentence: String

        static let unknown = Loss(sentence: "Nothing is registered here that could stay.")
        static let elsewhere = Loss(
            sentence: "What is registered stays only where url and tls stay as they are: give it anew.")
        static let otherIssuer = Loss(
            sentence: "What is registered stays only where url, tls and tokenUrl stay as they are: give it anew.")
        static let noKeys = Loss(
            sentence: "What is registered is encrypted, and this API has no SECRET_KEYS: give it anew.")
    }

    /// A registration that leaves something as it is.
    static func areWanted(by json: JSON) -> Bool {
        json["headers"]?.object?.members.contains { $0.value.isNull } == true
            || json["auth"]?["oauth2"]?["clientSecret"]?.isNull == true
    }

    func header(_ name: String) throws(Loss) -> String {
        let same = name.lowercased()
        guard let before, let found = before.headers.first(where: { $0.name.lowercased() == same }) else {
            throw .unknown
        }
        guard isSamePlace else { throw .elsewhere }
        return try text(found.value, .header(found.name, of: before.id))
    }

    func clientSecret(tokenURL: String?) throws(Loss) -> String {
        guard let before, let client = before.client else { throw .unknown }
        guard isSamePlace, client.tokenURL == tokenURL else { throw .otherIssuer }
        return try text(client.secret, .clientSecret(of: before.id))
    }

    private func text(_ secret: StoredSecret, _ place: SecretPlace) throws(Loss) -> String {
        switch (secret, policy) {
        case (.text(let text), _): return text
        case (.sealed, .references), (.sealed, .plain): throw .noKeys
        case (.sealed(let sealed, let key), .encrypted(let keys)):
            do throws(UnsealingError) { return try keys.open(sealed, with: key, for: place) } catch {
                throw Loss(sentence: "What is registered can't be read, \(error): give it anew.")
            }
        }
    }
}
