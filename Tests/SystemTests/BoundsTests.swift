import Core
import Foundation
import Synchronization
import TestSupport
import Testing

// One API and one engine with the memory and descriptors of a container, and what would be too much for them. Neither may die,
// what others ask for stays quick, and no run is quarantined for what happened around it.
extension NemesisTests {
    @Test(
        "24 and then 60 starts of 1 MiB of small objects: everybody is served, and every run ends",
        .timeLimit(.minutes(5)))
    func smallObjects() async throws {
        try await Bounded.with { system in
            for count in [24, 60] {
                let accepted = try await system.startAll(count) { number in
                    var input = Bounded.order("large-\(count)-\(number)")
                    input["padding"] = .array(Array(repeating: ["a": 1], count: 131_000))
                    return input
                }
                #expect(accepted == count)
            }
            try await system.deployment.untilAllTerminal(.seconds(180))
            let completed = """
                SELECT count(*) FROM workflow_runs WHERE status = 'COMPLETED' AND length(input::text) > 1000000
                """
            #expect(try await system.deployment.test.value(completed) == "84")
        }
    }

    @Test(
        "a run that kills every engine that opens it is quarantined; those beside it are not, and end",
        .timeLimit(.minutes(5)))
    func poison() async throws {
        try await Bounded.with(engines: 0) { system in
            let deployment = system.deployment
            _ = try await system.startAll(16) { Bounded.order("beside-\($0)") }
            _ = try await system.startAll(1) { _ in Bounded.order("poison") }
            let found = try await deployment.test.value(
                "SELECT run_id FROM workflow_runs WHERE input ->> 'orderId' = 'poison'")
            let runID = try #require(found)
            // No start writes such a run: its values take more than there is, and its row says nothing of it.
            try await deployment.test.execute(
                """
                UPDATE workflow_runs SET input = ('[' || repeat('[1],', 12000000) || '1]')::json
                WHERE run_id = '\(runID)'
                """)
            var starts = 0
            let status = "SELECT status FROM workflow_runs WHERE run_id = '\(runID)'"
            while try await deployment.test.value(status) != "FAILED" {
                if !deployment.isRunning("engine") {
                    try #require(starts < 12, "it is never quarantined")
                    starts += 1
                    try deployment.startEngine("engine", ["--lease", "1s", "--poll", "100ms"], within: system.limits)
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(starts == 7, "three engines were lost while they held others, too, and three with it alone")
            try await deployment.untilAllTerminal(.seconds(120))
            let completed = """
                SELECT count(*) FROM workflow_runs WHERE status = 'COMPLETED' AND input::text LIKE '%beside-%'
                """
            #expect(try await deployment.test.value(completed) == "16")
            // So that what is left is what must not be.
            let forgotten = """
                UPDATE workflow_runs SET cause = NULL WHERE run_id = '\(runID)' AND cause = 'QUARANTINED' RETURNING 1
                """
            #expect(try await deployment.test.value(forgotten) == "1")
        }
    }

    @Test("lists of runs with large inputs: what is answered fits into memory", .timeLimit(.minutes(5)))
    func lists() async throws {
        try await Bounded.with { system in
            _ = try await system.startAll(1) { _ in Bounded.order("one") }
            try await system.deployment.untilAllTerminal(.seconds(60))
            // In several statements: one of all takes a slow machine longer than a statement may.
            for _ in 0..<10 {
                try await system.deployment.test.execute(
                    """
                    INSERT INTO workflow_runs (run_id, tenant_id, workflow_name, workflow_version, status, input, context,
                        created_at, updated_at, completed_at, snapshot, snapshot_seq, snapshot_at)
                    SELECT gen_random_uuid(), tenant_id, workflow_name, workflow_version, status,
                        ('{"padding":[' || repeat('{"a":1},', 131000) || '1]}')::json, context, now(), now(), now(),
                        snapshot, snapshot_seq, snapshot_at
                    FROM (SELECT * FROM workflow_runs LIMIT 1) one, generate_series(1, 25)
                    """)
            }
            await withTaskGroup(of: Void.self) { tasks in
                for path in ["/v1/runs?limit=500", "/v1/runs?limit=500&include=payloads"] {
                    for _ in 0..<4 {
                        tasks.addTask {
                            // Whether this client takes so large an answer does not matter.
                            _ = try? await system.deployment.http.send(
                                "GET", port: system.port, path, timeout: .seconds(60))
                        }
                    }
                }
            }
        }
    }

    @Test("a template that multiplies its input: refused or failed, and nobody dies of it", .timeLimit(.minutes(5)))
    func templates() async throws {
        try await Bounded.with { system in
            let body: JSON = .array(Array(repeating: "${input}", count: 256))
            let definition: JSON = [
                "name": "multiply", "version": "1.0.0", "retry": ["maxAttempts": 1],
                "steps": [["id": "a", "action": ["participant": "payments", "path": "/charge", "body": body]]],
            ]
            let registered = try await system.deployment.admin(
                "POST", port: system.port, "/v1/admin/workflows", definition)
            if registered.status == 201 {
                for _ in 0..<4 {
                    _ = try await system.start("multiply", ["text": .string(String(repeating: "x", count: 1_000_000))])
                }
            }
            try await system.deployment.untilAllTerminal(.seconds(120))
        }
    }

    @Test("1,100 connections that do nothing: who comes then is answered", .timeLimit(.minutes(3)))
    func idleConnections() async throws {
        try await Bounded.with { system in
            let sockets = (0..<1100).map { _ in Bounded.connect(port: system.port) }
            defer { for socket in sockets where socket >= 0 { close(socket) } }
            for _ in 0..<10 {
                let other = try HTTP()
                let answer = try await other.send("GET", port: system.port, "/health", timeout: .seconds(2))
                #expect(answer.status == 200, "\(answer)")
                await other.close()
            }
        }
    }

    @Test(
        "500 clients that wait for the ends of runs: no more are served than can be, the others are told so",
        .timeLimit(.minutes(3)))
    func waits() async throws {
        try await Bounded.with { system in
            await withTaskGroup(of: Void.self) { tasks in
                for number in 0..<500 {
                    tasks.addTask {
                        var order = Bounded.order("wait-\(number)")
                        order["delay"] = "3s"
                        let answer = try? await system.deployment.http.send(
                            "POST", port: system.port, "/v1/workflows/order-processing/start", ["input": order],
                            headers: [("Prefer", "wait=10")], timeout: .seconds(30))
                        #expect([200, 202, 503].contains(answer?.status), "\(String(describing: answer))")
                    }
                }
            }
            try await system.deployment.untilAllTerminal(.seconds(120))
        }
    }
}
