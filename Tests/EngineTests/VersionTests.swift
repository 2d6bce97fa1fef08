import Core
import Driver
@testable import Engine
import Storage
import Telemetry
import Testing
import TestSupport

@Suite("Versions run side by side: what one does not know it leaves for the other")
struct VersionTests {
    @Test(
        "a request nobody here knows stays unread, and its run is left to others, not worked on in circles",
        arguments: [("park", "{}"), ("cancel", #"{"reason": 1, "reason": 2}"#), ("resolve", #"{"all": true}"#)])
    func unknownRequest(kind: String, payload: String) async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            let runID = try await stage.start(chain)[0]
            try await stage.ask(runID, kind, payload)
            try await stage.withEngine(["--poll", "50ms"]) { engine in
                try await stage.waitUntilLeft(by: engine)
                #expect(
                    try await stage.test.query(
                        "SELECT inbox_count, available_at > now() + interval '3 seconds', failures <= 0 FROM outbox")
                        == [["1", "t", "t"]])
                #expect(try await stage.test.value("SELECT kind FROM run_inbox") == kind)
                #expect(stage.participant.calls.isEmpty && engine.metrics.claimed.value == 1)
                try await stage.goOn(runID, chain)
            }
        }
    }

    @Test("one that comes during the last call keeps the run from its end, and loses no answer")
    func unknownRequestInFlight() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let gate = Gate()
        try await Stage.with([chain], answer: TestParticipant.held(by: gate)) { stage in
            try await stage.withEngine(["--poll", "50ms"]) { engine in
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "called") { _, _ in !stage.participant.calls.isEmpty }
                try await stage.ask(runID, "park", "{}")
                gate.open()
                try await stage.waitUntilLeft(by: engine)
                let (run, steps) = try #require(try await stage.reader.find(runID))
                #expect(run.status == .running && steps[0].step.status == .succeeded)
                #expect(try await stage.test.value("SELECT count(*) FROM run_inbox") == "1")
                try await stage.goOn(runID, chain)
                #expect(stage.participant.calls.count == 1)
            }
        }
    }

    @Test("a cancel beside it is carried out, but for the run's end")
    func knownBesideUnknown() async throws {
        let chain = try WorkflowDefinition.sampleChain(2, backoff: "30m")
        try await Stage.with([chain], answer: { $0.path == "/step-2" ? (503, "{}") : (200, "{}") }) { stage in
            try await stage.withEngine(["--poll", "50ms"]) { engine in
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "waiting") { _, steps in steps[1].step.nextAttemptAt != nil }
                try await stage.ask(runID, "park", "{}")
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: runID)
                try await stage.waitUntilLeft(by: engine)
                let (run, steps) = try #require(try await stage.reader.find(runID))
                #expect(run.status == .compensating && steps.allSatisfy { $0.step.compensationStatus == .compensated })
                #expect(try await stage.test.query("SELECT kind FROM run_inbox") == [["park"]])
                try await stage.goOn(runID, chain, to: .cancelled)
            }
        }
    }

    @Test(
        "a state nobody here knows is neither guessed at nor called poison: the run stays as it is",
        arguments: [
            ("workflow_runs SET cause", "'HELD_BACK'", "NULL"), ("workflow_runs SET status", "'PAUSED'", "'PENDING'"),
            ("run_steps SET status", "'ASLEEP'", "'PENDING'"),
            ("run_steps SET compensation_status", "'PARKED'", "'NOT_REQUIRED'"),
        ])
    func unknownState(column: String, newer: String, known: String) async throws {
        let chain = try WorkflowDefinition.sampleChain(2)
        try await Stage.with([chain]) { stage in
            let runID = try await stage.start(chain)[0]
            // Claimed before, so that its steps are read.
            try await stage.test.execute("UPDATE outbox SET epoch = 1; UPDATE \(column) = \(newer)")
            try await stage.withEngine(["--poll", "50ms"]) { engine in
                try await stage.waitUntilLeft(by: engine)
                #expect(stage.participant.calls.isEmpty)
                #expect(engine.metrics.quarantined.value == 0)
                let place = column.split(separator: " ")
                #expect(
                    try await stage.test.value("SELECT DISTINCT \(place[2]) = \(newer) FROM \(place[0])") == "t")
                try await stage.test.execute("UPDATE \(column) = \(known)")
                try await stage.goOn(runID, chain)
            }
        }
    }
}

@Suite("A broken invariant is told, and harms as little as it can")
struct InvariantTests {
    @Test(
        "an inbox count that promises more than there is is put right, and the run goes on", arguments: [false, true])
    func wrongCount(isInFlight: Bool) async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let gate = Gate()
        try await Stage.with([chain], answer: TestParticipant.held(by: gate)) { stage in
            let count = "UPDATE outbox SET inbox_count = inbox_count + 2"
            let runID = try await stage.start(chain)[0]
            if !isInFlight { try await stage.test.execute(count) }
            try await stage.withEngine { engine in
                try await stage.wait(for: runID, "called") { _, _ in !stage.participant.calls.isEmpty }
                if isInFlight { try await stage.test.execute(count) }
                gate.open()
                #expect(try await stage.end(of: runID) == .completed)
                #expect(engine.metrics.brokenInvariants.value == 1)
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("of a FAILED run with such a count nothing is called: its outbox row goes")
    func wrongCountOfFailedRun() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            let runID = try await stage.quarantined(chain) { _ in }
            try await stage.test.execute(
                "INSERT INTO outbox (run_id, available_at, epoch, inbox_count, last_seq) "
                    + "VALUES ('\(runID)', now(), 1, 1, 3)")
            try await stage.withEngine(["--poll", "50ms"]) { engine in
                try await stage.waitUntil("told") { engine.metrics.brokenInvariants.value == 1 }
                let giveUpAt = ContinuousClock.now + .seconds(10)
                while try await stage.test.value("SELECT count(*) FROM outbox") != "0", .now < giveUpAt {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(stage.participant.calls.isEmpty)
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("an answer that fits no call in flight is counted, and changes nothing")
    func foreignAnswer() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let gate = Gate()
        try await Stage.with([chain], answer: TestParticipant.held(by: gate)) { stage in
            try await stage.withEngine { engine in
                let runID = try await stage.start(chain)[0]
                try await stage.wait(for: runID, "called") { _, _ in !stage.participant.calls.isEmpty }
                let mailbox = try #require(engine.table.mailbox(of: runID))
                mailbox.post(
                    .answered(step: 0, action: .compensate, attempt: 7, CallResult(outcome: .succeeded)))
                try await stage.waitUntil("told") { engine.metrics.brokenInvariants.value == 1 }
                gate.open()
                #expect(try await stage.end(of: runID) == .completed)
                try await stage.expectConsistent(runID, chain)
            }
        }
    }
}

extension Stage {
    /// Puts a request into a run's inbox as a newer version may.
    fileprivate func ask(_ runID: RunID, _ kind: String, _ payload: String) async throws {
        try await test.execute(
            """
            BEGIN;
            INSERT INTO run_inbox (run_id, kind, payload, sent_by) VALUES ('\(runID)', '\(kind)', '\(payload)', 'newer');
            UPDATE outbox SET inbox_count = inbox_count + 1 WHERE run_id = '\(runID)';
            COMMIT
            """)
    }

    fileprivate func waitUntilLeft(by engine: Engine) async throws {
        try await waitUntil("left to others") { engine.metrics.notUnderstood.value == 1 }
    }

    /// Does for a run what a newer version does: reads its inbox, and gives it back. Then it goes on to its end.
    fileprivate func goOn(
        _ runID: RunID, _ definition: WorkflowDefinition, to status: RunStatus = .completed
    ) async throws {
        try await test.execute(
            """
            BEGIN;
            DELETE FROM run_inbox WHERE run_id = '\(runID)';
            UPDATE outbox SET inbox_count = 0, lease_owner = NULL, available_at = now(),
                last_seq = (SELECT max(seq) FROM run_events WHERE run_id = '\(runID)')
            WHERE run_id = '\(runID)';
            COMMIT;
            SELECT pg_notify('\(Channel.outbox)', '')
            """)
        #expect(try await end(of: runID) == status)
        try await expectConsistent(runID, definition)
    }

    fileprivate func waitUntil(_ what: String, _ isSo: () -> Bool) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(20)
        while !isSo() {
            guard ContinuousClock.now < giveUpAt else {
                Issue.record("it never was \(what)")
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
