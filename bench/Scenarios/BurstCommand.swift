import ArgumentParser
import Core
import NIOPosix

/// `burst`: thousands of starts in one go, several times. How they are answered, what that does to the API's memory, and
/// to its other clients.
struct BurstCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "burst", abstract: "Sends thousands of starts at once.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @Option(help: "NAME=PID of the API.")
    var api: MeasuredProcess
    @Option(help: "Starts in a burst.")
    var starts = 20_000
    @Option(help: "Connections they are sent on, each its share at once.")
    var connections = 5000
    @Option(help: "Bursts, one after the other, each when the runs of the one before have ended.")
    var rounds = 3

    private struct Round {
        let burst: Burst.Result
        let memory: (before: Int, peak: Int, after: Int)
        let probes: Prober.Result

        var json: String {
            let others = burst.others.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
            return JSONText.object([
                ("seconds", JSONText.number(burst.seconds)), ("accepted", "\(burst.accepted)"),
                ("refused", "\(burst.refused)"), ("others", JSONText.object(others)),
                ("before_bytes", "\(memory.before)"), ("peak_bytes", "\(memory.peak)"),
                ("after_bytes", "\(memory.after)"), ("other_calls", probes.json),
            ])
        }
    }

    func run() async throws {
        guard connections > 0, starts.isMultiple(of: connections) else {
            throw BenchError.argument("--starts must be a multiple of --connections")
        }
        let database = try await BenchDatabase(self.database)
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let since = WallClock.microseconds
        let run = try await target.startOne(on: loops.next())
        try await database.waitUntilIdle(since: since)
        var rounds: [Round] = []
        for _ in 0..<self.rounds { rounds.append(try await round(reading: run, database, loops)) }
        print(
            JSONText.object([
                ("starts", "\(starts)"), ("connections", "\(connections)"),
                ("rounds", "[" + rounds.map(\.json).joined(separator: ",") + "]"),
            ]))
    }

    private func round(
        reading run: RunID, _ database: BenchDatabase, _ loops: MultiThreadedEventLoopGroup
    ) async throws -> Round {
        let (bursting, probing) = (loops.next(), loops.next())
        let prober = try await Prober(port: target.port, run: run.description, on: probing)
        let before = try api.memory().now
        let open = try await Burst.open(
            connections: connections, perConnection: starts / connections, at: target, on: bursting)
        try api.forgetPeak()
        let (burst, probes) = try await prober.probe { try await open.send() }
        let peak = try api.memory().peak
        await open.close()
        guard burst.accepted > 0 else { throw BenchError.invalid("no start of the burst was accepted") }
        try await database.waitUntilIdle(since: burst.begunAt)
        // Starts that got no answer may have been written all the same.
        if burst.others.isEmpty {
            try await database.requireEnded(burst.accepted, as: .completed, since: burst.begunAt)
        }
        try await Task.sleep(for: .seconds(3))
        return Round(burst: burst, memory: (before, peak, try api.memory().now), probes: probes)
    }
}
