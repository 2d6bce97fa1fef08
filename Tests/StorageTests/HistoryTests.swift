import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("The history is the truth")
struct HistoryTests {
    @Test("Every kind of event comes back from the database as it went in")
    func roundTrip() async throws {
        let events = Self.samples
        #expect(Set(events.map(\.kind)) == Set(RunEventKind.allCases))
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleDiamond()
            let engine = TestEngine(test, definition)
            let reader = RunReader(pool: test.database.reads)
            for event in events {
                var held = try await engine.begin(definition)
                let first = held.run.lastSequence
                let commit = RunCommit(lease: held.lease, run: &held.run, events: [event], now: held.now)
                guard case .written = try await engine.write(commit) else {
                    Issue.record("\(event) was not written")
                    continue
                }
                let stored = try #require(try await reader.events(of: held.run.id, after: first).first)
                #expect(stored.row.event(of: StepNumbering(definition)) == event)
                #expect(stored.engineID == engine.id && stored.epoch == 1 && stored.sequence == first + 1)
                try await test.execute("DELETE FROM outbox")
            }
        }
    }

    /// Runs of all shapes, answers of all kinds, engines that die, cancels, deadlines and operators at any moment.
    @Test(
        "Folding the history of any run gives its rows, at every claim and at the end",
        arguments: [1, 2, 3, 4] as [UInt64])
    func randomHistories(seed: UInt64) async throws {
        try await TestDatabase.with { test in
            let definitions = try Self.definitions
            var dice = Dice(seed: seed)
            let engines = (0..<2).map { _ in TestEngine(test, definitions) }
            let runs = (0..<60).map { _ in
                NewRun.sample(
                    definitions.randomElement(using: &dice) ?? definitions[0], input: ["n": .init(dice.below(3))])
            }
            try await engines[0].start(runs)
            let inbox = RunInbox(database: test.database)
            var rounds = 0
            while let wait = try await engines[0].leases.nextDue().wait {
                if wait > .zero { try await Task.sleep(for: min(wait, .milliseconds(50))) }
                rounds += 1
                let engine = engines[dice.below(2)]
                for var held in try await engine.claim(20) {
                    let (folded, differences) = try await test.fold(held.run.id, held.run.definition)
                    #expect(differences == [])
                    #expect(
                        folded.steps.compared == held.run.steps.compared && folded.lastSequence == held.run.lastSequence
                    )
                    #expect(folded.status == held.run.status && folded.cause == held.run.cause)
                    #expect(folded.errorJSON == held.run.errorJSON && folded.updatedAt == held.run.updatedAt)
                    if dice.below(12) == 0 {
                        _ = try await inbox.ask(held.run.id, InboxRequest(.cancel(reason: nil), sentBy: "tests"))
                    }
                    guard try await engine.work(&held, { _, _ in dice.answer() }) else { continue }
                    if held.run.hasCallInFlight { try await engine.leases.release([held.lease]) }
                    if held.run.status == .failed, let step = held.run.definition.steps.randomElement(using: &dice) {
                        let run = held.run
                        let resolvable = run.definition.steps.filter { run.canResolve(step: $0.index) }.map(\.id)
                        if dice.below(3) == 0, !resolvable.isEmpty {
                            let request = InboxRequest(
                                .resolve(stepIDs: resolvable, reason: "by hand"), sentBy: "tests")
                            _ = try await inbox.ask(run.id, request)
                        }
                        _ = try await inbox.ask(run.id, InboxRequest(.retry(stepID: step.id), sentBy: "tests"))
                    }
                }
            }
            var ends: [RunStatus: Int] = [:]
            for new in runs {
                let (run, differences) = try await test.fold(new.run.id, new.run.definition)
                #expect(differences == [], "seed \(seed)")
                #expect(run.status.isTerminal)
                ends[run.status, default: 0] += 1
            }
            #expect(ends.count >= 3, "seed \(seed) reached only \(ends)")
            #expect(try await test.value("SELECT count(*) FROM outbox") == "0")
        }
    }

    @Test(
        "The comparison sees a row that was changed behind the history's back",
        arguments: [
            "UPDATE run_steps SET attempts = attempts + 1 WHERE step_index = 0",
            "UPDATE run_steps SET completed_at = completed_at + interval '1 microsecond' WHERE step_index = 1",
            "UPDATE run_steps SET output = '{}' WHERE step_index = 0",
            "UPDATE run_steps SET is_ambiguous = true WHERE step_index = 1",
            "UPDATE workflow_runs SET status = 'RUNNING'",
            #"UPDATE workflow_runs SET error = '{"kind": "k", "message": "m"}'"#,
            "UPDATE workflow_runs SET completed_at = NULL", "DELETE FROM run_steps WHERE step_index = 1",
        ])
    func seesDifferences(change: String) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            let new = NewRun.sample(definition)
            try await engine.start([new])
            try await engine.drive { _, _ in .yes }
            #expect(try await test.fold(new.run.id, definition).differences == [])
            try await test.execute(change)
            #expect(try await test.fold(new.run.id, definition).differences.count == 1)
            try await test.execute("DELETE FROM run_events WHERE seq = 3")
            await #expect(throws: UnreadableHistory.self) { try await test.fold(new.run.id, definition) }
        }
    }

    private static var definitions: [WorkflowDefinition] {
        get throws {
            let step = { WorkflowDefinition.sampleStep($0, after: $1, when: $2, isCompensated: $3) }
            return [
                try .sampleChain(3), try .sampleDiamond(), try .sampleChain(2, name: "bare", isCompensated: false),
                try .sampleChain(4, name: "hasty", maxAttempts: 5, timeout: "30ms"),
                try .sample(
                    name: "choosy",
                    steps: [
                        step("a", [], ["==": [["var": "input.n"], 1]], true), step("b", [], nil, false),
                        step("c", ["a"], nil, true), step("d", ["b", "c"], ["!=": [["var": "input.n"], 2]], true),
                    ], maxAttempts: 2),
            ]
        }
    }

    private static let samples: [RunEvent] = {
        let failure = Failure(
            kind: "rejected", message: "Zu wenig Guthaben: \u{1F4B6} \"nein\"\n", httpStatus: 422, stepID: "left",
            response: ["code": "NSF", "amount": .number(JSONNumber(9_007_199_254_740_993))])
        let bare = Failure(kind: "lost", message: "")
        let report = CallReport(outcome: .unknown, httpStatus: nil, duration: .microseconds(1))
        let answered = CallReport(outcome: .succeeded, httpStatus: 299, duration: .seconds(3600))
        var events: [RunEvent] = [
            .runStarted(due: []), .runStarted(due: [0, 3]), .stepSkipped(step: 2), .stepAbandoned(step: 0),
            .cancelRequested(by: "client", reason: nil),
            .cancelRequested(by: "ops", reason: "'; DROP TABLE outbox; --"),
            .deadlineExceeded, .runCompensating(steps: [], uncompensated: []),
            .runCompensating(steps: [0, 2], uncompensated: [1]), .runCompleted(output: .null, failure: nil),
            .runCompleted(output: ["b": [1, 2.50, nil], "a": "x"], failure: failure), .runCompensated, .runCancelled,
            .runFailed(failure), .retryRequested(step: 3, by: "ops"), .runQuarantined(bare),
            .retryRequested(step: nil, by: "ops"), .retryRequested(step: nil, by: "ops", reason: "mended"),
            .stepResolved(step: 1, by: "ann", reason: "refunded by hand"),
            .waitStarted(step: 1, until: Instant(microseconds: 1_700_000_000_000_001)),
            .stepSucceeded(step: 2, output: ["kept": 1.50]), .stepFailed(step: 3, bare), .stepUndoing(step: 0),
            .stepSettled(step: 0, .complete, output: ["by": "hand"], by: "bob", reason: "paid by hand"),
            .stepSettled(step: 1, .complete, output: .null, by: "bob", reason: "done"),
            .stepSettled(step: 1, .skip, output: nil, by: "bob", reason: "not wanted"),
            .stepSettled(step: 1, .fail, output: nil, by: "bob", reason: "hopeless"),
            .runDelayed(until: Instant(microseconds: 1_767_225_600_000_001)),
            .runPaused(by: "ann", reason: nil, holdsDeadline: true),
            .runPaused(by: "ann", reason: "wait", holdsDeadline: false),
            .runResumed(by: "ann", reason: "go on", held: .microseconds(1_234_567)),
            .runResumed(by: "ann", reason: nil, held: .zero), .undoRequested(by: "ann", reason: "sent back"),
            .cancelRefused(by: "ann", reason: nil), .cancelRefused(by: "ann", reason: "late"), .deadlineMissed,
            .awaitStarted(step: 1, until: nil),
            .awaitStarted(step: 1, until: Instant(microseconds: 1_767_225_600_000_001)),
            .signalReceived(ReceivedSignal(name: "go", payload: ["é": [1, 2.50]], by: "ann", key: nil)),
            .signalReceived(ReceivedSignal(name: "go", payload: .null, by: "ann", key: "k 1")),
            .signalTaken(step: 1, signal: 7),
            .attemptAccepted(step: 1, action: .execute, attempt: 1, answered, timeout: .seconds(60), heartbeat: nil),
            .attemptAccepted(
                step: 0, action: .compensate, attempt: 3, answered, timeout: .seconds(60), heartbeat: .seconds(5)),
            .callbackReceived(
                step: 0, action: .execute, Callback(outcome: .succeeded, output: ["é": 1.50], error: nil, digest: "a1")),
            .callbackReceived(
                step: 1, action: .compensate, Callback(outcome: .failed, output: nil, error: "No.", digest: "b2")),
            .attemptHeartbeat(step: 1, action: .execute),
            .elementsStarted(step: 0, count: 2, items: [1.50, ["é": nil]]), .elementsEnded(step: 0),
            .attemptAccepted(
                step: 1, action: .execute, attempt: 1, answered, timeout: .seconds(60), heartbeat: nil,
                poll: PollStart(path: "/jobs/1", firstLook: .milliseconds(1500))),
            .attemptLooked(step: 1, action: .execute, nil, lookIn: nil),
            .attemptLooked(step: 0, action: .compensate, failure, lookIn: .seconds(9)),
            .restartedFrom(run: RunID(high: 5, low: 6), step: 1, by: "ann", reason: "lost"),
            .stepKept(KeptStep(step: 0, output: ["é": 1.50], answer: nil, effectOf: RunID(high: 5, low: 6))),
            .restartedAs(run: RunID(high: 5, low: 6), steps: [0], by: "ann", reason: "lost"),
            .parentLinked(ParentLink(runID: RunID(high: 1, low: 2), stepID: "a", depth: 1, isDetached: false)),
            .parentLinked(ParentLink(runID: RunID(high: 1, low: 2), stepID: "a", depth: 16, isDetached: true)),
            .childStarted(
                step: 1, ChildRun(runID: RunID(high: 3, low: 4), workflow: "w", phase: .live),
                until: Instant(microseconds: 1_767_225_600_000_001)),
            .childStarted(
                step: 0, ChildRun(runID: RunID(high: 3, low: 4), workflow: "w", phase: .detached), until: nil),
            .childCancelRequested(step: 1, nil), .childCancelRequested(step: 1, failure),
            .childEnded(step: 1, ChildEnd(runID: RunID(high: 3, low: 4), status: .completed, output: ["n": 1.50])),
            .childEnded(
                step: 1, ChildEnd(runID: RunID(high: 3, low: 4), status: .completed, output: .null, isFinal: true)),
            .childEnded(step: 1, ChildEnd(runID: RunID(high: 3, low: 4), status: .cancelled, error: failure)),
            .childUndoRequested(step: 1), .childUndoFailed(step: 1, failure),
            .endCallsStarted(run: RunID(high: 4, low: 5)),
        ]
        for action in CallAction.allCases {
            events += [
                .attemptStarted(step: 1, action: action, attempt: 100),
                .attemptSucceeded(step: 1, action: action, attempt: 1, answered, output: .null),
                .attemptSucceeded(step: 1, action: action, attempt: 2, answered, output: "text"),
                .attemptFailed(step: 1, action: action, attempt: 1, report, failure, retryIn: nil),
                .attemptFailed(step: 1, action: action, attempt: 1, report, bare, retryIn: .zero),
            ]
            for outcome in Outcome.allCases {
                let report = CallReport(outcome: outcome, httpStatus: 408, duration: .zero)
                events.append(
                    .attemptFailed(step: 2, action: action, attempt: 3, report, failure, retryIn: .milliseconds(150)))
            }
        }
        return events
    }()
}

/// Repeatable chance.
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 ..< `limit`.
    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

    /// What a call comes to; nil: the engine dies while it waits.
    mutating func answer() -> CallResult? {
        switch below(20) {
        case 0: nil
        case 1: .no
        case 2, 3: .lost
        case 4, 5: .busy
        case 6: CallResult(outcome: .busy, httpStatus: 408, duration: .zero)
        case 7: CallResult(outcome: .notSent, duration: .zero)
        default: .yes
        }
    }
}
