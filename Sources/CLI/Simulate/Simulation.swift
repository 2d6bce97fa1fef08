import Core
import Synchronization

/// Starts the orders from several clients at once, then asks for all of them by their common correlation id: one call
/// for five hundred runs, where a stream for each would be load of its own.
struct Simulation: Sendable {
    let client: APIClient
    let workflow: String
    let orders: Orders
    /// Between two starts of one client.
    let delay: Duration
    let concurrency: Int
    /// For the ends, after the last start.
    let timeout: Duration

    func run(_ progress: Progress) async throws -> SimulationReport {
        let correlationID = "simulate-" + RandomKey.make()
        let starts = StartLog()
        let begun = ContinuousClock.now
        let ends = try await withThrowingTaskGroup(of: Ends?.self) { group in
            for _ in 0..<concurrency {
                group.addTask {
                    try await startOrders(starts, correlationID)
                    return nil
                }
            }
            let watch = Watch(client: client, correlationID: correlationID, starts: starts, progress: progress)
            group.addTask { try await watch.untilAllEnded(within: timeout) }
            var ends: Ends?
            var working = concurrency
            while let result = try await group.next() {
                if let result {
                    ends = result
                } else {
                    working -= 1
                    if working == 0 { starts.finish() }
                }
            }
            return ends ?? Ends()
        }
        progress.finish()
        return SimulationReport(
            workflow: workflow, asked: orders.count, starts: starts.summary, ends: ends, begun: begun)
    }

    private func startOrders(_ starts: StartLog, _ correlationID: String) async throws {
        while let number = starts.take(orders.count) {
            let request = StartRequest(
                workflow: workflow, input: orders.input(number), correlationID: correlationID, key: RandomKey.make())
            let asked = ContinuousClock.now
            do {
                let answer = try await request.send(client)
                starts.acknowledge(answer.runID, in: .now - asked)
            } catch let error as CLIError {
                starts.refuse(error.description)
            }
            if delay > .zero { try await Task.sleep(for: delay) }
        }
    }
}

/// What the clients of a simulation have done so far.
final class StartLog: Sendable {
    /// All that is known of the starts.
    struct Summary: Sendable {
        fileprivate(set) var next = 0
        fileprivate(set) var acknowledged: Set<String> = []
        fileprivate(set) var answeredIn: [Duration] = []
        fileprivate(set) var refused = 0
        fileprivate(set) var refusal: String?
        /// When the last client was done; nil before.
        fileprivate(set) var finishedAt: ContinuousClock.Instant?
    }

    private let state = Mutex(Summary())

    var summary: Summary { state.withLock { $0 } }

    /// The number of the next order; nil when all are taken.
    func take(_ count: Int) -> Int? {
        state.withLock { state in
            guard state.next < count else { return nil }
            state.next += 1
            return state.next - 1
        }
    }

    func acknowledge(_ runID: String, in duration: Duration) {
        state.withLock {
            $0.acknowledged.insert(runID)
            $0.answeredIn.append(duration)
        }
    }

    func refuse(_ reason: String) {
        state.withLock {
            $0.refused += 1
            $0.refusal = $0.refusal ?? reason
        }
    }

    func finish() { state.withLock { $0.finishedAt = .now } }
}

/// Demo orders: what the demo workflows take as their input.
struct Orders: Sendable {
    let count: Int
    /// The share that is declined. Spread evenly, and exact.
    let failureShare: Double

    /// The input of one order, from 0.
    func input(_ number: Int) -> JSON {
        var order: JSONObject = [
            "orderId": "sim-\(number + 1)", "amount": JSON(10 + number * 7 % 480), "sku": "book-\(number % 50)",
            "quantity": JSON(1 + number % 3), "email": "customer-\(number + 1)@example.com",
        ]
        let declined = declined(before: number)
        if self.declined(before: number + 1) > declined {
            // The demo payments decline more than 500, the demo inventory never has this.
            if declined % 2 == 0 { order["amount"] = 600 } else { order["sku"] = "out-of-stock" }
        }
        return .object(order)
    }

    private func declined(before number: Int) -> Int { Int((Double(number) * failureShare + 1e-9).rounded(.down)) }
}
