import Checker
import Core
import Synchronization
import TestSupport
import Testing

/// Starts orders at a fixed rate, each by a client that repeats its request under its key until it is accepted, as long
/// as it is told.
final class SteadyLoad: Sendable {
    /// What clients saw.
    struct Record: Sendable {
        var acknowledged: [Acknowledgement] = []
        /// When each start was acknowledged, ascending.
        var times: [ContinuousClock.Instant] = []
        var unavailable = 0
        /// A 503 whose `Retry-After` was missing, or any status that is neither.
        var unexpected: [String] = []
        /// Requests that got no answer in time.
        var unanswered = 0
        /// The longest a request waited for its answer, whatever it was.
        var slowest = Duration.zero
    }

    private let record = Mutex(Record())
    private let isOver = Gate()

    /// Ends `run`, once what has begun is through.
    func stop() { isOver.open() }

    var acknowledgedCount: Int { record.withLock { $0.acknowledged.count } }

    /// The longest time in which no start was accepted.
    var longestGap: Duration {
        record.withLock { record in
            zip(record.times, record.times.dropFirst()).map { $0.duration(to: $1) }.max() ?? .zero
        }
    }

    /// Starts `rate` orders a second until `stop`.
    func run(_ system: Deployment, port: Int, rate: Int, seed: UInt64) async throws -> Record {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var random = Dice(seed: seed)
            var next = ContinuousClock.now
            var number = 0
            while !isOver.isOpen {
                let order = Order(number, using: &random)
                group.addTask { try await self.start(order, system, port: port) }
                number += 1
                next += .seconds(1) / rate
                try await Task.sleep(until: next, clock: .continuous)
            }
            try await group.waitForAll()
        }
        return record.withLock { $0 }
    }

    private func start(_ order: Order, _ system: Deployment, port: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(90)
        while ContinuousClock.now < deadline {
            let sentAt = ContinuousClock.now
            let answer = try await order.send(system, port: port, timeout: .seconds(30))
            let waited = ContinuousClock.now - sentAt
            let runID = answer.json["runId"]?.string.flatMap { RunID($0) }
            let pause = record.withLock { record -> Duration? in
                record.slowest = max(record.slowest, waited)
                switch (answer.status, runID, answer.retryAfter) {
                case (202, let runID?, _):
                    record.acknowledged.append(Acknowledgement(runID, idempotencyKey: order.key))
                    record.times.append(.now)
                    return nil
                case (503, _, let retryAfter?):
                    record.unavailable += 1
                    return min(retryAfter, .milliseconds(500))
                case (nil, _, _):
                    record.unanswered += 1
                    return .milliseconds(500)
                default:
                    record.unexpected.append("\(answer)")
                    return .milliseconds(500)
                }
            }
            guard let pause else { return }
            try await Task.sleep(for: pause)
        }
        throw Order.NeverStarted(order: order.key)
    }
}
