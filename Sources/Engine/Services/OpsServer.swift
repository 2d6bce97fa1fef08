import Core
import Driver
import HTTPServer
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Loops
import NIOCore
import ServiceLifecycle
import Storage
import Telemetry

/// Answers whether the engine lives (`/health`) and can work (`/ready`: the database answers and has the schema), and `/metrics`, which may want a token.
/// Probes can't send one.
///
/// Its connections are held to the same rules as the API's.
enum OpsServer {
    /// Probes and scrapes; one address may have them all.
    static let connections = 64
    /// Accepted and not yet refused, or about to close.
    static let passing = 16
    /// No route reads a body: it is passed over.
    private static let bodyBytes = 64 * 1024
    private static let paths = ["/health", "/health/live", "/ready", "/health/ready", "/metrics"]
    private static let methods = "GET, HEAD"

    /// - Parameter limits: how long clients may take; the rest is set here.
    static func make(
        _ configuration: EngineConfiguration, limits: StrictHTTPChannel.Limits = .init(), database: Database,
        table: RunTable, metrics: MetricsRegistry, loops: LoopExecutors, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> some Service {
        var limits = limits
        limits.bodyBytes = bodyBytes
        limits.methods = methods
        let room = ConnectionRoom(capacity: connections)
        room.register(in: metrics)
        return Application(
            router: router(
                database: database, table: table, metrics: metrics, token: configuration.opsToken),
            server: .strict(.init(limits, executors: loops, room: room, wording: wording)),
            configuration: .init(
                address: .hostname(configuration.opsHost, port: configuration.opsPort), serverName: "sagaflow-engine",
                availableConnectionsDelegate: MaximumAvailableConnections(connections + passing)),
            onServerRunning: { await onListening($0.localAddress?.port ?? 0) },
            // Loops of its own would be made when it starts, at a price of descriptors each.
            eventLoopGroupProvider: .shared(loops.group), logger: logger)
    }

    private static func router(
        database: Database, table: RunTable, metrics: MetricsRegistry, token: SecretDigest?
    ) -> Router<OpsContext> {
        let router = Router(context: OpsContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: Missing())
        for path in ["/health", "/health/live"] {
            router.get("\(path)") { _, _ in json(.ok, #"{"status":"up"}"#) }
        }
        router.get("/metrics") { request, _ in
            guard token.map({ isLetIn(request, $0) }) ?? true else {
                let (head, body) = problem(
                    .unauthorized, "This needs the engine's token, as Authorization: Bearer.",
                    headers: [.wwwAuthenticate: "Bearer"])
                return Response(status: head.status, headers: head.headerFields, body: ResponseBody(byteBuffer: body))
            }
            return Response(
                status: .ok, headers: [.contentType: MetricsRegistry.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: await metrics.exposition())))
        }
        let postgres = database.makeProbe()
        for path in ["/ready", "/health/ready"] {
            router.get("\(path)") { _, _ in
                switch await postgres.value(within: .seconds(2)) ?? .noAnswer {
                case .ready: json(.ok, #"{"status":"ready","runsInFlight":\#(table.count)}"#)
                case .noSchema: json(.serviceUnavailable, #"{"status":"not ready","missing":["schema"]}"#)
                case .noAnswer: json(.serviceUnavailable, #"{"status":"not ready","missing":["postgres"]}"#)
                }
            }
        }
        return router
    }

    private static func isLetIn(_ request: Request, _ token: SecretDigest) -> Bool {
        let given = request.headers[values: .authorization]
        guard given.count == 1, given[0].lowercased().hasPrefix("bearer ") else { return false }
        return token.fits(SecretDigest(of: String(given[0].dropFirst("bearer ".count))))
    }

    private typealias OpsContext = BasicRequestContext

    /// Tells 404 from 405.
    private struct Missing: RouterMiddleware {
        typealias Context = BasicRequestContext

        func handle(
            _ request: Request, context: BasicRequestContext,
            next: @concurrent (Request, BasicRequestContext) async throws -> Response
        ) async throws -> Response {
            do {
                return try await next(request, context)
            } catch let error as HTTPError where error.status == .notFound {
                let isKnown = paths.contains(request.uri.path)
                let (head, body) = problem(
                    isKnown ? .methodNotAllowed : .notFound,
                    isKnown ? "This path takes \(methods)." : "No resource has this path.",
                    headers: isKnown ? [.allow: methods] : [:])
                return Response(
                    status: head.status, headers: head.headerFields, body: ResponseBody(byteBuffer: body))
            }
        }
    }

    private static func wording(_ refusal: Refusal) -> (head: HTTPResponse, body: ByteBuffer) {
        let status: HTTPResponse.Status =
            switch refusal.kind {
            case .malformed: .badRequest
            case .methodNotAllowed: .methodNotAllowed
            case .requestTimeout: .requestTimeout
            case .bodyTooLarge: .contentTooLarge
            case .uriTooLong: .uriTooLong
            case .expectationFailed: .expectationFailed
            case .headersTooLarge: .requestHeaderFieldsTooLarge
            case .full: .serviceUnavailable
            }
        return problem(status, refusal.detail, headers: refusal.headers)
    }

    /// Problem details without a type of their own (RFC 9457 §4.2.1).
    private static func problem(
        _ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields
    ) -> (head: HTTPResponse, body: ByteBuffer) {
        var fields = headers
        fields[.contentType] = "application/problem+json"
        let body: JSON = [
            "type": "about:blank", "title": .string(status.reasonPhrase), "status": JSON(status.code),
            "detail": .string(detail),
        ]
        return (HTTPResponse(status: status, headerFields: fields), ByteBuffer(bytes: body.bytes))
    }

    private static func json(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
