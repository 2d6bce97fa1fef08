import Checker
import Core
import Foundation
import TestSupport
import Testing

@Suite("The whole system", .serialized)
struct NemesisTests {
    private static let runs = 500

    @Test(
        """
        two engines, 500 runs with 30 % failures, one engine SIGKILLed every 2 s and restarted: \
        all runs end, and the invariants hold over rows and ledgers
        """, .timeLimit(.minutes(4)))
    func engineKilledEveryTwoSeconds() async throws {
        let seed =
            ProcessInfo.processInfo.environment["TEST_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...999_999)
        print("TEST_SEED=\(seed)")
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startMocks(injectFailure: 0.3, seed: seed)
            try await system.startAPI("api", port: port, ["--admin-burst", "100"])
            try await system.register(port: port)
            let engine = ["--lease", "2s", "--poll", "200ms", "--max-in-flight", "200"]
            try system.startEngine("engine-1", engine)
            try system.startEngine("engine-2", engine)

            let isOver = Gate()
            async let load = startRuns(system, port: port, seed: seed)
            async let kills = killEngines(system, engine, until: isOver)
            let acknowledged = try await load
            try await system.untilAllTerminal(.seconds(120))
            isOver.open()
            let killed = try await kills

            #expect(acknowledged.count == Self.runs)
            #expect(killed >= 4, "an engine was killed \(killed) times")
            let report = try await check(system, acknowledged)
            print(report.text)
            let isPassed = report.isPassed
            #expect(isPassed, "TEST_SEED=\(seed)\n\(report.text)")
            #expect(report.counts.refusedLate > 0, "no call came after its compensation: the barrier was not needed")
            #expect(report.counts.nullCompensations > 0)
        }
    }

    private func check(_ system: Deployment, _ acknowledged: [Acknowledgement]) async throws -> Report {
        var options = Checker.Options()
        options.minimums.runs = Self.runs
        options.minimums.takeovers = 10
        options.minimums.compensated = 50
        options.minimums.completed = 100
        options.minimums.cancelled = 5
        options.minimums.retries = 100
        return try await Checker.check(
            database: system.test.configuration, ledgers: system.ledgers, acknowledged: acknowledged, options: options)
    }

    /// SIGKILLs one engine after the other, every two seconds, and starts it again at once; says how often.
    private func killEngines(_ system: Deployment, _ arguments: [String], until isOver: Gate) async throws -> Int {
        var killed = 0
        while true {
            try await Task.sleep(for: .seconds(2))
            if isOver.isOpen { return killed }
            let name = "engine-\(killed % 2 + 1)"
            #expect(await system.kill(name), "\(name) ended by itself")
            try system.startEngine(name, arguments)
            killed += 1
        }
    }

    /// Starts the runs over some ten seconds, a few of them cancelled while they run.
    private func startRuns(_ system: Deployment, port: Int, seed: UInt64) async throws -> [Acknowledgement] {
        var random = Dice(seed: seed)
        let orders = (0..<Self.runs).map { Order($0, using: &random) }
        var acknowledged: [Acknowledgement] = []
        for batch in stride(from: 0, to: orders.count, by: 25) {
            let began = ContinuousClock.now
            try await withThrowingTaskGroup(of: Acknowledgement.self) { group in
                for order in orders[batch..<min(batch + 25, orders.count)] {
                    group.addTask { try await order.start(system, port: port) }
                }
                for try await acknowledgement in group { acknowledged.append(acknowledgement) }
            }
            for order in orders[batch..<min(batch + 25, orders.count)] where order.isCancelled {
                let runID = try #require(acknowledged.first { $0.idempotencyKey == order.key }?.runID)
                let answer = try await system.http.send("POST", port: port, "/v1/runs/\(runID)/cancel", [:])
                #expect(answer.status == 202 || answer.status == 409, "\(answer)")
            }
            try await Task.sleep(until: began + .milliseconds(500), clock: .continuous)
        }
        return acknowledged
    }
}

/// SplitMix64, so that a seed gives the same load again.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// One start request.
private struct Order: Sendable {
    let workflow: String
    let input: JSON
    let key: String
    let isCancelled: Bool

    /// One in four is declined for good by a participant, after others have had their effect.
    init(_ number: Int, using random: inout Dice) {
        workflow = ["order-processing", "checkout", "order-dispatch", "refund-flow", "invoice-issuance"][number % 5]
        key = "order-\(number)"
        isCancelled = number % 12 == 0
        // Longer than a lease: if the engine dies meanwhile, the call arrives after its compensation.
        let delay = isCancelled ? 2500 : Int.random(in: 50...400, using: &random)
        let isDeclined = Int.random(in: 0..<4, using: &random) == 0
        input = [
            "orderId": .string(key), "reference": .string(key), "paymentId": .string("payment-\(number)"),
            "amount": JSON(isDeclined && workflow == "checkout" ? 900 : Int.random(in: 1...400, using: &random)),
            "sku": .string(isDeclined ? "out-of-stock" : "sku-\(number % 7)"), "quantity": 1, "agents": 2,
            "email": number % 3 == 0 ? .null : .string("\(key)@example.com"), "pickupAt": "2030-01-01T10:00:00Z",
            "delay": .string("\(delay)ms"),
        ]
    }

    /// Starts it until somebody answers; every attempt carries the same key.
    func start(_ system: Deployment, port: Int) async throws -> Acknowledgement {
        for _ in 0..<20 {
            let answer = try await system.http.send(
                "POST", port: port, "/v1/workflows/\(workflow)/start", ["input": input],
                headers: [("Idempotency-Key", key)])
            if answer.status == 202, let runID = answer.json["runId"]?.string.flatMap({ RunID($0) }) {
                return Acknowledgement(runID, idempotencyKey: key)
            }
            try #require(answer.status == nil || answer.status == 503, "\(workflow): \(answer)")
        }
        throw NeverStarted(order: key)
    }

    struct NeverStarted: Error {
        let order: String
    }
}
