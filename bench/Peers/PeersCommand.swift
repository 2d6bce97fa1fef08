import ArgumentParser
import FoundationEssentials

/// `peers`: sagaflow beside DBOS Transact: the same workload, the same Postgres, the same participant, in rounds that
/// alternate.
struct PeersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers", abstract: "Measures a peer, too; scripts/bench-peers --help explains the options.")

    @Option(help: "A Python that has the peer.")
    var python: String
    @Option(help: "Rounds of each system; the medians count.")
    var rounds = 3
    @Option(help: "Sagaflow's runs in a round.")
    var runs = 20_000
    @Option(help: "The peer's workflows in a round.")
    var peerRuns = 4000
    @Option(help: "The peer's workflows for each setting that is tried.")
    var tuneRuns = 1000
    @Option(help: "Nothing is tried.")
    var peerSettings: String?
    @Option(help: "Writes the figures there, too.")
    var json: String?

    /// Fills connections, plans and caches of the API and a new engine; not counted. The peer does as much by itself.
    private static let warmUpRuns = 400

    func validate() throws {
        for (name, value) in [
            ("--rounds", rounds), ("--runs", runs), ("--peer-runs", peerRuns), ("--tune-runs", tuneRuns),
        ] {
            try RunCommand.requireCount(name, value)
        }
    }

    func run() async throws {
        Console.heading("Starting Postgres, API and participant")
        let system = try await MeasuredSystem()
        Console.say(system.machine)
        try await system.up("sagaflow")
        let peer = Peer(python: python, system: system)
        let versions = try await peer.versions()
        Console.note(Figures.text(versions))

        var tried: [Peer.Load] = []
        var best = peerSettings ?? ""
        if peerSettings == nil {
            Console.heading("DBOS: which settings are best, by \(tuneRuns) workflows each")
            (best, tried) = try await peer.tune(runs: tuneRuns)
        }

        Console.heading("Latency: 10 runs a second for 20 seconds")
        try await system.startEngine()
        let latency = try await system.latency(seconds: 20)
        Console.note("sagaflow \(Figures.text(latency))")
        try await system.stopEngines()
        var peerLatencies: [Peer.Latency] = []
        for words in ["shape=start", "shape=threads", "shape=queue,polling=0.01"] {
            peerLatencies.append(try await peer.latency("\(best),processes=1,\(words)"))
            Console.note("DBOS \(Figures.text(peerLatencies.last))")
        }

        var (loops, loads): ([ClosedLoop], [Peer.Load]) = ([], [])
        for round in 1...rounds {
            Console.heading("Round \(round) of \(rounds)")
            loops.append(try await closedLoop(on: system))
            Console.note("sagaflow \(Figures.text(loops.last))")
            try await system.settle("sagaflow")
            loads.append(try await peer.load("peer", runs: peerRuns, settings: best))
            Console.note("DBOS \(Figures.text(loads.last))")
            try await system.settle("peer")
        }
        try report(
            PeerResults(
                machine: system.machine, versions: versions, loops, [latency], loads, peerLatencies, tried: tried))
    }

    private func report(_ results: PeerResults) throws {
        Console.heading("sagaflow and DBOS Transact on \(results.machine)")
        for line in results.lines { Console.say(line) }
        guard let json else { return }
        try Figures.file(results).write(to: URL(filePath: json))
        Console.note("written to \(json)")
    }

    /// With an engine that ends afterwards, so that it costs the peer nothing.
    private func closedLoop(on system: MeasuredSystem) async throws -> ClosedLoop {
        try await system.startEngine()
        try await system.warmUp(Self.warmUpRuns)
        let loop = try await system.closedLoop(runs)
        try await system.stopEngines()
        return loop
    }
}

extension MeasuredSystem {
    /// What a round left to do in the background is done now, and not at the other system's expense.
    func settle(_ database: String) async throws {
        try await query("VACUUM (ANALYZE)", in: database)
        try await query("CHECKPOINT")
    }
}
