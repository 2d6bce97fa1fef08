import Core
import Logging
import Participants
import Postgres
import ServiceLifecycle
import Storage
import Synchronization

/// A registered participant, ready to be called.
struct RegisteredParticipant: Sendable {
    /// Where it is.
    let baseURL: BaseURL
    /// Calls in flight to it from this engine at the most; nil for no limit of its own.
    let maxConcurrent: Int?
    /// Sent with every call. May hold secrets.
    let headers: [(name: String, value: String)]
}

/// The participants by name, as the table had them a second ago. A database that is away changes nothing.
final class ParticipantRegistry: Service {
    private let pool: Pool
    private let logger: Logger
    private let interval: Duration
    private let known = Mutex<[String: RegisteredParticipant]>([:])
    /// When `lookFor` last read the table.
    private let reading = Mutex<ContinuousClock.Instant?>(nil)

    init(pool: Pool, interval: Duration = .seconds(1), logger: Logger) {
        self.pool = pool
        self.interval = interval
        self.logger = logger
    }

    /// The participant, or nil if none of that name is registered.
    func participant(_ name: String) -> RegisteredParticipant? { known.withLock { $0[name] } }

    /// Makes sure that a participant registered a moment ago is known: reads the table if this one is not, but not again
    /// within a tenth of a second. To be asked before a call, which would end `notSent` otherwise.
    func lookFor(_ name: String) async {
        let mustRead = reading.withLock { last in
            if participant(name) != nil { return false }
            let now = ContinuousClock.now
            if let last, now - last < .milliseconds(100) { return false }
            last = now
            return true
        }
        guard mustRead else { return }
        do { try await refresh() } catch {
            logger.warning("participants can't be read", metadata: ["error": "\(error)"])
        }
    }

    /// Reads the table once.
    func refresh() async throws(PostgresError) {
        var fresh: [String: RegisteredParticipant] = [:]
        for row in try await pool.execute(FindParticipants()) {
            do {
                fresh[row.name] = RegisteredParticipant(
                    baseURL: try BaseURL(parsing: row.url), maxConcurrent: row.maxConcurrent, headers: row.headers)
            } catch {
                logger.error(
                    "a registered participant has an unusable URL", metadata: ["participant": "\(row.name)"])
            }
        }
        let result = fresh
        known.withLock { $0 = result }
    }

    /// Reads the table again and again.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            while await pause(for: self.interval) {
                do { try await self.refresh() } catch {
                    self.logger.warning("participants can't be read", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
