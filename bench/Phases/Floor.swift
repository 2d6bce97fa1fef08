import FoundationEssentials
import Postgres

/// Postgres alone with sagaflow's own statements: sagas a second by number of clients, each in a fresh database; and the
/// time of each statement with one client.
struct Floor: Encodable, Sendable {
    /// The best.
    let sagasPerSecond: Double
    let byClients: [Clients]
    /// fsync included.
    let usPerSaga: [String: Double]

    struct Clients: Encodable, Sendable {
        let clients: Int
        let sagasPerSecond: Double
    }

    /// Runs in one statement.
    static let batch = 200
    /// What the engine's own connections set, so that the floor is measured with the same plans.
    static let settings = [
        "plan_cache_mode=force_generic_plan", "enable_seqscan=off", "enable_mergejoin=off", "enable_hashjoin=off",
        "jit=off",
    ]

    /// Microseconds a saga of each statement, from pgbench's report: lines of milliseconds, failures and statement.
    static func statements(in report: String) -> [String: Double] {
        var times: [String: Double] = [:]
        var commits = 0
        for line in report.split(separator: "\n") where line.first == " " {
            guard let milliseconds = line.split(separator: " ").first.flatMap({ Double($0) }) else { continue }
            let time = (milliseconds * 10_000 / Double(batch)).rounded() / 10
            if line.contains("EXECUTE start_runs") {
                times["start"] = time
            } else if line.contains("floor_claim") {
                times["claim"] = time
            } else if line.contains("EXECUTE commit_decisions") {
                commits += 1
                times["commit \(commits)"] = time
            }
        }
        return times
    }
}

extension Session {
    func floor() async throws -> Floor {
        // Nothing else may take its CPU.
        try await system.down()
        let pgbench = try await system.stack.call("postgres_bin") + "/pgbench"
        var byClients: [Floor.Clients] = []
        var statements: [String: Double] = [:]
        for clients in [1, 2, 4] {
            let database = "floor_\(clients)"
            try await system.make(database)
            let report = try await floor(clients, pgbench, system.url(of: database))
            if clients == 1 { statements = Floor.statements(in: report) }
            byClients.append(Floor.Clients(clients: clients, sagasPerSecond: try await floorRate(in: database)))
            try await system.drop(database)
        }
        return Floor(
            sagasPerSecond: byClients.map(\.sagasPerSecond).max() ?? 0, byClients: byClients, usPerSaga: statements)
    }

    /// As many runs as one measurement of the throughput has; what pgbench reports.
    private func floor(_ clients: Int, _ pgbench: String, _ url: String) async throws -> String {
        let file = system.stack.folder + "/floor.sql"
        try Data(try await FloorScript.prepared(batch: Floor.batch, in: url).utf8).write(to: URL(filePath: file))
        let cycle = Floor.batch * clients
        let options = Floor.settings.map { "-c \($0)" }.joined(separator: " ")
        return try await TimeLimit.within {
            try await system.stack.output(
                of: [
                    "PGOPTIONS=\(options)", pgbench, "-n", "-r", "-M", "simple", "-D", "prepared=0", "-f", file,
                    "-c", "\(clients)", "-j", "\(clients)", "-t", "\((sizes.runs + cycle - 1) / cycle)", url,
                ])
        }
    }

    private func floorRate(in database: String) async throws -> Double {
        let row = try await system.query(
            """
            SELECT count(*) FILTER (WHERE status = 'COMPLETED'),
                extract(epoch FROM max(completed_at) - min(created_at)) FROM workflow_runs
            """, in: database
        ).first
        guard let count = row?[0].flatMap({ Int($0) }), let seconds = row?[1].flatMap({ Double($0) }) else {
            throw BenchError.floor("no run was completed")
        }
        // A claim may return a little less than a batch when clients collide; more is a sign that the script is broken.
        guard count * 10 >= sizes.runs * 9 else {
            throw BenchError.floor("it completed only \(count) of \(sizes.runs) runs")
        }
        return (Double(count) / seconds).figure
    }
}

extension FloorScript {
    /// The script's text, with the functions it calls made in that database, which must be migrated. Run with
    /// `pgbench -n -M simple -D prepared=0`, each transaction starts, claims and carries out one batch.
    static func prepared(batch: Int, in url: String) async throws -> String {
        let database = try await BenchDatabase(url).connection
        let script = try await FloorScript(batch: batch, database)
        try await database.simpleQuery(script.functions)
        await database.close()
        return script.text
    }
}
