internal import Basics
package import Core
internal import Crypto
internal import Logging
internal import Synchronization

/// A login at one issuer: OpenID Connect's code flow, with a proof that whoever fetches the token has begun it (PKCE, RFC 7636).
///
/// It keeps nothing of a login: what belongs together (state, nonce, verifier) whoever begins one holds until its end.
package final class TokenLogin: Sendable {
    /// The issuer's short name.
    package var name: String { known.issuer.name }
    /// What people call the issuer.
    package var title: String { login.title }

    private struct Held {
        var endpoints: LoginEndpoints?
        var askedAt: ContinuousClock.Instant?
    }

    /// So long endpoints are believed, and a failure to have them.
    private static let lifetime: Duration = .seconds(300)
    private static let pause: Duration = .seconds(10)

    private let login: IssuerLogin
    private let known: KnownIssuer
    private let fetcher: KeyFetcher
    private let logger: Logger
    private let held = Mutex(Held())

    init(_ login: IssuerLogin, of known: KnownIssuer, fetcher: KeyFetcher, logger: Logger) {
        (self.login, self.known, self.fetcher, self.logger) = (login, known, fetcher, logger)
    }

    /// Where a browser is to be sent.
    ///
    /// - Parameters:
    ///   - redirect: where the issuer sends it afterwards; it must know this address, character by character.
    ///   - state: comes back with the answer.
    ///   - nonce: comes back in the token.
    ///   - verifier: whoever has it may fetch the token. The address has only its hash.
    package func address(
        redirect: String, state: String, nonce: String, verifier: String
    ) async throws(LoginFault) -> String {
        let endpoint = try await endpoints().authorization
        let challenge = Base64URL.encode(Array(SHA256.hash(data: Array(verifier.utf8))))
        let query = Self.form([
            ("response_type", "code"), ("client_id", login.clientID), ("redirect_uri", redirect),
            ("scope", login.scopes.joined(separator: " ")), ("state", state), ("nonce", nonce),
            ("code_challenge", challenge), ("code_challenge_method", "S256"),
        ])
        return endpoint + (endpoint.contains("?") ? "&" : "?") + query
    }

    /// That an answer is this issuer's (RFC 9207 §2.4): one that comes from another is not to get its code to see.
    package func check(issuer: String?) async throws(LoginFault) {
        if let issuer {
            guard ExactText(issuer) == ExactText(known.issuer.issuer) else { throw .otherIssuer }
        } else {
            guard try await !endpoints().namesIssuer else { throw .otherIssuer }
        }
    }

    /// Fetches what a code stands for, and judges it.
    ///
    /// - Returns: a token that counts here, as if whoever logs in had brought it along.
    package func token(
        code: String, redirect: String, nonce: String, verifier: String, now: Instant
    ) async throws(LoginFault) -> String {
        let endpoints = try await endpoints()
        var form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ]
        var authorization: String?
        if let secret = login.clientSecret, !endpoints.takesSecretInBody {
            // Both are encoded as in a form before they are put together (RFC 6749 §2.3.1).
            let pair = [login.clientID, secret].map { PercentEncoding.segment($0) }.joined(separator: ":")
            authorization = "Basic \(Base64.encode(Array(pair.utf8)))"
        } else {
            form.append(("client_id", login.clientID))
            if let secret = login.clientSecret { form.append(("client_secret", secret)) }
        }
        let answer: KeyFetcher.TokenAnswer
        do throws(KeyFault) {
            answer = try await fetcher.exchange(
                Array(Self.form(form).utf8), authorization: authorization, at: endpoints.token)
        } catch { throw failed(error) }
        switch answer {
        case .refused(let code): throw .refused(code: code)
        case .tokens(let idToken, let accessToken):
            do throws(TokenRefusal) {
                return try await judged(idToken, accessToken, nonce: nonce, now: now)
            } catch { throw .token(error) }
        }
    }

    private func judged(
        _ idToken: String?, _ accessToken: String?, nonce: String, now: Instant
    ) async throws(TokenRefusal) -> String {
        guard let idToken else { throw .malformed }
        let id = try CompactToken(idToken)
        try await known.checkSignature(of: id, now: now)
        try TokenClaims(claims: id.claims, issuer: known.issuer).checkLogin(client: login.clientID, nonce: nonce)
        switch login.credential {
        case .idToken:
            _ = try await known.verify(id, now: now)
            return idToken
        case .accessToken:
            guard let accessToken else { throw .malformed }
            let access = try CompactToken(accessToken)
            _ = try await known.verify(access, now: now)
            // What the nonce says is said of the ID token alone: the other one must be of the same person.
            guard let subject = id.claims["sub"]?.string, let other = access.claims["sub"]?.string,
                ExactText(subject) == ExactText(other)
            else { throw .login }
            return accessToken
        }
    }

    // MARK: Where

    private func endpoints() async throws(LoginFault) -> LoginEndpoints {
        let now = ContinuousClock.now
        let (kept, isTooEarly) = held.withLock { held -> (LoginEndpoints?, Bool) in
            guard let askedAt = held.askedAt else { return (nil, false) }
            if let endpoints = held.endpoints { return (now - askedAt < Self.lifetime ? endpoints : nil, false) }
            return (nil, now - askedAt < Self.pause)
        }
        if let kept { return kept }
        if isTooEarly { throw .unavailable }
        do throws(KeyFault) {
            let endpoints = try await fetcher.endpoints(login.document, of: known.issuer.issuer)
            held.withLock { $0 = Held(endpoints: endpoints, askedAt: .now) }
            return endpoints
        } catch {
            held.withLock { $0 = Held(endpoints: nil, askedAt: .now) }
            throw failed(error)
        }
    }

    private func failed(_ fault: KeyFault) -> LoginFault {
        logger.warning("an issuer can't be logged in at", metadata: ["issuer": "\(name)", "error": "\(fault.reason)"])
        return .unavailable
    }

    private static func form(_ members: [(String, String)]) -> String {
        members.map { "\($0)=\(PercentEncoding.segment($1))" }.joined(separator: "&")
    }
}
