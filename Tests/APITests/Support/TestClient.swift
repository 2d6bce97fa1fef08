import Core
import NIOCore
import NIOPosix
import Testing

/// Speaks raw bytes to a server: what no well-behaved client can be made to send.
struct TestClient: Sendable {
    let port: Int

    struct TimedOut: Error {}

    /// One request on a connection of its own, closed by the server after its answer.
    func send(
        _ method: String, _ path: String, body: String? = nil, _ headers: [String: String] = [:]
    ) async throws -> Answer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body {
            if headers["Content-Type"] == nil { head += "Content-Type: application/json\r\n" }
            head += "Content-Length: \(body.utf8.count)\r\n"
        }
        let answers = try await exchange(Array((head + "\r\n" + (body ?? "")).utf8))
        return try #require(answers.first)
    }

    /// Sends bytes and reads until the server closes the connection.
    ///
    /// - Throws: `TimedOut` when it does not within `limit`.
    func exchange(_ bytes: [UInt8], within limit: Duration = .seconds(12)) async throws -> [Answer] {
        try await connected(within: limit) { stream in
            // A server that refuses early may close before all is sent; what it answered counts.
            try? await stream.send(bytes)
            while try await stream.receive() {}
            return try Answer.parse(stream.received)
        }
    }

    /// Runs `body` with an open connection.
    func connected<Value: Sendable>(
        within limit: Duration = .seconds(12),
        _ body: @escaping @concurrent @Sendable (inout TestStream) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await withThrowingTaskGroup(of: Value.self) { tasks in
            tasks.addTask {
                try await channel.executeThenClose { inbound, outbound in
                    var stream = TestStream(inbound: inbound.makeAsyncIterator(), outbound: outbound)
                    return try await body(&stream)
                }
            }
            tasks.addTask {
                try await Task.sleep(for: limit)
                throw TimedOut()
            }
            defer { tasks.cancelAll() }
            return try #require(try await tasks.next())
        }
    }
}

/// Bytes out, bytes in.
struct TestStream {
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    var received: [UInt8] = []

    var text: String { String(decoding: received, as: UTF8.self) }

    func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// False at the end. A reset is an end, too.
    @concurrent
    mutating func receive() async throws -> Bool {
        do {
            guard let buffer = try await inbound.next() else { return false }
            received.append(contentsOf: buffer.readableBytesView)
            return true
        } catch is IOError {
            return false
        }
    }

    /// Reads until the text is there.
    @concurrent
    mutating func receive(until text: String) async throws {
        while !self.text.contains(text) {
            try #require(try await receive(), "the stream ended before \"\(text)\": \(self.text)")
        }
    }
}
