import Core
import Testing

@Suite("What people do with a run")
struct HandTests {
    @Test(
        "a person ends a step that waits",
        arguments: [
            Case(
                "as done", "a b", script: "go a=what complete:a b=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / complete(a) b#1 / b=succeeded COMPLETED"),
            Case(
                "what was tried is undone as if it had succeeded", "a b", script: "go a=down complete:a b=no -a=ok",
                trace: "due(a) / a#1 / a=notSent+100ms / complete(a) b#1 / b=rejected undo(a) -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "as not wanted", "a b c*", script: "go a=down skip:a b=ok",
                trace: "due(a) / a#1 / a=notSent+100ms / skip(a) b#1 / b=succeeded c#1"),
            Case(
                "what may have had an effect is undone all the same", "a b", script: "go a=what skip:a b=no",
                trace: "due(a) / a#1 / a=unknown+100ms / skip(a) b#1 / b=rejected undo(a) -a#1"),
            Case(
                "as failed", "x a b", script: "go x=ok a=what fail:a -a=ok -x=ok",
                trace: "due(x) / x#1 / x=succeeded a#1 / a=unknown+100ms / fail(a) undo(x,a) -a#1 / -a=succeeded -x#1 "
                    + "/ -x=succeeded COMPENSATED"),
            Case(
                "one that may fail is undone at once", "a+ b", script: "go a=what fail:a -a=ok b=ok",
                trace:
                    "due(a) / a#1 / a=unknown+100ms / fail(a) undo!(a) -a#1 / -a=succeeded b#1 / b=succeeded COMPLETED"),
            Case(
                "a wait", "w500ms b", script: "now complete:w500ms b=no",
                trace: "due() / wait(w500ms+500ms) / complete(w500ms) b#1 / b=rejected undo() COMPENSATED"),
            Case(
                "a wait that is failed", "a w500ms b", script: "go a=ok fail:w500ms -a=ok",
                trace: "due(a) / a#1 / a=succeeded wait(w500ms+500ms) / fail(w500ms) undo(a) -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "only one that waits", "a b", script: "!complete:a go !skip:a a=ok !fail:a !complete:b",
                trace: "due(a) / a#1 / a=succeeded b#1"),
            Case(
                "not once the run has turned back", "a b", script: "go a=ok b=what cancel !complete:b !skip:a",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=unknown+100ms / cancel drop(b) undo(a,b) -b#1"),
        ])
    func settling(_ example: Case) throws { try example.check() }

    @Test("what a person gives is the step's output")
    func output() throws {
        let play = try Case(
            "", "a b", script: "go a=what complete:a",
            trace: "due(a) / a#1 / a=unknown+100ms / complete(a) b#1"
        ).check()
        let step = play.run.steps[0]
        #expect(step.output == ["by": "hand"] && step.status == .succeeded && step.error == nil)
        #expect(step.outputSequence == 4 && step.nextAttemptAt == nil && step.completedAt == play.now)
        let failed = try Case(
            "", "a", script: "go a=down fail:a", trace: "due(a) / a#1 / a=notSent+100ms / fail(a) undo() COMPENSATED"
        ).check()
        #expect(failed.run.error?.kind == "settled" && failed.run.error?.message == "By hand.")
    }

    @Test(
        "while a run is paused nothing new begins",
        arguments: [
            Case(
                "calls in flight finish", "a b", script: "go pause a=ok now resume b=ok",
                trace: "due(a) / a#1 / pause / a=succeeded / resume b#1 / b=succeeded COMPLETED"),
            Case(
                "attempts come due after it", "a b", script: "go a=what pause +1s now resume",
                trace: "due(a) / a#1 / a=unknown+100ms / pause / resume a#2"),
            Case(
                "and so do timers", "w500ms b", script: "now pause +1s now resume",
                trace: "due() / wait(w500ms+500ms) / pause / resume w500ms=done b#1"),
            Case(
                "a run that is all done is over", "a", script: "go pause a=ok",
                trace: "due(a) / a#1 / pause / a=succeeded COMPLETED"),
            Case(
                "a cancel is accepted; undoing waits", "a b", script: "go a=ok b=what pause cancel now resume -b=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=unknown+100ms / pause / cancel drop(b) undo(a,b) "
                    + "/ resume -b#1 / -b=succeeded -a#1"),
            Case(
                "undoing is paused, too", "a b", script: "go a=ok b=no pause -a=what +1s now resume -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / pause / -a=unknown+200ms "
                    + "/ resume -a#2 / -a=succeeded COMPENSATED"),
            Case(
                "so is what is undone while the run goes on", "a+ b", script: "go a=what pause fail:a resume -a=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / pause / fail(a) undo!(a) / resume -a#1 / -a=succeeded b#1"),
            Case(
                "the deadline comes all the same", "a", timeout: "1s", script: "go a=what pause go resume",
                trace: "due(a) / a#1 / a=unknown+100ms / pause / deadline drop(a) undo(a) / resume -a#1"),
            Case(
                "unless it is held", "a", timeout: "1s", script: "go a=what hold +5s now resume a=what late",
                trace: "due(a) / a#1 / a=unknown+100ms / pause / resume(5000ms) a#2 / a=unknown+200ms "
                    + "/ deadline drop(a) undo(a) -a#1"),
            Case(
                "a second pause changes nothing, and what is not paused is not resumed", "a",
                script: "go !resume pause pause resume !resume", trace: "due(a) / a#1 / pause / resume"),
            Case(
                "a takeover looks for calls, and begins none", "a b", script: "go pause takeover +1s now resume",
                trace: "due(a) / a#1 / pause / a=unknown+100ms / resume a#2"),
            Case(
                "who retries a step still waits for the resume", "a", script: "go a=what pause retry:a now resume",
                trace: "due(a) / a#1 / a=unknown+100ms / pause / retry(a) / resume a#2"),
            Case(
                "a run that is over is paused no more", "a", script: "go pause a=ok undo",
                trace: "due(a) / a#1 / pause / a=succeeded COMPLETED / undo undo(a) -a#1"),
        ])
    func pausing(_ example: Case) throws { try example.check() }

    @Test("a run that is paused is given back until its deadline, or for long")
    func rest() throws {
        for (timeout, rest) in [("1s", Duration.seconds(1)), (nil, Run.longestRest)] as [(String?, Duration)] {
            let play = try Case(
                "", "a", timeout: timeout, script: "go a=what pause",
                trace: "due(a) / a#1 / a=unknown+100ms / pause"
            ).check()
            let commit = SessionCommit(
                lease: Lease(runID: play.run.id, epoch: 1), run: play.run, events: [], now: play.now)
            #expect(commit.afterwards == .giveBack(after: rest) && play.run.dueWhenClaimed == nil)
        }
    }

    @Test(
        "a run that completed is undone as if it had failed now",
        arguments: [
            Case(
                "in reverse order", "a b", script: "go a=ok b=ok undo -b=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded COMPLETED / undo undo(a,b) -b#1 "
                    + "/ -b=succeeded -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "what has no compensation is named", "a! b", script: "go a=ok b=ok undo -b=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded COMPLETED / undo undo(b|a) -b#1 "
                    + "/ -b=succeeded COMPENSATED"),
            Case(
                "where there is nothing to undo it is undone", "w500ms", script: "now go undo",
                trace: "due() / wait(w500ms+500ms) / w500ms=done COMPLETED / undo undo() COMPENSATED"),
            Case(
                "what was undone at once is not undone again", "a+ b",
                script: "go a=what go a=no -a=ok b=ok undo -b=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=rejected undo!(a) -a#1 / -a=succeeded b#1 "
                    + "/ b=succeeded COMPLETED / undo undo(b) -b#1 / -b=succeeded COMPENSATED"),
            Case(
                "asked twice it is one undo", "a", script: "go a=ok undo undo -a=ok !undo",
                trace: "due(a) / a#1 / a=succeeded COMPLETED / undo undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a compensation that gives up waits for a person as ever", "a",
                script: "go a=ok undo -a=no retry -a=ok",
                trace: "due(a) / a#1 / a=succeeded COMPLETED / undo undo(a) -a#1 / -a=rejected FAILED / retry -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "its deadline is long over", "a", timeout: "1s", script: "go a=ok +5s undo now -a=ok",
                trace: "due(a) / a#1 / a=succeeded COMPLETED / undo undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "only one that completed", "a", script: "go !undo a=no !undo",
                trace:
                    "due(a) / a#1 / a=rejected undo() COMPENSATED"),
            Case(
                "not one that was cancelled", "a", script: "go cancel !undo a=ok !undo",
                trace:
                    "due(a) / a#1 / cancel / a=succeeded undo(a) -a#1"),
        ])
    func undoing(_ example: Case) throws { try example.check() }

    @Test("an undo has a cause and an error of its own, and takes no output away")
    func undone() throws {
        let play = try Case(
            "", "a", script: "go a=ok undo -a=ok",
            trace: "due(a) / a#1 / a=succeeded COMPLETED / undo undo(a) -a#1 / -a=succeeded COMPENSATED"
        ).check()
        #expect(play.run.cause == .undoRequested && play.run.cause?.rawValue == "UNDO_REQUESTED")
        #expect(
            play.run.error?.kind == "undone" && play.run.error?.message == "No more." && play.run.output == ["n": 1])
    }

    @Test("undone is what completed no longer ago than its workflow allows")
    func within() throws {
        var json = try #require(try Flow("a").definition().source.object)
        json["undoWithin"] = "2h"
        let now = Instant(microseconds: 0)
        var run = Run(
            id: RunID(high: 1, low: 2), definition: try WorkflowDefinition(.object(json)), input: [:], context: [:],
            createdAt: now)
        #expect(!run.canUndo(at: now))
        run.evolve(.runStarted(due: [0]), at: now)
        run.evolve(.attemptStarted(step: 0, action: .execute, attempt: 1), at: now)
        let report = CallReport(outcome: .succeeded, httpStatus: 200, duration: .zero)
        run.evolve(.attemptSucceeded(step: 0, action: .execute, attempt: 1, report, output: 1), at: now)
        run.evolve(.runCompleted(output: 1, failure: nil), at: now + .seconds(60))
        #expect(run.canUndo(at: now + .seconds(7259)) && !run.canUndo(at: now + .seconds(7260)))
        for wrong: JSON in ["367d", "soon", 5] {
            json["undoWithin"] = wrong
            let error = #expect(throws: DefinitionErrors.self) { try WorkflowDefinition(.object(json)) }
            #expect(error?.errors.map(\.pointer.description) == ["/undoWithin"])
        }
    }

    @Test("a run that is to begin later does so, and its deadline counts from then")
    func delayed() throws {
        var play = try Play(Flow("a b", timeout: "1s"), delay: .milliseconds(500))
        #expect(play.run.wakeAt == play.now + .milliseconds(500) && play.run.dueWhenClaimed == nil)
        #expect(play.run.deadlineAt == play.now + .milliseconds(1500))
        try play.script("now +400ms now go late a=ok -a=ok")
        #expect(
            play.trace
                == "due() delay(500ms) / a#1 / deadline / a=succeeded undo(a) -a#1 / -a=succeeded COMPENSATED")
        var other = try Play(Flow("w500ms b"), delay: .milliseconds(500))
        try other.script("!retry:b !complete:w500ms pause go resume cancel".replacing("go ", with: "+500ms now "))
        #expect(
            other.trace
                == "due() delay(500ms) / pause / resume wait(w500ms+500ms) / cancel drop(w500ms) undo() CANCELLED")
        var cancelled = try Play(Flow("a"), delay: .milliseconds(500))
        try cancelled.script("cancel")
        #expect(cancelled.trace == "due() delay(500ms) / cancel undo() CANCELLED")
    }
}
