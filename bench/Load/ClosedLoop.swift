import ArgumentParser
import Core
import NIOCore
import NIOPosix

/// A closed loop from the first start sent to the last run ended, and the CPU of everybody in between.
struct ClosedLoop: Sendable {
    let runs: Int
    let seconds: Double
    let startsPerSecond: Double
    let refusals: Int
    /// Microseconds a run, by process; the load generator is the last.
    let cpu: [(name: String, perRun: Double)]

    var perSecond: Double { Double(runs) / seconds }

    /// Starts `runs` runs as fast as they are taken and waits for their end.
    ///
    /// - Throws: `wrongEnd` when one of them does not end as `status`.
    static func measure(
        _ runs: Int, endingAs status: RunStatus = .completed, at target: APITarget, connections: Int = 64,
        _ database: BenchDatabase, _ processes: [MeasuredProcess]
    ) async throws -> ClosedLoop {
        let meter = try CPUMeter(processes)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let load = try await Load.start(runs, at: target, connections: connections, on: group.next())
        try await group.shutdownGracefully()
        try await database.waitUntilIdle(since: load.firstSentAt)
        let cpu = try meter.read().map { (name: $0.name, perRun: $0.microseconds / Double(runs)) }
        try await database.requireEnded(runs, as: status, since: load.firstSentAt)
        let end = try await database.lastEnd(since: load.firstSentAt)
        return ClosedLoop(
            runs: runs, seconds: Double(end - load.firstSentAt) / 1e6, startsPerSecond: Double(runs) / load.seconds,
            refusals: load.refusals, cpu: cpu)
    }

    var json: String {
        JSONText.object([
            ("runs", "\(runs)"), ("seconds", JSONText.number(seconds)),
            ("sagas_per_second", JSONText.number(perSecond)),
            ("starts_per_second", JSONText.number(startsPerSecond)), ("refusals", "\(refusals)"),
            ("cpu_us_per_saga", JSONText.object(cpu.map { ($0.name, JSONText.number($0.perRun)) })),
        ])
    }
}
