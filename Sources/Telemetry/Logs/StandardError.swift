import Glibc
import Synchronization

/// Standard error, for whole lines.
///
/// A line up to PIPE_BUF (4096 bytes) is atomic by POSIX even between processes; the lock keeps longer ones of this
/// process whole. Nobody is left to tell that standard error does not take a line, so what it does not take is lost,
/// and counted.
///
/// The descriptor is usually a pipe that blocks, and its flags are not ours to change: they are shared with whoever
/// else has it. So room is asked for before each write, of which none is larger than what a pipe with room takes at
/// once.
final class StandardError: Sendable {
    /// The process's own.
    static let process = StandardError()

    /// How long a reader that was quick enough so far may hold up a line.
    private static let patience: Int32 = 20
    private static let pieceLength = 4096

    private struct State {
        /// Whether the last line was only begun, so that the next one must not be its end.
        var isBroken = false
        /// Whether the last line found no room: until one is taken, none is waited for.
        var isFull = false
    }

    private let state = Mutex(State())
    private let descriptor: Int32
    /// Lines that were not taken, or not to their end.
    let lost = Counter()

    init(descriptor: Int32 = STDERR_FILENO) { self.descriptor = descriptor }

    func write(_ line: [UInt8]) {
        state.withLock { state in
            let whole = state.isBroken ? [UInt8(ascii: "\n")] + line : line
            let written = push(whole, &state)
            if written > 0 { state.isBroken = written < whole.count }
            if written < whole.count { lost.add() }
        }
    }

    /// How many bytes were taken: all of them, except when the reader is gone or a pipe is full.
    private func push(_ bytes: [UInt8], _ state: inout State) -> Int {
        bytes.withUnsafeBytes { buffer in
            var from = 0
            while from < buffer.count {
                state.isFull = !hasRoom(within: state.isFull ? 0 : Self.patience)
                if state.isFull { break }
                let length = min(buffer.count - from, Self.pieceLength)
                let count = Glibc.write(descriptor, buffer.baseAddress?.advanced(by: from), length)
                if count > 0 {
                    from += count
                } else if count == 0 || errno != EINTR {
                    break
                }
            }
            return from
        }
    }

    /// Whether a write would not wait. An error counts as room: the write tells it.
    private func hasRoom(within milliseconds: Int32) -> Bool {
        var asked = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let count = poll(&asked, 1, milliseconds)
            if count >= 0 || errno != EINTR { return count != 0 }
        }
    }
}
