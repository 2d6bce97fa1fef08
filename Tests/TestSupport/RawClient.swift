package import NIOCore
import NIOPosix

/// Speaks raw bytes over connections that are read only when a test reads: what no well-behaved client can be made to send.
package struct RawClient: Sendable {
    package let port: Int

    package init(port: Int) { self.port = port }

    /// `body` took too long.
    package struct TimedOut: Error {}

    /// Runs `body` with a connection, from an address of this machine.
    ///
    /// - Throws: `TimedOut` when it has not ended within `limit`; and what it throws.
    package func connected<Value: Sendable>(
        from address: String = "127.0.0.1", within limit: Duration,
        _ body: @escaping @concurrent @Sendable (inout RawStream) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: try SocketAddress(ipAddress: address, port: 0))
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.socketOption(.so_rcvbuf), value: 64 * 1024)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await withThrowingTaskGroup(of: Value.self) { tasks in
            tasks.addTask {
                try await channel.executeThenClose { inbound, outbound in
                    var stream = RawStream(inbound: inbound.makeAsyncIterator(), outbound: outbound)
                    return try await body(&stream)
                }
            }
            tasks.addTask {
                try await Task.sleep(for: limit)
                throw TimedOut()
            }
            defer { tasks.cancelAll() }
            guard let value = try await tasks.next() else { throw TimedOut() }
            return value
        }
    }
}

/// Bytes out, bytes in.
package struct RawStream {
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    package let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// All that was read; a test may empty it.
    package var received: [UInt8] = []

    /// The stream ended before a text that was waited for; with what came instead.
    package struct EndedEarly: Error {
        package let awaited: String
        package let received: String
    }

    package var text: String { String(decoding: received, as: UTF8.self) }

    package func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    package func send(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    /// False at the end. A reset is an end, too.
    @concurrent
    package mutating func receive() async throws -> Bool {
        do {
            guard let buffer = try await inbound.next() else { return false }
            received.append(contentsOf: buffer.readableBytesView)
            return true
        } catch is IOError {
            return false
        }
    }

    /// Reads until the text is there.
    ///
    /// - Throws: `EndedEarly` when it never comes.
    @concurrent
    package mutating func receive(until text: String) async throws {
        while !self.text.contains(text) {
            guard try await receive() else { throw EndedEarly(awaited: text, received: self.text) }
        }
    }

    /// The other side has closed, or does.
    @concurrent
    package mutating func waitForEnd() async throws { while try await receive() {} }
}
