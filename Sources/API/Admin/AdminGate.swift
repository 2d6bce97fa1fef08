import Crypto
import HTTPTypes
import Hummingbird
import Participants
import Redis

/// Lets admin calls in: with a known token, and no faster than the rates.
///
/// A call counts under its token and, with a larger rate, under the client's address. One without a known token counts
/// under that address's guesses instead of a token, at a token's rate: so guessing is slow, and cannot use up what the
/// address's rate leaves to those who have a token.
struct AdminGate: Sendable {
    /// A call that may go on.
    struct Admission: Sendable {
        /// The token's name.
        let name: String
    }

    /// Which of the rates of a token and an address a call counts under: each kind has the whole of both.
    enum Kind: String {
        /// What reads or changes something.
        case call = ""
        /// What only tries something out. People do so many times over, and must then still be able to register it.
        case trial = "trial:"
    }

    /// Answers an admin call.
    typealias Handler = @Sendable (Request, APIContext, Admission) async throws -> Response

    let tokens: [AdminToken]
    let limiter: RateLimiter
    /// What one token may do.
    let tokenLimit: GCRALimit
    /// What one client address may do.
    let addressLimit: GCRALimit

    /// The route with this gate before it.
    func guarded(
        _ method: HTTPRequest.Method, _ path: String, counted kind: Kind = .call, _ handler: @escaping Handler
    ) -> Route {
        Route(method, path) { request, context in
            let (admission, decision) = try await admit(request, context, kind)
            do {
                var response = try await handler(request, context, admission)
                response.headers.append(contentsOf: Self.headers(decision))
                return response
            } catch {
                guard var problem = Problem(error) else { throw error }
                problem.headers.append(contentsOf: Self.headers(decision))
                throw problem
            }
        }
    }

    /// Who calls where a token is not needed: the name of the token that is given, else `client`.
    ///
    /// Where no token is configured there is nothing to guess, and the header is not looked at.
    ///
    /// - Throws: `unauthorized` for a token nobody knows, and `rateLimited`, as for admin calls: tokens must not be
    ///   guessed here either.
    func caller(_ request: Request, _ context: APIContext) async throws(Problem) -> String {
        guard !tokens.isEmpty, request.headers[.xAdminToken] != nil else { return AdminToken.anonymous }
        return try await admit(request, context).0.name
    }

    private func admit(
        _ request: Request, _ context: APIContext, _ kind: Kind = .call
    ) async throws(Problem) -> (Admission, RateDecision) {
        guard !tokens.isEmpty else {
            throw Problem(.unauthorized, "Admin calls are disabled: no token is configured.")
        }
        let address = Self.limitedAddress(context.clientAddress)
        guard let token = request.headers[.xAdminToken].flatMap({ AdminToken.find($0, in: tokens) }) else {
            // Whatever is guessed at, guesses count together.
            try check(
                await limiter.judge([
                    RateBucket("guess:\(address)", tokenLimit), RateBucket("address:\(address)", addressLimit),
                ]))
            throw Problem(.unauthorized, "X-Admin-Token holds no known token.")
        }
        let decision = await limiter.judge([
            RateBucket("\(kind.rawValue)token:\(token.name)", tokenLimit),
            RateBucket("\(kind.rawValue)address:\(address)", addressLimit),
        ])
        try check(decision)
        return (Admission(name: token.name), decision)
    }

    /// What the limit of an address counts under: an IPv4 address, or the /64 of an IPv6 address, all of which usually
    /// belongs to one client.
    static func limitedAddress(_ text: String) -> String {
        guard let address = IPAddress(text)?.unwrapped else { return text }
        return address.family == .v4
            ? address.description : "\(IPAddress(family: .v6, bits: (address.bits >> 64) << 64))/64"
    }

    private func check(_ decision: RateDecision) throws(Problem) {
        guard !decision.allowed else { return }
        var headers = Self.headers(decision)
        headers[.retryAfter] = String(max(1, decision.retryAfter.roundedUpToSeconds))
        throw Problem(.rateLimited, "Wait before the next admin call.", headers: headers)
    }

    private static func headers(_ decision: RateDecision) -> HTTPFields {
        [
            .rateLimitLimit: String(decision.limit), .rateLimitRemaining: String(decision.remaining),
            .rateLimitReset: String(decision.resetAfter.roundedUpToSeconds),
        ]
    }
}

extension Duration {
    /// Whole seconds, never less than the duration.
    fileprivate var roundedUpToSeconds: Int64 { components.seconds + (components.attoseconds > 0 ? 1 : 0) }
}
