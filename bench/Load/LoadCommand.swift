import ArgumentParser
import NIOPosix

/// `load`: throughput. From the first start sent to the last run terminal, and the CPU of everybody in between.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Starts runs as fast as they are taken, and waits for their end.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @Option(help: "Runs to start.")
    var runs = 30_000
    @Option(help: "Keep-alive connections, each with one start in flight.")
    var connections = 64
    @Option(help: "NAME=PID of a process whose CPU is counted, children included.")
    var process: [MeasuredProcess] = []

    func run() async throws {
        let database = try await BenchDatabase(self.database)
        let before = try process.map { try $0.cpuMicroseconds() }
        let own = try MeasuredProcess.own.cpuMicroseconds()
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let load = try await Load.start(runs, at: target, connections: connections, rate: nil, on: loop)
        try await database.waitUntilIdle()
        var cpu = try zip(process, before).map { process, before in
            (process.name, try process.cpuMicroseconds() - before)
        }
        cpu.append(("load", try MeasuredProcess.own.cpuMicroseconds() - own))
        try await database.requireCompleted(runs, since: load.firstSentAt)
        let end = try await database.lastCompletion(since: load.firstSentAt)
        let seconds = Double(end - load.firstSentAt) / 1e6
        let perSaga = cpu.map { ($0.0, JSONText.number($0.1 / Double(runs))) }
        print(
            JSONText.object([
                ("runs", "\(runs)"), ("seconds", JSONText.number(seconds)),
                ("sagas_per_second", JSONText.number(Double(runs) / seconds)),
                ("starts_per_second", JSONText.number(Double(runs) / load.seconds)),
                ("refusals", "\(load.refusals)"), ("cpu_us_per_saga", JSONText.object(perSaga)),
            ]))
    }
}
