import ArgumentParser
import Core
import NIOPosix

/// `in-flight`: an engine's memory while it has thousands of calls open at once.
struct InFlightCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "in-flight", abstract: "The memory of an engine whose calls are not answered.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var participant: ParticipantOptions
    @Option(help: "NAME=PID of the engine.")
    var engine: MeasuredProcess
    @Option(help: "Runs to start.")
    var runs = 5000

    func run() async throws {
        let database = try await BenchDatabase(self.database)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let control = try await ParticipantControl(participant, on: loop)
        let before = try engine.memory()
        try await control.reset()
        let held = try await HeldRuns.start(runs, at: target, control, on: loop) {
            (try await control.counts().inFlight, "calls are open at the participant")
        }
        // Long enough for leases to be renewed and for what is told every second.
        try await Task.sleep(for: .seconds(5))
        let counts = try await control.counts()
        guard counts.inFlight == runs else {
            throw BenchError.invalid("only \(counts.inFlight) calls stayed open at the participant")
        }
        let during = try engine.memory()
        try await control.setMode("")
        try await control.release()
        try await database.waitUntilIdle(since: held.since)
        try await database.requireEnded(runs, as: .completed, since: held.since)
        let calls = try await control.counts().calls
        guard calls == 3 * runs else { throw BenchError.invalid("\(calls) calls for \(runs) runs of three steps") }
        let after = try engine.memory()
        print(
            JSONText.object([
                ("runs", "\(runs)"), ("calls_open", "\(counts.inFlight)"),
                ("connections_open", "\(counts.connections)"),
                ("before_bytes", "\(before.now)"), ("during_bytes", "\(during.now)"),
                ("during_peak_bytes", "\(during.peak)"), ("peak_bytes", "\(after.peak)"),
                ("after_bytes", "\(after.now)"),
            ]))
    }
}
