import Logging
import Postgres
import ServiceLifecycle
import Storage

/// Ends the process when the database turns out to be behind a pooler that shares sessions; asked anew until the database
/// can be reached.
struct SessionCheck: Service {
    let configuration: ConnectionConfiguration
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var backoff = Backoff()
            while try await !isPassed() { try await Task.sleep(for: backoff.wait()) }
            // A service that returns would end the others.
            try await gracefulShutdown()
        }
    }

    /// False while nobody can know. Throws `PostgresError.configuration` when sessions are shared.
    func isPassed() async throws -> Bool {
        do throws(PostgresError) {
            try await Connection.requireOwnSession(configuration, logger: logger)
            return true
        } catch .connectionFailed, .connectionLost {
            return false
        } catch {
            guard error.isTransient else { throw error }
            return false
        }
    }
}
