import Core
import Testing

@Suite("Operators, quarantine and what is refused")
struct OperatorTests {
    @Test(
        "an operator's retry moves what waits or has given up, and nothing else",
        arguments: [
            Case(
                "a step that waits for its backoff goes now", "a", script: "go a=busy/60s retry:a a=ok",
                trace: "due(a) / a#1 / a=busy+60000ms / retry(a) a#2 / a=succeeded COMPLETED"),
            Case(
                "it does not win an attempt", "a", script: "go a=what retry:a a=what retry:a a=what -a=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / retry(a) a#2 / a=unknown+200ms / retry(a) a#3 "
                    + "/ a=unknown undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a compensation that waits goes now", "a b", script: "go a=ok b=no -a=what retry:a -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=unknown+200ms / retry(a) -a#2 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "a FAILED run takes its compensation up with fresh attempts, and goes on", "a b c",
                script: "go a=ok b=ok c=no -b=no retry:b -b=what go -b=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / c=rejected undo(a,b) -b#1 / "
                    + "-b=rejected FAILED "
                    + "/ retry(b) -b#1 / -b=unknown+200ms / -b#2 / -b=succeeded -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a FAILED run may fail again", "a b", script: "go a=ok b=no -a=no retry:a -a=no",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=rejected FAILED "
                    + "/ retry(a) -a#1 / -a=rejected FAILED"),
            Case(
                "two failed compensations are retried one by one", "a b< c<a,b",
                script: "go a=ok b=ok c=no -a=no -b=no retry:b -b=ok retry:a -a=ok",
                trace: "due(a,b) / a#1 b#1 / a=succeeded / b=succeeded c#1 / c=rejected undo(a,b) -a#1 -b#1 "
                    + "/ -a=rejected / -b=rejected FAILED / retry(b) -b#1 / -b=succeeded FAILED / retry(a) -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "a cancelled run that failed ends CANCELLED after all", "a",
                script: "go cancel a=ok -a=no "
                    + "retry:a -a=ok",
                trace: "due(a) / a#1 / cancel / a=succeeded undo(a) -a#1 / -a=rejected FAILED / retry(a) -a#1 "
                    + "/ -a=succeeded CANCELLED"),
        ])
    func retrying(_ example: Case) throws {
        try example.check()
    }

    @Test(
        "what a person has undone by hand counts as undone, and the run goes on from there",
        arguments: [
            Case(
                "it was the last one", "a b", script: "go a=ok b=no -a=no resolve:a",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=rejected FAILED "
                    + "/ resolve(a) COMPENSATED"),
            Case(
                "what it blocked is undone now", "a b c", script: "go a=ok b=ok c=no -b=no resolve:b -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / c=rejected undo(a,b) -b#1 / "
                    + "-b=rejected FAILED / resolve(b) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "of two, one is left: the run is FAILED again", "a b< c<a,b",
                script: "go a=ok b=ok c=no -a=no -b=no resolve:b resolve:a",
                trace: "due(a,b) / a#1 b#1 / a=succeeded / b=succeeded c#1 / c=rejected undo(a,b) -a#1 -b#1 "
                    + "/ -a=rejected / -b=rejected FAILED / resolve(b) FAILED / resolve(a) COMPENSATED"),
            Case(
                "one is resolved, the other retried meanwhile", "a b< c<a,b",
                script: "go a=ok b=ok c=no -a=no -b=no retry:a resolve:b -a=ok",
                trace: "due(a,b) / a#1 b#1 / a=succeeded / b=succeeded c#1 / c=rejected undo(a,b) -a#1 -b#1 "
                    + "/ -a=rejected / -b=rejected FAILED / retry(a) -a#1 / resolve(b) / -a=succeeded COMPENSATED"),
            Case(
                "all that failed is retried at once", "a b< c<a,b",
                script: "go a=ok b=ok c=no -a=no -b=no retry -b=ok -a=ok",
                trace: "due(a,b) / a#1 b#1 / a=succeeded / b=succeeded c#1 / c=rejected undo(a,b) -a#1 -b#1 "
                    + "/ -a=rejected / -b=rejected FAILED / retry -a#1 -b#1 / -b=succeeded / -a=succeeded COMPENSATED"),
            Case(
                "both at once", "a b< c<a,b", script: "go a=ok b=ok c=no -a=no -b=no resolve:a,b",
                trace: "due(a,b) / a#1 b#1 / a=succeeded / b=succeeded c#1 / c=rejected undo(a,b) -a#1 -b#1 "
                    + "/ -a=rejected / -b=rejected FAILED / resolve(a) resolve(b) COMPENSATED"),
            Case(
                "a cancelled run ends CANCELLED", "a", script: "go cancel a=ok -a=no resolve:a",
                trace: "due(a) / a#1 / cancel / a=succeeded undo(a) -a#1 / -a=rejected FAILED / resolve(a) CANCELLED"),
        ])
    func resolving(_ example: Case) throws {
        try example.check()
    }

    @Test(
        "a quarantined run of which something was undone by hand can only be undone",
        arguments: [
            Case(
                "what was in flight is lost, and undone", "a b c", script: "go a=ok poison resolve:a -b=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / QUARANTINED / resolve(a) b=unknown undo(b) -b#1 "
                    + "/ -b=succeeded COMPENSATED"),
            Case(
                "the call in flight itself", "a b", script: "go a=ok poison resolve:b -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / QUARANTINED / resolve(b) b=unknown undo(a) -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "a step that waits is given up", "a b<", script: "go a=ok b=what poison resolve:b -a=ok",
                trace: "due(a,b) / a#1 b#1 / a=succeeded / b=unknown+100ms / QUARANTINED / resolve(b) drop(b) undo(a) "
                    + "-a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a step that can't be undone by the run is named no more", "a! b!", script: "go a=ok poison resolve:a",
                trace: "due(a) / a#1 / a=succeeded b#1 / QUARANTINED / resolve(a) b=unknown undo(|b) COMPENSATED"),
            Case(
                "on its way back: the compensation in flight counts as done", "a b c",
                script: "go a=ok b=ok c=no poison resolve:b -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / c=rejected undo(a,b) -b#1 / QUARANTINED "
                    + "/ resolve(b) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "on its way back: out of turn, the rest is undone all the same", "a b c",
                script: "go a=ok b=ok c=no poison resolve:a go -b=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / c=rejected undo(a,b) -b#1 / QUARANTINED "
                    + "/ resolve(a) -b=unknown+200ms / -b#2 / -b=succeeded COMPENSATED"),
            Case(
                "after a cancel: it stays cancelled", "a", script: "go cancel poison resolve:a",
                trace: "due(a) / a#1 / cancel / QUARANTINED / resolve(a) a=unknown undo() CANCELLED"),
            Case(
                "a compensation that fails afterwards is resolved as any other", "a b",
                script: "go a=ok poison resolve:b -a=no resolve:a",
                trace: "due(a) / a#1 / a=succeeded b#1 / QUARANTINED / resolve(b) b=unknown undo(a) -a#1 "
                    + "/ -a=rejected FAILED / resolve(a) COMPENSATED"),
            Case(
                "several steps at once: none of them is undone by the engine", "a b c",
                script: "go a=ok b=ok poison resolve:b,a -c=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / QUARANTINED / resolve(b) resolve(a) "
                    + "c=unknown undo(c) -c#1 / -c=succeeded COMPENSATED"),
            Case(
                "all that may have had an effect: no call is made any more", "a b c",
                script: "go a=ok b=ok c=no poison resolve:a,b",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / c=rejected undo(a,b) -b#1 / QUARANTINED "
                    + "/ resolve(a) resolve(b) COMPENSATED"),
            Case(
                "or retried, without forgetting why the run turned back", "a b",
                script: "go a=ok poison resolve:b -a=no retry -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / QUARANTINED / resolve(b) b=unknown undo(a) -a#1 "
                    + "/ -a=rejected FAILED / retry -a#1 / -a=succeeded COMPENSATED"),
        ])
    func resolvingQuarantined(_ example: Case) throws {
        let play = try example.check()
        if play.run.status == .compensated { #expect(play.run.cause == .quarantined || play.run.cause == .stepFailed) }
    }

    @Test(
        "a poisoned run is set aside, and taken up again where it stood",
        arguments: [
            Case(
                "before its first claim", "a", script: "poison retry:a a=ok",
                trace: "due(a) / QUARANTINED / retry(a) a#1 / a=succeeded COMPLETED"),
            Case(
                "with a call in flight: lost, and repeated", "a b", script: "go poison retry:a go a=ok b=ok",
                trace: "due(a) / a#1 / QUARANTINED / retry(a) a=unknown+100ms / a#2 / a=succeeded b#1 "
                    + "/ b=succeeded COMPLETED"),
            Case(
                "any of its steps will do", "a b", script: "go a=ok poison retry:a go b=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / QUARANTINED / retry(a) b=unknown+100ms / b#2 / "
                    + "b=succeeded COMPLETED"),
            Case(
                "while compensating", "a b", script: "go a=ok b=no poison retry:a go -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / QUARANTINED "
                    + "/ retry(a) -a=unknown+200ms / -a#2 / -a=succeeded COMPENSATED"),
            Case(
                "after a cancel: it stays cancelled", "a", script: "go cancel poison retry:a -a=ok",
                trace: "due(a) / a#1 / cancel / QUARANTINED / retry(a) a=unknown undo(a) -a#1 / -a=succeeded "
                    + "CANCELLED"),
            Case(
                "after its deadline: nothing new begins, what may have happened is undone", "a b", timeout: "1s",
                script: "go a=ok poison +2s retry -b=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / QUARANTINED / retry deadline b=unknown undo(a,b) "
                    + "-b#1 / -b=succeeded -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a step that waited goes on waiting unless it is the one", "a b<",
                script: "go a=down b=down poison retry:b",
                trace: "due(a,b) / a#1 b#1 / a=notSent+100ms / b=notSent+100ms / QUARANTINED / retry(b) b#2"),
        ])
    func quarantine(_ example: Case) throws {
        try example.check()
    }

    @Test("a quarantined run that completes carries no cause or error of its quarantine")
    func quarantineLeavesNoTrace() throws {
        var play = try Play(Flow("a"))
        try play.script("poison")
        #expect(play.run.status == .failed)
        #expect(play.run.cause == .quarantined)
        #expect(play.run.error?.kind == "quarantined")
        try play.script("retry:a a=ok")
        #expect(play.run.status == .completed)
        #expect(play.run.cause == nil)
        #expect(play.run.error == nil)
    }

    /// Each script ends in words that must be refused; the player checks that nothing changed.
    @Test(
        "what makes no sense is refused and changes nothing",
        arguments: [
            ("an answer nobody asked for", "!a=ok"),
            ("an answer to an attempt that is over", "go a=what go !a#1=ok"),
            ("an answer to an attempt not begun", "go !a#2=ok"),
            ("an answer of the wrong action", "go !-a=ok"),
            ("an answer twice", "go a=ok !a#1=ok"),
            ("an answer while the step waits", "go a=what !a#1=ok"),
            ("a late forward answer while compensating", "go a=ok b=no !b#1=ok !a#1=ok"),
            ("a retry of a step never attempted", "!retry:a !retry:b"),
            ("a retry of a running step", "go !retry:a !retry:b"),
            ("a retry of a succeeded step", "go a=ok !retry:a"),
            ("a retry of a step whose compensation runs", "go a=ok b=no !retry:a !retry:b"),
            ("a retry of a step of a FAILED run that did not fail", "go a=ok b=no -a=no !retry:b"),
            (
                "a retry of everything while nothing has failed for good",
                "go !retry a=ok !retry b=no !retry -a=ok !retry"
            ),
            ("a resolve of a run that goes forward", "!resolve:a go !resolve:a a=ok !resolve:a !resolve:b"),
            ("a resolve of a compensation that may still succeed", "go a=ok b=no !resolve:a -a=what !resolve:a"),
            ("a resolve of what a FAILED run need not undo", "go a=ok b=no -a=no !resolve:b"),
            ("a resolve of a quarantined run's step that had no effect", "go poison !resolve:b"),
            (
                "a resolve of a step that can be resolved and one that can't",
                "go a=ok b=no -a=no !resolve:a,b !resolve:b,a"
            ),
            ("a resolve of the same step twice", "go a=ok poison !resolve:a,a"),
            ("a resolve that comes second to one of a quarantined run", "go a=ok poison resolve:b !resolve:a"),
            ("a second resolve", "go a=ok b=no -a=no resolve:a !resolve:a"),
            ("a retry of what was resolved", "go a=ok b=no -a=no resolve:a !retry:a !retry"),
            ("a resolve of what is being retried", "go a=ok b=no -a=no retry:a !resolve:a"),
            (
                "anything but an operator's decision on a FAILED run",
                "go a=ok b=no -a=no !cancel !now !takeover !poison !-a#1=ok"
            ),
            (
                "anything on a COMPLETED run",
                "go a=ok b=ok !cancel !now !takeover !poison !retry:a !resolve:a !b#1=ok !-b=ok"
            ),
            ("anything on a COMPENSATED run", "go a=no !cancel !now !takeover !poison !retry:a !a#1=ok"),
            ("anything on a CANCELLED run", "cancel !cancel !now !takeover !poison !retry:a"),
        ])
    func refused(risk: String, script: String) throws {
        var play = try Play(Flow("a b"))
        try play.script(script)
    }

    @Test("a step that is none is refused", arguments: [-1, 2])
    func noSuchStep(_ step: Int) throws {
        var play = try Play(Flow("a b"))
        try play.script("go")
        for happening in [
            Happening.retry(step: step, by: "ops"),
            .resolve(steps: [step], by: "ops", reason: "by hand"), .resolve(steps: [], by: "ops", reason: "by hand"),
            .finished(step: step, action: .execute, attempt: 1, CallResult(outcome: .succeeded)),
        ] {
            #expect(throws: IllegalHappening.self) { try play.happen(happening) }
        }
        #expect(!play.run.canRetry(step: step))
    }
}
