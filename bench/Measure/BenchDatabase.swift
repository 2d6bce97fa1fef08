import ArgumentParser
import Core
import Postgres

/// Which database the measured system uses.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "The database, as libpq takes it.")
    var databaseURL: String
}

/// What the measured system's database says about its runs. One session, few and cheap questions.
struct BenchDatabase: Sendable {
    private let connection: Connection

    init(_ options: DatabaseOptions) async throws(PostgresError) {
        connection = try await Connection.connect(
            ConnectionConfiguration(options.databaseURL, applicationName: "sagaflow-bench"))
    }

    /// Returns when no run is live any more.
    ///
    /// - Throws: `stalled` when the number of live runs has not changed for a minute.
    func waitUntilIdle() async throws {
        let clock = ContinuousClock()
        var last = -1
        var lastChange = clock.now
        while true {
            // Whether there is any costs next to nothing; how many is asked once a second, to see that it moves.
            if try await number("SELECT count(*) FROM (SELECT FROM outbox LIMIT 1) any_live") == 0 { return }
            if clock.now - lastChange > .seconds(1) {
                let live = try await number("SELECT count(*) FROM outbox")
                if live != last { (last, lastChange) = (live, clock.now) }
                guard clock.now - lastChange < .seconds(60) else {
                    throw BenchError.stalled("\(live) runs are live, and nothing has moved for a minute")
                }
            }
            try await clock.sleep(for: .milliseconds(100))
        }
    }

    /// Exactly `count` runs were created since then, and all are COMPLETED.
    func requireCompleted(_ count: Int, since start: Int64) async throws {
        let rows = try await connection.simpleQuery(
            "SELECT status, count(*) FROM workflow_runs WHERE created_at >= \(Self.time(start)) GROUP BY 1 ORDER BY 1")
        let found = rows.map { row in row.map { $0 ?? "" }.joined(separator: " ") }.joined(separator: ", ")
        guard found == "COMPLETED \(count)" else {
            throw BenchError.notCompleted(expected: count, found: found.isEmpty ? "none" : found)
        }
    }

    /// When the last of the runs created since then was completed, microseconds since 1970.
    func lastCompletion(since start: Int64) async throws -> Int64 {
        Int64(
            try await number(
                """
                SELECT (extract(epoch FROM max(completed_at)) * 1000000)::int8 FROM workflow_runs
                WHERE created_at >= \(Self.time(start))
                """))
    }

    /// `workflow_runs.status`.
    func status(of run: RunID) async throws -> String? {
        try await connection.simpleQuery("SELECT status FROM workflow_runs WHERE run_id = '\(run)'").first?.first ?? nil
    }

    /// How many runs this engine holds.
    func leases(of engine: RunID) async throws -> Int {
        try await number("SELECT count(*) FROM outbox WHERE lease_owner = '\(engine)'")
    }

    private func number(_ sql: String) async throws -> Int {
        guard let text = try await connection.simpleQuery(sql).first?.first ?? nil, let number = Int(text) else {
            throw BenchError.stalled("no number came of: \(sql)")
        }
        return number
    }

    private static func time(_ microseconds: Int64) -> String {
        "to_timestamp(0) + \(microseconds) * interval '1 microsecond'"
    }
}
