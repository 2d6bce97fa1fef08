import Core
import Postgres

/// What the measured system's database says about its runs. One session, few and cheap questions.
///
/// Runs are found by their ids, which begin with their time: no question reads what was there before the measurement,
/// be it millions of finished runs or of dead rows.
struct BenchDatabase: Sendable {
    let connection: Connection

    /// - Parameter url: of the database, as libpq takes it.
    init(_ url: String) async throws(PostgresError) {
        connection = try await Connection.unlimited(url)
        _ = try await connection.simpleQuery("SET enable_seqscan = off")
    }

    /// With a session that ends afterwards.
    static func with<T>(_ url: String, _ body: (BenchDatabase) async throws -> T) async throws -> T {
        let database = try await BenchDatabase(url)
        let value = try await body(database)
        await database.connection.close()
        return value
    }

    /// Returns when none of the runs started since then is live any more; nor any that waited and came due since.
    ///
    /// - Throws: `stalled` when the number of live runs has not changed for two minutes.
    func waitUntilIdle(since start: Int64) async throws {
        let clock = ContinuousClock()
        // An outbox row's time is never before its run's start. What sleeps for longer than an hour is not waited for.
        let live = """
            FROM outbox WHERE available_at >= \(Self.time(start))
                AND available_at < \(Self.time(start)) + interval '1 hour'
            """
        var last = -1
        var (lastCount, lastChange) = (clock.now, clock.now)
        while true {
            // Whether there is any costs next to nothing; how many is asked once a second, to see that it moves.
            if try await number("SELECT count(*) FROM (SELECT \(live) LIMIT 1) any_live") == 0 { return }
            if clock.now - lastCount > .seconds(1) {
                lastCount = clock.now
                let count = try await number("SELECT count(*) \(live)")
                if count != last { (last, lastChange) = (count, clock.now) }
                guard clock.now - lastChange < .seconds(120) else {
                    throw BenchError.stalled("\(count) runs are live, and nothing has moved for two minutes")
                }
            }
            try await clock.sleep(for: .milliseconds(100))
        }
    }

    /// Exactly `count` runs were started since then, all have ended as `status`, and nothing else is live.
    ///
    /// - Parameter sleepers: how many runs from before wait beside them.
    func requireEnded(_ count: Int, as status: RunStatus, since start: Int64, beside sleepers: Int = 0) async throws {
        let rows = try await connection.simpleQuery(
            "SELECT status, count(*) FROM workflow_runs WHERE \(Self.runs(start)) GROUP BY 1 ORDER BY 1")
        let found = rows.map { row in row.map { $0 ?? "" }.joined(separator: " ") }.joined(separator: ", ")
        guard found == "\(status.rawValue) \(count)" || (count == 0 && found.isEmpty) else {
            throw BenchError.wrongEnd(
                expected: "\(status.rawValue) \(count)", found: found.isEmpty ? "none" : found)
        }
        let live = try await number("SELECT count(*) FROM outbox")
        guard live == sleepers else {
            throw BenchError.stalled("\(live - sleepers) runs are live that nobody measured")
        }
    }

    /// When the last of the runs started since then ended, microseconds since 1970.
    func lastEnd(since start: Int64) async throws -> Int64 {
        Int64(
            try await number(
                """
                SELECT (extract(epoch FROM max(completed_at)) * 1000000)::int8 FROM workflow_runs
                WHERE \(Self.runs(start))
                """))
    }

    /// How many of the runs started since then ended before `end`.
    func ended(since start: Int64, before end: Int64) async throws -> Int {
        try await number(
            "SELECT count(*) FROM workflow_runs WHERE \(Self.runs(start)) AND completed_at < \(Self.time(end))")
    }

    /// How many runs this engine holds.
    func leases(of engine: EngineID) async throws -> Int {
        try await number("SELECT count(*) FROM outbox WHERE lease_owner = '\(engine)'")
    }

    /// Runs nobody holds that are not due yet.
    func waiting() async throws -> Int {
        try await number("SELECT count(*) FROM outbox WHERE lease_owner IS NULL AND available_at > now()")
    }

    func number(_ sql: String) async throws -> Int {
        guard let number = try await text(sql).flatMap({ Int($0) }) else {
            throw BenchError.stalled("no number came of: \(sql)")
        }
        return number
    }

    /// The first value of the first row.
    func text(_ sql: String) async throws -> String? { try await connection.simpleQuery(sql).first?.first ?? nil }

    /// Those with an id made since then; the API makes them, on the same machine.
    static func runs(_ start: Int64) -> String { "run_id >= first_run_id(\(time(start)))" }

    static func time(_ microseconds: Int64) -> String {
        "(to_timestamp(0) + \(microseconds) * interval '1 microsecond')"
    }
}

extension Connection {
    /// A session without limits of time: what is asked here may take as long as it takes.
    static func unlimited(_ url: String) async throws(PostgresError) -> Connection {
        var configuration = try ConnectionConfiguration(url, applicationName: "sagaflow-bench")
        configuration.statementTimeout = nil
        configuration.lockTimeout = nil
        configuration.idleInTransactionTimeout = nil
        return try await connect(configuration)
    }
}
