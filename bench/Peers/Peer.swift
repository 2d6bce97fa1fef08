/// DBOS Transact for Python under the same workload, through `bench/peers/dbos/driver.py`.
struct Peer {
    let python: String
    let system: MeasuredSystem

    struct Load: Codable, Sendable {
        let settings: String
        let runs: Int
        let seconds: Double
        let workflowsPerSecond: Double
        let cpuUsPerWorkflow: [String: Double]
        let callsCounted: String
    }

    struct Latency: Codable, Sendable {
        let settings: String
        let runs: Int
        let acceptMs: Percentiles
        let finishMs: Percentiles
    }

    /// What is tried, stage by stage: the best so far is where the next one starts. The first is how workflows get going and
    /// with which kind of code; docs/peers.md explains them all.
    private static let stages = [
        ["shape=start", "shape=call", "shape=threads", "shape=queue,polling=0.05", "shape=queue,polling=0.01"],
        ["pre_ping=false"], ["processes=1", "processes=3", "processes=4"],
        ["concurrency=8", "concurrency=16", "concurrency=64"], ["pool=10", "pool=40"], ["uvloop=true"],
    ]
    /// What the first stage starts from; all else is DBOS's default.
    private static let first = "processes=2,concurrency=32"

    /// Of everything that is compared.
    func versions() async throws -> [String: String] {
        var versions = try Figures.decode([String: String].self, from: try await driver(["versions"]))
        versions["sagaflow"] = try await system.stack.output(of: [system.stack.programs + "/saga", "--version"])
        let postgres = try await system.query("SHOW server_version").first?.first.flatMap { $0 } ?? ""
        versions["Postgres"] = String(postgres.prefix { $0 != " " })
        return versions
    }

    func load(_ database: String, runs: Int, settings: String) async throws -> Load {
        var arguments = try await ["load"] + place(database) + ["--runs", "\(runs)", "--settings", settings]
        for process in [try system.process(.postgres), try system.process(.participant)] {
            arguments += ["--process", "\(process.role)=\(process.pid)"]
        }
        return try Figures.decode(Load.self, from: try await driver(arguments))
    }

    func latency(_ settings: String) async throws -> Latency {
        try await system.drop("peer_latency")
        let arguments = try await ["latency"] + place("peer_latency") + ["--settings", settings]
        return try Figures.decode(Latency.self, from: try await driver(arguments))
    }

    /// Tries the stages, each setting in a fresh database. A stage measures what it starts from again: other programs on the
    /// machine may have come or gone since the last one.
    ///
    /// - Returns: the best settings, and all that was tried.
    func tune(runs: Int) async throws -> (best: String, tried: [Load]) {
        var (best, tried): (String, [Load]) = (Self.first, [])
        for stage in Self.stages {
            let base = best
            var bestRate = 0.0
            for candidate in (base == Self.first ? [] : [base]) + stage {
                // Threads have no event loop.
                if candidate.hasPrefix("uvloop="), base.contains("shape=threads") { continue }
                try await system.drop("peer_tuning")
                let load = try await load("peer_tuning", runs: runs, settings: "\(base),\(candidate)")
                tried.append(load)
                let workers = load.cpuUsPerWorkflow["workers"] ?? 0
                Console.say(
                    "  \(load.workflowsPerSecond.places(0))/s  \(workers.places(0)) µs in workers  \(load.settings)")
                if load.workflowsPerSecond > bestRate { (bestRate, best) = (load.workflowsPerSecond, load.settings) }
            }
        }
        try await system.drop("peer_tuning")
        return (best, tried)
    }

    private func place(_ database: String) async throws -> [String] {
        try await system.create(database)
        return ["--database-url", system.url(of: database), "--participant-port", "\(system.participantPort)"]
    }

    /// What the driver prints.
    private func driver(_ arguments: [String]) async throws -> String {
        try await TimeLimit.within {
            try await system.stack.output(
                of: [python, "\(system.stack.root)/bench/peers/dbos/driver.py"] + arguments)
        }
    }
}
