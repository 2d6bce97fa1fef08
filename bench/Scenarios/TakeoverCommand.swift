import ArgumentParser
import Core
import NIOCore
import NIOPosix
import Postgres

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `takeover`: kills an engine that holds thousands of runs; how long until none of them is its own any more.
///
/// The participant's calls and connections are counted from the kill on, and other clients of the API go on meanwhile: a
/// takeover must not be a stampede.
struct TakeoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "takeover", abstract: "Kills an engine that holds runs and watches its leases.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var participant: ParticipantOptions
    @Option(help: "ID=PID of the engine that is killed.")
    var engine: EngineProcess
    @Option(help: "The lease's length in seconds.")
    var lease = 5.0
    @Option(help: "Runs it holds, as `hold` started them.")
    var runs: Int
    @Option(help: "When `hold` began, microseconds since 1970.")
    var since: Int64
    @Option(help: "Milliseconds the participant holds each call of the survivor.")
    var latency = 50

    private struct Figures: Sendable {
        let first: Double
        let all: Double
        let idle: Double
    }

    func run() async throws {
        let database = try await BenchDatabase(self.database)
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let control = try await ParticipantControl(participant, on: loops.next())
        let first = try await database.anyRun(since: since)
        let prober = try await Prober(port: target.port, run: first, on: loops.next())
        // What is held already stays held, and ends with the engine that waits for it.
        try await control.setMode("hold=\(latency)")
        let (figures, probes) = try await prober.probe { try await killAndWatch(database, control) }
        let counts = try await control.counts()
        try await database.requireEnded(runs, as: .completed, since: since)
        print(
            JSONText.object([
                ("leases_held", "\(runs)"), ("first_seconds", JSONText.number(figures.first)),
                ("takeover_seconds", JSONText.number(figures.all)),
                ("completed_seconds", JSONText.number(figures.idle)),
                ("participant", counts.json), ("other_calls", probes.json),
            ]))
    }

    private func killAndWatch(_ database: BenchDatabase, _ control: ParticipantControl) async throws -> Figures {
        let killedAt = NIODeadline.now()
        guard kill(engine.pid, SIGKILL) == 0 else { throw BenchError.noProcess(engine.pid) }
        // What its sessions had sent is still carried out, and its connections end; no lease is over as soon as this.
        try await Task.sleep(for: .milliseconds(300))
        try await control.reset()
        let held = try await database.leases(of: engine.id)
        guard held == runs else { throw BenchError.invalid("the killed engine held \(held) runs, not \(runs)") }
        var first: Double?
        while true {
            let left = try await database.leases(of: engine.id)
            let seconds = (NIODeadline.now() - killedAt).seconds
            if left < held, first == nil { first = seconds }
            if left == 0 {
                try await database.waitUntilIdle(since: since)
                return Figures(
                    first: first ?? seconds, all: seconds, idle: (NIODeadline.now() - killedAt).seconds)
            }
            guard seconds < lease + 60 else { throw BenchError.stalled("\(left) runs were never taken over") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

extension BenchDatabase {
    /// The id of the first of the runs started since then.
    func anyRun(since start: Int64) async throws -> String {
        let rows = try await connection.simpleQuery(
            "SELECT run_id FROM workflow_runs WHERE \(Self.runs(start)) ORDER BY run_id LIMIT 1")
        guard let id = rows.first?.first ?? nil else { throw BenchError.invalid("there is no run") }
        return id
    }
}
