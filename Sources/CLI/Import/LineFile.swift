import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// A file, or standard input, from one of its lines on: read piece by piece, as fast as the pieces are taken.
struct LineFile: AsyncSequence, Sendable {
    private static let pieceBytes = 64 << 10
    /// How often a reader that waits for input, such as a pipe's, looks whether anybody still wants it.
    private static let lookMilliseconds: Int32 = 200

    /// What people call it.
    let name: String
    private let descriptor: Int32
    private let skipped: Int
    private let isWanted = IsWanted()

    private final class IsWanted: Sendable {
        let flag = Mutex(true)
    }

    /// - Parameters:
    ///   - path: `-` is standard input.
    ///   - first: the number of the first line that is read, from 1.
    init(path: String, from first: Int) throws(CLIError) {
        name = path == "-" ? "standard input" : path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        skipped = first - 1
        guard descriptor >= 0 else { throw Self.unusable(name) }
    }

    /// Ends the sequence at the next piece: nobody wants more.
    func cancel() { isWanted.flag.withLock { $0 = false } }

    func close() { if descriptor != STDIN_FILENO { _ = Glibc.close(descriptor) } }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file: self, toSkip: skipped) }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let file: LineFile
        /// Lines that are still to be left out.
        fileprivate var toSkip: Int

        mutating func next() async throws -> ByteBuffer? {
            while true {
                let file = file
                guard var piece = try await NIOThreadPool.singleton.runIfActive({ try file.read() }) else { return nil }
                while toSkip > 0, let end = piece.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
                    piece.moveReaderIndex(to: end + 1)
                    toSkip -= 1
                }
                if toSkip == 0, piece.readableBytes > 0 { return piece }
            }
        }
    }

    /// Blocks until there is something; nil at the end.
    private func read() throws(CLIError) -> ByteBuffer? {
        var piece = ByteBufferAllocator().buffer(capacity: Self.pieceBytes)
        while isWanted.flag.withLock({ $0 }) {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, Self.lookMilliseconds) != 0 else { continue }
            let count = piece.withUnsafeMutableWritableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw Self.unusable(name) }
            piece.moveWriterIndex(forwardBy: count)
            return count == 0 ? nil : piece
        }
        return nil
    }

    private static func unusable(_ name: String) -> CLIError {
        .unusable("\(name) can't be read: \(String(cString: strerror(errno)))")
    }
}
