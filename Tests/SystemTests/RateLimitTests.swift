import Checker
import Core
import Foundation
import TestSupport
import Testing

extension NemesisTests {
    @Test(
        """
        admin calls over the rate get 429 with Retry-After from either of two APIs; Redis killed and restarted in between: \
        starts and engines never notice
        """, .timeLimit(.minutes(2)))
    func ratesAndRedis() async throws {
        try await Deployment.with { system in
            let (redis, first, second) = (try Ports.take(), try Ports.take(), try Ports.take())
            try startRedis(system, port: redis)
            // One more call every two minutes: whatever a slow machine does, the bucket does not fill up meanwhile.
            let limits = ["--redis-url", "redis://127.0.0.1:\(redis)", "--admin-rate", "1/2m", "--admin-burst", "30"]
            try await system.startMocks(injectFailure: 0, seed: 1)
            try await system.startAPI("api-1", port: first, limits)
            try await system.startAPI("api-2", port: second, limits)
            try await system.register(port: first)
            try system.startEngine("engine-1", ["--lease", "2s", "--poll", "200ms"])

            let isOver = Gate()
            async let starts = startSteadily(system, ports: [first, second], until: isOver)
            try await exhaust(system, ports: [first, second])

            await system.kill("redis")
            for port in [first, second] {
                let answer = try await system.admin("GET", port: port, "/v1/admin/participants")
                #expect(answer.status == 200 || answer.status == 429, "without Redis: \(answer)")
            }
            try startRedis(system, port: redis)
            // Redis came back empty, so there is a whole burst again, shared by both.
            try await exhaust(system, ports: [second, first])
            isOver.open()

            let acknowledged = try await starts
            #expect(acknowledged.count >= 20, "\(acknowledged.count) starts are no load")
            try await system.untilAllTerminal(.seconds(60))
            var options = Checker.Options()
            options.minimums.completed = acknowledged.count
            let report = try await Checker.check(
                database: system.test.configuration, ledgers: system.ledgers.mapValues { [$0] },
                acknowledged: acknowledged,
                options: options)
            let isPassed = report.isPassed
            #expect(isPassed, "\(report.text)")
            #expect(report.counts.takeovers == 0, "an engine noticed")
        }
    }

    func startRedis(_ system: Deployment, port: Int) throws {
        try system.start(
            "redis", Program(installed: "redis-server"),
            ["--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
    }

    /// Calls by turns until a 429 comes, then expects it of both.
    private func exhaust(_ system: Deployment, ports: [Int]) async throws {
        var calls = 0
        try await system.until(.seconds(30), "an admin call is refused") {
            calls += 1
            let answer = try await system.admin("GET", port: ports[calls % 2], "/v1/admin/participants")
            #expect(answer.status == 200 || answer.status == 429, "\(answer)")
            return answer.status == 429
        }
        try await system.until(.seconds(30), "both APIs refuse by the count they share") {
            var refused = 0
            for port in ports {
                let answer = try await system.admin("GET", port: port, "/v1/admin/participants")
                guard answer.status == 429 else { continue }
                refused += 1
                #expect(answer.contentType?.hasPrefix("application/problem+json") == true)
                #expect((answer.retryAfter ?? .zero) > .zero)
            }
            return refused == ports.count
        }
    }

    /// One start after the other, by turns, each of which must be accepted at once.
    private func startSteadily(_ system: Deployment, ports: [Int], until isOver: Gate) async throws -> [Acknowledgement]
    {
        var acknowledged: [Acknowledgement] = []
        while !isOver.isOpen || acknowledged.count < 20 {
            let number = acknowledged.count
            let input: JSON = ["orderId": .string("order-\(number)"), "amount": 10, "sku": "sku-1", "quantity": 1]
            let answer = try await system.http.send(
                "POST", port: ports[number % 2], "/v1/workflows/order-processing/start", ["input": input])
            let runID = try #require(answer.json["runId"]?.string.flatMap { RunID($0) }, "\(answer)")
            #expect(answer.status == 202)
            acknowledged.append(Acknowledgement(runID))
            try await Task.sleep(for: .milliseconds(20))
        }
        return acknowledged
    }
}
