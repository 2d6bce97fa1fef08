import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// What a misbehaving participant does, step by step, once it has a request.
enum Act: Sendable {
    case send(String)
    case sendBytes([UInt8])
    /// One byte at a time, with a pause between them.
    case drip(String, every: TimeAmount)
    /// The text over and over, for as long as the other side reads.
    case endless(String)
    case close
    /// Closes so that the other side sees a reset instead of an end.
    case reset
    /// Goes on when the gate is opened.
    case wait(Gate)
}

/// A request as it arrived.
struct ReceivedRequest: Sendable {
    /// Counted over the whole server, from 0.
    let number: Int
    /// Counted over the server's connections, from 0.
    let connection: Int
    let head: String
    let body: [UInt8]

    var requestLine: Substring { head.prefix { $0 != "\r\n" } }

    func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n").dropFirst() {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        return nil
    }
}

/// A raw server whose answers are scripts: it knows just enough HTTP to tell where a request ends.
final class FaultyServer: Sendable {
    struct State {
        var requests: [ReceivedRequest] = []
        var accepted = 0
        var open: [Int: any Channel] = [:]
        var mostOpen = 0
        /// Who waits until so many requests have arrived.
        var waiting: [(count: Int, promise: EventLoopPromise<Void>)] = []
    }

    typealias Script = @Sendable (ReceivedRequest) -> [Act]

    let channel: any Channel
    let state: SharedState

    /// Shared with the handlers of the connections.
    final class SharedState: Sendable {
        let value = Mutex(State())
        let script: Script
        /// Answers as soon as the head is there and reads no further.
        let answersEarly: Bool

        init(script: @escaping Script, answersEarly: Bool) {
            self.script = script
            self.answersEarly = answersEarly
        }
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    var requests: [ReceivedRequest] { state.value.withLock { $0.requests } }
    var accepted: Int { state.value.withLock { $0.accepted } }
    var mostOpen: Int { state.value.withLock { $0.mostOpen } }
    var openChannels: [any Channel] { state.value.withLock { Array($0.open.values) } }

    init(
        tls: NIOSSLContext? = nil, port: Int = 0, answersEarly: Bool = false, script: @escaping Script
    ) async throws {
        let state = SharedState(script: script, answersEarly: answersEarly)
        self.state = state
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(FaultyConnection(state: state))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
    }

    /// Waits until so many requests have arrived.
    func received(_ count: Int) async throws {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let isThere = state.value.withLock { state in
            if state.requests.count < count { state.waiting.append((count, promise)) }
            return state.requests.count >= count
        }
        if isThere { promise.succeed(()) }
        try await promise.futureResult.get()
    }

    /// Stops listening and closes every connection.
    func stop() async throws {
        try await channel.close().get()
        for channel in openChannels {
            channel.close(promise: nil)
            try await channel.closeFuture.get()
        }
    }

    /// Runs `body` with a server that answers every request by `script`.
    static func with<Result>(
        tls: NIOSSLContext? = nil, answersEarly: Bool = false, script: @escaping Script,
        _ body: (FaultyServer) async throws -> Result
    ) async throws -> Result {
        let server = try await FaultyServer(tls: tls, answersEarly: answersEarly, script: script)
        do {
            let result = try await body(server)
            try await server.stop()
            return result
        } catch {
            try await server.stop()
            throw error
        }
    }
}

/// Opened once; whoever waits goes on, on any event loop.
final class Gate: Sendable {
    private let promise = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Void.self)

    var opened: EventLoopFuture<Void> { promise.futureResult }

    func open() { promise.succeed(()) }
}

/// An answer as a well-behaved server writes it.
func answer(_ status: String = "200 OK", _ headers: [String] = [], body: String = "{}") -> String {
    (["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers + ["", body]).joined(separator: "\r\n")
}
