import Core
import Testing

@Suite("Polls")
struct PollTests {
    @Test(
        "what is accepted is looked at until its end is found",
        arguments: [
            Case(
                "well", "a= b", script: "go a=202 go a?work go a?ok b=ok",
                trace: "due(a) / a#1 / a=accepted / a?work / a=succeeded b#1 / b=succeeded COMPLETED"),
            Case(
                "with a no", "x a=", script: "go x=ok a=202 go a?no -x=ok",
                trace:
                    "due(x) / x#1 / x=succeeded a#1 / a=accepted / a=rejected undo(x) -x#1 / -x=succeeded COMPENSATED"),
            Case(
                "and other answers end it at once", "a= b=", script: "go a=ok b=no",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1"),
            Case(
                "no sooner than the participant says", "a=", script: "go a=202/5s go a?work/9s go a?ok",
                trace: "due(a) / a#1 / a=accepted / a?work+9000ms / a=succeeded COMPLETED"),
            Case(
                "what is gone is unknown, and tried again", "a=", script: "go a=202 go a?gone go a=202 go a?ok",
                trace: "due(a) / a#1 / a=accepted / a=unknown+100ms / a#2 / a=accepted / a=succeeded COMPLETED"),
        ])
    func ends(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "a look that fails is no end of anything",
        arguments: [
            Case(
                "it is made again, ever later", "a=", script: "go a=202 go a?down go a?down go a?down go a?ok",
                trace: "due(a) / a#1 / a=accepted / a?notSent+2000ms / a?notSent+4000ms / a?notSent+8000ms "
                    + "/ a=succeeded COMPLETED"),
            Case(
                "one that finds something begins to count anew", "a=", script: "go a=202 go a?down go a?work go a?down",
                trace: "due(a) / a#1 / a=accepted / a?notSent+2000ms / a?work / a?notSent+2000ms"),
            Case(
                "no sooner than the participant says", "a=", script: "go a=202 go a?429/30s",
                trace: "due(a) / a#1 / a=accepted / a?busy+30000ms"),
            Case(
                "a takeover has nothing to lose", "a=", script: "go a=202 go takeover a?ok",
                trace: "due(a) / a#1 / a=accepted / a=succeeded COMPLETED"),
        ])
    func failures(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "in its time it is unknown, and not before the last look",
        arguments: [
            Case(
                "once the time is over", "a=", script: "go a=202 go a?work +57s a?work go",
                trace: "due(a) / a#1 / a=accepted / a?work / a?work / a=unknown+100ms"),
            Case(
                "a look that was due is made however late, and may find the end", "a=",
                script: "go a=202 +90s now a?ok",
                trace: "due(a) / a#1 / a=accepted / a=succeeded COMPLETED"),
            Case(
                "or nothing, and that was the last", "a=", script: "go a=202 +90s now a?work",
                trace: "due(a) / a#1 / a=accepted / a?work a=unknown+100ms"),
            Case(
                "the deadline does not wait for it", "x a= b", timeout: "10s", script: "go x=ok a=202 late !a?ok",
                trace: "due(x) / x#1 / x=succeeded a#1 / a=accepted / deadline a=unknown undo(x,a) -a#1"),
            Case(
                "neither does a cancel", "a=", script: "go a=202 cancel !a?work -a=ok",
                trace: "due(a) / a#1 / a=accepted / cancel a=unknown undo(a) -a#1 / -a=succeeded CANCELLED"),
            Case(
                "what was said of another attempt is nothing", "a=", script: "go a=202 go a?gone go a=202 !a#1?ok",
                trace: "due(a) / a#1 / a=accepted / a=unknown+100ms / a#2 / a=accepted"),
            Case(
                "what is not accepted is not looked at", "a= b@", script: "go !a?ok a=ok b=202 !b?ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=accepted"),
        ])
    func times(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "a person, a pause and a quarantine",
        arguments: [
            Case(
                "a paused run goes on looking, and begins nothing", "a= b",
                script: "go a=202 pause go a?work go a?ok resume",
                trace: "due(a) / a#1 / a=accepted / pause / a?work / a=succeeded / resume b#1"),
            Case(
                "a person's word ends it", "a=", script: "go a=202 complete:a !a?no",
                trace: "due(a) / a#1 / a=accepted / complete(a) COMPLETED"),
            Case(
                "set aside and taken up it is looked at as before", "a=", script: "go a=202 poison !a?ok retry a?ok",
                trace: "due(a) / a#1 / a=accepted / QUARANTINED / retry / a=succeeded COMPLETED"),
        ])
    func meanwhile(_ testCase: Case) throws { try testCase.check() }

    @Test("what an engine has to do: the look when it is due, and nothing that wakes it while it is made")
    func commands() throws {
        var play = try Play(Flow("a="))
        try play.script("go a=202")
        func commands() -> [String] {
            play.run.nextCommands(at: play.now).map { command in
                switch command {
                case .call: "call"
                case .look(let look): "\(look.path) of \(look.call.attempt)"
                case .wake(let at): "wake+\((at - play.now).microseconds / 1000)ms"
                }
            }
        }
        #expect(commands() == ["wake+2000ms"] && !play.run.isBusy(at: play.now))
        try play.script("+2s now")
        #expect(commands() == ["/jobs/1 of 1"] && play.run.isBusy(at: play.now))
        // However long that takes.
        try play.script("+90s now")
        #expect(commands() == ["/jobs/1 of 1"])
        try play.script("a?down")
        #expect(play.run.steps[0].status == .pending && commands() == ["wake+100ms"])
    }

    @Test("a compensation may be polled, too; nothing of what was said by a look that failed is kept")
    func undoing() throws {
        let call: JSON = ["participant": "p", "path": "/x", "body": "none"]
        var undo = call
        undo["completion"] = ["poll": Flow.poll]
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": [["id": "a", "action": call, "compensation": undo], ["id": "b", "action": call]],
        ])
        let now = Instant(microseconds: 0)
        var run = Run(id: RunID(high: 1, low: 2), definition: definition, input: .null, context: .null, createdAt: now)
        for event in start(run, now: now) { run.evolve(event, at: now) }
        var events: [RunEvent] = []
        func happen(_ happening: Happening, at now: Instant) throws {
            events = try decide(run, happening, now: now, jitter: 0.5)
            for event in events { run.evolve(event, at: now) }
        }
        try happen(.woke, at: now)
        try happen(
            .finished(step: 0, action: .execute, attempt: 1, CallResult(outcome: .succeeded, httpStatus: 200)), at: now)
        try happen(
            .finished(step: 1, action: .execute, attempt: 1, CallResult(outcome: .rejected, httpStatus: 422)), at: now)
        var accepted = CallResult(outcome: .succeeded, httpStatus: 202)
        (accepted.isAccepted, accepted.poll) = (true, PollStart(path: "/undos/1", firstLook: .seconds(2)))
        try happen(.finished(step: 0, action: .compensate, attempt: 1, accepted), at: now)
        let later = now + .seconds(2)
        #expect(run.dueLooks(at: later).map(\.path) == ["/undos/1"] && run.dueLooks(at: now).isEmpty)
        let failure = Failure(kind: "unknown", message: "500.", httpStatus: 500, response: ["why": "down"])
        try happen(
            .looked(
                step: 0, action: .compensate, attempt: 1,
                CallResult(outcome: .unknown, httpStatus: 500, failure: failure)), at: later)
        guard case .attemptLooked(0, .compensate, let said?, lookIn: .seconds(2)) = events.first else {
            Issue.record("it is looked at again: \(events)")
            return
        }
        #expect(said.response == nil && said.httpStatus == 500)
        var done = CallResult(outcome: .succeeded, httpStatus: 200)
        done.isVerdict = true
        try happen(.looked(step: 0, action: .compensate, attempt: 1, done), at: later + .seconds(2))
        #expect(run.status == .compensated && !run.hasMarks)
    }
}
