import Core
@testable import Engine
import Storage
import TestSupport
import Testing

@Suite("What a run waited for is in its trace", .timeLimit(.minutes(3)))
struct WaitTraceTests {
    private static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test("a wait, a signal and an accepted attempt are spans of their own, told by whoever ends them")
    func spans() async throws {
        let accepted: JSON = ["participant": "demo", "path": "/later", "body": "none", "completion": "callback"]
        let definition = try WorkflowDefinition.sample(
            name: "traced",
            steps: [
                ["id": "rest", "wait": ["for": "20ms"]], ["id": "word", "await": ["signal": "go"]],
                ["id": "work", "action": accepted],
            ])
        try await Stage.with([definition], answer: { call in (call.path == "/later" ? 202 : 200, "{}") }) { stage in
            let url = try #require(try await stage.test.value("SELECT url FROM participants"))
            let telemetry = [
                "OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "20",
                "PUBLIC_URL": "http://127.0.0.1:1/saga/",
            ]
            let new = NewRun.sample(definition, traceparent: Self.traceparent)
            let starter = RunStarter(pool: stage.test.database.writes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await starter.run() }
                _ = try await starter.submit(new)
                starter.close()
                try await group.waitForAll()
            }
            let runID = new.run.id
            try await stage.withEngine(environment: telemetry) { _ in
                try await stage.wait(for: runID, "waiting") { _, steps in steps[1].step.status == .waiting }
                try await stage.send(
                    InboxRequest(.signal(name: "go", payload: 1, key: nil), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "accepted") { _, steps in steps[2].step.isAccepted }
                let told = Callback(outcome: .succeeded, output: 1, error: nil, digest: "d")
                try await stage.send(InboxRequest(.callback(stepID: "work", .execute, told), sentBy: "demo"), to: runID)
                #expect(try await stage.end(of: runID) == .completed)
            }
            // Stopping, the engine has told all of it.
            let sent = stage.participant.calls.filter { $0.path == "/v1/traces" }.map(\.body).joined()
            for name in ["wait rest", "await word", "callback execute work"] {
                #expect(sent.ranges(of: name).count == 1, "\(name)")
            }
        }
    }

    @Test("a child's spans stand below its parent's step, which is told; a detached one's below the parent's run")
    func children() async throws {
        let child = try WorkflowDefinition.sample(name: "kid", steps: [["id": "rest", "wait": ["for": "1ms"]]])
        let parent = try WorkflowDefinition.sample(
            name: "traced",
            steps: [
                ["id": "held", "run": ["workflow": "kid"]],
                ["id": "loose", "run": ["workflow": "kid", "detached": true]],
            ])
        try await Stage.with([parent, child]) { stage in
            let url = try #require(try await stage.test.value("SELECT url FROM participants"))
            let telemetry = ["OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "20"]
            let new = NewRun.sample(parent, traceparent: Self.traceparent)
            let starter = RunStarter(pool: stage.test.database.writes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await starter.run() }
                _ = try await starter.submit(new)
                starter.close()
                try await group.waitForAll()
            }
            @Sendable func children() async throws -> [RunHead] {
                var query = RunQuery(scope: .all)
                query.parent = new.run.id
                return try await stage.reader.list(query)
            }
            try await stage.withEngine(environment: telemetry) { _ in
                #expect(try await stage.end(of: new.run.id) == .completed)
                for run in try await children() { #expect(try await stage.end(of: run.runID) == .completed) }
            }
            let runs = try await children()
            let sent = stage.participant.calls.filter { $0.path == "/v1/traces" }.map(\.bytes).joined().map { $0 }
            #expect(Set(runs.compactMap { $0.parent?.stepID }) == ["held", "loose"])
            for run in runs {
                let trace = try #require(
                    try await stage.test.value("SELECT traceparent FROM workflow_runs WHERE run_id = '\(run.runID)'"))
                let parts = trace.split(separator: "-")
                #expect(parts[1] == Self.traceparent.split(separator: "-")[1], "one trace")
                let above = try #require(UInt64(parts[2], radix: 16))
                #expect((above == new.run.id.low) == (run.parent?.stepID == "loose"), "a run's own span is of its id")
                let id = withUnsafeBytes(of: above.bigEndian) { Array($0) }
                // Fields 2 and 4 of a span of OTLP: its id, and its parent's, of eight bytes each.
                #expect(sent.contains([0x12, 8] + id), "the span above \(run.parent?.stepID ?? "?") was told of")
                #expect(sent.contains([0x22, 8] + id), "\(run.parent?.stepID ?? "?") stands below it")
            }
            #expect(stage.participant.calls.map(\.body).joined().ranges(of: "execute held").count == 1)
        }
    }
}
