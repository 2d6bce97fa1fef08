import ArgumentParser
import Core
import NIOPosix

/// `offer`: an open loop. What is completed while so much is offered, and what a step costs beyond its call.
struct OfferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "offer", abstract: "Starts runs at a given rate, whatever becomes of them.")

    @OptionGroup var target: APITarget
    @OptionGroup var database: DatabaseOptions
    @Option(help: "Starts a second.")
    var rate: Double
    @Option(help: "Seconds to go on for.")
    var seconds = 10.0
    @Option(help: "Keep-alive connections: starts that may be unanswered at once.")
    var connections = 1000

    func run() async throws {
        guard rate > 0, seconds > 0 else { throw BenchError.argument("--rate and --seconds must be more than 0") }
        let database = try await BenchDatabase(self.database)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let load = try await OpenLoad.start(
            rate: rate, seconds: seconds, at: target, connections: connections, on: loop)
        guard load.accepted > 0 else { throw BenchError.invalid("no start was accepted") }
        try await database.waitUntilIdle(since: load.begunAt)
        try await database.requireEnded(load.accepted, as: .completed, since: load.begunAt)
        let inTime = try await database.ended(since: load.begunAt, before: load.begunAt + Int64(seconds * 1e6))
        let end = try await database.lastEnd(since: load.begunAt)
        let overhead = try await database.overheadPerStep(since: load.begunAt)
        let whole = Double(end - load.begunAt) / 1e6
        print(
            JSONText.object([
                ("offered_per_second", JSONText.number(rate)), ("seconds", JSONText.number(seconds)),
                ("sent", "\(load.sent)"), ("accepted", "\(load.accepted)"), ("refused", "\(load.refused)"),
                ("unsent", "\(load.unsent)"),
                ("completed_per_second", JSONText.number(Double(inTime) / seconds)),
                ("completed_per_second_to_the_end", JSONText.number(Double(load.accepted) / max(whole, seconds))),
                ("drain_seconds", JSONText.number(max(whole - seconds, 0))),
                ("accept_ms", Percentiles(load.latencies).json),
                ("overhead_ms_per_step", JSONText.number(overhead)),
            ]))
    }
}

extension BenchDatabase {
    /// Milliseconds a step takes beyond its calls, averaged over the completed runs started since then.
    ///
    /// From the first attempt's begin to the run's end, less what the participant took, over the number of steps.
    func overheadPerStep(since start: Int64) async throws -> Double {
        let microseconds = try await number(
            """
            SELECT coalesce(1000 * avg(own / steps), -1)::int8 FROM (
                SELECT extract(epoch FROM max(at) FILTER (WHERE kind = 'run_completed')
                        - min(at) FILTER (WHERE kind = 'attempt_started')) * 1000000
                    - coalesce(sum(duration_us), 0) AS own,
                    count(DISTINCT step_index) FILTER (WHERE kind = 'attempt_started') AS steps
                FROM run_events WHERE \(Self.runs(start)) GROUP BY run_id) runs
            """)
        guard microseconds >= 0 else { throw BenchError.invalid("no run tells its times") }
        return Double(microseconds) / 1e6
    }
}
