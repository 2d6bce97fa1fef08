import Logging
import Postgres
import ServiceLifecycle
import Storage

/// Clears away what nobody needs any more: expired idempotency keys, in small batches, once a minute.
///
/// Every engine does it; rows another one is deleting are skipped.
struct Maintenance: Service {
    let pool: Pool
    var interval: Duration = .seconds(60)
    let logger: Logger

    private static let batch = 1000

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat { await deleteExpiredKeys() } while await pause(for: interval)
        }
    }

    private func deleteExpiredKeys() async {
        do {
            var deleted = Self.batch
            while deleted == Self.batch, !Task.isCancelled {
                deleted = Int(try await pool.execute(DeleteExpiredKeys(limit: Self.batch)).first ?? 0)
            }
        } catch {
            logger.warning("expired idempotency keys can't be deleted now", metadata: ["error": "\(error)"])
        }
    }
}
