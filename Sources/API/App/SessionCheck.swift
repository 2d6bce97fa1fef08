import Logging
import Postgres
import ServiceLifecycle
import Storage

/// Ends the process when the database turns out to be behind a pooler that shares sessions, or hides rows from its role; asked anew until the database
/// can be reached.
struct SessionCheck: Service {
    let configuration: ConnectionConfiguration
    let logger: Logger

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                var backoff = Backoff()
                while try await !isPassed() { try await Task.sleep(for: backoff.wait()) }
                // A service that returns would end the others.
                try await gracefulShutdown()
            }
        } catch is CancellationError {
            // The process is to stop, and nobody knows yet: no reason to end it with an error.
        }
    }

    /// False while nobody can know. Throws `PostgresError.configuration` when sessions are shared, or rows hidden.
    func isPassed() async throws -> Bool {
        do throws(PostgresError) {
            try await Connection.requireOwnSession(configuration, logger: logger)
            try await Connection.requireAllRows(configuration, logger: logger)
            return true
        } catch {
            guard error.isTransient else { throw error }
            logger.warning("the database is not ready", metadata: ["error": "\(error)"])
            return false
        }
    }
}
