import ArgumentParser
import Core
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `takeover`: kills an engine under load; how long until none of its runs is its own any more.
struct TakeoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "takeover", abstract: "Kills one of several engines under load and watches its leases.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @Option(help: "The process to kill.")
    var pid: Int32
    @Option(help: "Its id in the table engines.")
    var engine: String
    @Option(help: "The lease's length in seconds.")
    var lease = 5.0
    @Option(help: "Starts a second. Well below what one engine can do, or it is the backlog that is measured.")
    var rate = 300.0

    private struct Figures: Sendable {
        let held: Int
        let first: Double
        let all: Double
    }

    func run() async throws {
        guard let victim = RunID(engine) else { throw BenchError.argument("--engine is no id: \(engine)") }
        let watching = try await BenchDatabase(self.database)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let runs = Int(rate * (warmUp + lease + 4))
        async let load = Load.start(runs, at: target, connections: 64, rate: rate, on: loop)
        let figures = try await killAndWatch(victim, watching)
        let result = try await load
        try await watching.waitUntilIdle()
        try await watching.requireCompleted(runs, since: result.firstSentAt)
        print(
            JSONText.object([
                ("runs", "\(runs)"), ("leases_held", "\(figures.held)"),
                ("first_seconds", JSONText.number(figures.first)),
                ("takeover_seconds", JSONText.number(figures.all)),
            ]))
    }

    /// Seconds of load before the kill, so that the victim's leases have all ages.
    private var warmUp: Double { 4 }

    private func killAndWatch(_ victim: RunID, _ database: BenchDatabase) async throws -> Figures {
        try await Task.sleep(for: .seconds(warmUp))
        let killedAt = NIODeadline.now()
        guard kill(pid, SIGKILL) == 0 else { throw BenchError.noProcess(pid) }
        // What its sessions had sent is still carried out; its youngest leases have more than this left.
        try await Task.sleep(for: .milliseconds(300))
        let held = try await database.leases(of: victim)
        guard held > 0 else {
            throw BenchError.stalled("the killed engine held no leases: there is nothing to take over")
        }
        var first: Double?
        while true {
            let left = try await database.leases(of: victim)
            let seconds = (NIODeadline.now() - killedAt).seconds
            if left < held, first == nil { first = seconds }
            if left == 0 { return Figures(held: held, first: first ?? seconds, all: seconds) }
            guard seconds < lease + 60 else { throw BenchError.stalled("\(left) leases were never taken over") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
