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
