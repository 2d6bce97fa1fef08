import Core
@testable import Engine
import Storage
import TestSupport
import Testing

@Suite("What engines count for charts", .timeLimit(.minutes(1)))
struct MinuteTests {
    @Test(
        "ends are told once each, by how and of whom, with the runs that steps start, and when the engine stops at the latest"
    )
    func ends() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let parent = try WorkflowDefinition([
            "name": "parent", "version": "1.0.0",
            "steps": [["id": "child", "run": ["workflow": .string(chain.name), "input": ["orderId": "c"]]]],
        ])
        try await Stage.with(
            [chain, parent], answer: { $0.body.contains("refused") ? (422, "{}") : (200, "{}") }
        ) { stage in
            try await stage.withEngine { _ in
                for (definition, input, tenant, status) in [
                    (chain, "fine", "a", RunStatus.completed), (chain, "refused", "a", .compensated),
                    (chain, "fine", "b", .completed), (parent, "fine", "a", .completed),
                ] {
                    let input: JSON = ["orderId": .string(input)]
                    let runID = try await stage.start(definition, input: input, tenantID: tenant)[0]
                    #expect(try await stage.end(of: runID) == status)
                }
            }
            let rows = try await stage.test.query(
                """
                SELECT tenant_id, workflow_name, sum(started), sum(completed), sum(compensated), sum(cancelled), sum(failed)
                FROM run_minutes GROUP BY 1, 2 ORDER BY 1, 2
                """)
            #expect(
                rows.map { $0.compactMap { $0 }.joined(separator: " ") } == [
                    "a parent 0 1 0 0 0", "a \(chain.name) 1 2 1 0 0", "b \(chain.name) 0 1 0 0 0",
                ])
        }
    }

    @Test("a run that is set aside has failed, and is its tenant's")
    func quarantine() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            let runID = try await stage.start(chain, tenantID: "a")[0]
            try await stage.test.execute("UPDATE workflow_definitions SET spec = '{}'")
            try await stage.withEngine { _ in
                let status = try await stage.end(of: runID)
                #expect(status == .failed)
            }
            let counted = try await stage.test.value(
                "SELECT tenant_id || ' ' || workflow_name || ' ' || failed FROM run_minutes")
            #expect(counted == "a \(chain.name) 1")
        }
    }
}
