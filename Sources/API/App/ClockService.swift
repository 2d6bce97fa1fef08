import Logging
import Postgres
import ServiceLifecycle
import Storage

/// Looks at the database's clock every half minute.
struct ClockService: Service {
    let clock: DatabaseClock
    let pool: Pool
    let logger: Logger

    private static let interval = Duration.seconds(30)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var backoff = Backoff()
            while !Task.isCancelled {
                var pause = Self.interval
                do { try await clock.look(through: pool) } catch {
                    pause = backoff.wait()
                    logger.debug("the database's clock can't be read now", metadata: ["error": "\(error)"])
                }
                do { try await Task.sleep(for: pause) } catch { return }
            }
        }
    }
}
