internal import AsyncHTTPClient
internal import Core
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import ServiceLifecycle

/// Tells the ends of accepted work at the URLs that came with the calls. What it could not tell is told again when the call comes
/// again, as it does when nobody hears of its end.
struct CallbackSender: Service {
    /// How long accepted work takes.
    static let work = (milliseconds: 500, duration: Duration.milliseconds(500))
    /// Tries, a second apart.
    private static let tries = 5

    private struct Told: Sendable {
        let url: String
        let body: [UInt8]
    }

    private let stream: AsyncStream<Told>
    private let continuation: AsyncStream<Told>.Continuation
    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000))
    }

    /// Tells in its time that work has succeeded, with this output.
    func send(_ output: [UInt8], to url: String) {
        continuation.yield(
            Told(url: url, body: Array(#"{"outcome":"succeeded","output":"#.utf8) + output + Array("}".utf8)))
    }

    func run() async throws {
        await withDiscardingTaskGroup { group in
            for await told in stream.cancelOnGracefulShutdown() {
                group.addTask { await tell(told) }
            }
            group.cancelAll()
        }
    }

    private func tell(_ told: Told) async {
        try? await Task.sleep(for: Self.work.duration)
        for _ in 0..<Self.tries where !Task.isCancelled {
            do {
                var request = HTTPClientRequest(url: told.url)
                request.method = .POST
                request.headers.add(name: "content-type", value: "application/json")
                request.body = .bytes(ByteBuffer(bytes: told.body))
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
                if response.status.code < 500, response.status != .tooManyRequests { return }
            } catch {
                logger.debug("a callback was not heard", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
