import Core
import NIOCore

/// An idle system gets a start now and then: how long until it is accepted, and until its run is terminal.
struct Latency: Codable, Sendable {
    let runs: Int
    let acceptMs: Percentiles
    let finishMs: Percentiles
}

extension Session {
    func latency() async throws -> Latency {
        try await mainSystem()
        return try await system.latency(seconds: sizes.latencySeconds)
    }
}

extension MeasuredSystem {
    /// Starts ten runs a second, after one second of the same that is not counted.
    ///
    /// Terminal is when others can see it: another database session asks every half millisecond until it reads COMPLETED.
    /// So the last commit with its fsync is part of the figure, and so is up to half a millisecond of asking.
    func latency(seconds: Int) async throws -> Latency {
        let rate = 10
        return try await TimeLimit.within {
            try await BenchDatabase.with(databaseURL) { database in
                let client = try await HTTPConnection(port: target.port, on: loop)
                var (accept, finish): ([Double], [Double]) = ([], [])
                let begin = ContinuousClock.now
                for number in 0..<(rate * (seconds + 1)) {
                    try await ContinuousClock().sleep(until: begin + .seconds(Double(number) / Double(rate)))
                    let (run, reply) = try await target.start(on: client)
                    let finishedAt = try await database.connection.watch(run, until: reply.sentAt + .seconds(10))
                    guard number >= rate else { continue }
                    accept.append((reply.receivedAt - reply.sentAt).milliseconds)
                    finish.append((finishedAt - reply.sentAt).milliseconds)
                }
                try await client.close()
                return Latency(runs: accept.count, acceptMs: Percentiles(accept), finishMs: Percentiles(finish))
            }
        }
    }
}
