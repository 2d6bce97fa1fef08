import ArgumentParser
import Core
import NIOPosix

/// `waiting`: what an engine keeps of a run that waits for its next attempt. It should be nothing: the database has it.
///
/// The first batches of runs that are told to come back later warm the engine up. Then come more of the same size: whatever
/// an engine kept of each run would have to lie beside what it needs to carry a batch, and show as growth.
struct WaitingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "waiting", abstract: "The memory of an engine whose runs all wait for their next attempt.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var participant: ParticipantOptions
    @Option(help: "NAME=PID of the engine.")
    var engine: MeasuredProcess
    @Option(help: "Runs in a batch.")
    var runs = 5000
    @Option(help: "Batches that are not counted.")
    var warmUps = 2
    @Option(help: "Batches after those.")
    var batches = 4
    @Option(help: "Seconds the participant asks to wait; all batches must be started within them.")
    var retryAfter = 60

    func run() async throws {
        guard warmUps > 0, batches > 0 else { throw BenchError.argument("there must be a batch of each kind") }
        let database = try await BenchDatabase(self.database)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let control = try await ParticipantControl(participant, on: loop)
        try await control.setMode("busy=\(retryAfter)")
        let idle = try engine.memory()
        var since: Int64?
        var sizes: [Int] = []
        let total = (warmUps + batches) * runs
        for waiting in stride(from: runs, through: total, by: runs) {
            let load = try await Load.start(runs, at: target, on: loop)
            since = since ?? load.firstSentAt
            try await waitUntilAllWait(waiting, database)
            sizes.append(try engine.memory().now)
        }
        guard let since else { throw BenchError.argument("there must be a batch") }
        guard try await database.waiting() == total else {
            throw BenchError.invalid("the first runs were due before the last waited; give --retry-after more seconds")
        }
        try await control.setMode("")
        try await database.waitUntilIdle(since: since)
        try await database.requireEnded(total, as: .completed, since: since)
        let growth = Double(sizes[sizes.count - 1] - sizes[warmUps - 1])
        print(
            JSONText.object([
                ("runs", "\(total)"), ("idle_bytes", "\(idle.now)"),
                ("bytes", "[" + sizes.map(String.init).joined(separator: ",") + "]"),
                ("bytes_per_run", JSONText.number(growth / Double(batches * runs))),
                ("after_bytes", "\(try engine.memory().now)"),
            ]))
    }

    private func waitUntilAllWait(_ count: Int, _ database: BenchDatabase) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(retryAfter)
        while try await database.waiting() < count {
            guard ContinuousClock.now < giveUpAt else {
                throw BenchError.invalid("not all of \(count) runs wait for their next attempt")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        // What the last commits needed is given back by then.
        try await Task.sleep(for: .milliseconds(500))
    }
}
