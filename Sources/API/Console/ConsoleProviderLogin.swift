import Console
import Core
import HTTPTypes
import Hummingbird
import Tokens

// Logging in at an identity provider: a link sends the browser there (`/login/NAME`), and it comes back with a code
// (`/login/NAME/callback`), for which this API fetches a token. From then on that is the login's credential, as if somebody had
// pasted it.

extension ConsoleRoutes {
    var providerRoutes: [Route] {
        [
            Route(.get, "\(paths.login)/:issuer", needs: nil, beginLogin),
            Route(.get, "\(paths.login)/:issuer/callback", needs: nil, endLogin),
        ]
    }

    /// Where people can log in, as the login page shows it.
    func providers(_ request: Request, to target: String?) -> [LoginPage.Provider] {
        let own = origin(of: request)
        return (api.gate.issued?.logins ?? []).map { login in
            let path = Paths.query(paths.provider(login.name), [("to", target)])
            // The answer comes back to the console's own address, so what it is compared with has to be there.
            return LoginPage.Provider(title: login.title, path: own == nil ? nil : (configuration.url ?? "") + path)
        }
    }

    /// Where a provider sends browsers back to. It is never what a request says it is but on this machine: there nobody else answers.
    private func origin(of request: Request) -> String? {
        if let url = configuration.url { return url }
        guard let authority = request.head.authority, ConsoleOrigin.isLoopback(authority),
            let port = authority.split(separator: ":").last, authority.contains(":") ? Int(port) != nil : true
        else { return nil }
        return "http://\(authority)"
    }

    private func login(_ context: APIContext) throws(Problem) -> TokenLogin {
        let name = try context.pathText("issuer")
        guard let login = api.gate.issued?.logins.first(where: { $0.name == name }) else {
            throw Problem(.notFound, "Nobody can log in there.")
        }
        return login
    }

    private func redirect(of login: TokenLogin, _ request: Request) throws(Problem) -> String {
        guard let origin = origin(of: request) else {
            throw Problem(.invalidContent, "An operator has to say where this console is: CONSOLE_URL is not set.")
        }
        return origin + paths.providerCallback(login.name)
    }

    // MARK: There

    @Sendable private func beginLogin(_ request: Request, _ context: APIContext) async throws -> Response {
        await answered(request, context) {
            let login = try login(context)
            let pending = PendingLogin(at: login.name, for: target(ConsoleQuery(request)["to"]))
            let address = try await login.address(
                redirect: try redirect(of: login, request), state: pending.state, nonce: pending.nonce,
                verifier: pending.verifier)
            var response = Self.seeOther(address)
            response.headers[values: .setCookie].append(pending.cookie(for: request))
            return response
        }
    }

    // MARK: And back

    @Sendable private func endLogin(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = ConsoleQuery(request)
        let pending = PendingLogin(request)
        let isOwn = query["state"].map { pending?.isState($0) ?? false } ?? false
        var response = await answered(request, context) {
            let login = try login(context)
            guard let pending, isOwn, pending.issuer == login.name else {
                throw Problem(
                    .missingPermission,
                    "This login was begun in another browser, or is over: it counts once, and for ten minutes.")
            }
            try await login.check(issuer: query["iss"])
            if let code = query["error"] { throw LoginFault.refused(code: code) }
            guard let code = query["code"], code.utf8.count <= 4096 else { throw LoginFault.refused(code: nil) }
            try await countLogin(context)
            let token = try await login.token(
                code: code, redirect: try redirect(of: login, request), nonce: pending.nonce,
                verifier: pending.verifier, now: .now)
            return try await begun(.bearer(token), pending.target, request, context)
        }
        // Whatever came of it, it was tried. What is none of this browser's leaves its own as it is.
        if isOwn { response.headers[values: .setCookie].insert(PendingLogin.over(for: request), at: 0) }
        return response
    }

    /// The cookie of a login does not go along where another site has sent the browser, and a redirect from here would still be such a
    /// request. So a page of our own leads on.
    private func begun(
        _ credential: Credential, _ wanted: String?, _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let asking = request.asking(with: credential.headers)
        let principal = try await api.gate.principal(asking, context, at: Self.place(.get, paths.login))
        guard principal.name != AdminToken.anonymous else { throw LoginFault.token(.unknownIssuer) }
        let secret = try await sessions.begin(credential, of: principal.name)
        var response = forward(request, to: target(wanted) ?? paths.now)
        response.headers[values: .setCookie].append(ConsoleCookie.set(secret, for: request))
        return response
    }

    /// Leads on to a page of ours.
    func forward(_ request: Request, to path: String) -> Response {
        Self.response(.page(ForwardPage(frame(request, secret: nil), to: path).html), to: request)
    }

    private func answered(
        _ request: Request, _ context: APIContext, _ work: () async throws -> Response
    ) async -> Response {
        do {
            try await countAddress(context)
            return try await work()
        } catch {
            let (text, status) = told(error, request, context)
            let page = LoginFailedPage(text, frame(request, secret: nil))
            return Self.response(.page(page.html, status), to: request)
        }
    }

    private func told(
        _ error: any Error, _ request: Request, _ context: APIContext
    ) -> (String, HTTPResponse.Status) {
        guard let fault = error as? LoginFault else {
            let problem = Problem.answering(error, path: request.uri.path, logger: context.logger)
            return (problem.detail, problem.kind.status)
        }
        switch fault {
        case .unavailable, .token(.unavailable): return (fault.sentence, .serviceUnavailable)
        case .refused: return (fault.sentence, .forbidden)
        case .otherIssuer: return (fault.sentence, .badRequest)
        case .token: return (fault.sentence, .unauthorized)
        }
    }
}
