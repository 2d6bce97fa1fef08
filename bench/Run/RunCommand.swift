import ArgumentParser
import FoundationEssentials

/// `run`: measures phase after phase and prints one table of figures, each beside its goal.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Measures sagaflow; scripts/bench --help explains the options.")

    @Option(help: "Only this phase; may be given several times.")
    var only: [Phase] = []
    @Option(help: "Runs of a throughput measurement.")
    var runs: Int?
    @Option(name: .customLong("repeat"), help: "Measurements of which the median counts.")
    var repeats: Int?
    @Option(help: "Finished runs in the tables of the history phase.")
    var history: Int?
    @Option(help: "Runs that wait in the sleeping phase.")
    var sleeping: Int?
    @Option(help: "How long the snapshot phase holds its snapshot under load.")
    var snapshotSeconds: Int?
    @Option(help: "Writes the figures there, too.")
    var json: String?
    @Option(help: "How many milliseconds the participant holds every call of the throughput phases.")
    var participantLatency = 0
    @Flag(
        help: "The API asks for keys (AUTH=required), and starts are sent with one; for throughput and latency alone.")
    var withKey = false
    @Flag(help: "The same with a token (JWT, ES256) of an issuer.")
    var withToken = false
    @Flag(help: "All phases, but small.")
    var quick = false

    var phases: [Phase] { only.isEmpty ? Phase.allCases : Phase.allCases.filter(only.contains) }

    var sizes: Sizes {
        var sizes = quick ? Sizes.quick : .full
        if let runs { sizes.runs = runs }
        if let repeats { sizes.repeats = repeats }
        if let history { sizes.history = history }
        if let sleeping { sizes.sleeping = sleeping }
        if let snapshotSeconds { sizes.snapshotSeconds = snapshotSeconds }
        return sizes
    }

    func validate() throws {
        for (name, value) in [
            ("--runs", runs), ("--repeat", repeats), ("--history", history), ("--sleeping", sleeping),
            ("--snapshot-seconds", snapshotSeconds),
        ] {
            try Self.requireCount(name, value)
        }
        guard !withKey || !withToken else { throw ValidationError("--with-key and --with-token exclude each other") }
        guard credential == nil || phases.allSatisfy({ $0 == .throughput || $0 == .latency }) else {
            throw ValidationError("--with-key and --with-token are for --only throughput and --only latency")
        }
        guard 0..<10_000 ~= participantLatency else {
            throw ValidationError("--participant-latency must be a number of milliseconds below 10000")
        }
    }

    private var credential: MeasuredSystem.Credential? { withKey ? .key : withToken ? .token : nil }

    /// As many as options may ask for.
    static func requireCount(_ name: String, _ value: Int?) throws {
        guard let value, !(1...99_999_999).contains(value) else { return }
        throw ValidationError("\(name) must be a number from 1 to 99999999")
    }

    func run() async throws {
        Console.heading("Starting Postgres, Redis and the participant")
        let system = try await MeasuredSystem(participantLatency: participantLatency, credential: credential)
        Console.say(system.machine)
        let session = Session(system, sizes, isQuick: quick)
        for phase in phases { try await session.measure(phase) }

        let results = session.results
        Console.heading("sagaflow on \(system.machine)")
        if quick {
            Console.say("A quick run: these figures only show that the machinery works. They compare with nothing.")
        }
        Console.say(Table(results.rows).text)
        if let json {
            try Figures.file(results.file).write(to: URL(filePath: json))
            Console.note("written to \(json)")
        }
    }
}
