import Basics
import Console
import Core
import Crypto
import HTTPTypes
import Hummingbird
import NIOCore
import Redis
import Storage

// Pages for people. A page asks the routes of this API, in this process, as whoever is logged in, and shows what they answer: what
// somebody may see and do is decided where it is for every other client.

/// The console: its paths, and what every request of it goes through.
struct ConsoleRoutes: Sendable {
    let api: ConsoleCalls
    let sessions: ConsoleSessions
    let configuration: ConsoleConfiguration
    private let limiter: RateLimiter
    private let sharedPages = SharedPages()
    let paths: Paths
    let editor: ConsoleEditor

    init(
        _ configuration: ConsoleConfiguration, api: ConsoleCalls, sessions: ConsoleSessions, limiter: RateLimiter,
        body: BodyReader
    ) {
        editor = ConsoleEditor(body: body)
        self.configuration = configuration
        self.api = api
        self.sessions = sessions
        self.limiter = limiter
        paths = Paths(base: configuration.path)
    }

    typealias Work = @Sendable (ConsoleVisit) async throws -> ConsoleAnswer
    typealias FormWork = @Sendable (ConsoleVisit, ConsoleForm) async throws -> ConsoleAnswer

    var routes: [Route] { asked.map(addressed) }

    private var asked: [Route] {
        let (runs, actions, bulk) = (ConsoleRunPages(links: configuration.links), ConsoleActions(), ConsoleBulk())
        return [
            Route(.get, paths.base, needs: nil) { [paths] _, _ in Self.seeOther(paths.now) },
            Route(.get, "\(paths.base)/assets/:name", needs: nil, asset),
            page("/now", shared(ConsoleNow().show)), page("/failed", shared(ConsoleFailed().show)),
            form("/failed/retry", bulk.failed), form("/runs/bulk", bulk.runs), form("/runs/bulk/go", bulk.goOn),
            page("/runs/bulk/progress", bulk.progress),
            page("/runs", shared(runs.list)), page("/runs/:runId", runs.show), page("/runs/:runId/stream", runs.stream),
            page("/runs/:runId/json", runs.json),
            form("/runs/:runId/actions", actions.act),
        ] + workflowRoutes + editorRoutes + referenceRoutes + administrationRoutes + loginRoutes
    }

    /// Where browsers find the console is said in `CONSOLE_URL`, whatever a proxy in front calls us: cookies, forms and commands to
    /// copy go by it.
    private func addressed(_ route: Route) -> Route {
        guard let url = configuration.url, let start = url.firstRange(of: "://")?.upperBound else { return route }
        let (authority, handler) = (String(url[start...]), route.handler)
        return Route(route.method, route.path, needs: route.needs, counted: route.counted) { request, context in
            var head = request.head
            head.authority = authority
            return try await handler(Request(head: head, body: request.body), context)
        }
    }

    /// A page that is read.
    func page(_ path: String, _ work: @escaping Work) -> Route {
        let place = Self.place(.get, paths.base + path)
        let handler: Route.Handler = { request, context in
            try await answer(request, context, place, work)
        }
        return Route(.get, place.path, needs: nil, handler)
    }

    /// A page that is the same for all who see the same: whoever keeps it up to date may get what was made for another reader.
    private func shared(_ work: @escaping Work) -> Work {
        { [sharedPages] visit in try await sharedPages.answer(visit, work) }
    }

    /// A form that is sent.
    ///
    /// - Parameters:
    ///   - most: bytes of it.
    ///   - room: where it is large, for what it takes to read it.
    func form(
        _ path: String, most: Int = ConsoleForm.usualBytes, room: ByteRoom? = nil, _ work: @escaping FormWork
    ) -> Route {
        let place = Self.place(.post, paths.base + path)
        let checked: Work = { visit in
            let length = visit.request.headers[.contentLength].flatMap { Int($0) } ?? most
            // The form, its text, and a field of it.
            let held = try await room?.take(3 * min(length, most)) ?? 0
            let form: ConsoleForm
            do {
                defer { room?.give(held) }
                form = try await Self.form(visit.request, visit.secret, most: most)
            }
            return try await work(visit, form)
        }
        let handler: Route.Handler = { request, context in
            try await answer(request, context, place, checked)
        }
        return Route(.post, place.path, needs: nil, handler)
    }

    /// Where something is refused, for the audit.
    static func place(_ method: HTTPRequest.Method, _ path: String) -> Route {
        Route(method, path, needs: nil) { _, _ in Response(status: .notFound) }
    }

    /// A form of one of our own pages, sent by the browser that has shown it.
    static func form(
        _ request: Request, _ secret: ConsoleSecret?, most: Int = ConsoleForm.usualBytes
    ) async throws(Problem) -> ConsoleForm {
        guard ConsoleOrigin.isOwn(request) else {
            throw Problem(.missingPermission, "This form was not sent by a page of the console.")
        }
        let form = try await ConsoleForm(request, most: most)
        guard let secret, let token = form["token"], secret.isFormToken(token) else {
            throw Problem(.missingPermission, "This page was of an earlier login. Load it again.")
        }
        return form
    }

    // MARK: Every request

    private func answer(
        _ request: Request, _ context: APIContext, _ route: Route, _ work: Work
    ) async throws -> Response {
        let secret = ConsoleCookie.read(request)
        var frame = frame(request, secret: secret)
        do {
            try await countAddress(context)
            let credential = try await credential(of: secret)
            if let secret, credential != nil {
                try await count("login:\(secret.sessionID.prefix(8))", configuration.rate)
            }
            if secret == nil, ConsoleOrigin.isLedFromElsewhere(request) {
                return forward(request, to: request.head.path ?? paths.now)
            }
            guard let (principal, headers) = try await reader(credential, request, context, route) else {
                if let secret, credential != nil { try await sessions.end(secret) }
                return Self.unread(Self.seeOther(loginPath(for: request)), request)
            }
            // Nobody in particular has a secret, too, for the forms.
            let kept = secret ?? ConsoleSecret()
            frame = self.frame(request, secret: kept, principal, isKnown: credential != nil)
            let visit = ConsoleVisit(
                request: request, context: context, api: api, headers: headers, principal: principal,
                isKnown: credential != nil, secret: kept, frame: frame,
                isLoggedIn: sessions.watch(secret))
            var response = Self.response(try await work(visit), to: request)
            if secret == nil { response.headers[values: .setCookie].append(ConsoleCookie.set(kept, for: request)) }
            return response
        } catch {
            return Self.unread(failure(error, request, context, frame), request)
        }
    }

    /// What may be left of a form is not read to its end for somebody who is not let in.
    private static func unread(_ response: Response, _ request: Request) -> Response {
        guard request.method == .post else { return response }
        var response = response
        response.headers[.connection] = "close"
        return response
    }

    private func credential(of secret: ConsoleSecret?) async throws(StoreError) -> Credential? {
        guard let secret else { return nil }
        return try await sessions.credential(of: secret)
    }

    /// Who reads; nil for a credential that counts no more, and for nobody where somebody is asked for.
    private func reader(
        _ credential: Credential?, _ request: Request, _ context: APIContext, _ route: Route
    ) async throws -> (Principal, HTTPFields)? {
        guard let credential else { return api.gate.isOpen ? (.anonymous, [:]) : nil }
        let asking = request.asking(with: credential.headers)
        do {
            let principal = try await api.gate.principal(asking, context, at: route)
            // The last admin token was taken out of the configuration.
            return principal.name == AdminToken.anonymous ? nil : (principal, credential.headers)
        } catch {
            if (error as? Problem)?.kind == .unauthorized { return nil }
            throw error
        }
    }

    /// Requests of one address, whoever makes them.
    func countAddress(_ context: APIContext) async throws(Problem) {
        try await count("address:\(context.limitedAddress)", configuration.addressRate)
    }

    /// Ends of logins of one address: for each of them a provider is asked.
    static let loginRate = GCRALimit(burst: 60, period: .seconds(60), count: 60)

    func countLogin(_ context: APIContext) async throws(Problem) {
        try await count("provider:\(context.limitedAddress)", Self.loginRate)
    }

    private func count(_ bucket: String, _ limit: GCRALimit) async throws(Problem) {
        let decision = await limiter.judge([RateBucket(bucket, limit)])
        guard decision.allowed else {
            throw Problem(
                .rateLimited, "These are more pages than one reader may load. Wait a moment.",
                headers: [.retryAfter: String(max(1, decision.retryAfter.roundedUpToSeconds))])
        }
    }

    func frame(
        _ request: Request, secret: ConsoleSecret?, _ principal: Principal = .nobody, isKnown: Bool = false
    ) -> Frame {
        Frame(
            paths: paths, reader: isKnown ? principal.name : nil,
            permissions: Set(principal.permissions.map(\.rawValue)), formToken: secret?.formToken ?? "",
            origin: ConsoleOrigin.shown(request), notice: ConsoleNotice.text(ConsoleQuery(request)))
    }

    private func loginPath(for request: Request) -> String {
        Paths.query(paths.login, [("to", request.method == .get ? request.head.path : nil)])
    }

    private func failure(_ error: any Error, _ request: Request, _ context: APIContext, _ frame: Frame) -> Response {
        let problem = Problem.answering(error, path: request.uri.path, logger: context.logger)
        let page = MessagePage(problem.kind.title, problem.detail, back: back(from: request), frame)
        var response = Self.response(.page(page.html, problem.kind.status), to: request)
        if let after = problem.headers[.retryAfter] { response.headers[.retryAfter] = after }
        return response
    }

    /// Where one goes on from what is refused: a form's page, or a list.
    private func back(from request: Request) -> (String, String) {
        let path = request.uri.path
        let above = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
        if path.hasSuffix("/actions") { return (above, "Back to the run") }
        guard path.hasPrefix(paths.workflows) else { return (paths.runs, "To the runs") }
        let tenant = ConsoleQuery(request)["tenant"]
        return request.method == .post
            ? (Paths.query(above, [("tenant", tenant)]), "Back to the workflow")
            : (Paths.query(paths.workflows, [("tenant", tenant)]), "To the workflows")
    }

    // MARK: Answers

    static func response(_ answer: ConsoleAnswer, to request: Request) -> Response {
        switch answer {
        case .seeOther(let path): return seeOther(path)
        case .whole(var response):
            response.headers.append(contentsOf: ConsoleHeaders.all)
            return response
        case .page(let html, let status):
            let bytes = Array(html.markup.utf8)
            let tag = "\"\(Base64URL.encode(Array(SHA256.hash(data: bytes).prefix(12))))\""
            return page(status == .ok ? tag : nil, to: request, status) { bytes }
        case .shared(let page, let tag): return self.page(tag, to: request, .ok) { page() }
        }
    }

    /// - Parameter tag: of what has it nothing is sent again; `bytes` are not made then.
    private static func page(
        _ tag: String?, to request: Request, _ status: HTTPResponse.Status, _ bytes: () -> [UInt8]
    ) -> Response {
        var headers = ConsoleHeaders.all
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.cacheControl] = "no-store"
        if let tag {
            headers[.eTag] = tag
            // A proxy that compresses makes it a weak one.
            let known = request.headers[.ifNoneMatch].map { $0.hasPrefix("W/") ? String($0.dropFirst(2)) : $0 }
            if known == tag { return Response(status: .notModified, headers: headers) }
        }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes())))
    }

    static func seeOther(_ path: String) -> Response {
        var headers = ConsoleHeaders.all
        headers[.location] = path
        headers[.cacheControl] = "no-store"
        return Response(status: .seeOther, headers: headers)
    }

    @Sendable private func asset(_ request: Request, _ context: APIContext) throws -> Response {
        guard let asset = Asset.all[try context.pathText("name")] else {
            throw Problem(.notFound, "No resource has this path.")
        }
        var headers = ConsoleHeaders.all
        headers[.contentType] = asset.kind.contentType
        headers[.cacheControl] = "public, max-age=31536000, immutable"
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: asset.text)))
    }
}
