import ArgumentParser
import Core
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An engine that may be killed, as `ID=PID`: its id in the table `engines`, and its process.
struct EngineProcess: ExpressibleByArgument, Sendable {
    let id: RunID
    let pid: Int32

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let id = RunID(parts[0]), let pid = Int32(parts[1]), pid > 1 else { return nil }
        self.id = id
        self.pid = pid
    }
}

/// `takeover`: kills the busiest engine under load; how long until none of its runs is its own any more.
struct TakeoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "takeover", abstract: "Kills one of several engines under load and watches its leases.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @Option(help: "ID=PID of an engine; given for each. The one that holds most runs is killed.")
    var engine: [EngineProcess]
    @Option(help: "The lease's length in seconds.")
    var lease = 5.0
    @Option(help: "Starts a second. Well below what one engine can do, or it is the backlog that is measured.")
    var rate = 400.0

    private struct Figures: Sendable {
        let held: Int
        let first: Double
        let all: Double
    }

    func run() async throws {
        let database = try await BenchDatabase(self.database)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let runs = Int(rate * (warmUp + lease + 4))
        async let load = Load.start(runs, at: target, connections: 64, rate: rate, on: loop)
        let figures = try await killAndWatch(database)
        let result = try await load
        try await database.waitUntilIdle()
        try await database.requireCompleted(runs, since: result.firstSentAt)
        print(
            JSONText.object([
                ("runs", "\(runs)"), ("leases_held", "\(figures.held)"),
                ("first_seconds", JSONText.number(figures.first)),
                ("takeover_seconds", JSONText.number(figures.all)),
            ]))
    }

    /// Seconds of load before the kill, so that leases have all ages.
    private var warmUp: Double { 4 }

    private func killAndWatch(_ database: BenchDatabase) async throws -> Figures {
        try await Task.sleep(for: .seconds(warmUp))
        let victim = try await busiest(database)
        let killedAt = NIODeadline.now()
        guard kill(victim.pid, SIGKILL) == 0 else { throw BenchError.noProcess(victim.pid) }
        // What its sessions had sent is still carried out; its oldest leases have more than this left.
        try await Task.sleep(for: .milliseconds(300))
        let held = try await database.leases(of: victim.id)
        guard held > 0 else { throw BenchError.stalled("the killed engine held no runs: nothing is to be taken over") }
        var first: Double?
        while true {
            let left = try await database.leases(of: victim.id)
            let seconds = (NIODeadline.now() - killedAt).seconds
            if left < held, first == nil { first = seconds }
            if left == 0 { return Figures(held: held, first: first ?? seconds, all: seconds) }
            guard seconds < lease + 60 else { throw BenchError.stalled("\(left) runs were never taken over") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func busiest(_ database: BenchDatabase) async throws -> EngineProcess {
        var best: (engine: EngineProcess, held: Int)?
        for candidate in engine {
            let held = try await database.leases(of: candidate.id)
            if held > best?.held ?? -1 { best = (candidate, held) }
        }
        guard let best else { throw BenchError.argument("--engine is missing") }
        return best.engine
    }
}
