import ArgumentParser
import FoundationEssentials

/// `peers`: sagaflow beside others: the same workload, the same machine, the same participant, in rounds that alternate.
struct PeersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers", abstract: "Measures peers, too; scripts/bench-peers --help explains the options.")

    @Option(help: "Only this peer; may be given several times.")
    var only: [PeerName] = []
    @Option(help: "Rounds of each system; the medians count.")
    var rounds: Int?
    @Option(help: "Sagaflow's runs in a round.")
    var runs: Int?
    @Option(help: "A peer's workflows in a round.")
    var peerRuns: Int?
    @Option(help: "A peer's workflows for each setting that is tried.")
    var tuneRuns: Int?
    @Option(help: "Nothing is tried for this peer.")
    var peerSettings: [GivenSettings] = []
    @Flag(help: "Small, and nothing is tried.")
    var quick = false
    @Option(help: "Writes the figures there, too.")
    var json: String?

    /// Fills connections, plans and caches of the API and a new engine; not counted. Peers do as much by themselves.
    private static let warmUpRuns = 400

    /// How large everything is.
    struct Sizes: Equatable {
        var rounds = 3
        var runs = 20_000
        var peerRuns = 4000
        var tuneRuns = 1000
        var latencySeconds = 20

        static let quick = Sizes(rounds: 1, runs: 2000, peerRuns: 300, tuneRuns: 100, latencySeconds: 3)
    }

    var sizes: Sizes {
        var sizes = quick ? Sizes.quick : Sizes()
        if let rounds { sizes.rounds = rounds }
        if let runs { sizes.runs = runs }
        if let peerRuns { sizes.peerRuns = peerRuns }
        if let tuneRuns { sizes.tuneRuns = tuneRuns }
        return sizes
    }

    /// In their own order, each once.
    var names: [PeerName] { only.isEmpty ? PeerName.allCases : PeerName.allCases.filter(only.contains) }

    /// What a peer is run with; nil when that has to be found out.
    func settings(of peer: PeerName) -> String? {
        peerSettings.last { $0.peer == peer }?.settings ?? (quick ? peer.first : nil)
    }

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
        let versions = try await system.versions()
        Console.note(Figures.text(versions))

        var peers: [(peer: Peer, settings: String, measured: MeasuredPeer)] = []
        for name in names { peers.append(try await prepare(name, on: system)) }

        Console.heading("Latency: 10 runs a second for \(sizes.latencySeconds) seconds")
        try await system.startEngine()
        let latency = try await system.latency(seconds: sizes.latencySeconds)
        Console.note("sagaflow \(Figures.text(latency))")
        try await system.stopEngines()
        for index in peers.indices {
            let (peer, settings) = (peers[index].peer, peers[index].settings)
            for words in peer.name.latencies {
                let latency = try await peer.latency(
                    "\(settings),processes=1,\(words)", seconds: sizes.latencySeconds)
                peers[index].measured.latency.append(latency)
                Console.note("\(peer.name.title) \(Figures.text(latency))")
            }
        }

        var loops: [ClosedLoop] = []
        for round in 1...sizes.rounds {
            Console.heading("Round \(round) of \(sizes.rounds)")
            loops.append(try await closedLoop(on: system))
            Console.note("sagaflow \(Figures.text(loops.last))")
            try await system.settle("sagaflow")
            for index in peers.indices {
                let (peer, settings) = (peers[index].peer, peers[index].settings)
                let load = try await peer.load(peer.rounds, runs: sizes.peerRuns, settings: settings)
                peers[index].measured.loads.append(load)
                Console.note("\(peer.name.title) \(Figures.text(load))")
                try await system.settle(peer.rounds)
            }
        }
        try report(
            PeerResults(machine: system.machine, versions: versions, loops, [latency], peers.map(\.measured)))
    }

    /// Installs a peer and finds out how it is run best.
    private func prepare(
        _ name: PeerName, on system: MeasuredSystem
    ) async throws -> (peer: Peer, settings: String, measured: MeasuredPeer) {
        Console.heading("Installing \(name.title)")
        let peer = try await Peer(name, on: system)
        var measured = MeasuredPeer(name: name, versions: try await peer.versions())
        Console.note(Figures.text(measured.versions))
        if let settings = settings(of: name) { return (peer, settings, measured) }
        Console.heading("\(name.title): which settings are best, by \(sizes.tuneRuns) workflows each")
        let best: String
        (best, measured.tried) = try await peer.tune(runs: sizes.tuneRuns)
        return (peer, best, measured)
    }

    private func report(_ results: PeerResults) throws {
        Console.heading("sagaflow and \(names.map(\.title).joined(separator: ", ")) on \(results.machine)")
        if quick {
            Console.say("A quick run: these figures only show that the machinery works. They compare with nothing.")
        }
        for line in results.lines { Console.say(line) }
        guard let json else { return }
        try Figures.file(results).write(to: URL(filePath: json))
        Console.note("written to \(json)")
    }

    /// With an engine that ends afterwards, so that it costs the peers nothing.
    private func closedLoop(on system: MeasuredSystem) async throws -> ClosedLoop {
        try await system.startEngine()
        try await system.warmUp(Self.warmUpRuns)
        let loop = try await system.closedLoop(sizes.runs)
        try await system.stopEngines()
        return loop
    }
}

extension MeasuredSystem {
    /// Of sagaflow and of what all share.
    fileprivate func versions() async throws -> [String: String] {
        let postgres = try await query("SHOW server_version").first?.first.flatMap { $0 } ?? ""
        return [
            "sagaflow": try await stack.output(of: [stack.programs + "/saga", "--version"]),
            "Postgres": String(postgres.prefix { $0 != " " }),
        ]
    }

    /// What a round left to do in the background is done now, and not at another system's expense.
    fileprivate func settle(_ database: String) async throws {
        try await query("VACUUM (ANALYZE)", in: database)
        try await query("CHECKPOINT")
    }
}
