import Core
import Testing

@Suite("Going backward")
struct BackwardTests {
    @Test(
        "every step that may have had an effect is undone, dependents first",
        arguments: [
            Case(
                "a chain is undone strictly in reverse, one at a time", "a b c d",
                script: "go a=ok b=ok c=ok d=no -c=ok -b=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / c=succeeded d#1 / d=rejected "
                    + "undo(a,b,c) -c#1 "
                    + "/ -c=succeeded -b#1 / -b=succeeded -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "the failing step too, if one of its attempts is unknown", "a b",
                script: "go a=ok b=what go b=no -b=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=unknown+100ms / b#2 / b=rejected undo(a,b) -b#1 "
                    + "/ -b=succeeded -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a 408 may have had an effect", "a", script: "go a=408 go a=no -a=ok",
                trace: "due(a) / a#1 / a=busy+100ms / a#2 / a=rejected undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "any other busy has not", "a", script: "go a=busy go a=no",
                trace: "due(a) / a#1 / a=busy+100ms / a#2 / a=rejected undo() COMPENSATED"),
            Case(
                "a diamond: both branches before the fork, and the fork only after both", "a b<a c<a d<b,c",
                script: "go a=ok b=ok c=ok d=no -b=ok -c=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 c#1 / b=succeeded / c=succeeded d#1 / d=rejected undo(a,b,c) "
                    + "-b#1 -c#1 / -b=succeeded / -c=succeeded -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a skipped step in between does not hide what depends on what", "a b? c d",
                script: "go a=ok c=ok d=no -c=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded skip(b) c#1 / c=succeeded d#1 / d=rejected undo(a,c) -c#1 "
                    + "/ -c=succeeded -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a step without a compensation in between neither", "a b! c d",
                script: "go a=ok b=ok c=ok d=no -c=ok -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / c=succeeded d#1 / d=rejected "
                    + "undo(a,c|b) -c#1 "
                    + "/ -c=succeeded -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "independent branches are undone side by side", "a b<a c< d<c e<b,d",
                script: "go a=ok c=ok b=ok d=ok e=no -d=ok -c=ok -b=ok -a=ok",
                trace: "due(a,c) / a#1 c#1 / a=succeeded b#1 / c=succeeded d#1 / b=succeeded / d=succeeded e#1 "
                    + "/ e=rejected undo(a,b,c,d) -b#1 -d#1 / -d=succeeded -c#1 / -c=succeeded / -b=succeeded -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "an unknown step without a compensation is named", "a!", script: "go a=what go a=no",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=rejected undo(|a) COMPENSATED"),
            Case(
                "nothing to undo ends the run at once", "a b", script: "go a=no",
                trace: "due(a) / a#1 / a=rejected undo() COMPENSATED"),
        ])
    func order(_ example: Case) throws {
        try example.check()
    }

    @Test(
        "a compensation that fails is repeated; one that gives up makes the run FAILED and blocks what came before it",
        arguments: [
            Case(
                "it backs off by its own policy", "a b", script: "go a=ok b=no -a=what go -a=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=unknown+200ms / -a#2 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "exhausted", "a b", script: "go a=ok b=no -a=what go -a=down",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=unknown+200ms / -a#2 "
                    + "/ -a=notSent FAILED"),
            Case(
                "refused: asking again is pointless", "a b", script: "go a=ok b=no -a=no",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=rejected FAILED"),
            Case(
                "the steps it depended on stay as they are", "a b c", script: "go a=ok b=ok c=no -b=no",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded c#1 / c=rejected undo(a,b) -b#1 "
                    + "/ -b=rejected FAILED"),
            Case(
                "other branches go on before the run fails", "a b<a c< d<c e<b,d",
                script: "go a=ok c=ok b=ok d=ok e=no -b=no -d=ok -c=ok",
                trace: "due(a,c) / a#1 c#1 / a=succeeded b#1 / c=succeeded d#1 / b=succeeded / d=succeeded e#1 "
                    + "/ e=rejected undo(a,b,c,d) -b#1 -d#1 / -b=rejected / -d=succeeded -c#1 / -c=succeeded FAILED"),
            Case(
                "a retry that waits elsewhere keeps the run from failing early", "a b< c<a,b",
                script: "go a=ok b=ok c=no -a=down -b=no go -a=ok",
                trace: "due(a,b) / a#1 b#1 / a=succeeded / b=succeeded c#1 / c=rejected undo(a,b) -a#1 -b#1 "
                    + "/ -a=notSent+200ms / -b=rejected / -a#2 / -a=succeeded FAILED"),
        ])
    func failing(_ example: Case) throws {
        try example.check()
    }

    @Test("a FAILED run names the step whose effect may still stand")
    func failedNamesStep() throws {
        var play = try Play(Flow("a b"))
        try play.script("go a=ok b=no -a=no")
        #expect(play.run.status == .failed)
        #expect(play.run.error?.kind == "compensation")
        #expect(play.run.error?.stepID == "a")
        #expect(play.run.steps.map(\.compensationStatus) == [.failed, .notRequired])
        #expect(play.run.completedAt == play.now)
    }

    @Test("undoing does not touch what the history says of the forward action")
    func forwardFactsStay() throws {
        var play = try Play(Flow("a b"))
        try play.script("go a=ok +1s b=no +1s -a=ok")
        let step = play.run.steps[0]
        #expect(step.status == .succeeded)
        #expect(step.output == ["n": 1])
        #expect(step.attempts == 1)
        #expect(step.compensationStatus == .compensated)
        #expect(step.compensationAttempts == 1)
        #expect(step.completedAt == play.run.createdAt)
    }
}
