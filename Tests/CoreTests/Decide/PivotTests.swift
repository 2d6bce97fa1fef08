import Core
import Testing

@Suite("The step after which there is no way back")
struct PivotTests {
    @Test(
        "before it a run turns back as ever",
        arguments: [
            Case(
                "it fails", "a p^", script: "go a=ok p=no -a=ok",
                trace: "due(a) / a#1 / a=succeeded p#1 / p=rejected undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "a cancel before it", "a p^", script: "go cancel a=ok -a=ok",
                trace: "due(a) / a#1 / cancel / a=succeeded undo(a) -a#1 / -a=succeeded CANCELLED"),
            Case(
                "a cancel while it waits, and surely has no effect", "a p^", script: "go a=ok p=down cancel",
                trace: "due(a) / a#1 / a=succeeded p#1 / p=notSent+100ms / cancel drop(p) undo(a) -a#1"),
            Case(
                "with a compensation of its own it may give up, and is undone", "a p^",
                script: "go a=ok p=what go p=what go p=what",
                trace: "due(a) / a#1 / a=succeeded p#1 / p=unknown+100ms / p#2 / p=unknown+200ms / p#3 "
                    + "/ p=unknown undo(a,p) -p#1"),
        ])
    func before(_ example: Case) throws { try example.check() }

    @Test(
        "while nobody knows whether it has succeeded the run does not turn back",
        arguments: [
            Case(
                "a cancel while its call is in flight", "a p^ b", script: "go a=ok cancel p=ok",
                trace: "due(a) / a#1 / a=succeeded p#1 / cancel! / p=succeeded b#1"),
            Case(
                "the deadline while its call is in flight", "a p^ b", timeout: "1s", script: "go a=ok late p=ok b=ok",
                trace: "due(a) / a#1 / a=succeeded p#1 / p=succeeded missed b#1 / b=succeeded COMPLETED"),
            Case(
                "a deadline that passed meanwhile counts when it was surely not made", "a p^ b", timeout: "1s",
                script: "go a=ok late p=down",
                trace: "due(a) / a#1 / a=succeeded p#1 / p=notSent+100ms deadline drop(p) undo(a) -a#1"),
            Case(
                "without a compensation it is tried until it is known", "a p^!",
                script: "go a=ok p=what go p=what go p=what go p=down cancel go p=no",
                trace: "due(a) / a#1 / a=succeeded p#1 / p=unknown+100ms / p#2 / p=unknown+200ms / p#3 "
                    + "/ p=unknown+400ms / p#4 / p=notSent+800ms / cancel! / p#5 / p=rejected undo(a|p) -a#1"),
        ])
    func unknown(_ example: Case) throws { try example.check() }

    @Test(
        "past it there is no way but forward",
        arguments: [
            Case(
                "a step is tried without end", "p^ b", script: "go p=ok b=what go b=down go b=what go b=busy go b=ok",
                trace: "due(p) / p#1 / p=succeeded b#1 / b=unknown+100ms / b#2 / b=notSent+200ms / b#3 "
                    + "/ b=unknown+400ms / b#4 / b=busy+800ms / b#5 / b=succeeded COMPLETED"),
            Case(
                "lost calls are repeated without end", "p^ b",
                script: "go p=ok " + String(repeating: "takeover go ", count: 12) + "b=ok",
                trace: "due(p) / p#1 / p=succeeded b#1"
                    + (1...12).map { " / b=unknown+\(min(100 << ($0 - 1), 10_000))ms / b#\($0 + 1)" }.joined()
                    + " / b=succeeded COMPLETED"),
            Case(
                "a definite no waits for a person, who has it tried again", "p^ b c",
                script: "go p=ok b=no !fail:b retry:b b=ok c=ok",
                trace: "due(p) / p#1 / p=succeeded b#1 / b=rejected / retry(b) b#2 / b=succeeded c#1 "
                    + "/ c=succeeded COMPLETED"),
            Case(
                "or says that it is done", "p^ b c", script: "go p=ok b=no complete:b c=ok",
                trace: "due(p) / p#1 / p=succeeded b#1 / b=rejected / complete(b) c#1 / c=succeeded COMPLETED"),
            Case(
                "or is not wanted", "p^ b c*", script: "go p=ok b=no skip:b",
                trace: "due(p) / p#1 / p=succeeded b#1 / b=rejected / skip(b) skip(c) COMPLETED"),
            Case(
                "others go on meanwhile", "p^ b<p c<p d<b,c", script: "go p=ok b=no c=ok retry:b b=ok d=ok",
                trace: "due(p) / p#1 / p=succeeded b#1 c#1 / b=rejected / c=succeeded / retry(b) b#2 "
                    + "/ b=succeeded d#1 / d=succeeded COMPLETED"),
            Case(
                "a cancel is refused", "a p^ b", script: "go a=ok p=ok cancel b=ok",
                trace: "due(a) / a#1 / a=succeeded p#1 / p=succeeded b#1 / cancel! / b=succeeded COMPLETED"),
            Case(
                "the deadline changes nothing, and is told once", "p^ b c", timeout: "1s",
                script: "go p=ok b=what late b=what go b=ok c=ok",
                trace: "due(p) / p#1 / p=succeeded b#1 / b=unknown+100ms / missed b#2 / b=unknown+200ms / b#3 "
                    + "/ b=succeeded c#1 / c=succeeded COMPLETED"),
            Case(
                "a step that may fail gives up as its policy says", "p^ b+! c",
                script: "go p=ok b=down go b=down go b=down c=ok",
                trace: "due(p) / p#1 / p=succeeded b#1 / b=notSent+100ms / b#2 / b=notSent+200ms / b#3 "
                    + "/ b=notSent c#1 / c=succeeded COMPLETED"),
            Case(
                "where it can't be undone at once a person is asked, and the run stays", "p^ b+ c",
                script: "go p=ok b=what go b=no -b=no retry:b -b=ok c=ok",
                trace: "due(p) / p#1 / p=succeeded b#1 / b=unknown+100ms / b#2 / b=rejected undo!(b) -b#1 "
                    + "/ -b=rejected / retry(b) -b#1 / -b=succeeded c#1 / c=succeeded COMPLETED"),
            Case(
                "who may have undone it by hand", "p^ b+ c",
                script: "go p=ok b=what go b=no -b=no resolve:b c=ok",
                trace: "due(p) / p#1 / p=succeeded b#1 / b=unknown+100ms / b#2 / b=rejected undo!(b) -b#1 "
                    + "/ -b=rejected / resolve(b) c#1 / c=succeeded COMPLETED"),
            Case(
                "a quarantine is no way back either", "p^ b", script: "go p=ok poison retry takeover go b=ok",
                trace: "due(p) / p#1 / p=succeeded b#1 / QUARANTINED / retry b=unknown+100ms / b#2 "
                    + "/ b=succeeded COMPLETED"),
            Case(
                "but who has undone one of its steps by hand turns it back, and what had waited for a person does no more",
                "a p^ b c<p", script: "go a=ok p=ok b=no poison resolve:a !retry:b !complete:b -c=ok -p=ok",
                trace: "due(a) / a#1 / a=succeeded p#1 / p=succeeded b#1 c#1 / b=rejected / QUARANTINED "
                    + "/ resolve(a) c=unknown undo(p,c) -c#1 / -c=succeeded -p#1 / -p=succeeded COMPENSATED"),
            Case(
                "nor is an undo after the end", "p^ b", script: "go p=ok b=ok !undo",
                trace: "due(p) / p#1 / p=succeeded b#1 / b=succeeded COMPLETED"),
            Case(
                "a step that makes no call may be the pivot", "a w500ms^ b", script: "go a=ok go cancel b=ok",
                trace:
                    "due(a) / a#1 / a=succeeded wait(w500ms+500ms) / w500ms=done b#1 / cancel! / b=succeeded COMPLETED"),
        ])
    func past(_ example: Case) throws { try example.check() }

    @Test("what waits for a person is given back until then, and says so")
    func parked() throws {
        let play = try Case(
            "", "p^ b", script: "go p=ok b=no", trace: "due(p) / p#1 / p=succeeded b#1 / b=rejected"
        ).check()
        let run = play.run
        #expect(run.status == .running && run.cause == nil && run.error == nil)
        #expect(run.steps[1].status == .failed && run.steps[1].awaitsPerson && run.steps[1].error?.kind == "rejected")
        #expect(run.nextCommands(at: play.now).isEmpty && run.wakeAt == nil && run.waitsForOutside)
        let commit = SessionCommit(lease: Lease(runID: run.id, epoch: 1), run: run, events: [], now: play.now)
        #expect(commit.afterwards == .giveBack(after: Run.longestRest))
    }

    @Test(
        "a definition in which there may be a way around it is refused",
        arguments: [
            ("a p^?", "/steps/1/when"), ("a p^+", "/steps/1/onFailure"), ("a p^*", "/steps/1/runIf"),
            ("p^ q^", "/steps/1/pivot"), ("p^ fail", "/steps/1/end"), ("p^< b<", "/steps/1"),
            ("a p^ b<a", "/steps/2"),
        ])
    func refused(flow: String, pointer: String) throws {
        let error = #expect(throws: DefinitionErrors.self) { try Flow(flow).definition() }
        #expect(error?.errors.map(\.pointer.description) == [pointer])
    }

    @Test("an end may be a way out before it", arguments: ["a end p^ b", "a p^ end", "a p^ b c<p d<b,c"])
    func allowed(flow: String) throws { #expect(try Flow(flow).definition().pivot != nil) }

    @Test("what an author may not have meant")
    func findings() throws {
        func rules(_ flow: String) throws -> [String] {
            try Flow(flow).definition().findings(nil).filter { $0.rule != "whole-input" }.map {
                "\($0.rule) \($0.pointer)"
            }
        }
        // Past the pivot nothing is undone, and a policy that ends does not.
        #expect(try rules("a p^! b!") == ["tried-without-end /steps/2/action/retry"])
        #expect(
            try rules("a p^! b") == [
                "unused-undo /steps/2/compensation", "tried-without-end /steps/2/action/retry",
            ])
        #expect(try rules("a p^! b+").isEmpty, "it is undone at once")
        #expect(try rules("a! p^!") == ["no-undo /steps/0"])
    }
}
