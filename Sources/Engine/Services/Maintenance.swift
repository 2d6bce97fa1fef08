import Core
import Logging
import Postgres
import ServiceLifecycle
import Storage
import Telemetry

/// Makes the partitions of the coming weeks, and clears away what nobody needs any more: partitions past their time,
/// expired idempotency keys, counts of minutes long gone, and rows of the audit past theirs. Once a minute. It resumes runs that wait for a workflow that was
/// resumed: who was asked for that may not have lived to see to all of them. And it measures what tenants have stored.
///
/// Every engine tries. For each partition one is elected; of the keys, rows another engine is deleting are skipped.
struct Maintenance: Service {
    let database: Database
    /// How long runs are kept, from their start; nil for ever.
    let retention: Duration?
    /// How long rows of the audit trail are kept; nil for ever.
    var auditRetention: Duration?
    let metrics: EngineMetrics
    var interval: Duration = .seconds(60)
    let logger: Logger

    private static let batch = 1000

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat {
                await maintainPartitions()
                await deleteExpiredKeys()
                await deleteOldMinutes()
                await retainAudit()
                await wakeHeldStarts()
                await measureTenants()
            } while await pause(for: interval)
        }
    }

    private func maintainPartitions() async {
        let store = PartitionStore(database)
        do {
            let (changes, ahead) = try await store.maintain(retention: retention)
            metrics.partitionsAhead.set(ahead.seconds)
            for change in changes { tell(change) }
            guard let retention else { return }
            let deleted = try await store.deleteLeftovers(age: retention)
            if deleted > 0 {
                logger.info(
                    "finished runs outside partitions were deleted", metadata: ["count": .stringConvertible(deleted)])
            }
        } catch {
            logger.warning("partitions can't be looked after now", metadata: ["error": "\(error)"])
        }
    }

    private func tell(_ change: PartitionStore.Change) {
        switch change {
        case .created(let partition):
            logger.info("a partition was made", metadata: about(partition))
        case .dropped(let partition, let kept):
            logger.info(
                "a partition past its time was dropped",
                metadata: about(partition).merging(["rowsKept": .stringConvertible(kept)]) { $1 })
        case .failed(let partition, let error):
            logger.warning(
                "a partition can't be made or dropped now; it is tried again in a minute",
                metadata: about(partition).merging(["error": "\(error)"]) { $1 })
        }
    }

    private func about(_ partition: RunPartition) -> Logger.Metadata {
        ["table": "\(partition.table.rawValue)", "from": "\(partition.lower)", "to": "\(partition.upper)"]
    }

    private func deleteExpiredKeys() async {
        do {
            var deleted = Self.batch
            while deleted == Self.batch, !Task.isCancelled {
                deleted = Int(try await database.writes.execute(DeleteExpiredKeys(limit: Self.batch)).first ?? 0)
            }
        } catch {
            logger.warning("expired idempotency keys can't be deleted now", metadata: ["error": "\(error)"])
        }
    }

    private func deleteOldMinutes() async {
        do { _ = try await database.writes.execute(DeleteOldMinutes()) } catch {
            logger.warning("old counts of runs can't be removed now", metadata: ["error": "\(error)"])
        }
    }

    private func measureTenants() async {
        do { _ = try await TenantMeasurement(database: database).run() } catch {
            logger.warning("what tenants have stored can't be measured now", metadata: ["error": "\(error)"])
        }
    }

    private func retainAudit() async {
        guard let auditRetention else { return }
        do {
            var removed = 0
            let statement = RetainAudit(age: auditRetention, limit: Self.batch)
            while let more = try await database.writes.execute(statement).first, more > 0 {
                removed += more
                if Task.isCancelled { break }
            }
            if removed > 0 {
                logger.info(
                    "rows of the audit past their time were removed", metadata: ["count": .stringConvertible(removed)])
            }
        } catch {
            logger.warning("old rows of the audit can't be removed now", metadata: ["error": "\(error)"])
        }
    }

    private func wakeHeldStarts() async {
        do {
            var woken = 0
            while let more = try await database.writes.execute(WakeHeldStarts(limit: Self.batch)).first, more > 0 {
                woken += more
                if Task.isCancelled { break }
            }
            if woken > 0 {
                logger.info(
                    "runs that waited for their workflow were resumed", metadata: ["count": .stringConvertible(woken)])
            }
        } catch {
            logger.warning("runs that wait for their workflow can't be resumed now", metadata: ["error": "\(error)"])
        }
    }
}
