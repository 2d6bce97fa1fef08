import Core
import Testing

@Suite("What the journal and the snapshot of a run keep is read as it was written")
struct JournalTests {
    private static let now = Instant(microseconds: 1_767_225_600_000_000)

    private static var definition: WorkflowDefinition {
        get throws {
            try WorkflowDefinition([
                "name": "w", "version": "1.0.0",
                "steps": .array(
                    ["a", "b"].map {
                        [
                            "id": .string($0), "action": ["participant": "p", "path": "/do"],
                            "compensation": ["participant": "p", "path": "/undo"],
                        ]
                    }),
            ])
        }
    }

    private static let failure = Failure(
        kind: "busy", message: "\"No\", it said.\n", httpStatus: 503, response: ["why": [1, 2.50, nil]], lostAttempts: 2
    )
    private static let report = CallReport(outcome: .busy, httpStatus: 503, duration: .microseconds(11_342))

    private static let answered202 = CallReport(outcome: .succeeded, httpStatus: 202, duration: .microseconds(77))

    /// One of each kind, with all it can hold and with the least.
    private static let events: [RunEvent] = [
        .runStarted(due: [0, 1]), .runStarted(due: []),
        .attemptStarted(step: 1, action: .compensate, attempt: 12),
        .attemptSucceeded(
            step: 0, action: .execute, attempt: 1, CallReport(outcome: .succeeded, httpStatus: 200, duration: .zero),
            output: ["é\u{1}": "ä\\"]),
        .attemptFailed(step: 0, action: .execute, attempt: 3, report, failure, retryIn: .milliseconds(250)),
        .attemptFailed(step: 0, action: .execute, attempt: 3, report, failure, retryIn: nil),
        .stepSkipped(step: 1), .stepAbandoned(step: 0), .cancelRequested(by: "ann", reason: nil),
        .cancelRequested(by: "ann", reason: "changed my mind"), .deadlineExceeded,
        .runCompensating(steps: [1, 0], uncompensated: []), .runCompensating(steps: [], uncompensated: [1]),
        .runCompleted(output: ["n": 1.0], failure: nil), .runCompleted(output: ["n": 1.0], failure: failure),
        .runCompensated, .runCancelled, .runFailed(failure), .retryRequested(step: nil, by: "bob"),
        .retryRequested(step: 1, by: "bob", reason: "mended"), .stepResolved(step: 1, by: "bob", reason: "by hand"),
        .runQuarantined(failure), .waitStarted(step: 1, until: now + .seconds(5)),
        .stepSucceeded(step: 0, output: .null), .stepSucceeded(step: 0, output: ["n": 2]),
        .stepFailed(step: 1, failure), .stepUndoing(step: 0),
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
        .awaitStarted(step: 1, until: nil), .awaitStarted(step: 1, until: Instant(microseconds: 1_767_225_600_000_001)),
        .signalReceived(ReceivedSignal(name: "go", payload: ["é": [1, 2.50]], by: "ann", key: nil)),
        .signalReceived(ReceivedSignal(name: "go", payload: .null, by: "ann", key: "k 1")),
        .signalTaken(step: 1, signal: 7),
        .attemptAccepted(step: 1, action: .execute, attempt: 1, answered202, timeout: .seconds(60), heartbeat: nil),
        .attemptAccepted(
            step: 0, action: .compensate, attempt: 3, answered202, timeout: .seconds(60), heartbeat: .seconds(5)),
        .callbackReceived(
            step: 0, action: .execute, Callback(outcome: .succeeded, output: ["é": 1.50], error: nil, digest: "a1")),
        .callbackReceived(
            step: 1, action: .compensate, Callback(outcome: .failed, output: nil, error: "No.", digest: "b2")),
        .attemptHeartbeat(step: 1, action: .execute),
        .elementsStarted(step: 0, count: 2, items: [1.50, ["é": nil]]), .elementsEnded(step: 0),
        .attemptAccepted(
            step: 1, action: .execute, attempt: 1, answered202, timeout: .seconds(60), heartbeat: nil,
            poll: PollStart(path: "/jobs/é", firstLook: .milliseconds(1500))),
        .attemptLooked(step: 1, action: .execute, nil, lookIn: nil),
        .attemptLooked(step: 0, action: .compensate, nil, lookIn: .seconds(7)),
        .attemptLooked(step: 0, action: .execute, Failure(kind: "busy", message: "Later."), lookIn: .seconds(9)),
        .restartedFrom(run: other, step: 1, by: "ann", reason: "lost"),
        .restartedFrom(run: other, step: nil, by: "ann", reason: "anew"),
        .stepKept(KeptStep(step: 0, output: ["é": 1.50], answer: nil, effectOf: other)),
        .stepKept(KeptStep(step: 1, output: .null, answer: nil, effectOf: nil)),
        .restartedAs(run: other, steps: [0], by: "ann", reason: "lost"),
        .restartedAs(run: other, steps: [], by: "ann", reason: "anew"),
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
        .childUndoRequested(step: 1), .childUndoFailed(step: 1, failure), .endCallsStarted(run: RunID(high: 4, low: 5)),
    ]

    private static let other = RunID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0007)

    @Test("What a snapshot says of runs that do others anew is read as it was written")
    func restarts() throws {
        let definition = try Self.definition
        let fresh = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: Self.now)
        var run = fresh
        run.evolve(.runStarted(due: [1]), at: Self.now)
        run.evolve(.restartedFrom(run: Self.other, step: 1, by: "ann", reason: "lost"), at: Self.now)
        run.evolve(.stepKept(KeptStep(step: 0, output: 1, answer: nil, effectOf: Self.other)), at: Self.now)
        run.evolve(.restartedAs(run: Self.other, steps: [0], by: "ann", reason: "lost"), at: Self.now)
        let json = try JSON(parsing: Snapshot.encode(run, since: fresh, at: Self.now).bytes)
        let (steps, marks) = Snapshot.parts(json, at: Self.now)
        #expect(marks == run.marks && marks.kept == [KeptEffect(step: 0, run: Self.other)])
        #expect(SnapshotStep(steps[0], at: Self.now)?.step()?.mayHaveEffect == true)
    }

    @Test("Every event comes back from its row, numbered from the row's first; a run's output comes from the run")
    func events() throws {
        let definition = try Self.definition
        let bytes = EventRow.encode(Self.events.map { EventRow($0, of: StepNumbering(definition)) }, traceID: "0af7")
        let parsed = try JSON(parsing: bytes, limits: .init(depth: 80))
        #expect(parsed.bytes == bytes, "it is compact")
        let row = JournalRow(
            sequence: 7, at: Self.now, epoch: 3, engineID: EngineID(high: 1, low: 2), events: try #require(parsed.array)
        )
        let stored = row.stored(output: ["n": 1.0])
        #expect(stored.map { $0.row.event(of: StepNumbering(definition)) } == Self.events)
        #expect(stored.map(\.sequence) == Array(7..<7 + Self.events.count) && row.lastSequence == stored.last?.sequence)
        #expect(stored.allSatisfy { $0.isKnown && $0.at == Self.now && $0.epoch == 3 && $0.engineID == row.engineID })
        #expect(stored.map(\.traceID) == ["0af7"] + Array(repeating: nil, count: Self.events.count - 1))
        #expect(Set(Self.events.map(\.kind)).count == RunEventKind.allCases.count, "one of each kind")
        #expect(!String(decoding: bytes, as: UTF8.self).contains(#""n":1.0"#), "the run's output is not in its history")
    }

    @Test("What nearly every attempt says is not written, and is read")
    func implied() throws {
        let definition = try Self.definition
        let events: [RunEvent] = [
            .attemptSucceeded(
                step: 0, action: .execute, attempt: 1,
                CallReport(outcome: .succeeded, httpStatus: 201, duration: .microseconds(9)), output: 7),
            .attemptStarted(step: 1, action: .execute, attempt: 1),
        ]
        let bytes = EventRow.encode(events.map { EventRow($0, of: StepNumbering(definition)) })
        let id = definition.steps.map(\.id)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"[{"kind":"attempt_succeeded","step":0,"stepId":"\#(id[0])","httpStatus":201,"durationUs":9,"#
                + #""data":{"output":7}},{"kind":"attempt_started","step":1,"stepId":"\#(id[1])"}]"#)
        let names = try #require(try JSON(parsing: bytes).array).map(EventNames.init)
        #expect(names.map(\.action) == ["execute", "execute"] && names.map(\.attempt) == [1, 1])
        #expect(names.map(\.outcome) == ["succeeded", nil])
        // Of what is no attempt nothing is implied.
        let other = EventNames(["kind": "step_skipped", "step": 0])
        #expect(other.action == nil && other.attempt == nil && other.outcome == nil)
    }

    @Test("An event of a newer version keeps its words")
    func newer() {
        let row = JournalRow(
            sequence: 1, at: Self.now, epoch: 1, engineID: nil,
            events: [["kind": "step_parked", "step": 0, "action": "park", "outcome": "parked"]])
        let stored = row.stored(output: nil)[0]
        #expect(
            !stored.isKnown && stored.kind == "step_parked" && stored.action == "park" && stored.outcome == "parked")
    }

    @Test("What the commit itself did counts from the time of the snapshot; what was before keeps its time")
    func times() throws {
        let definition = try Self.definition
        var before = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: Self.now)
        let (earlier, decided) = (Self.now + .milliseconds(1), Self.now + .milliseconds(2))
        before.evolve(.runStarted(due: [0]), at: Self.now)
        before.evolve(.attemptStarted(step: 0, action: .execute, attempt: 1), at: earlier)
        let events: [RunEvent] = [
            .attemptSucceeded(step: 0, action: .execute, attempt: 1, Self.report, output: ["x": 1]),
            .attemptStarted(step: 1, action: .execute, attempt: 1),
            .attemptFailed(step: 1, action: .execute, attempt: 1, Self.report, Self.failure, retryIn: .seconds(30)),
        ]
        var (after, stored) = (before, before)
        for event in events { after.evolve(event, at: decided) }
        let (bytes, references) = Snapshot.encode(after, since: before, at: decided)
        // The commit came 5 ms after the decision.
        let at = decided + .milliseconds(5)
        for event in events { stored.evolve(event, at: at) }
        let steps = try #require(try JSON(parsing: bytes).array).map { SnapshotStep($0, at: at)?.step() }
        #expect(references.isEmpty && steps.map { $0?.outputSequence } == [0, 0])
        stored.steps[0].outputSequence = 0
        #expect(steps == Array(stored.steps))
        #expect(steps[0]?.startedAt == earlier && steps[0]?.completedAt == at)
        #expect(steps[1]?.nextAttemptAt == at + .seconds(30) && steps[1]?.attemptSequence == 4)
    }

    @Test("An output is held up to 512 bytes of text; of a longer one the event is named", arguments: [508, 509])
    func references(length: Int) throws {
        let definition = try Self.definition
        var run = Run(id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: Self.now)
        run.evolve(.runStarted(due: [0]), at: Self.now)
        run.evolve(.attemptStarted(step: 0, action: .execute, attempt: 1), at: Self.now)
        let output: JSON = [.string(String(repeating: "x", count: length))]
        run.evolve(
            .attemptSucceeded(step: 0, action: .execute, attempt: 1, Self.report, output: output), at: Self.now)
        let (bytes, references) = Snapshot.encode(run, since: run, at: Self.now)
        let elements = try #require(try JSON(parsing: bytes).array)
        let step = try #require(SnapshotStep(elements[0], at: Self.now))
        let isHeld = output.bytes.count <= Snapshot.heldOutput
        #expect(references == (isHeld ? [] : [3]) && step.outputSequence == references.first)
        #expect(step.step(output: isHeld ? nil : output)?.output == output)
    }

    @Test("What is to be known beside the steps stands with them, and nothing does where there is nothing")
    func marks() throws {
        let definition = try Self.definition
        let fresh = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: Self.now)
        var run = fresh
        run.evolve(.runStarted(due: [0]), at: Self.now)
        let bare = try JSON(parsing: Snapshot.encode(run, since: fresh, at: Self.now).bytes)
        #expect(bare.array?.count == 2 && Snapshot.parts(bare, at: Self.now).marks.isEmpty && !run.hasMarks)
        run.evolve(.runDelayed(until: Self.now + .seconds(9)), at: Self.now)
        run.evolve(.runPaused(by: "ann", reason: "wait", holdsDeadline: true), at: Self.now + .seconds(1))
        run.evolve(.runResumed(by: "ann", reason: nil, held: .seconds(3)), at: Self.now + .seconds(4))
        run.evolve(.deadlineMissed, at: Self.now + .seconds(5))
        let before = run
        run.evolve(.runPaused(by: "bob", reason: nil, holdsDeadline: false), at: Self.now + .seconds(6))
        // The commit came 7 ms after the decision.
        let at = Self.now + .seconds(6) + .milliseconds(7)
        let json = try JSON(parsing: Snapshot.encode(run, since: before, at: Self.now + .seconds(6)).bytes)
        var expected = run.marks
        expected.pause?.since = at
        let (steps, marks) = Snapshot.parts(json, at: at)
        #expect(steps.count == 2 && marks == expected && marks.startAt == Self.now + .seconds(9))
        // What was paused before keeps its time.
        let kept = try JSON(parsing: Snapshot.encode(run, since: run, at: at).bytes)
        #expect(Snapshot.parts(kept, at: at).marks == run.marks)
        #expect(marks.pause?.by == "bob" && marks.deadlineHeld == .seconds(3) && marks.hasMissedDeadline)
    }

    @Test("Signals, accepted attempts and callbacks that are kept stand there, too, with the times of the commit")
    func outside() throws {
        let definition = try Self.definition
        let fresh = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: Self.now)
        var run = fresh
        let accepted = CallReport(outcome: .succeeded, httpStatus: 202, duration: .zero)
        run.evolve(.runStarted(due: [0, 1]), at: Self.now)
        run.evolve(.attemptStarted(step: 0, action: .execute, attempt: 1), at: Self.now)
        run.evolve(.attemptStarted(step: 1, action: .execute, attempt: 1), at: Self.now)
        run.evolve(.signalReceived(ReceivedSignal(name: "go", payload: ["é": 1.50], by: "ann", key: "k")), at: Self.now)
        let told = Callback(outcome: .failed, output: nil, error: ["why": "é"], digest: "d1")
        run.evolve(.callbackReceived(step: 1, action: .execute, told), at: Self.now)
        run.evolve(
            .attemptAccepted(
                step: 0, action: .execute, attempt: 1, accepted, timeout: .seconds(60), heartbeat: .seconds(5)),
            at: Self.now)
        // The commit came 7 ms after the decision: an accepted attempt has its time from then on.
        let at = Self.now + .milliseconds(7)
        let json = try JSON(parsing: Snapshot.encode(run, since: fresh, at: Self.now).bytes)
        let (steps, marks) = Snapshot.parts(json, at: at)
        #expect(marks.signals == run.marks.signals && marks.signalKeys == ["k"])
        #expect(marks.callbacks == [KeptCallback(step: 1, action: .execute, callback: told)])
        #expect(
            marks.accepted.map(\.until) == [at + .seconds(60)] && marks.accepted.map(\.beatBy) == [at + .seconds(5)])
        #expect(SnapshotStep(steps[0], at: at)?.step()?.isAccepted == true)
        #expect(SnapshotStep(steps[1], at: at)?.step()?.isAmbiguous == true, "what is told may be all that is known")
        // What was so before keeps its times.
        let kept = try JSON(parsing: Snapshot.encode(run, since: run, at: at).bytes)
        #expect(Snapshot.parts(kept, at: at).marks == run.marks)
    }

    @Test("Where the end of accepted work is looked for, and when, stands there with the times of the commit")
    func looks() throws {
        let definition = try Self.definition
        let fresh = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: Self.now)
        var run = fresh
        let accepted = CallReport(outcome: .succeeded, httpStatus: 202, duration: .zero)
        run.evolve(.runStarted(due: [0]), at: Self.now)
        run.evolve(.attemptStarted(step: 0, action: .execute, attempt: 1), at: Self.now)
        run.evolve(
            .attemptAccepted(
                step: 0, action: .execute, attempt: 1, accepted, timeout: .seconds(60), heartbeat: nil,
                poll: PollStart(path: "/jobs/é", firstLook: .seconds(2))),
            at: Self.now)
        let at = Self.now + .milliseconds(7)
        let marks = Snapshot.parts(try JSON(parsing: Snapshot.encode(run, since: fresh, at: Self.now).bytes), at: at)
            .marks
        #expect(marks.accepted.map(\.poll) == [AcceptedPoll(path: "/jobs/é", lookAt: at + .seconds(2))])
        let before = run
        let failure = Failure(kind: "busy", message: "Later.")
        run.evolve(.attemptLooked(step: 0, action: .execute, failure, lookIn: .seconds(9)), at: at)
        let next = Snapshot.parts(try JSON(parsing: Snapshot.encode(run, since: before, at: at).bytes), at: at)
        #expect(next.marks == run.marks && run.marks.accepted.first?.poll?.failures == 1)
        let kept = Snapshot.parts(
            try JSON(parsing: Snapshot.encode(run, since: run, at: at).bytes), at: at + .seconds(5))
        #expect(kept.marks == run.marks, "what was so before keeps its times")
    }

    @Test("At most a hundred events stand in the journal alone, however long a run is held")
    func longTail() throws {
        let definition = try Self.definition
        var run = Run(id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: Self.now)
        run.evolve(.runStarted(due: [0]), at: Self.now)
        run.evolve(.attemptStarted(step: 0, action: .execute, attempt: 1), at: Self.now)
        run.storedSequence = 1
        let lease = Lease(runID: run.id, epoch: 1)
        func commit() -> SessionCommit {
            SessionCommit(
                lease: lease, run: run, events: [.retryRequested(step: nil, by: "ann")], now: Self.now, keepsLease: true
            )
        }
        while run.lastSequence < 99 { run = commit().stored(at: Self.now) }
        #expect(!commit().storesRun && run.storedSequence == 1)
        run = commit().stored(at: Self.now)
        #expect(commit().storesRun && run.lastSequence == 100)
        run = commit().stored(at: Self.now)
        #expect(run.storedSequence == 101 && !commit().storesRun)
    }

    @Test(
        "Whether a decision changes the run's time is seen also where it was made at the very time of the last change")
    func sameTime() throws {
        var run = Run(
            id: RunID(high: 1, low: 2), definition: try Self.definition, input: [:], context: [:], createdAt: Self.now)
        run.evolve(.runStarted(due: [0, 1]), at: Self.now)
        run.evolve(.attemptStarted(step: 0, action: .execute, attempt: 1), at: Self.now)
        func updates(_ events: [RunEvent], at: Instant) -> Bool {
            SessionCommit(lease: Lease(runID: run.id, epoch: 1), run: run, events: events, now: at).updatesRun
        }
        for at in [Self.now, Self.now + .microseconds(1)] {
            #expect(updates([.cancelRequested(by: "ann", reason: nil)], at: at))
            #expect(!updates([.attemptStarted(step: 1, action: .execute, attempt: 1)], at: at))
            #expect(!updates([], at: at))
        }
    }

    @Test("A step in a state of a newer version is no step of ours, and keeps its words")
    func newerStep() {
        let element: JSON = ["id": "a", "status": "PARKED", "attempts": 2, "compensation": "WAITING"]
        let step = SnapshotStep(element, at: Self.now)
        #expect(step?.status == "PARKED" && step?.compensationStatus == "WAITING" && step?.counts.attempts == 2)
        #expect(step?.step() == nil && SnapshotStep(["status": "PENDING"], at: Self.now) == nil)
    }

    @Test("What is long is known without writing it")
    func lengths() {
        let values: [JSON] = [
            nil, true, false, 12.50, "", "abc", [], [1], [[], [1, 2]], [:], ["a": 1],
            ["a": ["b": [true, "c"]], "d": nil],
        ]
        for value in values {
            let length = value.bytes.count
            #expect(!value.isLonger(than: length) && value.isLonger(than: length - 1), "\(value)")
        }
    }
}
