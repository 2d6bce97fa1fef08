@testable import Core
import Testing

@Suite("Child runs")
struct ChildTests {
    @Test(
        "the end of a child is that of its step",
        arguments: [
            Case(
                "it COMPLETED", "kid b", script: "now kid>ok b=ok",
                trace: "due() / run(kid:child) / kid:completed b#1 / b=succeeded COMPLETED"),
            Case(
                "it was undone: a definite no", "a kid", script: "go a=ok kid>undone -a=ok",
                trace: "due(a) / a#1 / a=succeeded run(kid:child) / kid:compensated(rejected) undo(a) -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "somebody cancelled it", "kid", script: "now kid>cancelled",
                trace: "due() / run(kid:child) / kid:cancelled(rejected) undo() COMPENSATED"),
            Case(
                "unless the run goes on", "kid+ b", script: "now kid>undone b=ok",
                trace: "due() / run(kid:child) / kid:compensated(rejected) b#1 / b=succeeded COMPLETED"),
            Case(
                "an output that is too large is none", "kid b", script: "now kid>huge kid>undone",
                trace:
                    "due() / run(kid:child) / kid:completed(rejected) undo(kid) undo:kid / kid:compensated COMPENSATED"),
            Case(
                "and where the run goes on it is undone first", "kid+ b", script: "now kid>huge kid>undone b=ok",
                trace: "due() / run(kid:child) / kid:completed(rejected) undo!(kid) undo:kid / kid:compensated b#1 "
                    + "/ b=succeeded COMPLETED"),
            Case(
                "the end of another run is refused", "kid", script: "now !kid>other kid>ok !kid>ok",
                trace: "due() / run(kid:child) / kid:completed COMPLETED"),
            Case(
                "a takeover loses none", "kid b<", script: "now takeover go kid>ok b=ok",
                trace: "due() / run(kid:child) b#1 / b=unknown+100ms / b#2 / kid:completed / b=succeeded COMPLETED"),
            Case(
                "a detached one is done when it is stored", "kid& b", script: "now b=ok",
                trace: "due() / run(kid:child) kid=done b#1 / b=succeeded COMPLETED"),
            Case(
                "while the run is paused it is noted", "kid b", script: "now pause kid>ok resume b=ok",
                trace: "due() / run(kid:child) / pause / kid:completed / resume b#1 / b=succeeded COMPLETED"),
        ])
    func ended(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "a run that turns back takes its live children with it, and waits for them",
        arguments: [
            Case(
                "cancelled", "a kid", script: "go a=ok cancel kid>cancelled -a=ok",
                trace:
                    "due(a) / a#1 / a=succeeded run(kid:child) / cancel cancel(kid) / kid:cancelled(abandoned) undo(a) -a#1 "
                    + "/ -a=succeeded CANCELLED"),
            Case(
                "one that COMPLETED all the same is undone", "kid", script: "now cancel kid>ok kid>undone",
                trace: "due() / run(kid:child) / cancel cancel(kid) / kid:completed undo(kid) undo:kid "
                    + "/ kid:compensated CANCELLED"),
            Case(
                "another branch failed", "kid< b<", script: "now b=no kid>cancelled",
                trace:
                    "due() / run(kid:child) b#1 / b=rejected cancel(kid) / kid:cancelled(abandoned) undo() COMPENSATED"),
            Case(
                "its time is over, and so is its step", "a kid5s", script: "go a=ok go kid5s>cancelled -a=ok",
                trace: "due(a) / a#1 / a=succeeded run(kid5s:child+5000ms) / cancel(kid5s!) / kid5s:cancelled(timeout) "
                    + "undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "an end that came just then counts", "kid5s b", script: "now go kid5s>ok b=ok",
                trace: "due() / run(kid5s:child+5000ms) / cancel(kid5s!) / kid5s:completed b#1 / b=succeeded COMPLETED"),
            Case(
                "a detached one goes on", "kid& b", script: "now cancel b=ok -b=ok",
                trace:
                    "due() / run(kid:child) kid=done b#1 / cancel / b=succeeded undo(b|kid) -b#1 / -b=succeeded CANCELLED"
            ),
            Case(
                "a step that ends the run as completed waits for it", "kid< endc<", script: "now kid>ok",
                trace: "due() / run(kid:child) endc=done / kid:completed COMPLETED"),
        ])
    func turned(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "to undo the step is to undo its child",
        arguments: [
            Case(
                "in its turn", "a kid b", script: "go a=ok kid>ok b=no kid>undone -a=ok",
                trace:
                    "due(a) / a#1 / a=succeeded run(kid:child) / kid:completed b#1 / b=rejected undo(a,kid) undo:kid "
                    + "/ kid:compensated -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "also after the end", "kid", script: "now kid>ok undo kid>undone",
                trace:
                    "due() / run(kid:child) / kid:completed COMPLETED / undo undo(kid) undo:kid / kid:compensated COMPENSATED"
            ),
            Case(
                "again, if it COMPLETED once more because it was set aside meanwhile", "kid",
                script: "now kid>ok undo kid>ok kid>undone",
                trace:
                    "due() / run(kid:child) / kid:completed COMPLETED / undo undo(kid) undo:kid / kid:completed undo:kid "
                    + "/ kid:compensated COMPENSATED"),
            Case(
                "with a compensation of its own by that", "kid@ b", script: "now kid>ok b=no -kid=ok",
                trace:
                    "due() / run(kid:child) / kid:completed b#1 / b=rejected undo(kid) -kid#1 / -kid=succeeded COMPENSATED"
            ),
            Case(
                "not where there is nothing to undo", "kid! b", script: "now kid>ok b=no",
                trace: "due() / run(kid:child) / kid:completed b#1 / b=rejected undo(|kid) COMPENSATED"),
            Case(
                "a detached one by its compensation", "kid&@ b", script: "now b=no -kid=ok",
                trace: "due() / run(kid:child) kid=done b#1 / b=rejected undo(kid) -kid#1 / -kid=succeeded COMPENSATED"),
            Case(
                "past its pivot it can't be, and a person sees to it", "kid b",
                script: "now kid>final b=no retry resolve:kid",
                trace: "due() / run(kid:child) / kid:completed b#1 / b=rejected undo(kid) undo:kid! FAILED "
                    + "/ retry undo:kid! FAILED / resolve(kid) COMPENSATED"),
            Case(
                "while the run is paused nothing is asked", "kid b",
                script: "now kid>ok pause cancel b=ok resume -b=ok kid>undone",
                trace:
                    "due() / run(kid:child) / kid:completed b#1 / pause / cancel / b=succeeded undo(kid,b) / resume -b#1 "
                    + "/ -b=succeeded undo:kid / kid:compensated CANCELLED"),
        ])
    func undone(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "what people can do with a step that waits for its child",
        arguments: [
            Case(
                "end it they can't: its child is at work", "kid5s",
                script: "now !complete:kid5s !skip:kid5s !fail:kid5s !retry:kid5s kid5s>ok",
                trace: "due() / run(kid5s:child+5000ms) / kid5s:completed COMPLETED"),
            Case(
                "past the pivot it is started anew", "a^ kid b", script: "go a=ok kid>undone retry:kid kid>ok b=ok",
                trace:
                    "due(a) / a#1 / a=succeeded run(kid:child) / kid:compensated(rejected) / retry(kid) run(kid:child) "
                    + "/ kid:completed b#1 / b=succeeded COMPLETED"),
            Case(
                "set aside and retried by itself its child has the time it had", "kid5s",
                script: "now poison +1s retry:kid5s go kid5s>ok",
                trace:
                    "due() / run(kid5s:child+5000ms) / QUARANTINED / retry(kid5s) / cancel(kid5s!) / kid5s:completed COMPLETED"
            ),
            Case(
                "set aside twice while it turns back it waits for its child all the same", "a kid< b@<",
                script: "now a=ok b=202 poison resolve:b poison retry:kid kid>cancelled -a=ok",
                trace:
                    "due() / run(kid:child) a#1 b#1 / a=succeeded / b=accepted / QUARANTINED / resolve(b) cancel(kid) b=unknown "
                    + "/ QUARANTINED / retry(kid) / kid:cancelled(abandoned) undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "set aside, it reads the end when it is taken up", "kid b", script: "now poison retry kid>ok b=ok",
                trace: "due() / run(kid:child) / QUARANTINED / retry / kid:completed b#1 / b=succeeded COMPLETED"),
        ])
    func people(_ testCase: Case) throws { try testCase.check() }

    @Test("its output is the step's; a child that is started anew is another run; a run without one has no marks of it")
    func output() throws {
        var play = try Play(Flow("a^ kid", output: ["n": "${steps.kid.output.n}"]))
        try play.script("go a=ok")
        let first = try #require(play.run.steps[1].child?.runID)
        #expect(first.milliseconds == UInt64(play.now.microseconds / 1000), "it sorts by its time")
        try play.script("kid>undone +1s retry:kid")
        let second = try #require(play.run.steps[1].child?.runID)
        #expect(first != second)
        try play.script("kid>ok")
        #expect(play.run.output == ["n": 1] && play.run.status == .completed && !play.run.hasMarks)
        #expect(play.run.steps[1].mayHaveEffect)
    }

    @Test("nothing wakes a run that waits for its child but its deadline, which takes the child with it")
    func rests() throws {
        var play = try Play(Flow("kid", timeout: "1h"))
        try play.script("now")
        #expect(
            play.run.wakeAt == play.run.deadlineAt && play.run.waitsForOutside
                && play.run.nextCommands(at: play.now).count == 1)
        try play.script("late kid>cancelled")
        #expect(
            play.trace == "due() / run(kid:child) / deadline cancel(kid) / kid:cancelled(abandoned) undo() COMPENSATED")
    }

    @Test("children of children are refused where they are too deep, and what can't be built is no child")
    func refused() throws {
        for (depth, isRefused) in [(15, false), (16, true)] {
            var run = Run(
                id: RunID(high: 1, low: 2), definition: try Flow("kid").definition(), input: [:], context: [:],
                createdAt: now)
            run.evolve(.runStarted(due: []), at: now)
            run.evolve(
                .parentLinked(ParentLink(runID: RunID(high: 0, low: 1), stepID: "s", depth: depth, isDetached: false)),
                at: now)
            for event in try decide(run, .woke, now: now, jitter: 0) { run.evolve(event, at: now) }
            #expect((run.steps[0].error?.message.contains("16 deep") ?? false) == isRefused)
            #expect((run.steps[0].child == nil) == isRefused)
        }
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": [["id": "kid", "run": ["workflow": "c", "input": ["n": "x${input.n}"]]]],
        ])
        var run = Run(id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: now)
        for event in try decide(run, .woke, now: now, jitter: 0) { run.evolve(event, at: now) }
        #expect(run.steps[0].error?.kind == "template" && run.steps[0].error?.pointer == "/steps/0/run/input/n")
        #expect(run.status == .compensated)
    }

    @Test("what the store refuses ends the step, and is asked for once")
    func refusedByStore() throws {
        var play = SessionPlay(try Play(Flow("a kid")), beganDueSteps: false)
        _ = play.next()
        #expect(play.written() == "calls(a#1)")
        #expect(play.received(.answer(0, .succeeded)) == "[a=succeeded run(kid:child)]rest+31622400000ms")
        let failure = Failure(kind: "rejected", message: "There is no workflow child.")
        #expect(play.stored(.childrenRefused([1: failure])) == "[a=succeeded kid=rejected undo(a) -a#1]keep")
    }

    @Test("what a decision asks of others, and tells them, goes with it")
    func messages() throws {
        var play = try Play(Flow("kid b"))
        try play.script("now")
        let child = try #require(play.run.steps[0].child?.runID)
        func commit(_ happening: Happening) throws -> SessionCommit {
            SessionCommit(
                lease: Lease(runID: play.run.id, epoch: 1), run: play.run,
                events: try decide(play.run, happening, now: play.now, jitter: 0), now: play.now)
        }
        let cancel = try commit(.cancel(by: "ann", reason: nil))
        #expect(cancel.messages.map(\.runID) == [child] && cancel.messages.map(\.request.name) == ["cancel"])
        #expect(cancel.concernsOthers && cancel.childStarts.isEmpty)
        try play.script("kid>ok")
        let fails = try commit(
            .finished(step: 1, action: .execute, attempt: 1, CallResult(outcome: .rejected, httpStatus: 422)))
        #expect(fails.messages.map(\.request.name) == ["undo"] && fails.messages.allSatisfy(\.takesUp))
        let completes = try commit(
            .finished(
                step: 1, action: .execute, attempt: 1, CallResult(outcome: .succeeded, httpStatus: 200, output: 1)))
        #expect(!completes.concernsOthers && completes.messages.isEmpty, "it is nobody's child")
        try play.happen(.pause(by: "x", reason: nil, holdsDeadline: false))
        var run = play.run
        run.evolve(
            .parentLinked(ParentLink(runID: RunID(high: 9, low: 9), stepID: "s", depth: 2, isDetached: false)),
            at: play.now)
        let ends = SessionCommit(
            lease: Lease(runID: run.id, epoch: 1), run: run, events: [.runCompleted(output: ["n": 7], failure: nil)],
            now: play.now)
        #expect(ends.messages.map(\.runID) == [RunID(high: 9, low: 9)])
        guard case .childEnded("s", let end) = ends.messages[0].request.kind else { throw Play.UnknownWord(word: "?") }
        #expect(end.status == .completed && end.output == ["n": 7] && end.runID == run.id && !end.isFinal)
    }

    @Test("many children are asked to turn back in turns, and each turn follows at once")
    func many() throws {
        var play = try Play(Flow((0..<40).map { "kid\($0 + 1)s<" }.joined(separator: " "), timeout: "1h"))
        try play.script("now cancel")
        func cancelled() -> Int { play.run.steps.count { $0.child?.phase == .cancelling } }
        #expect(cancelled() == 16)
        try play.script("go go")
        #expect(cancelled() == 40 && play.run.wakeAt == nil)
    }

    @Test("what a child did is not taken over by a run that does its parent anew, nor is a child done anew by itself")
    func anew() throws {
        var play = try Play(Flow("kid b"))
        try play.script("now kid>ok b=ok")
        let run = play.run
        #expect(throws: RestartRefusal.children(["kid"])) {
            try run.keptSteps(for: run.definition, from: 1, repeats: true)
        }
        #expect(throws: RestartRefusal.stands(["kid", "b"])) {
            try run.keptSteps(for: run.definition, from: 0, repeats: false)
        }
        var child = run
        child.marks.parent = ParentLink(runID: RunID(high: 9, low: 9), stepID: "s", depth: 1, isDetached: false)
        let started = child
        #expect(throws: RestartRefusal.child(RunID(high: 9, low: 9))) {
            try started.keptSteps(for: started.definition, from: nil, repeats: false)
        }
    }

    @Test(
        "the ids of children differ, whoever starts them in which step and when, and are the same for the same decision"
    )
    func ids() {
        var seen: Set<RunID> = []
        for parent in 1...50 as ClosedRange<UInt64> {
            for step in 0..<10 {
                for sequence in 1...10 {
                    for time in 0..<4 {
                        let id = RunID.child(
                            of: RunID(high: 0xA, low: parent), step: step, sequence: sequence,
                            at: now + .microseconds(time))
                        #expect(seen.insert(id).inserted)
                    }
                }
            }
        }
        let (one, other) = (0..<2).map { _ in RunID.child(of: RunID(high: 1, low: 2), step: 3, sequence: 4, at: now) }
            .reduce((RunID?.none, RunID?.none)) { ($0.1, $1) }
        #expect(one == other && one?.description.dropFirst(14).first == "7")
    }

    private let now = Instant(microseconds: 1_767_225_600_000_000)
}
