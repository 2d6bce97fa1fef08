import Glibc
import Synchronization

/// Standard error, for whole lines.
///
/// A line up to PIPE_BUF (4096 bytes) is atomic by POSIX even between processes; the lock keeps longer ones of this
/// process whole. Nobody is left to tell that standard error does not take a line, so what it does not take is lost.
final class StandardError: Sendable {
    /// Whether the last line was only begun, so that the next one must not be its end.
    private let isBroken = Mutex(false)
    private let descriptor: Int32

    init(descriptor: Int32 = STDERR_FILENO) { self.descriptor = descriptor }

    func write(_ line: [UInt8]) {
        isBroken.withLock { isBroken in
            let whole = isBroken ? [UInt8(ascii: "\n")] + line : line
            let written = push(whole)
            if written > 0 { isBroken = written < whole.count }
        }
    }

    /// How many bytes were taken: all of them, except when the reader is gone or a non-blocking pipe is full.
    private func push(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { buffer in
            var from = 0
            while from < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress?.advanced(by: from), buffer.count - from)
                if count > 0 {
                    from += count
                } else if errno != EINTR {
                    break
                }
            }
            return from
        }
    }
}
