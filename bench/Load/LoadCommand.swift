import ArgumentParser
import Core

/// `load`: throughput. From the first start sent to the last run ended, and the CPU of everybody in between.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Starts runs as fast as they are taken, and waits for their end.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @Option(help: "Runs to start.")
    var runs = 60_000
    @Option(help: "Keep-alive connections, each with one start in flight.")
    var connections = 64
    @Option(help: "What every run must end as.")
    var end = RunStatus.completed.rawValue
    @Option(help: "NAME=PID of a process whose CPU is counted, children included.")
    var process: [MeasuredProcess] = []

    func run() async throws {
        guard let status = RunStatus(rawValue: end) else { throw BenchError.argument("--end is no status of a run") }
        let loop = try await ClosedLoop.measure(
            runs, endingAs: status, at: target, connections: connections, try await BenchDatabase(database), process)
        print(loop.json)
    }
}
