import Core
@testable import Engine
import Storage
import TestSupport
import Testing

@Suite("Runs of a tenant's own definitions, end to end", .timeLimit(.minutes(3)))
struct OwnDefinitionTests {
    /// `order`: one call at a path that tells whose it is, and then as many more as said.
    private static func order(_ mark: String, more: Int = 0, of tenant: String? = nil) throws -> WorkflowDefinition {
        let steps =
            [WorkflowDefinition.sampleStep(mark, isCompensated: false)]
            + (0..<more).map { WorkflowDefinition.sampleStep("\(mark)-\($0)", isCompensated: false) }
        let definition = try WorkflowDefinition.sample(name: "order", steps: steps)
        return try tenant.map { try definition.owned(by: $0) } ?? definition
    }

    /// Started as the API would: of what the tenant uses just now.
    private func start(_ stage: Stage, _ name: String = "order", for tenant: String) async throws -> RunID {
        let store = DefinitionStore(pool: stage.test.database.writes)
        return try await stage.start(try await store.definition(name, version: nil, for: tenant), tenantID: tenant)[0]
    }

    @Test("one name, three owners: each tenant's runs do what its own definition says, in one engine at the same time")
    func three() async throws {
        let (shared, ant, bee) = (
            try Self.order("shared"), try Self.order("ant", more: 2, of: "ant"),
            try Self.order("bee", more: 1, of: "bee")
        )
        try await Stage.with([shared, ant, bee]) { stage in
            try await stage.withEngine { _ in
                var runs: [(RunID, WorkflowDefinition)] = []
                for _ in 0..<3 {
                    for (tenant, definition) in [("cat", shared), ("ant", ant), ("bee", bee)] {
                        runs.append((try await start(stage, for: tenant), definition))
                    }
                }
                for (run, definition) in runs {
                    #expect(try await stage.end(of: run) == .completed)
                    try await stage.expectConsistent(run, definition)
                }
                let counts = Dictionary(grouping: stage.participant.paths) { $0 }.mapValues(\.count)
                #expect(
                    counts == ["/shared": 3, "/ant": 3, "/ant-0": 3, "/ant-1": 3, "/bee": 3, "/bee-0": 3], "\(counts)")
            }
        }
    }

    @Test(
        "what a tenant registers while runs are under way changes none of them: one at its call, one lost with its engine"
    )
    func underWay() async throws {
        let gate = Gate()
        let shared = try Self.order("shared", more: 1)
        try await Stage.with([shared], answer: TestParticipant.held(by: gate, at: "/shared")) { stage in
            defer { gate.open() }
            let lost = try await start(stage, for: "ant")
            let dead = LeaseStore(database: stage.test.database, engine: .sample(), length: .milliseconds(500))
            #expect(try await dead.claim(limit: 1).map(\.lease.runID) == [lost])
            try await stage.withEngine { _ in
                let held = try await start(stage, for: "ant")
                while stage.participant.calls.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                try await stage.test.register(try Self.order("own", of: "ant"))
                let after = try await start(stage, for: "ant")
                #expect(try await stage.end(of: after) == .completed)
                gate.open()
                for run in [held, lost] {
                    #expect(try await stage.end(of: run) == .completed)
                    try await stage.expectConsistent(run, shared)
                }
                #expect(stage.participant.paths.count { $0 == "/own" } == 1)
                #expect(stage.participant.paths.count { $0 == "/shared-0" } == 2)
                let owners = try await stage.test.query("SELECT definition_owner FROM workflow_runs ORDER BY run_id")
                #expect(owners == [[nil], [nil], ["ant"]])
            }
        }
    }

    @Test("a child is of what its run's tenant uses when it is started, and so are the calls after its end")
    func children() async throws {
        let parent = try WorkflowDefinition.sample(
            name: "parent", steps: [["id": "kid", "run": ["workflow": "order"]]])
        func told(_ mark: String) throws -> WorkflowDefinition {
            try WorkflowDefinition([
                "name": "order", "version": "1.0.0",
                "steps": [
                    [
                        "id": "a", "action": ["participant": "demo", "path": .string("/\(mark)")],
                        "compensation": "none",
                    ]
                ],
                "onEnd": [["action": ["participant": "demo", "path": .string("/end-\(mark)")]]],
            ])
        }
        try await Stage.with([parent, try told("shared"), try told("ant").owned(by: "ant")]) { stage in
            try await stage.withEngine { _ in
                for tenant in ["ant", "bee"] {
                    let run = try await start(stage, "parent", for: tenant)
                    #expect(try await stage.end(of: run) == .completed)
                }
                while try await stage.test.value("SELECT count(*) FROM outbox") != "0" {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(Set(stage.participant.paths) == ["/ant", "/end-ant", "/shared", "/end-shared"])
                let rows = try await stage.test.query(
                    """
                    SELECT tenant_id, workflow_name, definition_owner FROM workflow_runs
                    ORDER BY tenant_id, workflow_name COLLATE "C"
                    """)
                #expect(
                    rows == [
                        ["ant", "order", "ant"], ["ant", "order:onEnd", "ant"], ["ant", "parent", nil],
                        ["bee", "order", nil], ["bee", "order:onEnd", nil], ["bee", "parent", nil],
                    ])
            }
        }
    }

    @Test(
        "another tenant's workflow is for a child as unknown as none, and a paused one of one's own holds one's own children"
    )
    func strangers() async throws {
        func parent(_ name: String) throws -> WorkflowDefinition {
            try WorkflowDefinition.sample(name: name, steps: [["id": "kid", "run": ["workflow": "order"]]])
        }
        try await Stage.with([try parent("parent"), try Self.order("ant", of: "ant")]) { stage in
            let store = DefinitionStore(pool: stage.test.database.writes)
            try await stage.withEngine { _ in
                let stranger = try await start(stage, "parent", for: "bee")
                #expect(try await stage.end(of: stranger) == .compensated)
                let (row, _) = try #require(try await stage.reader.find(stranger))
                #expect(row.error?["message"]?.string == "The child run was refused: there is no workflow order.")
                _ = try await store.pause("order", of: .tenant("ant"), by: "ann", reason: "r", starts: .wait)
                let own = try await start(stage, "parent", for: "ant")
                try await stage.wait(for: own, "waiting for its child") { _, steps in steps.first?.step.child != nil }
                #expect(try await stage.test.value("SELECT tenant_id FROM held_starts") == "ant")
                #expect(try await store.resume("order", of: .tenant("ant"), by: "ann", reason: nil) == 1)
                #expect(try await stage.end(of: own) == .completed)
                #expect(stage.participant.paths == ["/ant"])
            }
        }
    }
}
