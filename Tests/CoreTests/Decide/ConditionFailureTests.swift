import Core
import Testing

@Suite("A condition that can't be evaluated")
struct ConditionFailureTests {
    /// Zeros and then a one: what a condition that is given up takes for "no" would be "yes".
    private static func list(_ count: Int) -> JSON {
        ["list": .array(Array(repeating: 0, count: count - 1) + [1])]
    }

    /// Too many for any evaluation, and too many for one that must be short.
    private static let endless = list(40_000)
    private static let long = list(30_000)

    @Test(
        "fails its step, is never taken for false, and nothing new starts",
        arguments: [
            Case(
                "at the root: nothing is due, and the engine's first decision fails it", "a% b",
                script: "now", trace: "due() / a#1 a=rejected undo() COMPENSATED"),
            Case(
                "what was done before is undone", "a b% c", script: "go a=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 b=rejected undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a branch beside it that was ready does not start", "a b<a c%<a", script: "go a=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded c#1 c=rejected undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a call that is in flight beside it ends first", "x< a< b%<a", script: "go a=ok x=ok -x=ok -a=ok",
                trace: "due(x,a) / x#1 a#1 / a=succeeded b#1 b=rejected / x=succeeded undo(x,a) -x#1 -a#1 "
                    + "/ -x=succeeded / -a=succeeded COMPENSATED"),
            Case(
                "steps skipped before it stay skipped", "a? b%", script: "now",
                trace: "due() / skip(a) b#1 b=rejected undo() COMPENSATED"),
            Case(
                "where the run goes on without it the conditions of others count all the same", "a%+< b?< c<",
                script: "now c=ok",
                trace: "due() / a#1 a=rejected skip(b) c#1 / c=succeeded COMPLETED"),
            Case(
                "past the pivot, too, where it waits for a person", "p^ a%<p b?<p c<p", script: "go p=ok c=ok",
                trace: "due(p) / p#1 / p=succeeded a#1 a=rejected skip(b) c#1 / c=succeeded"),
            Case(
                "a cancel that came first wins", "a% b", script: "cancel", trace: "due() / cancel undo() CANCELLED"),
        ])
    func fails(_ example: Case) throws {
        var play = try Play(Flow(example.flow), input: Self.endless)
        try play.script(example.script)
        #expect(play.trace == example.trace)
    }

    @Test("the error of step and run has a kind of its own, says what was too much, and where")
    func tells() throws {
        var play = try Play(Flow("a b%"), input: Self.endless)
        try play.script("go a=ok")
        let failure = try #require(play.run.steps[1].error)
        #expect(failure.kind == "condition" && failure.pointer == "/steps/1/when")
        #expect(failure.message.contains("more than 100000 operations"))
        #expect(play.run.cause == .stepFailed && play.run.error == failure.of(step: "b"))
        #expect(play.run.steps[1].status == .failed && !play.run.steps[1].mayHaveEffect)
        #expect(Failure(failure.json) == failure)
    }

    @Test("what takes longer than a request may be kept waiting is left to the engine, which then decides it rightly")
    func longer() throws {
        var play = try Play(Flow("a% b"), input: Self.long)
        try play.script("now a=ok")
        #expect(play.trace == "due() / a#1 / a=succeeded b#1")
        #expect(try Play(Flow("a% b"), input: Self.list(1000)).trace == "due(a)")
        #expect(try Play(Flow("a% b"), input: ["list": []]).trace == "due(b) skip(a)")
    }

    @Test("a decision for which the effort does not suffice says so")
    func spent() throws {
        var play = try Play(Flow("a b%"), input: Self.long)
        try play.script("go")
        let happening = Happening.finished(step: 0, action: .execute, attempt: 1, CallResult(outcome: .succeeded))
        var brief = Effort.brief
        _ = try decide(play.run, happening, now: play.now, jitter: 0, effort: &brief)
        #expect(brief.isSpent)
        var full = Effort.full
        let events = try decide(play.run, happening, now: play.now, jitter: 0, effort: &full)
        #expect(!full.isSpent && events.last == .attemptStarted(step: 1, action: .execute, attempt: 1))
    }

    @Test("a condition that holds is not evaluated again for every step that is skipped beside it")
    func once() throws {
        // Each look at all the steps skips one more; the effort of a start is enough for one evaluation, not for five.
        let play = try Play(Flow("a%< e?<d d?<c c?<b b?< f<"), input: Self.list(1000))
        #expect(play.trace == "due(a,f) skip(b) skip(c) skip(d) skip(e)")
    }
}
