import Core
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server that publishes keys as issuers of tokens do, on this machine: documents by path, which a test changes while it runs.
package final class FakeIssuer: Sendable {
    package struct Document: Sendable {
        package var status: Int
        package var body: String
        package var headers: [(String, String)]

        package init(_ body: String, status: Int = 200, headers: [(String, String)] = []) {
            (self.status, self.body, self.headers) = (status, body, headers)
        }
    }

    private struct State {
        var documents: [String: Document] = [:]
        var counts: [String: Int] = [:]
        var requests: [String: [Request]] = [:]
    }

    /// What was asked of it.
    package struct Request: Sendable {
        package let method: String
        /// Names in lower case.
        package let headers: [String: String]
        package let body: String
    }

    private let state = Mutex(State())
    private let channel: any Channel

    package let port: Int
    /// Without a slash at its end.
    package var url: String { "http://127.0.0.1:\(port)" }

    private init(_ channel: any Channel, _ port: Int) { (self.channel, self.port) = (channel, port) }

    /// Runs `body` with a server.
    package static func with<Value>(_ body: (FakeIssuer) async throws -> Value) async throws -> Value {
        let box = Box()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(box: box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let issuer = FakeIssuer(channel, channel.localAddress?.port ?? 0)
        box.issuer.withLock { $0 = issuer }
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(issuer)) } catch { outcome = .failure(error) }
        await issuer.stop()
        return try outcome.get()
    }

    /// Nobody listens from then on.
    package func stop() async { try? await channel.close() }

    package func publish(_ document: Document, at path: String) { state.withLock { $0.documents[path] = document } }

    /// A key set.
    package func publish(_ keys: [IssuerKey], at path: String = "/jwks") {
        publish(Document((["keys": .array(keys.map(\.jwk))] as JSON).text), at: path)
    }

    /// How often something was asked for.
    package func count(_ path: String = "/jwks") -> Int { state.withLock { $0.counts[path] ?? 0 } }

    /// All that was asked of one path, the oldest first.
    package func requests(_ path: String) -> [Request] { state.withLock { $0.requests[path] ?? [] } }

    fileprivate func answer(_ path: String, _ request: Request) -> Document {
        state.withLock { state in
            state.counts[path, default: 0] += 1
            state.requests[path, default: []].append(request)
            return state.documents[path] ?? Document("", status: 404)
        }
    }

    fileprivate final class Box: Sendable {
        let issuer = Mutex<FakeIssuer?>(nil)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let box: Box
        private var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "")
        private var body = ""

        init(box: Box) { self.box = box }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, "")
            case .body(let buffer): body += String(buffer: buffer)
            case .end:
                let request = Request(
                    method: head.method.rawValue,
                    headers: Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $1 }, body: body)
                let document = box.issuer.withLock { $0 }?.answer(head.uri, request) ?? Document("", status: 503)
                var headers = HTTPHeaders([("content-type", "application/json")] + document.headers)
                headers.add(name: "content-length", value: "\(document.body.utf8.count)")
                let head = HTTPResponseHead(
                    version: .http1_1, status: .init(statusCode: document.status), headers: headers)
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: document.body)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
