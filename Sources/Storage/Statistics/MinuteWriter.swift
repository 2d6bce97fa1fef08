package import Logging
package import Postgres
import ServiceLifecycle

/// Adds what this process has counted to the database, every few seconds and when it stops.
///
/// What may be written and may be not, because the connection broke, is not written again: a chart may lack a few, and has none twice.
package struct MinuteWriter: Service {
    private let counts: MinuteCounts
    private let pool: Pool
    private let interval: Duration
    private let logger: Logger

    package static let interval: Duration = .seconds(5)

    package init(_ counts: MinuteCounts, pool: Pool, interval: Duration = MinuteWriter.interval, logger: Logger) {
        (self.counts, self.pool, self.interval, self.logger) = (counts, pool, interval, logger)
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await Task.sleep(for: interval) } catch { break }
                await write()
            }
        }
        await write()
    }

    /// Nothing is asked of the database where nothing was counted.
    package func write() async {
        let taken = counts.take()
        if taken.isEmpty { return }
        do throws(PostgresError) {
            _ = try await pool.execute(AddMinuteCounts(taken))
        } catch {
            if !error.mayHaveCommitted { counts.giveBack(taken) }
            logger.info("counts of runs can't be written now", metadata: ["error": "\(error)"])
        }
    }
}
