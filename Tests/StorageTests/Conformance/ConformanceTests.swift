import Core
import Simulation
import Testing
import TestSupport

@Suite("Postgres and the store in memory say the same, whatever they are told")
struct ConformanceTests {
    /// What the simulator finds it finds on the store in memory: so that has to be what Postgres is.
    @Test(
        "starts, claims, commits of good and stale leases, commits sent twice, requests, restarts",
        arguments: 1...12 as ClosedRange<UInt64>)
    func same(seed: UInt64) async throws {
        try await TestDatabase.with { test in
            let definitions = try Self.definitions
            for definition in definitions { try await test.register(definition) }
            var random = SeededGenerator(seed: seed)
            var postgres = ConformanceRun(ConformingPostgresStore(test, definitions), definitions: definitions)
            var memory = ConformanceRun(ConformingMemoryStore(), definitions: definitions)
            for number in 1...120 {
                let (step, runID) = (ConformanceStep.random(using: &random), RunID.sample())
                let said = try await postgres.perform(step, runID: runID)
                let expected = try await memory.perform(step, runID: runID)
                try #require(said == expected, "step \(number) of seed \(seed), \(step)")
            }
        }
    }

    /// Nothing is due by itself: the suite says when. Each has another number of steps.
    private static var definitions: [WorkflowDefinition] {
        get throws {
            let step = { WorkflowDefinition.sampleStep($0, after: $1, when: $2, isCompensated: $3) }
            let steps: [[JSON]] = [
                [step("a", [], nil, true)],
                [step("a", [], nil, true), step("b", ["a"], nil, false)],
                [
                    step("a", [], nil, true), step("b", [], nil, true),
                    step("c", ["a", "b"], ["!=": [["var": "input.n"], 1]], true),
                ],
                [
                    step("a", [], nil, true), step("b", ["a"], nil, true), step("c", ["a"], nil, true),
                    step("d", ["b", "c"], nil, true),
                ],
            ]
            let flows = try steps.enumerated().map { number, steps -> WorkflowDefinition in
                try .sample(
                    name: "flow-\(number)", steps: steps, maxAttempts: 3, timeout: number == 3 ? "2h" : nil,
                    backoff: "1h")
            }
            let call: JSON = ["participant": "demo", "path": "/told"]
            let later: JSON = ["maxAttempts": 3, "initialInterval": "1h", "maxInterval": "1h"]
            let kid = { (id: String, workflow: String) -> JSON in
                ["id": .string(id), "run": ["workflow": .string(workflow)]]
            }
            let parent = try WorkflowDefinition([
                "name": "flow-4", "version": "1.0.0", "retry": later, "compensationRetry": later,
                "steps": [
                    kid("k", "flow-0"), step("b", ["k"], nil, true), kid("l", "flow-1"), step("d", ["l"], nil, true),
                    ["id": "e", "run": ["workflow": "flow-0", "detached": true], "compensation": "none"],
                ],
                "onEnd": [["when": ["!=": [["var": "run.status"], "CANCELLED"]], "action": call]],
            ])
            return flows + [parent]
        }
    }
}
