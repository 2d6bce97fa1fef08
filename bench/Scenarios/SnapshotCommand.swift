import ArgumentParser
import Core
import NIOPosix
import Postgres

/// `snapshot`: throughput before, while and after somebody's transaction holds an old snapshot under load.
///
/// While it does, vacuum can take no row away that died since. What grows then is what claims stumble over.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Throughput while a transaction holds an old snapshot.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @Option(help: "Runs of each closed loop.")
    var runs = 30_000
    @Option(help: "Closed loops before, while and after; the median counts.")
    var rounds = 3
    @Option(help: "Seconds of load at half the throughput measured before, with the snapshot held.")
    var seconds = 600.0
    @Option(help: "Seconds vacuum has at most after the snapshot is gone.")
    var recovery = 150.0
    @Option(help: "NAME=PID of a process whose CPU is counted in the closed loops, children included.")
    var process: [MeasuredProcess] = []

    func run() async throws {
        let database = try await BenchDatabase(self.database)
        let before = try await loops(database)
        let holder = try await SnapshotHolder(self.database)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let rate = Percentiles(before.map(\.perSecond)).at(50) / 2
        let load = try await OpenLoad.start(rate: rate, seconds: seconds, at: target, connections: 1000, on: loop)
        try await database.waitUntilIdle(since: load.begunAt)
        try await database.requireEnded(load.accepted, as: .completed, since: load.begunAt)
        let held = try await loops(database)
        let dead = try await database.outboxState()
        let age = try await holder.age(database)
        try await holder.release()
        let recovered = try await waitForVacuum(database)
        let after = try await loops(database)
        print(
            JSONText.object([
                ("seconds", JSONText.number(seconds)), ("held_seconds", JSONText.number(age)),
                ("runs_under_load", "\(load.accepted)"), ("refused_under_load", "\(load.refused)"),
                ("dead_rows", "\(dead.deadRows)"), ("outbox_bytes", "\(dead.bytes)"),
                ("vacuum_seconds", recovered.map(JSONText.number) ?? "null"),
                ("before", Self.json(before)), ("held", Self.json(held)), ("after", Self.json(after)),
            ]))
    }

    private func loops(_ database: BenchDatabase) async throws -> [ClosedLoop] {
        var all: [ClosedLoop] = []
        for _ in 0..<rounds { all.append(try await ClosedLoop.measure(runs, at: target, database, process)) }
        return all
    }

    private static func json(_ loops: [ClosedLoop]) -> String {
        "[" + loops.map(\.json).joined(separator: ",") + "]"
    }

    /// Seconds until autovacuum has been over the outbox; nil when it was not within `recovery`.
    private func waitForVacuum(_ database: BenchDatabase) async throws -> Double? {
        let (clock, releasedAt) = (ContinuousClock(), WallClock.microseconds)
        let begin = clock.now
        while clock.now - begin < .seconds(recovery) {
            if try await database.isVacuumed(since: releasedAt) {
                return Double((clock.now - begin).nanoseconds) / 1e9
            }
            try await clock.sleep(for: .milliseconds(500))
        }
        return nil
    }
}

/// A session in a transaction that has read once and does nothing since: a forgotten terminal, a long report.
private struct SnapshotHolder {
    private let connection: Connection
    private let pid: Int

    init(_ options: DatabaseOptions) async throws {
        let session = try await BenchDatabase(options)
        _ = try await session.connection.simpleQuery("BEGIN ISOLATION LEVEL REPEATABLE READ")
        _ = try await session.number("SELECT count(*) FROM outbox")
        pid = try await session.number("SELECT pg_backend_pid()")
        connection = session.connection
    }

    /// Seconds the transaction has lasted.
    ///
    /// - Throws: `invalid` when it no longer holds a snapshot: then there was nothing to measure.
    func age(_ database: BenchDatabase) async throws -> Double {
        let rows = try await database.connection.simpleQuery(
            """
            SELECT (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::int8, age(backend_xmin)
            FROM pg_stat_activity WHERE pid = \(pid) AND backend_xmin IS NOT NULL
            """)
        guard let row = rows.first, let age = row[0].flatMap(Double.init), let xids = row[1].flatMap(Int.init), xids > 0
        else { throw BenchError.invalid("the old snapshot was not held to the end") }
        return age / 1000
    }

    func release() async throws {
        _ = try await connection.simpleQuery("ROLLBACK")
        await connection.close()
    }
}

extension BenchDatabase {
    /// Rows of the outbox that are dead but not taken away, as Postgres estimates, and its size with its indexes.
    func outboxState() async throws -> (deadRows: Int, bytes: Int) {
        (
            try await number("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'outbox'"),
            try await number("SELECT pg_total_relation_size('outbox')")
        )
    }

    func isVacuumed(since time: Int64) async throws -> Bool {
        try await number(
            """
            SELECT count(*) FROM pg_stat_user_tables
            WHERE relname = 'outbox' AND greatest(last_autovacuum, last_vacuum) > \(Self.time(time))
            """) > 0
    }
}
