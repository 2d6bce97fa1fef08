internal import Logging

extension Listener {
    /// Drives the connection: there is no task behind it, `next()` waits on the connection's thread.
    package struct Iterator: AsyncIteratorProtocol {
        let listener: Listener
        private var connection: Connection?
        private var pending: [Notification] = []
        private var failures = 0

        init(listener: Listener) { self.listener = listener }

        /// The next notification or reconnect; nil once the task is cancelled.
        package mutating func next() async -> Element? {
            while !Task.isCancelled {
                if let notification = pending.popLast() { return .notification(notification) }
                do throws(PostgresError) {
                    if let connection {
                        // Reversed, because the array is taken from its end.
                        pending = try await wait(on: connection).reversed()
                    } else {
                        connection = try await connect()
                        failures = 0
                        return .connected
                    }
                } catch {
                    connection = nil
                    failures += 1
                    guard await pause(after: error) else { return nil }
                }
            }
            return nil
        }

        private func connect() async throws(PostgresError) -> Connection {
            let connection = try await Connection.connect(listener.configuration, logger: listener.logger)
            for channel in listener.channels { try await connection.listen(to: channel) }
            return connection
        }

        private func wait(on connection: Connection) async throws(PostgresError) -> [Notification] {
            let heartbeat = listener.heartbeat
            let outcome = await withTaskCancellationHandler {
                do throws(PostgresError) {
                    let arrived = try await connection.notifications(timeout: heartbeat)
                    if arrived.isEmpty { try await connection.simpleQuery("SELECT 1") }
                    return Result<[Notification], PostgresError>.success(arrived)
                } catch {
                    return .failure(error)
                }
            } onCancel: {
                connection.interrupt()
            }
            return try outcome.get()
        }

        /// False if the task was cancelled.
        private func pause(after error: PostgresError) async -> Bool {
            guard !Task.isCancelled else { return false }
            listener.logger.warning("not listening to the database", metadata: ["reason": "\(error)"])
            do {
                try await Task.sleep(for: Backoff.pause(afterFailures: failures))
                return true
            } catch {
                return false
            }
        }
    }
}
