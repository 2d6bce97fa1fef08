import Core
import NIOCore

/// Thousands of starts in one go, several times: how they are answered, what that does to the API's memory, and to its
/// other clients.
struct Burst: Encodable, Sendable {
    let starts: Int
    let connections: Int
    let rounds: [Round]

    struct Round: Encodable, Sendable {
        let seconds: Double
        let accepted: Int
        let refused: Int
        let others: [String: Int]
        /// Of the API.
        let beforeBytes: Int
        let peakBytes: Int
        let afterBytes: Int
        let otherCalls: OtherCalls
    }
}

extension Session {
    func burst() async throws -> Burst {
        try await mainSystemGone()
        try requireFiles(sizes.burstConnections)
        try await system.up("burst")
        try await system.startEngine()
        try await system.warmUp()
        let rounds = try await measuring { database in
            let client = try await HTTPConnection(port: system.target.port, on: system.loop)
            let since = WallClock.microseconds
            let run = try await system.target.start(on: client).id
            try await client.close()
            try await database.waitUntilIdle(since: since)
            var rounds: [Burst.Round] = []
            // Each when the runs of the one before have ended.
            for _ in 0..<sizes.burstRounds { rounds.append(try await burst(reading: run, database)) }
            return rounds
        }
        try await system.gone("burst")
        return Burst(starts: sizes.burstStarts, connections: sizes.burstConnections, rounds: rounds)
    }

    private func burst(reading run: RunID, _ database: BenchDatabase) async throws -> Burst.Round {
        let api = try system.process(.api)
        let prober = try await Prober(port: system.target.port, run: run.description, on: system.loop)
        let before = try api.memory().now
        let arrival = Arrival.burst(starts: sizes.burstStarts, connections: sizes.burstConnections)
        let driver = try await Driver.ready(arrival, at: system.target)
        try api.forgetPeak()
        let (load, others) = try await prober.probe { try await driver.send() }
        let peak = try api.memory().peak
        try await driver.close()
        guard load.accepted > 0 else { throw BenchError.invalid("no start of the burst was accepted") }
        try await database.waitUntilIdle(since: load.begunAt)
        // Starts that got no answer may have been written all the same.
        if load.others.isEmpty {
            try await database.requireEnded(load.accepted, as: .completed, since: load.begunAt)
        }
        try await Task.sleep(for: .seconds(3))
        return Burst.Round(
            seconds: load.seconds.figure, accepted: load.accepted, refused: load.refused, others: load.others,
            beforeBytes: before, peakBytes: peak, afterBytes: try api.memory().now, otherCalls: others)
    }
}
