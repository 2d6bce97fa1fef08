import Core
import Testing

@Suite("Going forward")
struct ForwardTests {
    @Test(
        "a step starts exactly when everything it depends on is done",
        arguments: [
            Case(
                "a chain goes one at a time, in order", "a b c", script: "go a=ok b=ok c=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / c=succeeded COMPLETED"),
            Case(
                "roots start together", "a b< c<", script: "go b=ok a=ok c=ok",
                trace: "due(a,b,c) / a#1 b#1 c#1 / b=succeeded / a=succeeded / c=succeeded COMPLETED"),
            Case(
                "a join waits for its last branch", "a b<a c<a d<b,c", script: "go a=ok c=ok b=ok d=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 c#1 / c=succeeded / b=succeeded d#1 / d=succeeded COMPLETED"),
            Case(
                "a join waits for a branch that is being retried", "a b< c<a,b",
                script: "go a=ok b=what go b=ok c=ok",
                trace: "due(a,b) / a#1 b#1 / a=succeeded / b=unknown+100ms / b#2 / b=succeeded c#1 "
                    + "/ c=succeeded COMPLETED"),
            Case(
                "a dependency written later in the definition counts too", "a<b b<", script: "go b=ok a=ok",
                trace: "due(b) / b#1 / b=succeeded a#1 / a=succeeded COMPLETED"),
            Case(
                "a wake-up that is too early changes nothing", "a", script: "go a=what +99ms now +1ms now a=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=succeeded COMPLETED"),
        ])
    func order(_ example: Case) throws {
        try example.check()
    }

    @Test(
        "a false `when` skips the step, and a skipped step counts as done",
        arguments: [
            Case(
                "in the middle of a chain", "a b? c", script: "go a=ok c=ok",
                trace: "due(a) / a#1 / a=succeeded skip(b) c#1 / c=succeeded COMPLETED"),
            Case(
                "at the end", "a b?", script: "go a=ok",
                trace: "due(a) / a#1 / a=succeeded skip(b) COMPLETED"),
            Case("the root: what follows is due at once", "a? b", script: "", trace: "due(b) skip(a)"),
            Case(
                "one of two roots", "a? b< c<a d<b", script: "go", trace: "due(b,c) skip(a) / b#1 c#1"),
            Case(
                "all: nothing is left to claim", "a? b? c?<", script: "",
                trace: "due() skip(a) skip(b) "
                    + "skip(c) COMPLETED"),
            Case(
                "a chain of skips is followed in one decision", "a b? c? d", script: "go a=ok",
                trace: "due(a) / a#1 / a=succeeded skip(b) skip(c) d#1"),
            Case(
                "one written before what it depends on", "a?<b b<", script: "go b=ok",
                trace: "due(b) / b#1 / b=succeeded skip(a) COMPLETED"),
            Case(
                "a join of a skipped and a living branch", "a b?<a c<a d<b,c", script: "go a=ok c=ok",
                trace: "due(a) / a#1 / a=succeeded skip(b) c#1 / c=succeeded d#1"),
        ])
    func skipping(_ example: Case) throws {
        try example.check()
    }

    @Test(
        "a `when` is evaluated with the run's input",
        arguments: [
            (true, "due(a)"),
            (
                false,
                "due() skip(a) "
                    + "COMPLETED"
            ),
        ])
    func condition(go: Bool, trace: String) throws {
        let play = try Play(Flow("a~"), input: ["go": .bool(go)])
        #expect(play.trace == trace)
    }

    @Test(
        "a failed attempt is repeated within the policy, and not beyond it",
        arguments: [
            Case(
                "an unknown outcome backs off exponentially and gives up at the maximum", "a",
                script: "go a=what go a=what go a=what -a=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=unknown+200ms / a#3 / a=unknown undo(a) -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "a participant that was never reached has no effect to undo", "a",
                script: "go a=down go a=down go a=down",
                trace: "due(a) / a#1 / a=notSent+100ms / a#2 / a=notSent+200ms / a#3 / a=notSent undo() COMPENSATED"),
            Case(
                "a refusal is final at once", "a b", script: "go a=ok b=no -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "Retry-After longer than the backoff is waited for", "a", script: "go a=busy/5s go",
                trace: "due(a) / a#1 / a=busy+5000ms / a#2"),
            Case(
                "Retry-After shorter than the backoff does not shorten it", "a", script: "go a=busy/1ms go",
                trace: "due(a) / a#1 / a=busy+100ms / a#2"),
            Case(
                "Retry-After can't park a run for days", "a", script: "go a=busy/2d go",
                trace: "due(a) / a#1 / a=busy+300000ms / a#2"),
            Case(
                "busy without a time has no more attempts than anything else", "a",
                script: "go a=busy go a=busy go a=busy",
                trace: "due(a) / a#1 / a=busy+100ms / a#2 / a=busy+200ms / a#3 / a=busy undo() COMPENSATED"),
            Case(
                "who says when to come back uses up no attempts", "a",
                script: "go a=busy/1s go a=busy/1s go a=busy/1s go a=busy/1s go a=busy go a=busy go a=busy",
                trace:
                    "due(a) / a#1 / a=busy+1000ms / a#2 / a=busy+1000ms / a#3 / a=busy+1000ms / a#4 / a=busy+1000ms / a#5 / "
                    + "a=busy+1600ms / a#6 / a=busy+3200ms / a#7 / a=busy undo() COMPENSATED"),
        ])
    func retrying(_ example: Case) throws {
        try example.check()
    }

    @Test(
        "when one branch fails, calls in flight finish, nothing new starts, and waiting retries are dropped",
        arguments: [
            Case(
                "the other branch's call succeeds, and is undone", "a b<", script: "go a=no b=ok -b=ok",
                trace: "due(a,b) / a#1 b#1 / a=rejected / b=succeeded undo(b) -b#1 / -b=succeeded COMPENSATED"),
            Case(
                "the other branch goes no further", "a b< c<b", script: "go a=no b=ok -b=ok",
                trace: "due(a,b) / a#1 b#1 / a=rejected / b=succeeded undo(b) -b#1 / -b=succeeded COMPENSATED"),
            Case(
                "the other branch's failure is not repeated", "a b<", script: "go a=no b=what -b=ok",
                trace: "due(a,b) / a#1 b#1 / a=rejected / b=unknown undo(b) -b#1 / -b=succeeded COMPENSATED"),
            Case(
                "an ambiguous retry that waits is dropped and undone", "a b<", script: "go b=what a=no -b=ok",
                trace: "due(a,b) / a#1 b#1 / b=unknown+100ms / a=rejected drop(b) undo(b) -b#1 "
                    + "/ -b=succeeded COMPENSATED"),
            Case(
                "an unambiguous retry that waits is dropped and needs no undoing", "a b<", script: "go b=down a=no",
                trace: "due(a,b) / a#1 b#1 / b=notSent+100ms / a=rejected drop(b) undo() COMPENSATED"),
            Case(
                "a wake-up while draining starts nothing", "a b< c<", script: "go b=down a=no +1h now c=no",
                trace: "due(a,b,c) / a#1 b#1 c#1 / b=notSent+100ms / a=rejected drop(b) / c=rejected undo() "
                    + "COMPENSATED"),
        ])
    func draining(_ example: Case) throws {
        try example.check()
    }

    @Test("the first failure is the run's error, whatever follows")
    func firstError() throws {
        var play = try Play(Flow("a b<"))
        try play.script("go a=no b=what -b=ok")
        #expect(play.run.cause == .stepFailed)
        #expect(play.run.error?.stepID == "a")
        #expect(play.run.error?.kind == "rejected")
        #expect(play.run.error?.httpStatus == 422)
        #expect(play.run.steps.map(\.status) == [.failed, .failed])
        #expect(play.run.steps.map { $0.error?.kind } == ["rejected", "unknown"])
    }
}
