import Core
import Foundation
import TestSupport
import Testing

@Suite("What the processes tell", .serialized)
struct MetricsTests {
    private static let canary = "canary-c0ffee-4111111111111111"

    @Test(
        """
        with retries, compensations, cancels and failed runs over two engines, metrics equal what the rows say; \
        and a secret planted in inputs, headers and a participant's URL appears in no log and no metric
        """, .timeLimit(.minutes(2)))
    func metricsEqualRows() async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startMocks(injectFailure: 0.3, seed: 7)
            let logging = ["LOG_LEVEL": "debug", "LOG_SENSITIVE": "cardNumber", "LOG_FORMAT": "json"]
            try await system.startAPI(
                "api", port: port, ["--admin-burst", "100"],
                logging.merging(["ALLOW_PLAIN_SECRETS": "true"]) { $1 })
            try await system.register(port: port)
            try await registerWithSecret(system, port: port)
            let engine = ["--lease", "2s", "--poll", "200ms"]
            let ports = [
                try system.startEngine("engine-1", engine, logging),
                try system.startEngine("engine-2", engine, logging),
            ]
            try await expectZeros(system, api: port, engines: ports)
            try await startRuns(system, port: port)
            try await system.untilAllTerminal(.seconds(60))

            var scrapes = [try await Scrape(system, port: port)]
            for port in ports { scrapes.append(try await Scrape(system, port: port)) }
            try await compare(system, scrapes)
            for name in ["api", "engine-1", "engine-2"] {
                let output = try system.output(of: name)
                #expect(output.contains("\"runId\"") || name == "api", "\(name) logs no runs: the check proves nothing")
                #expect(!output.contains(Self.canary), "\(name) logged a secret")
            }
            for scrape in scrapes { #expect(!scrape.text.contains(Self.canary)) }
        }
    }

    /// Alerts see an increase only from a series that was there before.
    private func expectZeros(_ system: Deployment, api: Int, engines: [Int]) async throws {
        let started = try await Scrape(system, port: api).samples
        #expect(started["workflow_runs_started_total{workflowName=\"order-processing\"}"] == 0)
        for port in engines {
            try await system.until(.seconds(30), "the engine answers") {
                try await system.http.send("GET", port: port, "/health", timeout: .seconds(1)).status == 200
            }
            let samples = try await Scrape(system, port: port).samples
            #expect(samples["workflow_runs_failed_total{workflowName=\"order-processing\"}"] == 0)
            #expect(samples["workflow_run_duration_seconds_count{workflowName=\"checkout\",status=\"FAILED\"}"] == 0)
            #expect(samples["step_attempts_total{stepId=\"charge-payment\",status=\"unknown\"}"] == 0)
        }
    }

    /// 60 runs: a third is declined after its payment, one in six is cancelled.
    private func startRuns(_ system: Deployment, port: Int) async throws {
        for number in 0..<60 {
            let input: JSON = [
                "orderId": .string("order-\(number)"), "amount": 100, "quantity": 1, "email": "a@example.com",
                "sku": .string(number % 3 == 0 ? "out-of-stock" : "sku"), "cardNumber": .string(Self.canary),
                "delay": .string(number % 6 == 1 ? "400ms" : "0ms"),
            ]
            let answer = try await system.http.send(
                "POST", port: port, "/v1/workflows/order-processing/start", ["input": input])
            try #require(answer.status == 202, "\(answer)")
            guard number % 6 == 1, let runID = answer.json["runId"]?.string else { continue }
            _ = try await system.http.send("POST", port: port, "/v1/runs/\(runID)/cancel", [:])
        }
    }

    /// A participant's header may hold a secret.
    private func registerWithSecret(_ system: Deployment, port: Int) async throws {
        let url = try #require(system.ledgers["payments"])
        let answer = try await system.admin(
            "PUT", port: port, "/v1/admin/participants/payments",
            ["url": .string(url), "headers": ["X-Api-Key": .string(Self.canary)]])
        try #require(answer.status == 200)
    }

    private func compare(_ system: Deployment, _ scrapes: [Scrape]) async throws {
        func rows(_ query: String) async throws -> Int { Int(try await system.test.value(query) ?? "") ?? -1 }
        #expect(scrapes.sum("workflow_runs_started_total") == 60)
        for status in ["completed", "compensated", "cancelled", "failed"] {
            let stored = try await rows("SELECT count(*) FROM workflow_runs WHERE status = '\(status.uppercased())'")
            #expect(scrapes.sum("workflow_runs_\(status)_total") == stored, "\(status)")
            #expect(
                scrapes.sum("workflow_run_duration_seconds_count", "status=\"\(status.uppercased())\"") == stored)
        }
        for outcome in ["succeeded", "rejected", "busy", "unknown", "notSent"] {
            let stored = try await rows("SELECT count(*) FROM run_events WHERE outcome = '\(outcome)'")
            #expect(scrapes.sum("step_attempts_total", "status=\"\(outcome)\"") == stored, "\(outcome)")
        }
        let retries = try await rows("SELECT count(*) FROM run_events WHERE retry_in_us IS NOT NULL")
        #expect(scrapes.sum("step_retries_total") == retries)
        #expect(retries > 10, "nothing was retried: the comparison proves nothing")
        #expect(
            scrapes.sum("workflow_step_success_total")
                == (try await rows("SELECT count(*) FROM run_steps WHERE status = 'SUCCEEDED'")))
        #expect(
            scrapes.sum("workflow_compensation_total", "status=\"compensated\"")
                == (try await rows("SELECT count(*) FROM run_steps WHERE compensation_status = 'COMPENSATED'")))
        #expect(scrapes.sum("workflow_active_runs") == 0)
        #expect(scrapes.last?.sum("outbox_backlog_total") == 0)
        #expect(scrapes.last?.sum("workflow_engines") == 2)
        #expect(scrapes.sum("lease_lost_total") == 0)
    }
}
