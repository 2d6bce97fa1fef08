import Checker
import Core
import Foundation
import Storage
import TestSupport
import Testing

extension NemesisTests {
    @Test(
        "FAILED runs are resolved, retried and both at once by several admins; the invariants hold, and the ledger agrees",
        .timeLimit(.minutes(2)))
    func failedRuns() async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startMocks(injectFailure: 0, seed: 1)
            try await system.startAPI("api", port: port, ["--admin-burst", "1000"])
            try await system.register(port: port)
            try system.startEngine("engine-1", ["--poll", "200ms"])
            try system.startEngine("engine-2", ["--poll", "200ms"])
            let runs = try await startFailing(8, system, port: port)
            try await system.untilAllTerminal(.seconds(60))
            let listed = try await system.admin("GET", port: port, "/v1/admin/runs/failed?kind=compensation")
            #expect(Set(listed.json["runs"]?.array?.compactMap { $0["runId"]?.string } ?? []) == Set(runs))
            #expect(listed.json["runs"]?[0]?["failedSteps"]?[0]?["stepId"] == "charge-payment")

            let saga = try Tool(
                "saga", environment: ["SAGAFLOW_URL": "http://127.0.0.1:\(port)", "DATABASE_URL": system.test.url])
            let recovered = try await saga.run(["recover", "-o", "json"])
            #expect(recovered.exitCode == 3 && recovered.json["failed"]?.array?.count == runs.count, "\(recovered)")

            let resolution: JSON = [
                "stepId": "charge-payment", "resolution": "compensated", "reason": "refunded over the phone",
            ]
            func ask(_ run: String, _ what: String, _ body: JSON) async throws -> Int? {
                try await system.admin("POST", port: port, "/v1/admin/runs/\(run)/\(what)", body).status
            }
            // Two by hand, three by whoever is first, the rest by trying again.
            for run in runs[..<2] {
                let status = try await ask(run, "resolve", resolution)
                #expect(status == 202)
            }
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for run in runs[2..<5] {
                    for _ in 0..<2 { group.addTask { try await ask(run, "resolve", resolution) } }
                    group.addTask { try await ask(run, "retry", ["reason": "mended"]) }
                }
                for try await status in group { #expect(status == 202 || status == 409) }
            }
            let bulk = try await system.admin(
                "POST", port: port, "/v1/admin/runs/failed/retry", ["workflow": "order-processing"])
            #expect((bulk.json["retried"]?.array?.count ?? 0) >= 3, "\(bulk.json.text)")
            try await system.until(.seconds(30), "nothing is FAILED any more") {
                try await system.test.value("SELECT count(*) FROM workflow_runs WHERE status <> 'COMPENSATED'") == "0"
            }
            let watched = try await saga.run(["run", "watch", runs[0], "-o", "json"])
            #expect(watched.lines.contains { $0["kind"] == "run_failed" })
            #expect(watched.lines.last?["kind"] == "run_compensated", "\(watched)")
            var options = Checker.Options()
            options.minimums.compensated = runs.count
            let report = try await Checker.check(
                database: system.test.configuration, ledgers: system.ledgers.mapValues { [$0] }, options: options)
            let isPassed = report.isPassed
            #expect(isPassed, "\(report.text)")
            // What was resolved was not called again: the payment stands, as the person who resolved it knows.
            let resolved = try await system.test.value("SELECT count(*) FROM run_events WHERE kind = 'step_resolved'")
            let retried = try await system.test.value("SELECT count(*) FROM run_events WHERE kind = 'retry_requested'")
            #expect((Int(resolved ?? "") ?? 0) >= 2 && (Int(retried ?? "") ?? 0) >= 3)
            let both = try await system.test.value(
                """
                SELECT count(*) FROM run_events r JOIN run_events c USING (run_id, step_id)
                WHERE r.kind = 'step_resolved' AND c.kind = 'attempt_succeeded' AND c.action = 'compensate'
                """)
            #expect(both == "0")
        }
    }

    @Test(
        "All that was in flight of a quarantined run is resolved by one request: nothing is called, the invariants hold",
        .timeLimit(.minutes(2)))
    func quarantinedRun() async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startMocks(injectFailure: 0, seed: 1)
            try await system.startAPI("api", port: port, ["--admin-burst", "1000"])
            try await system.register(port: port)
            func step(_ id: String, _ participant: String, _ path: String, _ undo: String) -> JSON {
                [
                    "id": .string(id), "dependsOn": [],
                    "action": ["participant": .string(participant), "path": .string(path)],
                    "compensation": ["participant": .string(participant), "path": .string(undo)],
                ]
            }
            let both: JSON = [
                "name": "both", "version": "1.0.0",
                "steps": [
                    step("pay", "payments", "/charge", "/refund"), step("hold", "inventory", "/reserve", "/release"),
                ],
            ]
            let registered = try await system.admin("POST", port: port, "/v1/admin/workflows", both)
            #expect(registered.status == 201, "\(registered.json.text)")
            let started = try await system.http.send("POST", port: port, "/v1/workflows/both/start", ["input": [:]])
            let runID = try #require(started.json["runId"]?.string)
            // An engine that dies with both calls in flight, and one that can't read the run any more.
            let dead = LeaseStore(database: system.test.database, engine: .sample(), length: .seconds(60))
            let claimed = try #require(try await dead.claim(limit: 1).first)
            let failure = Failure(kind: Failure.quarantinedKind, message: "It kills engines.")
            #expect(try await dead.quarantine(claimed.lease, failure))
            let answer = try await system.admin(
                "POST", port: port, "/v1/admin/runs/\(runID)/resolve",
                ["stepIds": ["hold", "pay"], "resolution": "compensated", "reason": "neither arrived"])
            #expect(answer.status == 202, "\(answer.json.text)")
            try system.startEngine("engine", ["--poll", "200ms"])
            try await system.until(.seconds(30), "the run is undone") {
                try await system.test.value("SELECT status FROM workflow_runs") == "COMPENSATED"
            }
            #expect(try await system.test.value("SELECT count(*) FROM run_events WHERE kind = 'step_resolved'") == "2")
            let report = try await Checker.check(
                database: system.test.configuration, ledgers: system.ledgers.mapValues { [$0] },
                options: Checker.Options())
            #expect(report.isPassed, "\(report.text)")
        }
    }

    /// Orders whose goods are out of stock and whose refund is refused once.
    private func startFailing(_ count: Int, _ system: Deployment, port: Int) async throws -> [String] {
        var runs: [String] = []
        for number in 0..<count {
            let input: JSON = [
                "orderId": .string("order-\(number)"), "amount": 10, "sku": "out-of-stock", "quantity": 1,
                "email": "a@example.com",
                "fail": ["status": 422, "times": 1, "on": "compensate", "steps": ["charge-payment"]],
            ]
            let answer = try await system.http.send(
                "POST", port: port, "/v1/workflows/order-processing/start", ["input": input])
            runs.append(try #require(answer.json["runId"]?.string, "\(answer)"))
        }
        return runs
    }
}
