import HTTPServer
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Loops
import NIOCore
import ServiceLifecycle
import Testing
import TestSupport

/// A server of strict connections with routes of its own.
struct TestServer: Sendable {
    let port: Int
    let room: ConnectionRoom
    var client: RawClient { RawClient(port: port) }

    /// Runs `body` beside a server.
    static func with(
        _ limits: StrictHTTPChannel.Limits = .init(), capacity: Int = 100, share: Int? = nil,
        respond: @escaping @Sendable (Request) async throws -> Response = { _ in text("ok") },
        _ body: @Sendable (TestServer) async throws -> Void
    ) async throws {
        let room = ConnectionRoom(capacity: capacity, share: share)
        let loops = LoopExecutors.shared
        let (ports, found) = AsyncStream<Int>.makeStream()
        let server = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in try await respond(request) },
            server: .strict(
                .init(limits, executors: loops, room: room) { refusal in
                    (
                        HTTPResponse(status: status(of: refusal.kind), headerFields: refusal.headers),
                        ByteBuffer(string: refusal.detail)
                    )
                }),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { found.yield($0.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(loops.group), logger: quiet)
        let group = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: quiet))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var started = ports.makeAsyncIterator()
            let port = try #require(await started.next())
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await body(TestServer(port: port, room: room)))
            } catch { outcome = .failure(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            try outcome.get()
        }
    }

    static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    private static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private static func status(of kind: Refusal.Kind) -> HTTPResponse.Status {
        switch kind {
        case .malformed: .badRequest
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .bodyTooLarge: .contentTooLarge
        case .uriTooLong: .uriTooLong
        case .expectationFailed: .expectationFailed
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .full: .serviceUnavailable
        }
    }
}

extension RawClient {
    /// Runs `body` with a connection for 20 s at most.
    func connected<Value: Sendable>(
        from address: String = "127.0.0.1",
        _ body: @escaping @concurrent @Sendable (inout RawStream) async throws -> Value
    ) async throws -> Value {
        try await connected(from: address, within: .seconds(20), body)
    }

    /// Sends a text and returns all that comes until the server closes.
    func exchange(_ text: String) async throws -> String {
        try await connected { stream in
            try await stream.send(text)
            try await stream.waitForEnd()
            return stream.text
        }
    }
}

extension RawStream {
    /// An answer on a connection that stays open.
    @concurrent
    mutating func ask(_ target: String = "/") async throws {
        received = []
        try await send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
        try await receive(until: "\r\n\r\nok")
    }
}

/// Asks again and again what can only be asked.
func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(20)
    while try await !isSo() {
        try #require(ContinuousClock.now < end, "\(what)")
        try await Task.sleep(for: .milliseconds(5))
    }
}
