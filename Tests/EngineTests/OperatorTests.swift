import Core
import Driver
@testable import Engine
import Storage
import Testing
import TestSupport

@Suite("What people ask of a run happens, whenever they ask")
struct OperatorTests {
    @Test("a cancel during a call is in the history before the call ends; the call is undone, the run CANCELLED")
    func cancelInFlight() async throws {
        let chain = try WorkflowDefinition.sampleChain(2)
        let gate = Gate()
        try await Stage.with([chain], answer: TestParticipant.held(by: gate, at: "/step-1")) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "at work") { run, _ in
                    run.status == .running && !stage.participant.calls.isEmpty
                }
                try await stage.send(InboxRequest(.cancel(reason: "changed my mind"), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "draining") { run, _ in run.cause == .cancelRequested }
                gate.open()
                #expect(try await stage.end(of: runID) == .cancelled)
                #expect(stage.participant.paths == ["/step-1", "/undo-step-1"])
                let cancel = try await stage.events(runID).first { $0.row.kind == .cancelRequested }
                #expect(cancel?.row.data == ["by": "ann", "reason": "changed my mind"])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a run that waits for its backoff is held by nobody, and a cancel wakes it")
    func cancelWaiting() async throws {
        let chain = try WorkflowDefinition.sampleChain(2, backoff: "30m")
        try await Stage.with([chain], answer: { $0.path == "/step-2" ? (503, "{}") : (200, "{}") }) { stage in
            try await stage.withEngine { engine in
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "waiting") { _, steps in steps[1].step.nextAttemptAt != nil }
                #expect(try await stage.test.value("SELECT lease_owner FROM outbox") == nil)
                // The engine lets go a moment after the commit.
                let giveUpAt = ContinuousClock.now + .seconds(10)
                while engine.table.count > 0, ContinuousClock.now < giveUpAt {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(engine.table.count == 0)
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: runID)
                #expect(try await stage.end(of: runID) == .cancelled)
                #expect(stage.participant.paths == ["/step-1", "/step-2", "/undo-step-2", "/undo-step-1"])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a retry makes a waiting step go now")
    func retryWaiting() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, backoff: "30m")
        try await Stage.with([chain], answer: { $0.attempt == 1 ? (503, "{}") : (200, "{}") }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "waiting") { _, steps in
                    steps[0].step.nextAttemptAt != nil && steps[0].step.attempts > 0
                }
                try await stage.send(InboxRequest(.retry(stepID: "step-1"), sentBy: "ann"), to: runID)
                #expect(try await stage.end(of: runID) == .completed)
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a refused compensation makes the run FAILED and keeps what it depends on; a retry takes it up again")
    func retryFailed() async throws {
        let chain = try WorkflowDefinition.sampleChain(3)
        let isMended = Mended()
        try await Stage.with(
            [chain],
            answer: { call in
                switch call.path {
                case "/step-3": (422, "{}")
                case "/undo-step-2" where !isMended.value: (422, "{}")
                default: (200, "{}")
                }
            }
        ) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(chain)[0]
                #expect(try await stage.end(of: runID) == .failed)
                #expect(!stage.participant.paths.contains("/undo-step-1"))
                try await stage.expectConsistent(runID, chain)
                isMended.set()
                try await stage.send(InboxRequest(.retry(stepID: "step-2"), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "compensated") { run, _ in run.status == .compensated }
                #expect(Array(stage.participant.paths.suffix(2)) == ["/undo-step-2", "/undo-step-1"])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a step undone by hand is not called again, and the engine undoes what it held up")
    func resolveFailed() async throws {
        let chain = try WorkflowDefinition.sampleChain(3)
        try await Stage.with(
            [chain], answer: { ["/step-3", "/undo-step-2"].contains($0.path) ? (422, "{}") : (200, "{}") }
        ) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(chain)[0]
                #expect(try await stage.end(of: runID) == .failed)
                try await stage.send(
                    InboxRequest(.resolve(stepIDs: ["step-2"], reason: "refunded by hand"), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "compensated") { run, _ in run.status == .compensated }
                #expect(stage.participant.paths.filter { $0 == "/undo-step-2" }.count == 1)
                #expect(stage.participant.paths.last == "/undo-step-1")
                let resolved = try await stage.events(runID).first { $0.row.kind == .stepResolved }
                #expect(resolved?.row.stepID == "step-2")
                #expect(resolved?.row.data == ["by": "ann", "reason": "refunded by hand"])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("two compensations that gave up, one resolved and one retried at once: both are over, each in its way")
    func resolveAndRetry() async throws {
        let steps = ["left", "right"].map { WorkflowDefinition.sampleStep($0, after: []) }
        let last = WorkflowDefinition.sampleStep("last", after: ["left", "right"])
        let fork = try WorkflowDefinition.sample(name: "fork", steps: steps + [last])
        let isMended = Mended()
        try await Stage.with(
            [fork],
            answer: {
                $0.path == "/last" || ($0.path.hasPrefix("/undo") && !isMended.value) ? (422, "{}") : (200, "{}")
            }
        ) { stage in
            let runID = try await stage.start(fork)[0]
            try await stage.withEngine { _ in
                let status = try await stage.end(of: runID)
                #expect(status == .failed)
            }
            isMended.set()
            try await stage.send(InboxRequest(.retry(stepID: "left"), sentBy: "ann"), to: runID)
            try await stage.send(
                InboxRequest(.resolve(stepIDs: ["right"], reason: "by hand"), sentBy: "bob"), to: runID)
            try await stage.withEngine { _ in
                try await stage.wait(for: runID, "compensated") { run, _ in run.status == .compensated }
            }
            #expect(stage.participant.paths.filter { $0 == "/undo-left" }.count == 2)
            #expect(stage.participant.paths.filter { $0 == "/undo-right" }.count == 1)
            try await stage.expectConsistent(runID, fork)
        }
    }

    @Test("of a quarantined run several steps were undone by hand: none is called again, the lost call is undone")
    func resolveSeveralQuarantined() async throws {
        let chain = try WorkflowDefinition.sampleChain(3)
        let gate = Gate()
        try await Stage.with([chain], answer: TestParticipant.held(by: gate, at: "/step-3")) { stage in
            let runID = try await stage.start(chain)[0]
            try await stage.withEngine { _ in
                try await stage.wait(for: runID, "at its last step") { _, steps in steps[2].step.status == .executing }
                let row = try await stage.test.query("SELECT lease_owner, epoch FROM outbox")[0]
                let owner = try #require(row[0].flatMap { EngineID($0) })
                let epoch = try #require(row[1].flatMap { Int64($0) })
                let failure = Failure(kind: "quarantined", message: "It kills engines.")
                let holder = LeaseStore(database: stage.test.database, engine: owner, length: .seconds(60))
                #expect(try await holder.quarantine(Lease(runID: runID, epoch: epoch), failure))
                gate.open()
            }
            // A request of before the quarantine that nobody has read must not win over a person's word.
            try await stage.test.execute(
                """
                INSERT INTO run_inbox (run_id, kind, payload, sent_by)
                VALUES ('\(runID)', 'retry', '{"stepId": "step-3"}', 'bob')
                """)
            let resolve = InboxRequest(.resolve(stepIDs: ["step-1", "step-2"], reason: "refunded"), sentBy: "ann")
            try await stage.send(resolve, to: runID)
            try await stage.withEngine { _ in
                try await stage.wait(for: runID, "compensated") { run, _ in run.status == .compensated }
            }
            #expect(stage.participant.paths == ["/step-1", "/step-2", "/step-3", "/undo-step-3"])
            let resolved = try await stage.events(runID).filter { $0.row.kind == .stepResolved }.map(\.row.stepID)
            #expect(resolved == ["step-1", "step-2"])
            try await stage.expectConsistent(runID, chain)
        }
    }

    @Test("a quarantined run of which a step was undone by hand does not go on: its lost call is undone")
    func resolveQuarantined() async throws {
        let chain = try WorkflowDefinition.sampleChain(2)
        try await Stage.with([chain]) { stage in
            let runID = try await stage.quarantined(chain) { _ in }
            try await stage.withEngine { _ in
                try await stage.send(
                    InboxRequest(.resolve(stepIDs: ["step-1"], reason: "by hand"), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "compensated") { run, _ in run.status == .compensated }
                #expect(stage.participant.paths.isEmpty)
                try await stage.expectConsistent(runID, chain)
            }
        }
    }
}
