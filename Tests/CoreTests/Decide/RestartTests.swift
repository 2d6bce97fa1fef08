import Core
import Testing

@Suite("A run that is over is done anew")
struct RestartTests {
    /// A run by its flow and script, from where it is done anew, and what is taken over, or why nothing is.
    struct Case: CustomTestStringConvertible {
        let flow: String
        let script: String
        let from: String?
        let kept: String
        var version: String?
        var repeats = false

        init(
            _ flow: String, _ script: String, from: String?, _ kept: String, in version: String? = nil,
            repeats: Bool = false
        ) {
            (self.flow, self.script, self.from, self.kept) = (flow, script, from, kept)
            (self.version, self.repeats) = (version, repeats)
        }

        var testDescription: String { "\(flow): \(script), from \(from ?? "its beginning"): \(kept)" }
    }

    @Test(
        "what need not be done again is taken over, and nothing that is not there",
        arguments: [
            Case("a b c!", "go a=ok b=ok c=ok", from: "c", "a,b"),
            Case("a b c!", "go a=ok b=ok c=ok", from: nil, ""),
            Case("a b< c<a,b", "go a=ok b=ok c=ok", from: "a", "stands a,c"),
            Case("a b< c<a,b", "go a=ok b=ok c=ok", from: "a", "b", repeats: true),
            // What was skipped stays so; what has failed is done again, and what was built on it.
            Case("a b? c!", "go a=ok c=ok", from: "c", "a,(b)"),
            Case("a b+! c! d!", "go a=ok b=no c=ok d=ok", from: "d", "a"),
            // What is written first may depend on what comes later.
            Case("c<b a< b<a d!<c", "go a=ok b=ok c=ok d=ok", from: "d", "a,b,c"),
            // Undone is gone.
            Case("a! b c", "go a=ok b=ok c=no -b=ok", from: "c", "undone b"),
            Case("a! b c", "go a=ok b=ok c=no -b=ok", from: "b", "a"),
            Case("a b", "go a=ok b=ok undo -b=ok -a=ok", from: "b", "undone a"),
            Case("a b", "go a=ok b=ok undo -b=ok -a=ok", from: "a", ""),
            // Not yet over, or not for a machine to say.
            Case("a b", "go a=ok", from: "b", "live RUNNING"),
            Case("a b", "go a=ok", from: nil, "live RUNNING"),
            Case("a b", "go a=ok b=no -a=no", from: "b", "failed"),
            Case("a b", "go a=ok b=no -a=no", from: nil, ""),
            // There is no way back from a ticket, so it is not issued twice by accident.
            Case("a b^! c!", "go a=ok b=ok c=ok", from: "b", "stands b"),
            Case("a b^! c!", "go a=ok b=ok c=ok", from: "c", "a,b"),
            // Another version.
            Case("a b c!", "go a=ok b=ok c=ok", from: "c", "a,b", in: "a b c! d!"),
            Case("a b c!", "go a=ok b=ok c=ok", from: "c", "missing b", in: "a c!"),
            Case("a b c!", "go a=ok b=ok c=ok", from: "c", "stands b", in: "a x b c!"),
            Case("a w1ms c!", "go a=ok +1ms now c=ok", from: "c", "a,w1ms"),
            // Lists, with their elements; what their elements were called does not change.
            Case(
                "a#2 b#3/3 c!", "now a[0]=ok a[1]=ok b[2]=ok b[0]=ok b[1]=ok c=ok", from: "c",
                "a,a[0],a[1],b,b[0],b[1],b[2]"),
            Case("b#2< a#2< c!<a,b", "now b[0]=ok a[0]=ok b[1]=ok a[1]=ok c=ok", from: "c", "b,b[0],b[1],a,a[0],a[1]"),
            Case("a#2 b!", "now a[0]=ok a[1]=down skip:a[1] b=ok", from: "b", "a,a[0],(a[1])"),
            Case("a#2 b! c!", "now a[0]=ok a[1]=ok b=ok c=no -a[1]=ok -a[0]=ok", from: "c", "undone a"),
            Case("a#2 b!", "now a[0]=ok a[1]=ok b=ok", from: "a", "stands a[0],a[1]"),
            Case("a#2 b!", "now a[0]=ok a[1]=ok b=ok", from: "b", "missing a", in: "a b!"),
            // Runs that it has started: one that nobody waits for, and one that a call undoes.
            Case("kid& b!", "now b=ok", from: "b", "kid"),
            Case("kid@ b!", "now kid>ok b=ok", from: "b", "kid"),
            Case("kid#2 b!", "now kid[0]>ok kid[1]>ok b=ok", from: "b", "children kid[0],kid[1]"),
        ])
    func kept(_ example: Case) throws {
        var play = try Play(Flow(example.flow))
        try play.script(example.script)
        let target = try example.version.map { try Flow($0).definition() } ?? play.run.definition
        let from = try example.from.map { id in try #require(target.step(id)).index }
        let outcome = Result { () throws(RestartRefusal) in
            try play.run.keptSteps(for: target, from: from, repeats: example.repeats)
        }
        switch outcome {
        case .success(let kept): #expect(try Self.takenOver(kept, by: target, from: play) == example.kept)
        case .failure(let refusal): #expect(Self.words(refusal) == example.kept)
        }
    }

    /// The steps that a run takes over, as its history has them: as they were, and handed over by the other.
    private static func takenOver(
        _ kept: [KeptStep], by target: WorkflowDefinition, from play: Play
    ) throws -> String {
        let restart = Restart(run: play.run.id, fromStep: 0, by: "me", reason: "anew", kept: kept)
        var run = Run(id: RunID(high: 3, low: 3), definition: target, input: [:], context: [:], createdAt: play.now)
        for event in start(run, now: play.now, restart: restart) { run.evolve(event, at: play.now) }
        let ids = kept.map { (run.stepID($0.step), $0) }
        #expect(
            restart.handedOver(by: play.run, to: run).map { play.run.stepID($0) }
                == ids.filter { !$1.isSkipped && $1.items == nil }.map(\.0))
        for (id, _) in ids {
            let (old, new) = (try #require(play.run.number(of: id)), try #require(run.number(of: id)))
            #expect(run.steps[new].status == play.run.steps[old].status, "\(id)")
            #expect(run.steps[new].output == play.run.steps[old].output, "\(id)")
        }
        return ids.map { $1.isSkipped ? "(\($0))" : $0 }.joined(separator: ",")
    }

    private static func words(_ refusal: RestartRefusal) -> String {
        switch refusal {
        case .live(let status): "live \(status.rawValue)"
        case .restarted(let run): "restarted \(run)"
        case .failed: "failed"
        case .undone(let steps): "undone \(steps.joined(separator: ","))"
        case .missing(let steps): "missing \(steps.joined(separator: ","))"
        case .answerNotKept(let steps): "answer \(steps.joined(separator: ","))"
        case .children(let steps): "children \(steps.joined(separator: ","))"
        case .child(let run): "child of \(run)"
        case .stands(let steps): "stands \(steps.joined(separator: ","))"
        }
    }

    @Test("the new run goes on behind what it takes over, and undoes it as the run would have that did it")
    func owned() throws {
        var first = try Play(Flow("a b c!"))
        try first.script("go a=ok b=ok c=ok")
        var old = first.run
        let kept = try old.keptSteps(for: old.definition, from: 2, repeats: false)
        let restart = Restart(run: old.id, fromStep: 2, by: "ann", reason: "lost", kept: kept)
        let fresh = Run(
            id: RunID(high: 9, low: 9), definition: old.definition, input: old.input, context: [:],
            createdAt: first.now)
        var run = fresh
        for event in start(fresh, now: first.now, restart: restart) { run.evolve(event, at: first.now) }
        #expect(run.status == .pending && run.steps.map(\.status) == [.succeeded, .succeeded, .pending])
        #expect(run.steps[0].output == ["n": 1] && run.steps[0].attempts == 0 && run.steps[0].mayHaveEffect)
        #expect(run.dueAttempts(at: first.now) == [.attemptStarted(step: 2, action: .execute, attempt: 1)])
        for event in try decide(run, .woke, now: first.now, jitter: 0) { run.evolve(event, at: first.now) }
        let no = Happening.finished(step: 2, action: .execute, attempt: 1, CallResult(outcome: .rejected))
        for event in try decide(run, no, now: first.now, jitter: 0) { run.evolve(event, at: first.now) }
        #expect(run.status == .compensating && run.steps[1].compensationStatus == .compensating)
        let call = Command.Call(step: 1, action: .compensate, attempt: 1)
        #expect(run.idempotencyKey(of: call) == "\(old.id):b:compensate" && run.caller(of: call) == old.id)
        #expect(CallScope(run, call).value(.run(.id)) == .string(old.id.description))
        let own = Command.Call(step: 2, action: .execute, attempt: 1)
        #expect(run.idempotencyKey(of: own) == "\(run.id):c:execute")
        // The old run is over for good.
        #expect(old.canUndo(at: first.now))
        old.evolve(.restartedAs(run: run.id, steps: [0, 1], by: "ann", reason: "lost"), at: first.now)
        #expect(!old.canUndo(at: first.now) && old.status == .completed)
        #expect(throws: IllegalHappening.self) {
            try decide(old, .undo(by: "ann", reason: "no"), now: first.now, jitter: 0)
        }
        #expect(throws: RestartRefusal.restarted(run.id)) {
            try old.keptSteps(for: old.definition, from: nil, repeats: false)
        }
        // What was taken over is handed on, with the run that did it.
        for event in [RunEvent.runCompensated] { run.evolve(event, at: first.now) }
        for step in 0...1 { run.steps[step].compensationStatus = .notRequired }
        let again = try run.keptSteps(for: run.definition, from: 2, repeats: false)
        #expect(again.map(\.effectOf) == [old.id, old.id])
    }

    @Test("of a run that nothing was taken over from, what it did is still its own")
    func notOwned() throws {
        var play = try Play(Flow("a"))
        try play.script("go a=ok")
        var run = play.run
        run.evolve(.restartedAs(run: RunID(high: 9, low: 9), steps: [], by: "ann", reason: "anew"), at: play.now)
        #expect(run.canUndo(at: play.now) && !run.isHandedOver)
    }

    @Test("what another version names of an answer must have been kept")
    func answers() throws {
        func definition(_ path: String) throws -> WorkflowDefinition {
            try WorkflowDefinition([
                "name": "w", "version": "1.0.0",
                "steps": [
                    ["id": "a", "action": ["participant": "p", "path": "/a"]],
                    ["id": "b", "action": ["participant": "p", "path": .string(path)]],
                ],
            ])
        }
        let old = try definition("/b")
        var run = Run(
            id: RunID(high: 1, low: 1), definition: old, input: [:], context: [:], createdAt: Instant(microseconds: 0))
        let at = run.createdAt
        let report = CallReport(outcome: .succeeded, httpStatus: 200, duration: .zero)
        for step in 0...1 {
            run.evolve(.attemptStarted(step: step, action: .execute, attempt: 1), at: at)
            run.evolve(.attemptSucceeded(step: step, action: .execute, attempt: 1, report, output: [:]), at: at)
        }
        run.evolve(.runCompleted(output: [:], failure: nil), at: at)
        let wanting = try definition("/b/${steps.a.response.headers.etag}")
        #expect(throws: RestartRefusal.answerNotKept(["a"])) {
            try run.keptSteps(for: wanting, from: 1, repeats: false)
        }
        #expect(try run.keptSteps(for: old, from: 1, repeats: false).count == 1)
    }
}
