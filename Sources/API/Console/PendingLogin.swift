import Basics
import Core
import HTTPTypes
import Hummingbird

/// A login that was begun at an identity provider. Nothing of it is kept here: the browser has 256 random bits in a cookie for ten minutes,
/// and what goes to the provider follows from them by HMAC, so an answer counts only in the browser that has asked, and for what it asked.
struct PendingLogin: Sendable {
    /// How long somebody may take to log in there.
    static let lifetime: Duration = .seconds(600)

    private let secret: ConsoleSecret
    /// The provider's short name.
    let issuer: String
    private let begunAt: Int64
    /// The page that was wanted; nil for none in particular.
    let target: String?

    init(at issuer: String, for target: String?, now: Instant = .now) {
        secret = ConsoleSecret()
        self.issuer = issuer
        self.target = target
        begunAt = now.microseconds / 1_000_000
    }

    private func derived(_ purpose: String) -> String {
        Base64URL.encode(secret.derived("login \(purpose) \(begunAt) \(issuer) \(target ?? "")"))
    }

    /// Goes to the provider and comes back with its answer.
    var state: String { derived("state") }
    /// Goes to the provider and comes back in the token.
    var nonce: String { derived("nonce") }
    /// What fetches the token; the provider has its hash before.
    var verifier: String { derived("verifier") }

    func isState(_ text: String) -> Bool { SecretDigest(of: state).fits(SecretDigest(of: text)) }

    // MARK: The cookie

    private static let name = "sagaflow-login"

    /// `SameSite=Lax`: it comes along when the provider sends the browser back, which the cookie of a login would not.
    private static func name(for request: Request) -> String {
        ConsoleOrigin.isLoopback(request.head.authority ?? "") ? name : "__Host-\(name)"
    }

    /// What a browser has begun, and not too long ago.
    init?(_ request: Request, now: Instant = .now) {
        guard let text = ConsoleCookie.value(Self.name(for: request), of: request) else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, let secret = ConsoleSecret(String(parts[0])), let begunAt = Int64(parts[1]),
            let target = Base64URL.decode(String(parts[3])).flatMap({ String(validating: $0, as: UTF8.self) })
        else { return nil }
        let age = now.microseconds / 1_000_000 - begunAt
        guard (-60..<Self.lifetime.components.seconds).contains(age) else { return nil }
        (self.secret, self.begunAt, issuer) = (secret, begunAt, String(parts[2]))
        self.target = target.isEmpty ? nil : target
    }

    func cookie(for request: Request) -> String {
        let text = "\(secret.text).\(begunAt).\(issuer).\(Base64URL.encode(Array((target ?? "").utf8)))"
        return Self.cookie(text, "Max-Age=\(Self.lifetime.components.seconds)", request)
    }

    /// Takes it away.
    static func over(for request: Request) -> String { cookie("", "Max-Age=0", request) }

    private static func cookie(_ text: String, _ age: String, _ request: Request) -> String {
        let name = name(for: request)
        let secure = name.hasPrefix("__Host-") ? "; Secure" : ""
        return "\(name)=\(text); Path=/; HttpOnly; SameSite=Lax\(secure); \(age)"
    }
}
