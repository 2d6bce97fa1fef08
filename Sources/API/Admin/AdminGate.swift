import Crypto
import HTTPTypes
import Hummingbird
import Redis

/// Lets admin calls in: with a known token, and no faster than the rate. Guessing is limited too, by client address.
struct AdminGate: Sendable {
    /// A call that may go on.
    struct Admission: Sendable {
        /// The token's name.
        let name: String
    }

    /// Answers an admin call.
    typealias Handler = @Sendable (Request, APIContext, Admission) async throws -> Response

    let tokens: [AdminToken]
    let limiter: RateLimiter

    /// The route with this gate before it.
    func guarded(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) -> Route {
        Route(method, path) { request, context in
            let (admission, decision) = try await admit(request, context)
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

    private func admit(
        _ request: Request, _ context: APIContext
    ) async throws(Problem) -> (Admission, RateDecision) {
        guard !tokens.isEmpty else {
            throw Problem(.unauthorized, "Admin calls are disabled: no token is configured.")
        }
        guard let text = request.headers[.xAdminToken] else {
            throw Problem(.unauthorized, "The header X-Admin-Token is missing.")
        }
        guard let token = AdminToken.find(text, in: tokens) else {
            try check(await limiter.judge("address:\(context.clientAddress)"))
            throw Problem(.unauthorized, "The token in X-Admin-Token is not known.")
        }
        let decision = await limiter.judge("token:\(token.name)")
        try check(decision)
        return (Admission(name: token.name), decision)
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
