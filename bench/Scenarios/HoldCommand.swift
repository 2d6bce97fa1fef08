import ArgumentParser
import Core
import NIOPosix

/// `hold`: gives an engine so many runs that it keeps, because the participant does not answer.
///
/// The next engine is started afterwards, `takeover` kills this one.
struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Starts runs and returns when one engine holds them all.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var participant: ParticipantOptions
    @Option(help: "ID=PID of the engine, the only one there is.")
    var engine: EngineProcess
    @Option(help: "Runs to start.")
    var runs = 5000

    func run() async throws {
        let database = try await BenchDatabase(self.database)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let control = try await ParticipantControl(participant, on: loop)
        let held = try await HeldRuns.start(runs, at: target, control, on: loop) {
            (try await database.leases(of: engine.id), "runs are held by the engine")
        }
        print(JSONText.object([("since", "\(held.since)"), ("runs", "\(runs)")]))
    }
}
