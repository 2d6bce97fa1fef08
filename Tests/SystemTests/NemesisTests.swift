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
            database: system.test.configuration, ledgers: system.ledgers.mapValues { [$0] }, acknowledged: acknowledged,
            options: options)
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
