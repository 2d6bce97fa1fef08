import Basics
import Console
import Core
import HTTPTypes
import Hummingbird

extension ConsoleRoutes {
    var loginRoutes: [Route] {
        [
            Route(.get, paths.login, needs: nil, loginPage), Route(.post, paths.login, needs: nil, login),
            Route(.post, paths.logout, needs: nil, logout),
        ] + providerRoutes
    }

    @Sendable private func loginPage(_ request: Request, _ context: APIContext) async throws -> Response {
        // Whoever is logged in and follows a link would lose that with the cookie of a new login.
        if ConsoleCookie.read(request) == nil, ConsoleOrigin.isLedFromElsewhere(request) {
            return forward(request, to: Paths.query(paths.login, [("to", target(ConsoleQuery(request)["to"]))]))
        }
        return loginAnswer(request, notice: nil, .ok)
    }

    private func loginAnswer(_ request: Request, notice: Notice?, _ status: HTTPResponse.Status, to: String? = nil)
        -> Response
    {
        let known = ConsoleCookie.read(request)
        let secret = known ?? ConsoleSecret()
        var frame = frame(request, secret: secret)
        frame.notice = notice
        let to = to ?? target(ConsoleQuery(request)["to"])
        let page = LoginPage(
            frame, target: to, isInsecure: ConsoleOrigin.isPlain(request), providers: providers(request, to: to))
        var response = Self.response(.page(page.html, status), to: request)
        if known == nil { response.headers[values: .setCookie].append(ConsoleCookie.set(secret, for: request)) }
        return response
    }

    /// Of a login's form, as it is sent: anybody may send one.
    private static let formBytes = 32 * 1024

    /// A page of the console; nil for any other address.
    func target(_ text: String?) -> String? {
        guard let text, text.hasPrefix(paths.base + "/"), !text.contains("//"), !text.contains("\\"),
            text.utf8.count <= 2000, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return text
    }

    @Sendable private func login(_ request: Request, _ context: APIContext) async throws -> Response {
        let old = ConsoleCookie.read(request)
        do {
            if ConsoleOrigin.isPlain(request), old == nil { return loginAnswer(request, notice: nil, .badRequest) }
            try await countAddress(context)
            let form = try await Self.form(request, old, most: Self.formBytes)
            let text = (form["credential"] ?? "").trimmingBlanks()
            let to = target(form["to"])
            guard (1...8000).contains(text.utf8.count), HTTPFields.isPrintable(String(text)) else {
                return loginAnswer(
                    request, notice: Notice("A key has no blanks and no special characters.", isProblem: true),
                    .badRequest, to: to)
            }
            let credential = api.gate.credential(pasted: String(text))
            let asking = request.asking(with: credential.headers)
            let route = Self.place(.post, paths.login)
            let principal: Principal
            do { principal = try await api.gate.principal(asking, context, at: route) } catch let problem as Problem {
                let notice = Notice(problem.detail, isProblem: true)
                return loginAnswer(request, notice: notice, problem.kind.status, to: to)
            }
            guard principal.name != AdminToken.anonymous else {
                return loginAnswer(
                    request, notice: Notice("This is no key that is known here.", isProblem: true), .unauthorized,
                    to: to)
            }
            if let old { try await sessions.end(old) }
            let secret = try await sessions.begin(credential, of: principal.name)
            var response = Self.seeOther(to ?? paths.now)
            response.headers[values: .setCookie].append(ConsoleCookie.set(secret, for: request))
            return response
        } catch {
            let problem = Problem.answering(error, path: request.uri.path, logger: context.logger)
            return loginAnswer(request, notice: Notice(problem.detail, isProblem: true), problem.kind.status)
        }
    }

    @Sendable private func logout(_ request: Request, _ context: APIContext) async throws -> Response {
        let secret = ConsoleCookie.read(request)
        do {
            try await countAddress(context)
            let form = try await Self.form(request, secret, most: Self.formBytes)
            if let secret {
                var actor: String?
                if form["where"] == "everywhere", let credential = try await sessions.credential(of: secret) {
                    let asking = request.asking(with: credential.headers)
                    let route = Self.place(.post, paths.logout)
                    actor = try await api.gate.principal(asking, context, at: route).name
                }
                try await sessions.end(secret, allOf: actor)
            }
        } catch {
            let problem = Problem.answering(error, path: request.uri.path, logger: context.logger)
            return loginAnswer(request, notice: Notice(problem.detail, isProblem: true), problem.kind.status)
        }
        var response = Self.seeOther(paths.login)
        response.headers[values: .setCookie].append(ConsoleCookie.set(nil, for: request))
        return response
    }
}

extension AccessGate {
    /// What a text that somebody has pasted is: people know that they have a key, and not by which header it goes.
    func credential(pasted text: String) -> Credential {
        if text.hasPrefix(APIKey.prefix) { return .key(text) }
        if AdminToken.find(text, in: tokens) != nil { return .adminToken(text) }
        return issued != nil && TokenPrincipals.isToken(text)
            ? .bearer(text) : tokens.isEmpty ? .key(text) : .adminToken(text)
    }
}
