import FoundationEssentials

/// A peer under the same workload, through `bench/peers/NAME/driver.py`.
struct Peer {
    let name: PeerName
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

    /// Installs it, unless that was done before.
    init(_ name: PeerName, on system: MeasuredSystem) async throws {
        self.name = name
        self.system = system
        python = try await system.stack.call("peer_python", name.rawValue)
    }

    /// The database and the folder of the rounds: both keep what all rounds leave.
    var rounds: String { "peer_\(name.rawValue)" }

    /// Of what is compared on its side.
    func versions() async throws -> [String: String] {
        try Figures.decode([String: String].self, from: try await driver(["versions"]))
    }

    func load(_ database: String, runs: Int, settings: String) async throws -> Load {
        var arguments = try await ["load"] + place(database) + ["--runs", "\(runs)", "--settings", settings]
        for process in [try system.process(.postgres), try system.process(.participant)] {
            arguments += ["--process", "\(process.role)=\(process.pid)"]
        }
        return try Figures.decode(Load.self, from: try await driver(arguments))
    }

    func latency(_ settings: String, seconds: Int) async throws -> Latency {
        let database = "\(rounds)_latency"
        let arguments = try await ["latency"] + place(database) + ["--settings", settings, "--seconds", "\(seconds)"]
        let latency = try Figures.decode(Latency.self, from: try await driver(arguments))
        try await drop(database)
        return latency
    }

    /// Tries the stages, each setting in a fresh database. A stage measures what it starts from again: other programs on the
    /// machine may have come or gone since the last one.
    ///
    /// - Returns: the best settings, and all that was tried.
    func tune(runs: Int) async throws -> (best: String, tried: [Load]) {
        let database = "\(rounds)_tuning"
        var (best, tried): (String, [Load]) = (name.first, [])
        for stage in name.stages {
            let base = best
            var bestRate = 0.0
            for candidate in (base == name.first ? [] : [base]) + stage {
                // Threads have no event loop.
                if candidate.hasPrefix("uvloop="), base.contains("shape=threads") { continue }
                let load = try await load(database, runs: runs, settings: "\(base),\(candidate)")
                try await drop(database)
                tried.append(load)
                let workers = load.cpuUsPerWorkflow["workers"] ?? 0
                Console.say(
                    "  \(load.workflowsPerSecond.places(0))/s  \(workers.places(0)) µs in workers  \(load.settings)")
                if load.workflowsPerSecond > bestRate { (bestRate, best) = (load.workflowsPerSecond, load.settings) }
            }
        }
        return (best, tried)
    }

    private func place(_ database: String) async throws -> [String] {
        try await system.create(database)
        return [
            "--database-url", system.url(of: database), "--participant-port", "\(system.participantPort)", "--folder",
            folder(of: database),
        ]
    }

    /// Peers that need one make it.
    private func folder(of database: String) -> String { "\(system.stack.folder)/\(database)" }

    private func drop(_ database: String) async throws {
        try await system.drop(database)
        let folder = folder(of: database)
        if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
    }

    /// What the driver prints.
    private func driver(_ arguments: [String]) async throws -> String {
        let peers = "\(system.stack.root)/bench/peers"
        let command = ["PYTHONPATH=\(peers)/shared", python, "\(peers)/\(name.rawValue)/driver.py"]
        return try await TimeLimit.within { try await system.stack.output(of: command + arguments) }
    }
}
