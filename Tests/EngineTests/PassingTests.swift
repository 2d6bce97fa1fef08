import Core
@testable import Engine
import Foundation
import Storage
import TestSupport
import Testing

@Suite("Steps that make no call, and steps that may fail, end to end", .timeLimit(.minutes(2)))
struct PassingTests {
    private static func call(_ path: String) -> JSON { ["participant": "demo", "path": .string(path), "body": "none"] }

    @Test("a run that waits is nobody's until its time has come, and goes on then, wherever the wait stands")
    func waiting() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "waiting",
            steps: [
                ["id": "first", "wait": ["for": "${input.wait}"]],
                ["id": "a", "action": Self.call("/a"), "compensation": Self.call("/undo-a")],
                ["id": "second", "wait": ["for": "${input.wait}"]],
                ["id": "b", "action": Self.call("/b")],
            ])
        try await Stage.with([definition]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition, input: ["wait": "1500ms"])[0]
                // Given back, with the time at which it is due.
                try await stage.wait(for: runID, "waiting") { _, steps in steps[0].step.status == .waiting }
                let resting = try await stage.test.query(
                    """
                    SELECT 1 FROM outbox o JOIN run_steps s USING (run_id) WHERE lease_owner IS NULL
                        AND s.step_id = 'first' AND s.status = 'WAITING' AND available_at > now()
                        AND abs(extract(epoch FROM available_at - s.next_attempt_at)) < 0.5
                    """)
                #expect(resting.count == 1)
                #expect(try await stage.end(of: runID) == .completed)
                let events = try await stage.events(runID)
                let begun = events.filter { $0.kind == "wait_started" }
                #expect(begun.count == 2 && events.filter { $0.kind == "step_succeeded" }.count == 2)
                for wait in begun {
                    let until = try #require(wait.row.data?["until"]?.string.flatMap { Instant($0) })
                    let next = try #require(
                        events.first { $0.kind == "step_succeeded" && $0.row.stepID == wait.row.stepID })
                    #expect(next.at >= until && until >= wait.at, "\(next.at) \(until)")
                }
                #expect(stage.participant.calls.map(\.path) == ["/a", "/b"])
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("a cancel ends a wait of days at once")
    func cancelled() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "cancelled",
            steps: [
                ["id": "a", "action": Self.call("/a"), "compensation": Self.call("/undo-a")],
                ["id": "rest", "wait": ["until": "${input.at}"]],
            ])
        try await Stage.with([definition]) { stage in
            try await stage.withEngine { _ in
                let at =
                    Instant(microseconds: Int64(Date.now.timeIntervalSince1970 * 1_000_000)) + .seconds(200 * 86_400)
                let runID = try await stage.start(definition, input: ["at": .string(at.description)])[0]
                try await stage.wait(for: runID, "waiting") { _, steps in steps[1].step.status == .waiting }
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "test"), to: runID)
                #expect(try await stage.end(of: runID) == .cancelled)
                #expect(stage.participant.calls.map(\.path) == ["/a", "/undo-a"])
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("a carrier that may have taken the parcel is undone before another is called, and an end leaves out the rest")
    func carriers() async throws {
        var dhl: JSON = Self.call("/dhl")
        dhl["retry"] = ["maxAttempts": 1]
        let definition = try WorkflowDefinition.sample(
            name: "carriers",
            steps: [
                ["id": "dhl", "onFailure": "continue", "action": dhl, "compensation": Self.call("/undo-dhl")],
                [
                    "id": "ups", "when": ["==": [["var": "steps.dhl.status"], "FAILED"]],
                    "action": [
                        "participant": "demo", "path": "/ups", "body": ["because": "${steps.dhl.error.httpStatus}"],
                    ],
                ],
                ["id": "done", "end": ["as": "completed", "output": ["by": "ups"]]],
                ["id": "never", "action": Self.call("/never")],
            ])
        try await Stage.with([definition], answer: { $0.path == "/dhl" ? (500, "") : (200, "{}") }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .completed)
                let calls = stage.participant.calls
                #expect(calls.map(\.path) == ["/dhl", "/undo-dhl", "/ups"])
                #expect(calls.last?.body == #"{"because":500}"#)
                let (run, steps) = try #require(try await stage.reader.find(runID))
                #expect(run.output == ["by": "ups"] && run.cause == nil && run.error == nil)
                #expect(steps.map(\.step.status) == [.failed, .succeeded, .succeeded, .skipped])
                #expect(steps[0].step.compensationStatus == .compensated)
                try await stage.expectConsistent(runID, definition)
            }
        }
    }
}
