import Core
@testable import Engine
import Postgres
import Storage
import Testing
import TestSupport

@Suite("A deadline is acted on at its time, and what turned back makes no forward call")
struct DeadlineTests {
    @Test("a call that hangs does not put the deadline off: the run drains within a second, and says so")
    func duringCall() async throws {
        let chain = try WorkflowDefinition.sampleChain(2, timeout: "300ms")
        let gate = Gate()
        try await Stage.with([chain], answer: TestParticipant.held(by: gate, at: "/step-1")) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "draining") { run, _ in run.cause == .deadlineExceeded }
                let run = try #require(try await stage.reader.find(runID)).run
                #expect(run.status == .running && run.error?["kind"] == "deadline")
                let event = try #require(
                    try await stage.events(runID).first { $0.row.kind == .deadlineExceeded })
                let deadlineAt = try #require(run.deadlineAt)
                #expect(event.at >= deadlineAt - .milliseconds(5) && event.at < deadlineAt + .seconds(1))
                gate.open()
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(stage.participant.paths == ["/step-1", "/undo-step-1"])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("nor does a call that waits for its turn, however short it would be")
    func inQueue() async throws {
        let holder = try WorkflowDefinition.sampleChain(1, name: "holder")
        let quick = try WorkflowDefinition.sample(
            name: "quick",
            steps: [["id": "step-1", "action": ["participant": "demo", "path": "/quick", "timeout": "100ms"]]],
            timeout: "1500ms")
        let gate = Gate()
        try await Stage.with([holder, quick], answer: TestParticipant.held(by: gate, at: "/step-1")) { stage in
            try await stage.test.execute("UPDATE participants SET max_concurrent = 1")
            try await stage.withEngine { _ in
                let first = try await stage.start(holder)[0]
                try await stage.wait(for: first, "called") { _, _ in !stage.participant.calls.isEmpty }
                let runID = try await stage.start(quick)[0]
                try await stage.wait(for: runID, "draining") { run, _ in run.cause == .deadlineExceeded }
                #expect(stage.participant.paths == ["/step-1"])
                gate.open()
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(stage.participant.paths == ["/step-1"])
                try await stage.expectConsistent(runID, quick)
            }
        }
    }

    @Test("a call that waits for its turn is not made any more once its run is cancelled")
    func cancelledInQueue() async throws {
        let holder = try WorkflowDefinition.sampleChain(1, name: "holder")
        let chain = try WorkflowDefinition.sample(
            name: "other", steps: [["id": "only", "action": ["participant": "demo", "path": "/only"]]])
        let gate = Gate()
        try await Stage.with([holder, chain], answer: TestParticipant.held(by: gate, at: "/step-1")) { stage in
            try await stage.test.execute("UPDATE participants SET max_concurrent = 1")
            try await stage.withEngine { _ in
                let first = try await stage.start(holder)[0]
                try await stage.wait(for: first, "called") { _, _ in !stage.participant.calls.isEmpty }
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "begun") { _, steps in steps[0].step.attempts == 1 }
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: runID)
                try await stage.wait(for: runID, "draining") { run, _ in run.cause == .cancelRequested }
                gate.open()
                #expect(try await stage.end(of: runID) == .cancelled)
                #expect(stage.participant.paths == ["/step-1"])
                let failed = try #require(try await stage.events(runID).first { $0.row.kind == .attemptFailed })
                #expect(failed.row.outcome == .notSent)
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a call whose decision was stored late is not made after the deadline")
    func storedLate() async throws {
        let chain = try WorkflowDefinition.sampleChain(2, timeout: "1s")
        let gate = Gate()
        try await Stage.with([chain], answer: TestParticipant.held(by: gate, at: "/step-1")) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "called") { _, _ in !stage.participant.calls.isEmpty }
                // The first step's answer, and with it the second's intent, can't be stored until the deadline is over.
                try await stage.test.database.writes.withConnection { connection throws(PostgresError) in
                    _ = try await connection.simpleQuery("BEGIN; SELECT 1 FROM outbox FOR UPDATE")
                    gate.open()
                    _ = try await connection.simpleQuery(
                        "SELECT pg_sleep(greatest(0.0, extract(epoch FROM max(deadline_at) - clock_timestamp()) + 0.1)) "
                            + "FROM workflow_runs; COMMIT")
                }
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(stage.participant.paths == ["/step-1", "/undo-step-1"])
                let run = try #require(try await stage.reader.find(runID)).run
                #expect(run.cause == .deadlineExceeded)
                try await stage.expectConsistent(runID, chain)
            }
        }
    }
}
