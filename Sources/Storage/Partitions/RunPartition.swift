package import Core
package import Postgres

/// A table that is cut into partitions by the time in its run ids. In the order in which partitions are dropped: runs first,
/// for of the other tables those rows are kept whose run is.
package enum PartitionedTable: String, Sendable, Hashable, CaseIterable {
    case runs = "workflow_runs"
    case journal = "run_journal"
}

/// One partition of one table, other than the default one.
package struct RunPartition: Sendable, Hashable {
    package let table: PartitionedTable
    /// Run ids from the first of this time on.
    package let lower: Instant
    /// To before the first of this time.
    package let upper: Instant
    /// What the database calls it; nil for one that is still to be made.
    package let name: String?

    package init(table: PartitionedTable, lower: Instant, upper: Instant, name: String? = nil) {
        self.table = table
        self.lower = lower
        self.upper = upper
        self.name = name
    }
}

/// All partitions there are, and the database's clock. At least one row, so that there is a clock.
package struct ListPartitions: Statement {
    /// One partition; nil when there is none.
    package struct Row: Sendable, Hashable {
        package let now: Instant
        package let partition: RunPartition?
    }

    package init() {}

    package static let sql = """
        SELECT now(), p.parent_table::text, p.partition_table::text, p.lower_at, p.upper_at
        FROM (SELECT) clock LEFT JOIN run_partitions p ON true ORDER BY p.lower_id
        """

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        let now = try row.instant()
        guard let parent = try row.textOrNil() else { return Row(now: now, partition: nil) }
        guard let table = PartitionedTable(rawValue: parent) else { throw .decoding("no such table: \(parent)") }
        let name = try row.text()
        return Row(
            now: now,
            partition: RunPartition(
                table: table, lower: try row.instant(), upper: try row.instant(), name: name))
    }
}

// The election: whoever gets the lock does this one thing, everybody else does nothing. It ends with the transaction, so a
// maintainer that dies is no maintainer any more.
private let isElected = "pg_try_advisory_xact_lock(7236519822104113)"

/// Makes a partition, unless another engine is at it.
package struct CreatePartition: Statement {
    package let partition: RunPartition

    /// Whether it was not there yet.
    package typealias Row = Bool

    package init(_ partition: RunPartition) { self.partition = partition }

    package static let sql = "SELECT create_run_partition($1::text::regclass, $2, $3) WHERE \(isElected)"

    package func bind(_ parameters: inout Parameters) {
        parameters.text(partition.table.rawValue)
        parameters.timestamp(partition.lower.microseconds)
        parameters.timestamp(partition.upper.microseconds)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.bool() }
}

/// Drops a partition, unless another engine is at it. What must not be lost moves into the default partition.
package struct DropPartition: Statement {
    package let table: PartitionedTable
    package let name: String
    /// Runs that were started within this time are kept, whatever their ids say.
    package let age: Duration

    /// Rows that were kept.
    package typealias Row = Int64

    package init(_ table: PartitionedTable, name: String, age: Duration) {
        self.table = table
        self.name = name
        self.age = age
    }

    package static let sql = """
        SELECT drop_run_partition($1::text::regclass, $2::text::regclass, now() - $3 * interval '1 microsecond')
        WHERE \(isElected)
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.text(table.rawValue)
        parameters.text(name)
        parameters.int64(age.microseconds)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.int64() }
}

/// Deletes finished runs of the default partition that are past their time, a bounded number at once.
///
/// Those are what was live, FAILED or younger than its id when its partition was dropped, and few. Runs that are FAILED stay.
package struct DeleteLeftovers: Statement {
    /// Since the start of a run.
    package let age: Duration
    package let limit: Int

    /// Runs deleted.
    package typealias Row = Int64

    package init(age: Duration, limit: Int) {
        self.age = age
        self.limit = limit
    }

    package static let sql = """
        WITH old AS MATERIALIZED (
            SELECT run_id FROM workflow_runs_default r
            WHERE run_id < first_run_id(now() - $1 * interval '1 microsecond')
                AND created_at < now() - $1 * interval '1 microsecond'
                AND status IN ('COMPLETED', 'COMPENSATED', 'CANCELLED')
                AND NOT EXISTS (SELECT FROM outbox o WHERE o.run_id = r.run_id)
                AND (parent_run_id IS NULL OR NOT EXISTS (SELECT FROM workflow_runs p WHERE p.run_id = r.parent_run_id))
            ORDER BY run_id LIMIT $2 FOR UPDATE SKIP LOCKED
        ), journal AS (
            DELETE FROM run_journal_default j USING old WHERE j.run_id = old.run_id
        ), run AS (
            DELETE FROM workflow_runs_default r USING old WHERE r.run_id = old.run_id RETURNING 1
        )
        SELECT count(*) FROM run
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.int64(age.microseconds)
        parameters.int64(Int64(limit))
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.int64() }
}
