internal import CLibPQ
internal import Glibc

/// Waiting for the server. Nothing here blocks in libpq; every wait is a `poll(2)` with a deadline that `interrupt()`
/// ends.
extension Connection {
    /// How a wait ended.
    enum Wake {
        case readable
        case writable
        case timedOut
    }

    /// Sends all that is queued. Reads meanwhile: a server whose answers nobody takes stops taking our queries.
    func flush() throws(PostgresError) {
        let connection = try open()
        while true {
            switch PQflush(connection) {
            case 0: return
            case 1:
                switch try wait(for: POLLIN | POLLOUT, timeout: answerTimeout) {
                case .readable: try consumeInput()
                case .writable: break
                case .timedOut: throw loseSilent("the server takes no data")
                }
            default: throw lose()
            }
        }
    }

    /// The next result, nil when the current statement has no more.
    func nextResult() throws(PostgresError) -> QueryResult? {
        let connection = try open()
        while PQisBusy(connection) == 1 {
            switch try wait(for: POLLIN, timeout: answerTimeout) {
            case .readable, .writable: try consumeInput()
            case .timedOut: throw loseSilent("no answer within \(answerTimeout) ms")
            }
        }
        return PQgetResult(connection).map { QueryResult($0) }
    }

    private func loseSilent(_ message: String) -> PostgresError {
        health.serverIsUnfit()
        return lose(message)
    }

    /// Takes what has arrived.
    func consumeInput() throws(PostgresError) {
        guard PQconsumeInput(try open()) == 1 else { throw lose() }
    }

    /// Waits for the socket, at most `timeout` milliseconds; -1 is for ever.
    func wait(for events: Int32, timeout: Int32) throws(PostgresError) -> Wake {
        let socket = PQsocket(try open())
        guard socket >= 0 else { throw lose() }
        var descriptors = (
            pollfd(fd: socket, events: Int16(events), revents: 0),
            pollfd(fd: interruption.descriptor, events: Int16(POLLIN), revents: 0)
        )
        let ready = withUnsafeMutableBytes(of: &descriptors) { bytes -> Int32 in
            let list = bytes.bindMemory(to: pollfd.self)
            while true {
                let count = poll(list.baseAddress, 2, timeout)
                if count >= 0 || errno != EINTR { return count }
            }
        }
        if ready < 0 { throw lose("polling it failed: \(String(cString: strerror(errno)).lowercased())") }
        if descriptors.1.revents != 0 { throw lose("interrupted") }
        if ready == 0 { return .timedOut }
        let isOnlyWritable = Int32(descriptors.0.revents) & POLLOUT != 0 && Int32(descriptors.0.revents) & POLLIN == 0
        return isOnlyWritable ? .writable : .readable
    }
}

extension Connection {
    /// Takes what arrived while nobody asked (notices, changed settings, the end of the session) and tells whether the
    /// session is still there.
    func isStillIdle() -> Bool {
        do throws(PostgresError) {
            while health.hasUnexpectedInput {
                try consumeInput()
                // Parses, so that the next read finds the end of the stream if there is one.
                _ = PQisBusy(try open())
            }
            return isOutsideTransaction
        } catch {
            return false
        }
    }
}

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
