import Core
import Postgres

/// Makes partitions ahead of time and drops those past theirs.
///
/// Every engine tries; for each single thing one of them is elected. Each is a transaction of its own that waits for its
/// locks for a quarter of a second at the most, so a long query on the tables delays the maintenance and not the runs.
package struct PartitionStore: Sendable {
    private let database: Database
    /// Runs deleted by one statement.
    private static let batch = 1000

    /// What was done.
    package enum Change: Sendable {
        case created(RunPartition)
        /// `kept` rows moved into the default partition.
        case dropped(RunPartition, kept: Int)
        /// It will be tried again.
        case failed(RunPartition, StoreError)
    }

    package init(_ database: Database) { self.database = database }

    /// Does what is to be done by now.
    ///
    /// - Parameter retention: how long runs are kept, from their start; nil keeps them for ever.
    /// - Returns: what was done, and until when partitions are there afterwards.
    package func maintain(retention: Duration?) async throws(StoreError) -> (changes: [Change], ahead: Duration) {
        var (existing, now) = try await look()
        let plan = PartitionPlan(existing: existing, now: now, retention: retention)
        let changes = await carryOut(plan, age: retention ?? .zero)
        if !changes.isEmpty { (existing, now) = try await look() }
        let ends = PartitionedTable.allCases.map { table in
            existing.lazy.filter { $0.table == table }.map(\.upper).max() ?? now
        }
        return (changes, (ends.min() ?? now) - now)
    }

    private func carryOut(_ plan: PartitionPlan, age: Duration) async -> [Change] {
        if plan.created.isEmpty, plan.dropped.isEmpty { return [] }
        // Finding the FAILED runs of a partition may take a while, before any lock is taken.
        var patient = database.configuration
        patient.statementTimeout = .seconds(300)
        let pool = Pool(patient, maximumSize: 1)
        return await withTaskCancellationHandler {
            let changes = await carryOut(plan, age: age, in: pool)
            await pool.close()
            return changes
        } onCancel: {
            // A process that stops waits for none of this.
            pool.cut()
        }
    }

    private func carryOut(_ plan: PartitionPlan, age: Duration, in pool: Pool) async -> [Change] {
        var changes: [Change] = []
        for partition in plan.created {
            do throws(PostgresError) {
                guard try await pool.execute(CreatePartition(partition)).first == true else { continue }
                changes.append(.created(partition))
            } catch { changes.append(.failed(partition, StoreError(error))) }
        }
        for partition in plan.dropped {
            guard let name = partition.name else { continue }
            do throws(PostgresError) {
                let statement = DropPartition(partition.table, name: name, age: age)
                guard let kept = try await pool.execute(statement).first else { continue }
                changes.append(.dropped(partition, kept: Int(kept)))
            } catch { changes.append(.failed(partition, StoreError(error))) }
        }
        return changes
    }

    /// Deletes finished runs past their time that no partition holds; how many.
    package func deleteLeftovers(age: Duration) async throws(StoreError) -> Int {
        var sum = 0
        while !Task.isCancelled {
            let deleted: Int
            do throws(PostgresError) {
                deleted = Int(
                    try await database.writes.execute(DeleteLeftovers(age: age, limit: Self.batch)).first ?? 0)
            } catch { throw StoreError(error) }
            sum += deleted
            if deleted < Self.batch { break }
        }
        return sum
    }

    private func look() async throws(StoreError) -> (existing: [RunPartition], now: Instant) {
        do throws(PostgresError) {
            let rows = try await database.writes.execute(ListPartitions())
            guard let first = rows.first else { throw .decoding("partitions come with a clock") }
            return (rows.compactMap(\.partition), first.now)
        } catch { throw StoreError(error) }
    }
}
