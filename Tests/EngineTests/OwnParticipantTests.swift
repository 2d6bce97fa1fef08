import Basics
import Core
import Foundation
import Postgres
import Storage
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// The participant `demo` of the tenant `a`, beside the shared one of that name.
struct OwnStage: Sendable {
    let stage: Stage
    let own: TestParticipant
    let url: String

    static let id = ParticipantID("demo", of: .tenant("a"))

    static func with(
        _ definitions: [WorkflowDefinition], isRegistered: Bool = true,
        shared: @escaping TestParticipant.Answer = { _ in (200, "{}") },
        own: @escaping TestParticipant.Answer = { _ in (200, "{}") },
        _ body: @Sendable @escaping (OwnStage) async throws -> Void
    ) async throws {
        try await Stage.with(definitions, answer: shared) { stage in
            try await TestParticipant.with(own) { own, port in
                let both = OwnStage(stage: stage, own: own, url: "http://127.0.0.1:\(port)")
                if isRegistered { try await both.register() }
                try await body(both)
            }
        }
    }

    func register() async throws {
        try await stage.test.execute(
            """
            INSERT INTO participants (tenant_id, participant_name, url, updated_by)
            VALUES ('a', 'demo', '\(url)', 'tests')
            """)
    }

    /// Changes a row as a registration would.
    func change(_ owner: Owner, _ assignments: String) async throws {
        try await stage.test.execute(
            "UPDATE participants SET \(assignments), updated_at = now() WHERE tenant_id = '\(owner.name)'")
    }

    /// Starts a run of the tenant and waits for its end.
    func run(_ definition: WorkflowDefinition, of tenantID: String) async throws -> RunStatus {
        try await stage.end(of: try await stage.start(definition, tenantID: tenantID)[0])
    }

    var counts: (shared: Int, own: Int) { (stage.participant.calls.count, own.calls.count) }

    /// Waits until something is so; fails after 20 s.
    func until(_ what: String, _ isSo: () async throws -> Bool) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < giveUpAt {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it never came to this: \(what)")
        throw CancellationError()
    }
}

@Suite("Participants of a tenant of its own", .timeLimit(.minutes(3)))
struct OwnParticipantTests {
    @Test("are called by their tenant's runs alone; without one of the name the shared one is, for each call anew")
    func resolution() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await OwnStage.with([chain]) { both in
            try await both.stage.test.execute(
                """
                INSERT INTO participants (tenant_id, participant_name, url, updated_by)
                VALUES ('b', 'other', 'http://127.0.0.1:1', 'tests')
                """)
            try await both.stage.withEngine { engine in
                #expect(try await both.run(chain, of: "a") == .completed)
                #expect(both.counts == (0, 1))
                for tenantID in ["default", "b", "c"] {
                    #expect(try await both.run(chain, of: tenantID) == .completed)
                }
                #expect(both.counts == (3, 1))
                // What was a's own is gone: its runs call what all call.
                try await both.stage.test.execute("DELETE FROM participants WHERE tenant_id = 'a'")
                try await engine.participants.refresh()
                #expect(try await both.run(chain, of: "a") == .completed)
                #expect(both.counts == (4, 1))
            }
        }
    }

    @Test("take the next call of a run that is under way, forward and backward, from when they are registered")
    func underWay() async throws {
        let chain = try WorkflowDefinition.sampleChain(2)
        let gate = Gate()
        let own: TestParticipant.Answer = { $0.path == "/step-2" ? (400, "{}") : (200, "{}") }
        try await OwnStage.with(
            [chain], isRegistered: false, shared: TestParticipant.held(by: gate), own: own
        ) { both in
            try await both.stage.withEngine { engine in
                let run = try await both.stage.start(chain, tenantID: "a")[0]
                try await both.until("called") { both.counts.shared == 1 }
                try await both.register()
                try await engine.participants.refresh()
                gate.open()
                #expect(try await both.stage.end(of: run) == .compensated)
                #expect(both.stage.participant.paths == ["/step-1"])
                #expect(both.own.paths == ["/step-2", "/undo-step-1"])
            }
        }
    }

    @Test("one that is registered when a call is due is found at once, though another tenant has one of that name")
    func fresh() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1)
        try await OwnStage.with([chain]) { both in
            try await both.stage.test.execute("DELETE FROM participants WHERE tenant_id = '*'")
            try await both.stage.withEngine { _ in
                try await both.stage.test.execute(
                    """
                    INSERT INTO participants (tenant_id, participant_name, url, updated_by)
                    VALUES ('b', 'demo', '\(both.url)', 'tests')
                    """)
                #expect(try await both.run(chain, of: "b") == .completed)
                #expect(try await both.run(chain, of: "c") == .compensated)
                #expect(both.counts == (0, 1))
            }
        }
    }

    @Test("their breakers are theirs: one that fails opens nobody else's, and engines tell whose it is")
    func breakers() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 2, isCompensated: false)
        try await OwnStage.with([chain], own: { _ in (500, "{}") }) { both in
            try await both.stage.withEngine { engine in
                _ = try await both.stage.start(chain, count: 8, tenantID: "a")
                try await both.until("open") {
                    engine.breakers.contains { $0.participant == OwnStage.id && $0.state == .open }
                }
                #expect(try await both.run(chain, of: "b") == .completed)
                #expect(engine.breakers.first { $0.participant == "demo" }?.state == .closed)
                let report = engine.participants.report
                #expect(report.own["a"]?["demo"]?["breaker"] == "open" && report.shared == [:])
                // Metrics know names alone: of two breakers they tell the worse.
                let metrics = String(decoding: await engine.metrics.registry.exposition(), as: UTF8.self)
                #expect(metrics.contains(#"participant_breaker_state{participant="demo"} 2"#))
                #expect(both.counts.shared == 1, "none of a's calls has gone there")
            }
        }
    }

    @Test("pauses hold the calls of those who call the paused one, and let them go to one of their own")
    func pauses() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await OwnStage.with([chain]) { both in
            let writes = both.stage.test.database.writes
            try await both.stage.withEngine { engine in
                _ = try await writes.execute(PauseParticipant("demo", by: "ann", reason: "x"))
                try await engine.participants.refresh()
                #expect(try await both.run(chain, of: "a") == .completed)
                let held = try await both.stage.start(chain, tenantID: "b")[0]
                try await both.until("held") { engine.participants.held.counts == ["demo": 1] }
                #expect(engine.participants.report.shared["demo"]?["held"] == 1)
                #expect(engine.participants.report.own == [:])
                // What b registers meanwhile is what its call goes to.
                try await both.stage.test.execute(
                    """
                    INSERT INTO participants (tenant_id, participant_name, url, updated_by)
                    VALUES ('b', 'demo', '\(both.url)', 'tests')
                    """)
                #expect(try await both.stage.end(of: held) == .completed)
                #expect(both.counts == (0, 2))
                // And the other way round.
                _ = try await writes.execute(ResumeParticipant("demo", by: "ann", reason: nil))
                _ = try await writes.execute(PauseParticipant(OwnStage.id, by: "ann", reason: "x"))
                try await engine.participants.refresh()
                let own = try await both.stage.start(chain, tenantID: "a")[0]
                try await both.until("held") { engine.participants.held.counts == [OwnStage.id: 1] }
                #expect(try await both.run(chain, of: "c") == .completed)
                #expect(both.counts == (1, 2))
                // Without one of its own a calls what all call.
                try await both.stage.test.execute("DELETE FROM participants WHERE tenant_id = 'a'")
                #expect(try await both.stage.end(of: own) == .completed)
                #expect(both.counts == (2, 2))
            }
        }
    }

    @Test("limits are of one participant: another of its name has its own, whole")
    func limits() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let (gate, ownGate) = (Gate(), Gate())
        try await OwnStage.with(
            [chain], shared: TestParticipant.held(by: gate), own: TestParticipant.held(by: ownGate)
        ) { both in
            try await both.stage.test.execute("UPDATE participants SET max_concurrent = 1")
            try await both.stage.withEngine { engine in
                let own = try await both.stage.start(chain, count: 2, tenantID: "a")
                let shared = try await both.stage.start(chain, count: 3, tenantID: "b")
                try await both.until("one of each is in flight, and the others wait") {
                    both.counts == (1, 1) && engine.participants.limiter.queued == ["demo": 2, OwnStage.id: 1]
                }
                let rows = try await both.stage.test.value(
                    "SELECT string_agg(tenant_id || calls_taken, ',' ORDER BY tenant_id) FROM call_shares")
                #expect(rows == "*1,a1")
                ownGate.open()
                for run in own { #expect(try await both.stage.end(of: run) == .completed) }
                #expect(both.counts == (1, 2), "the shared one is still at work")
                gate.open()
                for run in shared { #expect(try await both.stage.end(of: run) == .completed) }
            }
        }
    }
}
