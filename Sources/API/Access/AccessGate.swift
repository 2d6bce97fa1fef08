import Core
import HTTPTypes
import Hummingbird
import Participants
import Redis
import Storage
import Tokens

/// Lets calls in: it makes a principal of the request, and asks whether that may do what the route needs.
///
/// A call of an administrator's route counts under its token or key and, with a larger rate, under the client's address. A
/// credential that nobody knows counts under that address's guesses instead, whatever the route, at a token's rate: so guessing is
/// slow, and cannot use up what the address's rate leaves to those who have one.
struct AccessGate: Sendable {
    /// Which of the rates of a token and an address a call counts under: each kind has the whole of both.
    enum Kind: String {
        /// What reads or changes something.
        case call = ""
        /// What only tries something out. People do so many times over, and must then still be able to register it.
        case trial = "trial:"
    }

    let tokens: [AdminToken]
    let keys: KeyRing
    /// Tokens of other issuers; nil where none is configured.
    let issued: TokenPrincipals?
    /// Tells whose a run is, and of which workflow.
    let reader: RunReader
    /// Tells whose keys are refused.
    let admission: TenantAdmission
    /// Whoever reaches it may do what is open without saying who they are.
    let isOpen: Bool
    let metrics: APIMetrics
    let limiter: RateLimiter
    /// What one token or key may do of administrators' calls.
    let tokenLimit: GCRALimit
    /// What one client address may do of them.
    let addressLimit: GCRALimit

    /// What answers a route once whoever calls was let in.
    func guarded(_ route: Route) -> Route.Handler {
        guard let permission = route.needs else { return route.handler }
        let (handler, counted) = (route.handler, route.counted)
        return { request, context in
            var context = context
            let caller: Caller
            do {
                caller = try await self.caller(request, context)
                // What administrators do nobody does without saying who they are.
                let isKnown = caller.bucket != nil || counted == nil
                guard isKnown, caller.principal.permissions.contains(permission) else {
                    throw refusal(caller, permission)
                }
                if let tenantID = caller.principal.scope.tenants.tenantID { try await admission.checkIsOpen(tenantID) }
                try await look(for: context, route, caller.principal.scope)
            } catch {
                guard var problem = Problem(error) else { throw error }
                // A body that may have no end is not read to its end for somebody who is not let in.
                if request.method != .get { problem.headers[.connection] = "close" }
                throw problem
            }
            context.principal = caller.principal
            guard let counted, let bucket = caller.bucket else { return try await handler(request, context) }
            let decision = try await count(bucket, context, counted)
            do {
                var response = try await handler(request, context)
                response.headers.append(contentsOf: Self.headers(decision))
                return response
            } catch {
                guard var problem = Problem(error) else { throw error }
                problem.headers.append(contentsOf: Self.headers(decision))
                throw problem
            }
        }
    }

    /// Another tenant's run, and one of a workflow that a key is not for, is as unknown as one that there is not; and so is such a
    /// workflow.
    private func look(for context: APIContext, _ route: Route, _ scope: RunScope) async throws {
        guard scope != .all else { return }
        if route.namesWorkflow, !scope.workflows.sees(try context.pathText("name")) { throw DefinitionProblem.unknown }
        guard route.namesRun else { return }
        let runID = try context.runID()
        guard let owner = try await reader.owner(of: runID), scope.sees(owner) else { throw Problem.unknownRun }
    }

    /// Whoever calls.
    private struct Caller {
        let principal: Principal
        /// What their calls count under; nil for nobody in particular.
        var bucket: String?
    }

    /// A credential as it is sent.
    private enum Credential {
        case adminToken(String)
        case key(String)
        /// As `Authorization: Bearer`: a key, or a token of another issuer.
        case bearer(String)
    }

    private func caller(_ request: Request, _ context: APIContext) async throws -> Caller {
        guard let credential = try Self.credential(request.headers) else {
            return Caller(principal: isOpen ? .anonymous : .nobody)
        }
        switch credential {
        case .adminToken(let text):
            // Where no token is configured there is nothing to guess.
            if tokens.isEmpty {
                return Caller(principal: isOpen ? .anonymous : .nobody)
            }
            if let token = AdminToken.find(text, in: tokens) {
                return Caller(principal: Principal(token), bucket: "token:\(token.name)")
            }
            throw try await guessed("X-Admin-Token holds no known token.", context)
        case .bearer(let text):
            guard let issued, TokenPrincipals.isToken(text) else { return try await holder(ofKey: text, context) }
            do throws(TokenRefusal) {
                let principal = try await issued.principal(of: text)
                return Caller(principal: principal, bucket: principal.name)
            } catch {
                throw try await refused(error, context)
            }
        case .key(let text): return try await holder(ofKey: text, context)
        }
    }

    private func holder(ofKey text: String, _ context: APIContext) async throws -> Caller {
        if let key = APIKey(text), let principal = try await keys.principal(of: key) {
            let keys = keys
            return Caller(
                principal: principal.asLong(as: {
                    // While nobody can be asked nothing can be read or written either.
                    do { return try await keys.principal(of: key) != nil } catch { return true }
                }),
                bucket: "key:\(key.id)")
        }
        throw try await guessed("This API key is not known, was revoked or has expired.", context)
    }

    /// What is said of a token that is not taken. That nobody can know is nobody's guess.
    private func refused(_ refusal: TokenRefusal, _ context: APIContext) async throws(Problem) -> Problem {
        if refusal == .unavailable {
            metrics.countRefusal(.unavailable)
            return Problem(.issuerUnavailable, refusal.sentence, headers: [.retryAfter: "10"])
        }
        var problem = try await guessed(refusal.sentence, context)
        // RFC 6750 §3.1.
        problem.headers[.wwwAuthenticate] =
            "Bearer error=\"invalid_token\", error_description=\"\(refusal.sentence)\""
        return problem
    }

    /// The one that is sent; nil for none.
    ///
    /// - Throws: `invalidParameter` for several, which nobody sends who knows who they are.
    private static func credential(_ headers: HTTPFields) throws(Problem) -> Credential? {
        let token = try one(.xAdminToken, of: headers)
        let key = try one(.xAPIKey, of: headers)
        let authorization = try one(.authorization, of: headers)
        guard [token, key, authorization].count(where: { $0 != nil }) <= 1 else {
            throw Problem(.invalidParameter, "Send one of X-Admin-Token, X-Api-Key and Authorization.")
        }
        if let token { return .adminToken(token) }
        if let key { return .key(key) }
        guard let authorization else { return nil }
        let words = authorization.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            // What is no Bearer is no key.
            return .key("")
        }
        return .bearer(String(words[1]))
    }

    /// As it was sent, whatever that is.
    private static func one(_ name: HTTPField.Name, of headers: HTTPFields) throws(Problem) -> String? {
        let values = headers[values: name]
        guard values.count <= 1 else { throw Problem(.invalidParameter, "The header \(name) is given twice.") }
        return values.first
    }

    /// What is said of a guess; too many of them are told to wait.
    private func guessed(_ text: String, _ context: APIContext) async throws(Problem) -> Problem {
        metrics.countRefusal(.unknown)
        // Whatever is guessed at, guesses count together.
        try check(
            await limiter.judge([
                RateBucket("guess:\(context.limitedAddress)", tokenLimit),
                RateBucket("address:\(context.limitedAddress)", addressLimit),
            ]))
        return Self.unauthorized(text)
    }

    private static func unauthorized(_ text: String) -> Problem {
        Problem(.unauthorized, text, headers: [.wwwAuthenticate: "Bearer"])
    }

    /// Nobody is asked who they are; somebody is told what they lack.
    private func refusal(_ caller: Caller, _ permission: Permission) -> Problem {
        metrics.countRefusal(caller.bucket == nil ? .anonymous : .permission)
        guard caller.bucket == nil else {
            return Problem(
                .missingPermission,
                "This needs the permission \(permission.rawValue), which \(caller.principal.name) has not.")
        }
        return Self.unauthorized(
            issued == nil
                ? "This needs an API key or an admin token." : "This needs an API key, a token or an admin token.")
    }

    private func count(_ bucket: String, _ context: APIContext, _ kind: Kind) async throws(Problem) -> RateDecision {
        let decision = await limiter.judge([
            RateBucket("\(kind.rawValue)\(bucket)", tokenLimit),
            RateBucket("\(kind.rawValue)address:\(context.limitedAddress)", addressLimit),
        ])
        try check(decision)
        return decision
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

    static func headers(_ decision: RateDecision) -> HTTPFields {
        [
            .rateLimitLimit: String(decision.limit), .rateLimitRemaining: String(decision.remaining),
            .rateLimitReset: String(decision.resetAfter.roundedUpToSeconds),
        ]
    }
}

extension Duration {
    /// Whole seconds, never less than the duration.
    var roundedUpToSeconds: Int64 { components.seconds + (components.attoseconds > 0 ? 1 : 0) }
}
