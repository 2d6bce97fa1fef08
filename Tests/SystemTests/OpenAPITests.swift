import Core
import Foundation
import TestSupport
import Testing

@Suite("What the API says of itself")
struct OpenAPITests {
    /// A workflow whose input says where its runs come to rest.
    private static let workflow: JSON = [
        "name": "order", "version": "1.0.0", "compensationRetry": ["maxAttempts": 1],
        "inputSchema": ["type": "object"],
        "steps": [
            [
                "id": "charge",
                "action": [
                    "participant": "payments", "path": "/charge",
                    "body": [
                        "orderId": "${input.orderId ?? 'o-1'}", "amount": "${input.amount ?? 20}",
                        "fail": "${input.fail}",
                    ],
                ],
                "compensation": [
                    "participant": "payments", "path": "/refund", "body": ["fail": "${input.fail}"],
                ],
            ],
            ["id": "hold", "when": ["==": [["var": "input.stop"], "wait"]], "wait": ["for": "1h"]],
            ["id": "ask", "when": ["==": [["var": "input.stop"], "signal"]], "await": ["signal": "approval"]],
            [
                "id": "lost", "when": ["==": [["var": "input.stop"], "retry"]], "compensation": "none",
                "retry": ["initialInterval": "1h", "maxInterval": "1h"],
                "action": ["participant": "nobody", "path": "/", "body": "none"],
            ],
            [
                "id": "refuse", "when": ["==": [["var": "input.stop"], "fail"]],
                "end": ["as": "failed", "reason": "It was asked to."],
            ],
        ],
    ]

    /// A system with that workflow, and its API as it describes itself.
    private static func with(_ body: (Deployment, inout DescribedAPI) async throws -> Void) async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startMocks(injectFailure: 0, seed: 1)
            try await system.startAPI("api", port: port, ["--admin-rate", "10000/1s", "--admin-burst", "10000"])
            try system.startEngine("engine", ["--poll", "100ms"])
            try await system.register(port: port)
            var api = try await DescribedAPI(system.http, port: port)
            try await api.call("registerDefinition", body: workflow, expecting: 201)
            try await body(system, &api)
        }
    }

    /// A run that has come to rest as `input.stop` says.
    private static func run(
        _ system: Deployment, _ api: inout DescribedAPI, _ input: JSON, until isThere: @escaping (JSON) -> Bool
    ) async throws -> String {
        let started = try await api.call("startRun", ["name": "order"], body: ["input": input], expecting: 202)
        let runID = try #require(started["runId"]?.string)
        try await wait(system, &api, runID, until: isThere)
        return runID
    }

    private static func wait(
        _ system: Deployment, _ api: inout DescribedAPI, _ runID: String, until isThere: (JSON) -> Bool
    ) async throws {
        var run: JSON = .null
        let giveUpAt = ContinuousClock.now + .seconds(30)
        while !isThere(run) {
            try #require(ContinuousClock.now < giveUpAt, "\(run.text)")
            try await Task.sleep(for: .milliseconds(50))
            run = try await api.call("getRun", ["runId": runID], expecting: 200)["run"] ?? .null
        }
    }

    private static func waits(for kind: String) -> (JSON) -> Bool { { $0["waitingFor"]?["kind"]?.string == kind } }

    @Test(
        "every operation is called with the example that stands there, and answers what is said of it, member by member",
        .timeLimit(.minutes(3)))
    func examples() async throws {
        try await Self.with { system, api in
            try await Self.runsAndRequests(system, &api)
            try await Self.peopleAndFailedRuns(system, &api)
            try await Self.definitionsAndParticipants(&api)
            try await Self.keysAndTenants(&api)
            try await Self.auditAndHealth(system, &api)
            let missing = Set(api.operations.map(\.id)).subtracting(api.answered)
            // Tokens are given to participants alone: CallbackTests has some.
            #expect(missing == ["tellEnd", "tellLife", "startRuns"], "\(missing.sorted())")
        }
    }

    private static func runsAndRequests(_ system: Deployment, _ api: inout DescribedAPI) async throws {
        let finished = try await api.call(
            "startRun", ["name": "order"], headers: [("Prefer", "wait=30"), ("Idempotency-Key", "k")], expecting: 200)
        let runID = try #require(finished["run"]?["runId"]?.string)
        #expect(finished["run"]?["status"] == "COMPLETED")
        try await api.call("startRun", ["name": "order"], headers: [("Idempotency-Key", "k")], expecting: 202)
        try await api.call(
            "startRun", ["name": "order"], body: ["input": 1], headers: [("Idempotency-Key", "k")], expecting: 422)
        try await api.call("startRun", ["name": "nothing"], expecting: 404)
        try await api.call("getRunEvents", ["runId": runID], query: "after=1", expecting: 200)
        try await api.call("getRunActions", ["runId": runID], expecting: 200)
        try await api.call("getMinutes", query: "since=2000-01-01T00:00:00Z", expecting: 400)
        try await api.call("listRuns", query: "status=COMPLETED&limit=1", expecting: 200)
        try await api.call("listRuns", query: "include=payloads", expecting: 200)
        try await api.call("listRuns", query: "limit=0", expecting: 400)
        try await api.call("cancelRun", ["runId": runID], expecting: 409)
        try await api.call("restartRun", ["runId": runID], body: ["reason": "once more", "input": 7], expecting: 422)
        try await api.call("restartRun", ["runId": runID], expecting: 202)
        let undone = try await run(system, &api, [:]) { $0["status"] == "COMPLETED" }
        try await api.call("undoRun", ["runId": undone], expecting: 202)
        try await wait(system, &api, undone) { $0["status"] == "COMPENSATED" }

        let asked = try await run(system, &api, ["stop": "signal"], until: waits(for: "signal"))
        try await api.call("pauseRun", ["runId": asked], expecting: 202)
        try await wait(system, &api, asked, until: waits(for: "paused"))
        try await api.call("resumeRun", ["runId": asked], expecting: 202)
        try await wait(system, &api, asked, until: waits(for: "signal"))
        try await api.call("signalRun", ["runId": asked, "name": "nothing"], expecting: 404)
        try await api.call("signalRun", ["runId": asked], expecting: 202)
        try await wait(system, &api, asked) { $0["status"] == "COMPLETED" }
        let cancelled = try await run(system, &api, ["stop": "wait"], until: waits(for: "timer"))
        try await api.call("cancelRun", ["runId": cancelled], expecting: 202)
    }

    private static func peopleAndFailedRuns(_ system: Deployment, _ api: inout DescribedAPI) async throws {
        for word in ["complete", "skip", "fail"] {
            let waiting = try await run(system, &api, ["stop": "wait"], until: waits(for: "timer"))
            try await api.call("\(word)Step", ["runId": waiting, "stepId": "charge"], expecting: 409)
            try await api.call("\(word)Step", ["runId": waiting, "stepId": "nothing"], expecting: 404)
            try await api.call("\(word)Step", ["runId": waiting, "stepId": "hold"], expecting: 202)
        }
        let retried = try await run(system, &api, ["stop": "retry"], until: waits(for: "retry"))
        try await api.call("retryStep", ["runId": retried, "stepId": "lost"], expecting: 202)

        let fail: JSON = ["stop": "fail", "fail": ["status": 400, "on": "compensate"]]
        var failed: [String] = []
        for _ in 0..<2 { failed.append(try await run(system, &api, fail) { $0["status"] == "FAILED" }) }
        try await api.call("listFailedRuns", query: "workflow=order&kind=compensation", expecting: 200)
        try await api.call("retryFailedRuns", expecting: 200)
        try await api.call("retryFailedRun", ["runId": failed[0]], expecting: 202)
        try await api.call("resolveFailedRun", ["runId": failed[1]], expecting: 202)
        try await wait(system, &api, failed[1]) { $0["status"] == "COMPENSATED" }
    }

    private static func definitionsAndParticipants(_ api: inout DescribedAPI) async throws {
        try await api.call("validateDefinition", expecting: 200)
        try await api.call("registerDefinition", expecting: 201)
        try await api.call("registerDefinition", query: "strict=false", expecting: 200)
        try await api.call("registerDefinition", body: ["name": "X"], expecting: 422)
        try await api.call("listWorkflows", query: "limit=2", expecting: 200)
        try await api.call("getWorkflow", expecting: 200)
        try await api.call("deprecateVersion", expecting: 200)
        try await api.call("startRun", expecting: 404)
        try await api.call("getDefinition", expecting: 200)
        try await api.call("getDefinition", ["version": "2.0.0"], expecting: 404)
        try await api.call("getStatistics", expecting: 200)
        try await api.call("getStatistics", ["version": "2.0.0"], expecting: 404)
        try await api.call("restoreVersion", expecting: 204)
        try await api.call("pauseWorkflow", expecting: 200)
        try await api.call("pauseWorkflow", body: ["reason": "r", "starts": "refuse"], expecting: 200)
        try await api.call("startRun", expecting: 409)
        try await api.call("getWorkflow", expecting: 200)
        try await api.call("resumeWorkflow", expecting: 200)
        try await api.call("putParticipant", ["name": "carrier"], body: ["url": "http://127.0.0.1:9/x"], expecting: 201)
        try await api.call("putParticipant", ["name": "carrier"], body: ["url": "http://127.0.0.1:8/x"], expecting: 200)
        try await api.call("putParticipant", ["name": "carrier"], body: ["url": "ftp://x"], expecting: 422)
        try await api.call("putParticipant", ["name": "elsewhere"], expecting: 201)
        try await api.call("pauseParticipant", ["name": "carrier"], expecting: 200)
        try await api.call("getParticipant", ["name": "carrier"], expecting: 200)
        try await api.call("listParticipants", expecting: 200)
        try await api.call("resumeParticipant", ["name": "carrier"], expecting: 200)
        try await api.call("deleteParticipant", ["name": "carrier"], expecting: 204)
        try await api.call("deleteParticipant", ["name": "carrier"], expecting: 404)
    }

    private static func keysAndTenants(_ api: inout DescribedAPI) async throws {
        let key = try await api.call("createKey", expecting: 201)
        try await api.call("createKey", body: ["name": "a b"], expecting: 422)
        try await api.call("listKeys", expecting: 200)
        try await api.call("revokeKey", ["keyId": try #require(key["id"]?.string)], expecting: 200)
        try await api.call("revokeKey", ["keyId": "0123456789abcdef"], expecting: 404)
        try await api.call("putTenant", expecting: 201)
        try await api.call("putTenant", expecting: 200)
        try await api.call("putTenant", ["tenantId": "*"], expecting: 400)
        try await api.call("getTenant", expecting: 200)
        try await api.call("getTenant", ["tenantId": "nobody"], expecting: 404)
        try await api.call("listTenants", expecting: 200)
    }

    private static func auditAndHealth(_ system: Deployment, _ api: inout DescribedAPI) async throws {
        let entries = try await api.call("listAudit", query: "outcome=done", expecting: 200)
        #expect((entries["entries"]?.array?.count ?? 0) > 20)
        try await api.call("listAudit", query: "runId=x", expecting: 400)
        let runID = try #require(try await api.call("listRuns", expecting: 200)["runs"]?[0]?["runId"]?.string)
        try await api.call("getRunReport", ["runId": runID], expecting: 200)
        try await api.call("getReports", query: "correlationId=cart-7", expecting: 200)
        try await api.call("getReports", expecting: 400)
        for id in ["getMinutes", "getSlowRuns", "getFailedGroups"] { try await api.call(id, expecting: 200) }
        try await api.call("getMinutes", query: "since=x", expecting: 400)
        for id in ["getHealth", "getHealthLive", "getReady", "getHealthReady", "getCluster", "getSigningKeys"] {
            try await api.call(id, expecting: 200)
        }
        for id in ["getMetrics", "getOpenAPI", "getWorkflowSchema"] { try await api.call(id, expecting: 200) }
    }
}
