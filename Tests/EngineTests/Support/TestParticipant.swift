import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import TestSupport

/// A call as the participant saw it.
struct SeenCall: Sendable, Hashable {
    let method: String
    let path: String
    let query: String?
    let key: String
    let attempt: Int
    let headers: [String: String]
    /// The body as it came.
    let bytes: [UInt8]

    var body: String { String(decoding: bytes, as: UTF8.self) }
    /// The step, from the idempotency key.
    var step: String { key.split(separator: ":").dropFirst().first.map(String.init) ?? "" }
}

/// A participant that answers as a test wants.
final class TestParticipant: Sendable {
    /// Status and body; may take its time. A 201 has a `Location` below the path that was called.
    typealias Answer = @Sendable (SeenCall) async -> (status: Int, body: String)

    /// Takes every call, and answers once the gate is open; one that is not of `path`, if that is given, at once.
    static func held(by gate: Gate, at path: String? = nil) -> Answer {
        { call in
            if path == nil || call.path == path { await gate.wait() }
            return (200, "{}")
        }
    }

    private let seenCalls = Mutex<[SeenCall]>([])
    private let answer: Answer

    private init(_ answer: @escaping Answer) { self.answer = answer }

    /// Everything that arrived, in the order of arrival.
    var calls: [SeenCall] { seenCalls.withLock { $0 } }
    /// The paths that were called, in order.
    var paths: [String] { calls.map(\.path) }

    /// Runs `body` with a participant that listens on the port it is told.
    static func with<Value: Sendable>(
        _ answer: @escaping Answer, _ body: @Sendable @escaping (TestParticipant, Int) async throws -> Value
    ) async throws -> Value {
        let participant = TestParticipant(answer)
        let (ports, source) = AsyncStream<Int>.makeStream()
        let router = Router()
        for method: HTTPRequest.Method in [.post, .put, .patch, .get, .delete] {
            router.on("**", method: method) { request, _ in await participant.handle(request) }
        }
        var logger = Logger(label: "participant")
        logger.logLevel = .critical
        let server = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in source.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await server.run()
                return nil
            }
            group.addTask {
                for await port in ports { return try await body(participant, port) }
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let value = result { return value }
            }
            throw CancellationError()
        }
    }

    private func handle(_ request: Request) async -> Response {
        var headers: [String: String] = [:]
        for field in request.headers { headers[field.name.canonicalName] = field.value }
        let body = try? await request.body.collect(upTo: 1 << 20)
        let call = SeenCall(
            method: request.method.rawValue, path: request.uri.path, query: request.uri.query,
            key: headers["idempotency-key"] ?? "",
            attempt: headers["x-saga-attempt"].flatMap { Int($0) } ?? 0, headers: headers,
            bytes: body.map { Array($0.readableBytesView) } ?? [])
        seenCalls.withLock { $0.append(call) }
        let (status, text) = await answer(call)
        var fields: HTTPFields = [.contentType: "application/json"]
        if status == 201 { fields[.location] = "\(call.path)/1" }
        return Response(
            status: .init(code: status), headers: fields,
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
