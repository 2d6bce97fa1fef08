import NIOCore
import Synchronization

/// A client that sends lines and reads nothing. Each is refused, with a result a hundred times its size: gigabytes in all,
/// if somebody kept them; and the lines themselves are more than the sockets between us hold.
final class Sent: Sendable {
    /// 200 MB: more than what the system keeps for the two ends of a connection, which may be 40.
    static let limit = 10_000
    private static let piece = ByteBuffer(string: ImportCall.chunk(String(repeating: "x\n", count: 10_000)))
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }

    /// Sends until all is sent or the server closes.
    func flood(
        _ writer: NIOAsyncChannelOutboundWriter<ByteBuffer>, limit: Int = limit, each: () throws -> Void = {}
    ) async {
        do {
            for _ in 0..<limit {
                try await writer.write(Self.piece)
                state.withLock { $0 += 1 }
                try each()
            }
        } catch {
            // Closed, while this waited to be read from.
        }
    }

    /// Waits until nothing is taken any more, of which nobody tells.
    func untilStuck() async throws {
        var last = 0
        repeat {
            last = count
            try await Task.sleep(for: .milliseconds(700))
        } while last == 0 || last != count
    }
}
