import Core

/// An open loop: what is completed while so much is offered, and what a step costs beyond its call.
struct Offer: Encodable, Sendable {
    /// Of the throughput.
    let share: Double
    let offeredPerSecond: Double
    let seconds: Double
    let sent: Int
    let accepted: Int
    let refused: Int
    let unsent: Int
    /// Within the time of the load: what is worked off afterwards does not count.
    let completedPerSecond: Double
    let completedPerSecondToTheEnd: Double
    let drainSeconds: Double
    let acceptMs: Percentiles
    let overheadMsPerStep: Double
}

extension MeasuredSystem {
    func offer(_ arrival: Arrival, rate: Double, seconds: Double, share: Double) async throws -> Offer {
        try await TimeLimit.within {
            try await BenchDatabase.with(databaseURL) { database in
                let load = try await Driver.run(arrival, at: target)
                guard load.accepted > 0 else { throw BenchError.invalid("no start was accepted") }
                try await database.waitUntilIdle(since: load.begunAt)
                try await database.requireEnded(load.accepted, as: .completed, since: load.begunAt)
                let inTime = try await database.ended(
                    since: load.begunAt, before: load.begunAt + Int64(seconds * 1e6))
                let whole = Double(try await database.lastEnd(since: load.begunAt) - load.begunAt) / 1e6
                return Offer(
                    share: share, offeredPerSecond: rate.figure, seconds: seconds, sent: load.sent,
                    accepted: load.accepted, refused: load.refused, unsent: load.unsent,
                    completedPerSecond: (Double(inTime) / seconds).figure,
                    completedPerSecondToTheEnd: (Double(load.accepted) / max(whole, seconds)).figure,
                    drainSeconds: max(whole - seconds, 0).figure, acceptMs: Percentiles(load.latencies),
                    overheadMsPerStep: try await database.overheadPerStep(since: load.begunAt).figure)
            }
        }
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
