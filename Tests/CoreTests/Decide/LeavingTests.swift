import Core
import Testing

@Suite("Cancel, deadline and takeover")
struct LeavingTests {
    @Test(
        "a cancel that was accepted undoes everything and never ends COMPLETED",
        arguments: [
            Case(
                "before anything was called", "a b", script: "cancel",
                trace: "due(a) / cancel drop(a) undo() CANCELLED"),
            Case(
                "in flight: the answer is awaited, then undone", "a b", script: "go cancel a=ok -a=ok",
                trace: "due(a) / a#1 / cancel / a=succeeded undo(a) -a#1 / -a=succeeded CANCELLED"),
            Case(
                "the last step in flight", "a", script: "go cancel a=ok -a=ok",
                trace: "due(a) / a#1 / cancel / a=succeeded undo(a) -a#1 / -a=succeeded CANCELLED"),
            Case(
                "in flight and refused: nothing to undo", "a", script: "go cancel a=no",
                trace: "due(a) / a#1 / cancel / a=rejected undo() CANCELLED"),
            Case(
                "in flight and unknown: undone without another try", "a", script: "go cancel a=what -a=ok",
                trace: "due(a) / a#1 / cancel / a=unknown undo(a) -a#1 / -a=succeeded CANCELLED"),
            Case(
                "waiting for a retry", "a b", script: "go a=ok b=what cancel -b=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=unknown+100ms / cancel drop(b) undo(a,b) -b#1 "
                    + "/ -b=succeeded -a#1 / -a=succeeded CANCELLED"),
            Case(
                "twice: the second says nothing", "a", script: "go cancel cancel a=no",
                trace: "due(a) / a#1 / cancel / a=rejected undo() CANCELLED"),
            Case(
                "while a failure is being undone: it still ends CANCELLED", "a b", script: "go a=ok b=no cancel -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / cancel / -a=succeeded CANCELLED"),
            Case(
                "while draining after a failure", "a b<", script: "go a=no cancel b=ok -b=ok",
                trace: "due(a,b) / a#1 b#1 / a=rejected / cancel / b=succeeded undo(b) -b#1 / -b=succeeded CANCELLED"),
            Case(
                "while a compensation waits: its backoff stays", "a b", script: "go a=ok b=no -a=what cancel go -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=unknown+200ms / cancel / -a#2 "
                    + "/ -a=succeeded CANCELLED"),
            Case(
                "a compensation that gives up is FAILED nevertheless", "a", script: "go cancel a=ok -a=no",
                trace: "due(a) / a#1 / cancel / a=succeeded undo(a) -a#1 / -a=rejected FAILED"),
        ])
    func cancelling(_ example: Case) throws {
        try example.check()
    }

    @Test(
        "the deadline ends forward progress and abandons no effect",
        arguments: [
            Case(
                "before the first claim", "a", timeout: "10s", script: "late",
                trace: "due(a) / deadline drop(a) undo() COMPENSATED"),
            Case(
                "while a retry waits", "a b", timeout: "10s", script: "go a=ok b=busy/60s late -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=busy+60000ms / deadline drop(b) undo(a) -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "in flight: the call finishes first", "a b", timeout: "10s", script: "go late a=ok -a=ok",
                trace: "due(a) / a#1 / deadline / a=succeeded undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "noticed only with an answer: the next step does not start", "a b", timeout: "10s",
                script: "go +11s a=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded deadline undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a failure after it is not tried again", "a b", timeout: "10s",
                script: "go a=ok +11s b=what -b=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / deadline b=unknown undo(a,b) -b#1 / -b=succeeded -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "a call that was never sent for it has no effect", "a", timeout: "10s", script: "go +11s a=down",
                trace: "due(a) / a#1 / deadline a=notSent undo() COMPENSATED"),
            Case(
                "noticed with the last answer: all is done, so it is COMPLETED", "a", timeout: "10s",
                script: "go +11s a=ok", trace: "due(a) / a#1 / a=succeeded COMPLETED"),
            Case(
                "the microsecond before it is over", "a b", timeout: "10s", script: "go +9999ms a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1"),
            Case(
                "during compensation it is irrelevant", "a b", timeout: "10s", script: "go a=ok b=no +11s now -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "after a cancel the cause stays the cancel", "a", timeout: "10s", script: "go cancel late a=no",
                trace: "due(a) / a#1 / cancel / a=rejected undo() CANCELLED"),
            Case(
                "a cancel after it is remembered", "a", timeout: "10s", script: "go late cancel a=no",
                trace: "due(a) / a#1 / deadline / cancel / a=rejected undo() CANCELLED"),
        ])
    func deadline(_ example: Case) throws {
        try example.check()
    }

    @Test(
        "after a takeover a call in flight is unknown, and repeated after its backoff; it is none of the policy's attempts",
        arguments: [
            Case(
                "repeated after the backoff", "a b", script: "go takeover now go a=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=succeeded b#1"),
            Case(
                "an effect is assumed", "a", script: "go takeover go a=no -a=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=rejected undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "more often than the policy has attempts: it goes on", "a",
                script: "go takeover go takeover go takeover go a=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=unknown+200ms / a#3 / a=unknown+400ms / a#4 "
                    + "/ a=succeeded COMPLETED"),
            Case(
                "between failures: those alone are counted", "a",
                script: "go a=down go takeover go a=down go takeover go a=down",
                trace: "due(a) / a#1 / a=notSent+100ms / a#2 / a=unknown+200ms / a#3 / a=notSent+400ms / a#4 "
                    + "/ a=unknown+800ms / a#5 / a=notSent undo(a) -a#1"),
            Case(
                "what was lost on the way forward does not count on the way back", "a",
                script: "go takeover go takeover go a=no -a=down go -a=no",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=unknown+200ms / a#3 / a=rejected undo(a) -a#1 "
                    + "/ -a=notSent+200ms / -a#2 / -a=rejected FAILED"),
            Case(
                "a compensation in flight", "a b", script: "go a=ok b=no takeover go -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=unknown+200ms / -a#2 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "a compensation more often than its policy has attempts", "a b",
                script: "go a=ok b=no takeover go takeover go -a=down go -a=down",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=unknown+200ms / -a#2 "
                    + "/ -a=unknown+400ms / -a#3 / -a=notSent+800ms / -a#4 / -a=notSent FAILED"),
            Case(
                "an operator's retry counts anew", "a b",
                script: "go a=ok b=no takeover go -a=down go -a=down retry -a=down go -a=down",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=unknown+200ms / -a#2 "
                    + "/ -a=notSent+400ms / -a#3 / -a=notSent FAILED / retry -a#1 / -a=notSent+200ms / -a#2 "
                    + "/ -a=notSent FAILED"),
            Case(
                "two in flight: both wait", "a b<",
                script: "go a=down +100ms now a=down +200ms now takeover go go a=ok b=ok",
                trace: "due(a,b) / a#1 b#1 / a=notSent+100ms / a#2 / a=notSent+200ms / a#3 "
                    + "/ a=unknown+400ms b=unknown+100ms / b#2 / a#4 / a=succeeded / b=succeeded COMPLETED"),
            Case(
                "while draining: not repeated", "a b<", script: "go a=no takeover -b=ok",
                trace: "due(a,b) / a#1 b#1 / a=rejected / b=unknown undo(b) -b#1 / -b=succeeded COMPENSATED"),
            Case(
                "past the deadline: not repeated", "a", timeout: "10s", script: "go +11s takeover -a=ok",
                trace: "due(a) / a#1 / deadline a=unknown undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "nothing in flight: it is a wake-up", "a", script: "takeover",
                trace: "due(a) / a#1"),
            Case(
                "a step that waits keeps waiting", "a", script: "go a=down takeover",
                trace: "due(a) / a#1 / a=notSent+100ms"),
        ])
    func takeover(_ example: Case) throws {
        try example.check()
    }

    @Test("the deadline, not the failure that came after it, is what turned the run back")
    func causeOfLateFailure() throws {
        for answer in ["a=no", "a=down", "a=what"] {
            var play = try Play(Flow("a", timeout: "10s"))
            try play.script("go +11s \(answer)")
            #expect(play.run.cause == .deadlineExceeded)
            #expect(play.run.error?.kind == "deadline")
        }
    }

    @Test("an attempt lost to a takeover says so, so that it can be counted")
    func lostIsNamed() throws {
        var play = try Play(Flow("a"))
        try play.script("go takeover")
        #expect(play.run.steps[0].error?.kind == "lost")
        #expect(play.run.steps[0].error?.lostAttempts == 1)
        #expect(play.run.steps[0].isAmbiguous)
        try play.script("go a=down")
        #expect(play.run.steps[0].attempts == 2)
        #expect(play.run.steps[0].error?.kind == "notSent")
        #expect(play.run.steps[0].error?.json["lostAttempts"] == 1)
        try play.script("go takeover")
        #expect(play.run.steps[0].error?.lostAttempts == 2)
    }

    @Test("calls that take their engine with them are not made for ever: the tenth lost one is the last")
    func lostForEver() throws {
        var play = try Play(Flow("a"))
        for _ in 1...9 { try play.script("go takeover") }
        #expect(play.run.cause == nil)
        try play.script("go takeover")
        #expect(play.run.cause == .stepFailed)
        #expect(play.run.steps[0].attempts == 10)
        // The same on its way back, beginning to count anew.
        for _ in 1...9 { try play.script("takeover go") }
        #expect(play.run.status == .compensating)
        try play.script("takeover")
        #expect(play.run.status == .failed)
    }

    @Test("a step that was dropped before it began is PENDING for ever, one that had begun is FAILED")
    func droppedSteps() throws {
        var never = try Play(Flow("a b"))
        try never.script("cancel")
        #expect(never.run.steps.map(\.status) == [.pending, .pending])
        #expect(never.run.steps[0].completedAt == nil)
        #expect(never.run.steps[0].nextAttemptAt == nil)

        var begun = try Play(Flow("a b"))
        try begun.script("go a=what cancel -a=ok")
        #expect(begun.run.steps.map(\.status) == [.failed, .pending])
        #expect(begun.run.steps[0].completedAt == begun.now)
    }

    @Test("the reason of a cancel reaches the run's error", arguments: [nil, "customer changed their mind"])
    func cancelReason(_ reason: String?) throws {
        var play = try Play(Flow("a"))
        try play.happen(.cancel(by: "me", reason: reason))
        #expect(play.run.error == Failure(kind: "cancelled", message: reason ?? "Cancelled on request."))
        #expect(play.run.cause == .cancelRequested)
        #expect(play.events.contains(.cancelRequested(by: "me", reason: reason)))
    }
}
