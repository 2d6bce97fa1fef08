import Core
@testable import Engine
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Lists, end to end", .timeLimit(.minutes(3)))
struct ElementTests {
    private static func definition(_ maxParallel: Int, last: String = "/last") throws -> WorkflowDefinition {
        let backoff: JSON = ["maxAttempts": 5, "initialInterval": "300ms", "maxInterval": "300ms", "jitter": 0]
        return try WorkflowDefinition.sample(
            name: "listed",
            steps: [
                [
                    "id": "ship",
                    "forEach": ["in": "${input.items}", "as": "line", "maxParallel": JSON(maxParallel)],
                    "retry": backoff,
                    "action": ["participant": "demo", "path": "/ship/${line.sku}/${index}", "body": "${line}"],
                    "compensation": [
                        "participant": "demo", "path": "/undo/${line.sku}/${steps.ship.output.sku ?? 'none'}",
                        "body": "none",
                    ],
                ],
                [
                    "id": "last",
                    "action": ["participant": "demo", "path": .string(last), "body": "${steps.ship.output}"],
                ],
            ])
    }

    /// Entries so long that a snapshot refers to them.
    private static func items(_ count: Int) -> JSON {
        .array((0..<count).map { ["sku": .string("s\($0)"), "note": .string(String(repeating: "x", count: 400))] })
    }

    @Test("each entry is done, over a backoff and a rest; outputs are in order, and shown with the elements")
    func completes() async throws {
        let definition = try Self.definition(3)
        let failures = Mutex(0)
        try await Stage.with(
            [definition],
            answer: { call in
                guard call.path.hasPrefix("/ship/") else { return (200, "{}") }
                // All three at work fail once, so that the run rests.
                if failures.withLock({
                    $0 += 1; return $0 <= 3
                }) {
                    return (503, "{}")
                }
                return (
                    200,
                    "{\"sku\":\"\(call.path.split(separator: "/")[1])\",\"pad\":\"\(String(repeating: "y", count: 600))\"}"
                )
            }
        ) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition, input: ["items": Self.items(7)])[0]
                #expect(try await stage.end(of: runID) == .completed)
                try await stage.expectConsistent(runID, definition)
                let (_, steps) = try #require(try await stage.reader.find(runID))
                #expect(steps.map(\.stepID) == ["ship", "last"] + (0..<7).map { "ship[\($0)]" })
                #expect(steps[0].step.output?.array?.compactMap { $0["sku"]?.string } == (0..<7).map { "s\($0)" })
                let shown = try #require(try await stage.reader.shown(runID)?.steps)
                #expect(shown.map(\.stepID) == steps.map(\.stepID) && shown.allSatisfy { $0.status == "SUCCEEDED" })
                #expect(!shown[0].output.isThere && shown[2].output.isThere)
                let names = try await stage.test.query(
                    "SELECT step_id FROM run_steps WHERE run_id = '\(runID)' AND status = 'SUCCEEDED' ORDER BY step_index"
                )
                #expect(names.map { $0[0] } == steps.map(\.stepID))
                let kinds = try await stage.events(runID).map(\.kind)
                #expect(kinds.filter { $0 == "elements_started" }.count == 1)
                #expect(kinds.filter { $0 == "elements_ended" }.count == 1)
            }
        }
    }

    @Test("what was done is undone by another engine than the one that did it, the latest first")
    func undone() async throws {
        let definition = try Self.definition(1)
        let isStopped = Mutex(false)
        try await Stage.with(
            [definition],
            answer: { call in
                switch call.path {
                case "/last": return (422, "{}")
                case "/ship/s2/2" where isStopped.withLock({ !$0 }): return (503, "{}")
                case let path where path.hasPrefix("/ship/"):
                    return (200, "{\"sku\":\"\(path.split(separator: "/")[1])\"}")
                default: return (200, "{}")
                }
            }
        ) { stage in
            let runs = Mutex<[RunID]>([])
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition, input: ["items": Self.items(3)])[0]
                runs.withLock { $0 = [runID] }
                try await stage.wait(for: runID, "waiting") { _, steps in
                    steps.count == 5 && steps[4].step.nextAttemptAt != nil
                }
            }
            isStopped.withLock { $0 = true }
            try await stage.withEngine { _ in
                let runID = runs.withLock { $0[0] }
                #expect(try await stage.end(of: runID) == .compensated)
                try await stage.expectConsistent(runID, definition)
                #expect(
                    stage.participant.paths.filter { $0.hasPrefix("/undo") }
                        == ["/undo/s2/s2", "/undo/s1/s1", "/undo/s0/s0"])
                #expect(stage.participant.paths.filter { $0 == "/ship/s0/0" }.count == 1)
            }
        }
    }
}
