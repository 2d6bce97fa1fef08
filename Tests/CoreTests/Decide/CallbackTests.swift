import Core
import Testing

@Suite("Callbacks")
struct CallbackTests {
    @Test(
        "what is accepted ends with its callback",
        arguments: [
            Case(
                "well", "a@ b", script: "go a=202 a<ok b=ok",
                trace: "due(a) / a#1 / a=accepted / a<succeeded a=succeeded b#1 / b=succeeded COMPLETED"),
            Case(
                "with a no", "x a@", script: "go x=ok a=202 a<no -x=ok",
                trace: "due(x) / x#1 / x=succeeded a#1 / a=accepted / a<rejected a=rejected undo(x) -x#1 "
                    + "/ -x=succeeded COMPENSATED"),
            Case(
                "with a failure, after which it is tried again", "a@", script: "go a=202 a<failed go a=202 a<ok",
                trace: "due(a) / a#1 / a=accepted / a<failed a=unknown+100ms / a#2 / a=accepted "
                    + "/ a<succeeded a=succeeded COMPLETED"),
            Case(
                "a failure that is told again is nothing, while the next attempt waits and when it is at work", "a@",
                script: "go a=202 a<failed/1 a<failed/1 go a=202 a<failed/1 a<ok",
                trace: "due(a) / a#1 / a=accepted / a<failed a=unknown+100ms / a#2 / a=accepted "
                    + "/ a<succeeded a=succeeded COMPLETED"),
            Case(
                "and other answers end it at once", "a@ b@", script: "go a=ok b=no",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1"),
        ])
    func told(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "a callback may overtake the answer to its call",
        arguments: [
            Case(
                "which says that it is accepted", "a@", script: "go a<ok a=202",
                trace: "due(a) / a#1 / a<succeeded / a=succeeded COMPLETED"),
            Case(
                "which never comes", "a@", script: "go a<ok a=what",
                trace: "due(a) / a#1 / a<succeeded / a=succeeded COMPLETED"),
            Case(
                "because the engine is gone", "a@", script: "go a<ok takeover",
                trace: "due(a) / a#1 / a<succeeded / a=succeeded COMPLETED"),
            Case(
                "a no, too", "a@", script: "go a<no a=busy",
                trace: "due(a) / a#1 / a<rejected / a=rejected undo() COMPENSATED"),
            Case(
                "a definite answer says as much, and is first", "a@ b", script: "go a<no a=ok",
                trace: "due(a) / a#1 / a<rejected / a=succeeded b#1"),
            Case(
                "when the next attempt waits, it is over without its call", "a@ b", script: "go a=what a<ok",
                trace: "due(a) / a#1 / a=unknown+100ms / a<succeeded a#2 a=succeeded b#1"),
            Case(
                "a no that is told while the run is paused lets nothing else begin", "a@ b<",
                script: "go pause a=what b=what a<no +1s resume -b=ok -a=ok",
                trace:
                    "due(a,b) / a#1 b#1 / pause / a=unknown+100ms / b=unknown+100ms / a<rejected / resume a#2 a=rejected drop(b) "
                    + "undo(a,b) -a#1 -b#1 / -b=succeeded / -a=succeeded COMPENSATED"),
            Case(
                "the same again is nothing, another one is refused", "a@", script: "go a<ok a<ok !a<ok#2 a=202",
                trace: "due(a) / a#1 / a<succeeded / a=succeeded COMPLETED"),
        ])
    func early(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "without a callback nobody knows",
        arguments: [
            Case(
                "after its time it is unknown, and tried again under its key", "a@", script: "go a=202 go go a=ok",
                trace: "due(a) / a#1 / a=accepted / a=unknown+100ms / a#2 / a=succeeded COMPLETED"),
            Case(
                "without a sign of life, sooner; with one, later", "a$",
                script: "go a=202 +9s a<beat +9s a<beat go go a=ok",
                trace: "due(a) / a#1 / a=accepted / beat(a) / beat(a) / a=unknown+100ms / a#2 / a=succeeded COMPLETED"),
            Case(
                "what was accepted is undone when it is given up", "a@",
                script: "go a=202 go go a=202 go go a=202 go -a=ok",
                trace:
                    "due(a) / a#1 / a=accepted / a=unknown+100ms / a#2 / a=accepted / a=unknown+200ms / a#3 / a=accepted "
                    + "/ a=unknown undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "afterwards it is too late", "a@ b", script: "go a=202 a<ok !a<ok !a<beat",
                trace: "due(a) / a#1 / a=accepted / a<succeeded a=succeeded b#1"),
        ])
    func late(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "what else may happen while it is waited for",
        arguments: [
            Case(
                "a takeover changes nothing", "a@", script: "go a=202 takeover a<ok",
                trace: "due(a) / a#1 / a=accepted / a<succeeded a=succeeded COMPLETED"),
            Case(
                "a cancel does not wait: it is undone, and a callback is too late", "a@",
                script: "go a=202 cancel !a<ok -a=ok",
                trace: "due(a) / a#1 / a=accepted / cancel a=unknown undo(a) -a#1 / -a=succeeded CANCELLED"),
            Case(
                "so it is when another branch fails", "a@< b<", script: "go b=no a=202 -a=ok",
                trace: "due(a,b) / a#1 b#1 / b=rejected / a=accepted a=unknown undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "paused, its end is told all the same", "a@ b", script: "go a=202 pause a<ok resume",
                trace: "due(a) / a#1 / a=accepted / pause / a<succeeded a=succeeded / resume b#1"),
            Case(
                "paused, what waits to be repeated begins after the resume", "a@",
                script: "go a=what pause a<ok resume",
                trace: "due(a) / a#1 / a=unknown+100ms / pause / a<succeeded / resume a#2 a=succeeded COMPLETED"),
            Case(
                "what was told of it while it was paused is not the end of its undoing", "a@",
                script: "go a=what pause a<ok cancel resume -a=what go -a=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / pause / a<succeeded / cancel drop(a) undo(a) / resume -a#1 "
                    + "/ -a=unknown+200ms / -a#2 / -a=succeeded CANCELLED"),
            Case(
                "a person says that it is done", "a@ b", script: "go a=202 complete:a b=no -a=ok",
                trace:
                    "due(a) / a#1 / a=accepted / complete(a) b#1 / b=rejected undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a person gives it up: it is undone", "a@ b", script: "go a=202 fail:a -a=ok",
                trace: "due(a) / a#1 / a=accepted / fail(a) undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a pivot that is accepted can't be cancelled", "a@^! b", script: "go a=202 cancel a<ok b=ok",
                trace: "due(a) / a#1 / a=accepted / cancel! / a<succeeded a=succeeded b#1 / b=succeeded COMPLETED"),
            Case(
                "set aside and taken up it still waits", "a@", script: "go a=202 poison !a<ok retry a<ok",
                trace: "due(a) / a#1 / a=accepted / QUARANTINED / retry / a<succeeded a=succeeded COMPLETED"),
        ])
    func meanwhile(_ testCase: Case) throws { try testCase.check() }

    @Test("a compensation may be accepted, too, and its callback ends it")
    func undoing() throws {
        let call: JSON = ["participant": "p", "path": "/x", "body": "none"]
        var undo = call
        undo["completion"] = "callback"
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": [["id": "a", "action": call, "compensation": undo], ["id": "b", "action": call]],
        ])
        #expect(definition.steps[0].compensation?.completion?.timeout == .seconds(86_400))
        let now = Instant(microseconds: 0)
        var run = Run(id: RunID(high: 1, low: 2), definition: definition, input: .null, context: .null, createdAt: now)
        for event in start(run, now: now) { run.evolve(event, at: now) }
        func happen(_ happening: Happening) throws {
            for event in try decide(run, happening, now: now, jitter: 0) { run.evolve(event, at: now) }
        }
        try happen(.woke)
        try happen(.finished(step: 0, action: .execute, attempt: 1, CallResult(outcome: .succeeded, httpStatus: 200)))
        try happen(.finished(step: 1, action: .execute, attempt: 1, CallResult(outcome: .rejected, httpStatus: 422)))
        var accepted = CallResult(outcome: .succeeded, httpStatus: 202)
        accepted.isAccepted = true
        try happen(.finished(step: 0, action: .compensate, attempt: 1, accepted))
        #expect(
            run.steps[0].compensationStatus == .compensating
                && run.nextCommands(at: now) == [.wake(at: now + .seconds(86_400))])
        #expect(!run.takesCallback(step: 0, .execute))
        try happen(
            .calledBack(step: 0, .compensate, Callback(outcome: .succeeded, output: nil, error: nil, digest: "d")))
        #expect(run.status == .compensated && !run.hasMarks)
    }

    @Test("the output is what the callback says, and stands once in the history")
    func output() throws {
        var play = try Play(Flow("a@", output: ["n": "${steps.a.output.n}"]))
        try play.script("go a=202 a<ok")
        #expect(play.run.output == ["n": 1])
        let told = play.events.compactMap { event -> Callback? in
            if case .callbackReceived(_, _, let callback) = event { callback } else { nil }
        }
        #expect(told.map(\.output) == [nil])
        var early = try Play(Flow("a@"))
        try early.script("go a<ok")
        #expect(early.run.marks.callbacks.first?.callback.output == ["n": 1])
        #expect(early.run.steps[0].isAmbiguous, "what is told to have succeeded may not be forgotten")
    }
}
