internal import CLibPQ
internal import Glibc

/// LISTEN.
extension Connection {
    /// Subscribes this session to a channel. The name is taken literally, case included.
    package func listen(to channel: String) throws(PostgresError) {
        try simpleQuery("LISTEN \(try quoted(identifier: channel))")
    }

    /// Notifications that arrived, waiting for the first at most `timeout`; empty if there was none.
    ///
    /// Costs no CPU while waiting. Throws `connectionLost`, also when `interrupt()` is called meanwhile.
    package func notifications(timeout: Duration) throws(PostgresError) -> [Notification] {
        var arrived = try takeNotifications()
        if !arrived.isEmpty { return arrived }
        let deadline = ContinuousClock.now + timeout
        repeat {
            let left = ContinuousClock.now.duration(to: deadline).wholeMilliseconds + 1
            guard case .readable = try wait(for: Int32(POLLIN), timeout: Int32(clamping: left)) else { return [] }
            try consumeInput()
            arrived = try takeNotifications()
        } while arrived.isEmpty && ContinuousClock.now < deadline
        return arrived
    }

    private func takeNotifications() throws(PostgresError) -> [Notification] {
        let connection = try open()
        var arrived: [Notification] = []
        // PQnotifies alone also parses what has been read.
        while let notification = PQnotifies(connection) {
            arrived.append(
                Notification(
                    channel: String(cString: notification.pointee.relname),
                    payload: notification.pointee.extra.map { String(cString: $0) } ?? ""))
            PQfreemem(notification)
        }
        return arrived
    }
}
