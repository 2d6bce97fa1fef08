import Core
import Postgres

/// Throughput before, while and after somebody's transaction holds an old snapshot under load.
///
/// While it does, vacuum can take no row away that died since. What grows then is what claims stumble over.
struct OldSnapshot: Encodable, Sendable {
    /// Of load at half the throughput measured before, with the snapshot held.
    let seconds: Int
    let heldSeconds: Double
    let runsUnderLoad: Int
    let refusedUnderLoad: Int
    let deadRows: Int
    let outboxBytes: Int
    /// Until autovacuum had been over the outbox; nil when it was not in time.
    @Nullable var vacuumSeconds: Double?
    let before: [ClosedLoop]
    let held: [ClosedLoop]
    let after: [ClosedLoop]

    /// Seconds vacuum has at most after the snapshot is gone.
    static let recovery = 150
}

extension Session {
    func snapshot() async throws -> OldSnapshot {
        try await mainSystemGone()
        try await system.up("snapshot")
        try await system.startEngine()
        try await system.warmUp()
        let snapshot = try await BenchDatabase.with(system.databaseURL, snapshot)
        try await system.gone("snapshot")
        return snapshot
    }

    private func snapshot(_ database: BenchDatabase) async throws -> OldSnapshot {
        let before = try await loops()
        let holder = try await SnapshotHolder(system.databaseURL)
        let load = try await load(Percentiles(before.map(\.sagasPerSecond)).p50 / 2, database)
        let held = try await loops()
        let dead = try await database.outboxState()
        let age = try await holder.age(database)
        try await holder.release()
        let recovered = try await waitForVacuum(database)
        let after = try await loops()
        return OldSnapshot(
            seconds: sizes.snapshotSeconds, heldSeconds: age.figure, runsUnderLoad: load.accepted,
            refusedUnderLoad: load.refused, deadRows: dead.rows, outboxBytes: dead.bytes,
            vacuumSeconds: Nullable(wrappedValue: recovered?.figure), before: before, held: held, after: after)
    }

    private func load(_ rate: Double, _ database: BenchDatabase) async throws -> Driver.Result {
        try await TimeLimit.within(sizes.snapshotSeconds + TimeLimit.seconds) {
            let arrival = Arrival.open(rate: rate, seconds: Double(sizes.snapshotSeconds))
            let load = try await Driver.run(arrival, at: system.target)
            try await database.waitUntilIdle(since: load.begunAt)
            try await database.requireEnded(load.accepted, as: .completed, since: load.begunAt)
            return load
        }
    }

    private func loops() async throws -> [ClosedLoop] {
        var all: [ClosedLoop] = []
        for _ in 0..<sizes.repeats { all.append(try await system.closedLoop(sizes.halfRuns)) }
        return all
    }

    /// Seconds until autovacuum has been over the outbox.
    private func waitForVacuum(_ database: BenchDatabase) async throws -> Double? {
        let (clock, releasedAt) = (ContinuousClock(), WallClock.microseconds)
        let begin = clock.now
        while clock.now - begin < .seconds(OldSnapshot.recovery) {
            if try await database.isVacuumed(since: releasedAt) { return (clock.now - begin).seconds }
            try await clock.sleep(for: .milliseconds(500))
        }
        return nil
    }
}

/// A session in a transaction that has read once and does nothing since: a forgotten terminal, a long report.
private struct SnapshotHolder {
    private let connection: Connection
    private let pid: Int

    init(_ url: String) async throws {
        let session = try await BenchDatabase(url)
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
    func outboxState() async throws -> (rows: Int, bytes: Int) {
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
