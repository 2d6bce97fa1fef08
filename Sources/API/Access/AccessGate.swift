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
    let refusals: RefusalLog
    let limiter: RateLimiter
    /// What one token or key may do of administrators' calls.
    let tokenLimit: GCRALimit
    /// What one client address may do of them.
    let addressLimit: GCRALimit

    /// What answers a route once whoever calls was let in.
    func guarded(_ route: Route) -> Route.Handler {
        guard let permission = route.needs else { return route.handler }
        let (handler, counted, isAudited) = (route.handler, route.counted, route.isAudited)
        return { request, context in
            var context = context
            if isAudited { context.origin = context.origin(of: request) }
            let caller: Caller
            do {
                caller = try await self.caller(request, context)
                // What administrators do nobody does without saying who they are.
                let isKnown = caller.bucket != nil || counted == nil
                guard isKnown, caller.principal.permissions.contains(permission) else {
                    throw refusal(caller, permission)
                }
                let scope = caller.principal.scope
                if let tenantID = scope.tenants.tenantID, try await admission.isClosed(tenantID) {
                    throw Refused(TenantAdmission.closed, .tenantState, caller.principal)
                }
                try await look(for: context, route, caller.principal)
            } catch {
                if context.origin == .unknown { context.origin = context.origin(of: request) }
                guard var problem = told(error, request, context, route) else { throw error }
                // A body that may have no end is not read to its end for somebody who is not let in.
                if request.method != .get { problem.headers[.connection] = "close" }
                throw problem
            }
            context.principal = context.isLoggedIn.map(caller.principal.asLong(asAlso:)) ?? caller.principal
            var rate: HTTPFields = [:]
            do {
                if let counted, let bucket = caller.bucket, context.console == nil {
                    rate = Self.headers(try await count(bucket, context, counted, caller.principal))
                }
                var response = try await handler(request, context)
                if !rate.isEmpty { response.headers.append(contentsOf: rate) }
                if let requestID = context.origin.requestID { response.headers[.xRequestID] = requestID }
                return response
            } catch {
                guard var problem = Problem(error) ?? told(error, request, context, route) else { throw error }
                // What is our own fault is logged with its cause, where it is answered.
                guard counted != nil || problem.kind.status.code < 500 else { throw error }
                if !(error is Refused), let reason = RefusalReason(problem), caller.bucket != nil {
                    let refused = Refused(problem, reason, caller.principal)
                    problem = told(refused, request, context, route) ?? problem
                }
                problem.headers.append(contentsOf: rate)
                if let requestID = context.origin.requestID { problem.headers[.xRequestID] = requestID }
                throw problem
            }
        }
    }

    /// Whoever sends these headers. What is refused is counted, and in the audit, as of a call of this route.
    func principal(_ request: Request, _ context: APIContext, at route: Route) async throws -> Principal {
        do {
            let principal = try await caller(request, context).principal
            if let tenantID = principal.scope.tenants.tenantID, try await admission.isClosed(tenantID) {
                throw Refused(TenantAdmission.closed, .tenantState, principal)
            }
            return principal
        } catch {
            guard let problem = told(error, request, context, route) else { throw error }
            throw problem
        }
    }

    /// A call that is refused because of who made it.
    private struct Refused: Error {
        let problem: Problem
        let reason: RefusalReason
        /// Who called, or said to; nil where nobody said so, which is counted and not in the audit.
        let actor: (name: String, tenants: TenantScope)?

        init(_ problem: Problem, _ reason: RefusalReason, actor: (name: String, tenants: TenantScope)?) {
            (self.problem, self.reason, self.actor) = (problem, reason, actor)
        }

        init(_ problem: Problem, _ reason: RefusalReason, _ principal: Principal) {
            self.init(problem, reason, actor: (principal.name, principal.scope.tenants))
        }
    }

    /// What is answered; a refusal is counted, and on its way into the audit. Nil for what nobody knows an answer to.
    private func told(_ error: any Error, _ request: Request, _ context: APIContext, _ route: Route) -> Problem? {
        var context = context
        guard let refused = error as? Refused else {
            var problem = Problem(error)
            problem?.headers[.xRequestID] = context.origin.requestID
            return problem
        }
        if context.origin == .unknown { context.origin = context.origin(of: request) }
        metrics.countRefusal(refused.reason)
        if let actor = refused.actor {
            refusals.note(RefusedCall(refused.reason, of: actor.name, actor.tenants, request, context, route))
        }
        var problem = refused.problem
        problem.headers[.xRequestID] = context.origin.requestID
        return problem
    }

    /// Another tenant's run, and one of a workflow that a key is not for, is as unknown as one that there is not; and so is such a
    /// workflow.
    private func look(for context: APIContext, _ route: Route, _ principal: Principal) async throws {
        let scope = principal.scope
        guard scope != .all else { return }
        if route.namesWorkflow, !scope.workflows.sees(try context.pathText("name")) { throw DefinitionProblem.unknown }
        guard route.namesRun else { return }
        let runID = try context.runID()
        guard let owner = try await reader.owner(of: runID) else { throw Problem.unknownRun }
        guard !scope.sees(owner) else { return }
        guard scope.tenants.sees(owner.tenantID) else {
            // That there is such a run is nothing for whoever reads the audit of the caller's tenant.
            throw Refused(.unknownRun, .otherTenant, actor: (principal.name, .all))
        }
        throw Problem.unknownRun
    }

    /// Whoever calls.
    private struct Caller {
        let principal: Principal
        /// What their calls count under; nil for nobody in particular.
        var bucket: String?
    }

    private func caller(_ request: Request, _ context: APIContext) async throws -> Caller {
        guard let credential = try Credential(request.headers) else {
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
            throw await guessed("X-Admin-Token holds no known token.", .unknown, context)
        case .bearer(let text):
            guard let issued, TokenPrincipals.isToken(text) else { return try await holder(ofKey: text, context) }
            do throws(TokenRefusal) {
                let principal = try await issued.principal(of: text)
                return Caller(principal: principal, bucket: principal.name)
            } catch {
                throw await refused(error, context)
            }
        case .key(let text): return try await holder(ofKey: text, context)
        }
    }

    private func holder(ofKey text: String, _ context: APIContext) async throws -> Caller {
        let key = APIKey(text)
        let found = if let key { try await keys.judge(key) } else { KeyRing.Finding.unknown }
        if case .principal(let principal, let bucket) = found { return Caller(principal: principal, bucket: bucket) }
        throw await guessed("This API key is not known, was revoked or has expired.", found, context)
    }

    /// What is said of a token that is not taken. That nobody can know is nobody's guess.
    private func refused(_ refusal: TokenRefusal, _ context: APIContext) async -> Refused {
        if refusal == .unavailable {
            let problem = Problem(.issuerUnavailable, refusal.sentence, headers: [.retryAfter: "10"])
            return Refused(problem, .unavailable, actor: nil)
        }
        let guess = await guessed(refusal.sentence, .unknown, context)
        var problem = guess.problem
        // RFC 6750 §3.1.
        problem.headers[.wwwAuthenticate] =
            "Bearer error=\"invalid_token\", error_description=\"\(refusal.sentence)\""
        return Refused(problem, guess.reason, actor: guess.actor)
    }

    /// What is said of a guess; too many of them are told to wait. In the audit is who names a key that there is, and who has to wait.
    private func guessed(_ text: String, _ found: KeyRing.Finding, _ context: APIContext) async -> Refused {
        // Whatever is guessed at, guesses count together.
        let decision = await limiter.judge([
            RateBucket("guess:\(context.limitedAddress)", tokenLimit),
            RateBucket("address:\(context.limitedAddress)", addressLimit),
        ])
        let problem = decision.allowed ? Self.unauthorized(text) : Self.tooMany(decision)
        if case .refused(let name, let tenants, let reason) = found {
            return Refused(problem, reason, actor: (name, tenants))
        }
        if decision.allowed { return Refused(problem, .unknown, actor: nil) }
        return Refused(problem, .rateLimited, actor: (AdminToken.anonymous, .all))
    }

    private static func unauthorized(_ text: String) -> Problem {
        Problem(.unauthorized, text, headers: [.wwwAuthenticate: "Bearer"])
    }

    /// Nobody is asked who they are; somebody is told what they lack.
    private func refusal(_ caller: Caller, _ permission: Permission) -> Refused {
        guard caller.bucket == nil else {
            return Refused(
                Problem(
                    .missingPermission,
                    "This needs the permission \(permission.rawValue), which \(caller.principal.name) has not."),
                .permission, caller.principal)
        }
        return Refused(
            Self.unauthorized(
                issued == nil
                    ? "This needs an API key or an admin token." : "This needs an API key, a token or an admin token."),
            .anonymous, actor: nil)
    }

    private func count(
        _ bucket: String, _ context: APIContext, _ kind: Kind, _ principal: Principal
    ) async throws(Refused) -> RateDecision {
        let decision = await limiter.judge([
            RateBucket("\(kind.rawValue)\(bucket)", tokenLimit),
            RateBucket("\(kind.rawValue)address:\(context.limitedAddress)", addressLimit),
        ])
        guard decision.allowed else { throw Refused(Self.tooMany(decision), .rateLimited, principal) }
        return decision
    }

    /// What the limit of an address counts under: an IPv4 address, or the /64 of an IPv6 address, all of which usually
    /// belongs to one client.
    static func limitedAddress(_ text: String) -> String {
        guard let address = IPAddress(text)?.unwrapped else { return text }
        return address.family == .v4
            ? address.description : "\(IPAddress(family: .v6, bits: (address.bits >> 64) << 64))/64"
    }

    private static func tooMany(_ decision: RateDecision) -> Problem {
        var headers = Self.headers(decision)
        headers[.retryAfter] = String(max(1, decision.retryAfter.roundedUpToSeconds))
        return Problem(.rateLimited, "Wait before the next admin call.", headers: headers)
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
