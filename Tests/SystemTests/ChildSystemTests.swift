import Checker
import Core
import Foundation
import TestSupport
import Testing

/// Child runs and calls after the end, through real processes that die.
@Suite("Child runs through real processes", .serialized)
struct ChildSystemTests {
    private static let retry: JSON = [
        "maxAttempts": 60, "initialInterval": "50ms", "maxInterval": "500ms", "multiplier": 2, "jitter": 0.1,
    ]

    /// A payment, told of whatever became of it.
    private static let payment: JSON = [
        "name": "one-payment", "version": "1.0.0", "retry": retry, "compensationRetry": retry,
        "steps": [
            [
                "id": "pay",
                "action": [
                    "participant": "payments", "path": "/charge",
                    "body": ["orderId": "${input.order}", "amount": "${input.amount}"],
                ],
                "compensation": ["participant": "payments", "path": "/refund", "body": [:]],
            ]
        ],
        "onEnd": [
            [
                "id": "tell",
                "action": [
                    "participant": "notifications", "path": "/send",
                    "body": ["template": "${run.status}", "to": "ann@example.org", "orderId": "${input.order}"],
                ],
            ]
        ],
    ]

    private static let payments: JSON = [
        "name": "payments", "version": "1.0.0",
        "steps": [
            [
                "id": "each", "forEach": ["in": "${input.amounts}", "as": "amount", "maxParallel": 3],
                "run": ["workflow": "one-payment", "input": ["order": "${run.id}", "amount": "${amount}"]],
            ]
        ],
    ]

    private static let count = 30

    @Test(
        "engines that are killed while children start, end and are undone leave each payment made once, undone once, and told of",
        .timeLimit(.minutes(4)))
    func killed() async throws {
        try await Deployment.with { system in
            let api = try Ports.take()
            try await system.startMocks(injectFailure: 0.05, latency: "20ms", seed: 7)
            try await system.startAPI("api", port: api, ["--admin-burst", "100"])
            try await system.register(port: api)
            for definition in [Self.payment, Self.payments] {
                let answer = try await system.admin("POST", port: api, "/v1/admin/workflows", definition)
                #expect(answer.status == 201, "\(answer.json.text)")
            }
            func number(_ sql: String) async throws -> Int { Int(try await system.test.value(sql) ?? "") ?? 0 }
            /// Kills one engine after the other until so many runs stand so, each when some more do.
            func kill(_ name: String, until total: Int, _ sql: String) async throws {
                var (killed, seen) = (0, 0)
                while seen < total {
                    try system.startEngine("\(name)-\(killed)", ["--poll", "100ms", "--lease", "1s"])
                    let goal = min(total, seen + total / 4 + 1)
                    try await system.until(.seconds(60), "\(goal) of \(total) are so far: \(sql)") {
                        seen = try await number(sql)
                        return seen >= goal
                    }
                    await system.kill("\(name)-\(killed)")
                    killed += 1
                }
                #expect(killed >= 2)
            }
            let amounts = JSON.array((1...Self.count).map { JSON($0) })
            let started = try await system.http.send(
                "POST", port: api, "/v1/workflows/payments/start", ["input": ["amounts": amounts]])
            let run = try #require(started.json["runId"]?.string)
            // Each is killed while others begin, and with ends that nobody was told.
            try await kill(
                "forward", until: Self.count, "SELECT count(*) FROM workflow_runs WHERE workflow_name = 'one-payment'")
            try system.startEngine("last", ["--poll", "100ms", "--lease", "1s"])
            try await system.untilAllTerminal(.seconds(60))
            await system.kill("last")
            #expect(try await number("SELECT count(*) FROM workflow_runs WHERE status <> 'COMPLETED'") == 0)
            #expect(
                try await number("SELECT count(*) FROM workflow_runs WHERE workflow_name = 'one-payment:onEnd'")
                    == Self.count)
            let undone = try await system.http.send("POST", port: api, "/v1/runs/\(run)/undo", ["reason": "sent back"])
            #expect(undone.status == 202)
            try await kill(
                "backward", until: Self.count,
                "SELECT count(*) FROM workflow_runs WHERE workflow_name = 'one-payment' AND status = 'COMPENSATED'")
            try system.startEngine("end", ["--poll", "100ms", "--lease", "1s"])
            try await system.untilAllTerminal(.seconds(60))
            #expect(
                try await number(
                    "SELECT count(*) FROM workflow_runs WHERE workflow_name LIKE '%payment%' AND status = 'COMPENSATED'"
                )
                    == Self.count + 1)
            #expect(
                try await number("SELECT count(*) FROM workflow_runs WHERE workflow_name = 'one-payment:onEnd'")
                    == 2 * Self.count)
            // Each was told of once after each end, and every effect is as it should be.
            let report = try await Checker.check(
                database: system.test.configuration, ledgers: system.ledgers.mapValues { [$0] },
                options: Checker.Options())
            let isPassed = report.isPassed
            #expect(isPassed, "\(report.text)")
        }
    }
}
