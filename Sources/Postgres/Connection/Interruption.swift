internal import Glibc

/// A flag that, once raised from any thread, wakes `poll(2)`: a pipe that becomes readable and stays so.
final class Interruption: Sendable {
    /// Readable once raised.
    let descriptor: Int32
    private let writeEnd: Int32

    init() throws(PostgresError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw .connectionFailed("no pipe can be opened: \(String(cString: strerror(errno)).lowercased())")
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (descriptor, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    /// Idempotent; a full pipe is as readable as one with a byte.
    func raise() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }
}
