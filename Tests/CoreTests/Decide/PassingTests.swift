import Core
import Testing

@Suite("Steps that make no call, and steps that may fail")
struct PassingTests {
    @Test(
        "a wait lets its time pass, and nothing else waits with it",
        arguments: [
            Case(
                "between two steps", "a w500ms b", script: "go a=ok +499ms now +1ms now b=ok",
                trace: "due(a) / a#1 / a=succeeded wait(w500ms+500ms) / w500ms=done b#1 / b=succeeded COMPLETED"),
            Case(
                "at the start: decided under the lease", "w500ms b", script: "now go b=ok",
                trace: "due() / wait(w500ms+500ms) / w500ms=done b#1 / b=succeeded COMPLETED"),
            Case(
                "beside a call", "w500ms< a< b", script: "now a=ok go b=ok",
                trace: "due() / wait(w500ms+500ms) a#1 / a=succeeded b#1 / w500ms=done / b=succeeded COMPLETED"),
            Case(
                "at the end", "a w500ms", script: "go a=ok go",
                trace: "due(a) / a#1 / a=succeeded wait(w500ms+500ms) / w500ms=done COMPLETED"),
            Case(
                "one that is skipped takes no time", "a w500ms? b", script: "go a=ok",
                trace: "due(a) / a#1 / a=succeeded skip(w500ms) b#1"),
            Case(
                "a takeover does not begin it anew", "a w500ms b", script: "go a=ok +100ms takeover go",
                trace: "due(a) / a#1 / a=succeeded wait(w500ms+500ms) / w500ms=done b#1"),
            Case(
                "a retry can't hurry it", "a w500ms", script: "go a=ok !retry:w500ms",
                trace: "due(a) / a#1 / a=succeeded wait(w500ms+500ms)"),
            Case(
                "a cancel ends it, and there is nothing of it to undo", "a w500ms b", script: "go a=ok cancel -a=ok",
                trace: "due(a) / a#1 / a=succeeded wait(w500ms+500ms) / cancel drop(w500ms) undo(a) -a#1 "
                    + "/ -a=succeeded CANCELLED"),
            Case(
                "so does the deadline", "a w500ms b", timeout: "300ms", script: "go a=ok go -a=ok",
                trace: "due(a) / a#1 / a=succeeded wait(w500ms+500ms) / deadline drop(w500ms) undo(a) -a#1 "
                    + "/ -a=succeeded COMPENSATED"),
            Case(
                "and a failure beside it", "w500ms< a<", script: "now a=no",
                trace: "due() / wait(w500ms+500ms) a#1 / a=rejected drop(w500ms) undo() COMPENSATED"),
        ])
    func waiting(_ example: Case) throws { try example.check() }

    @Test("of a wait that was broken off nothing is left but that it was")
    func dropped() throws {
        let play = try Case(
            "", "a w500ms b", script: "go a=ok cancel",
            trace: "due(a) / a#1 / a=succeeded wait(w500ms+500ms) / cancel drop(w500ms) undo(a) -a#1"
        ).check()
        let step = play.run.steps[1]
        #expect(
            step.status == .pending && step.nextAttemptAt == nil && step.completedAt == nil && step.startedAt != nil)
    }

    @Test(
        "an end as completed skips what has not begun, and lets what has come to its end",
        arguments: [
            Case(
                "in a chain", "a end b c", script: "go a=ok",
                trace: "due(a) / a#1 / a=succeeded end=done skip(b) skip(c) COMPLETED"),
            Case("at the start", "end b", script: "now", trace: "due() / end=done skip(b) COMPLETED"),
            Case(
                "calls in flight finish first", "a< b< end<a c<b", script: "go a=ok b=ok",
                trace: "due(a,b) / a#1 b#1 / a=succeeded end=done skip(c) / b=succeeded COMPLETED"),
            Case(
                "what waits to be repeated has begun", "a< b< end<a c<b", script: "go b=what a=ok go b=ok",
                trace:
                    "due(a,b) / a#1 b#1 / b=unknown+100ms / a=succeeded end=done skip(c) / b#2 / b=succeeded COMPLETED"),
            Case(
                "a wait has no end worth waiting for", "a< w500ms< end<a c<w500ms", script: "now a=ok",
                trace: "due() / wait(w500ms+500ms) a#1 / a=succeeded end=done skip(w500ms) skip(c) COMPLETED"),
            Case(
                "what fails after it is undone as ever", "a< b< end<a", script: "go a=ok b=no -a=ok",
                trace: "due(a,b) / a#1 b#1 / a=succeeded end=done / b=rejected undo(a) -a#1 / -a=succeeded COMPENSATED"),
            Case(
                "the first of two", "a end1< end2<", script: "now",
                trace: "due() / end1=done skip(a) skip(end2) COMPLETED"),
            Case(
                "where it is skipped it ends nothing", "a end? b", script: "go a=ok",
                trace: "due(a) / a#1 / a=succeeded skip(end) b#1"),
        ])
    func ending(_ example: Case) throws { try example.check() }

    @Test("an end as failed is a failure with an error of its own, which is compensated")
    func failing() throws {
        let play = try Case(
            "", "a fail b", script: "go a=ok -a=ok",
            trace: "due(a) / a#1 / a=succeeded fail=ended undo(a) -a#1 / -a=succeeded COMPENSATED"
        ).check()
        #expect(play.run.error?.kind == "ended" && play.run.error?.message == "No." && play.run.error?.stepID == "fail")
        #expect(play.run.cause == .stepFailed && play.run.steps[1].status == .failed)
    }

    @Test(
        "a step that may fail lets the run go on, once nothing is left of it",
        arguments: [
            Case(
                "a definite no has no effect", "a+ b", script: "go a=no b=ok",
                trace: "due(a) / a#1 / a=rejected b#1 / b=succeeded COMPLETED"),
            Case(
                "one that may have had an effect is undone before what depends on it begins", "a+ b",
                script: "go a=what go a=what go a=what -a=ok b=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=unknown+200ms / a#3 / a=unknown undo!(a) -a#1 "
                    + "/ -a=succeeded b#1 / b=succeeded COMPLETED"),
            Case(
                "its compensation is tried again", "a+ b", script: "go a=what go a=no -a=what go -a=ok",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=rejected undo!(a) -a#1 / -a=unknown+200ms / -a#2 "
                    + "/ -a=succeeded b#1"),
            Case(
                "where that gives up the run turns back, and a person has to look", "x a+ b",
                script: "go x=ok a=what go a=no -a=no",
                trace: "due(x) / x#1 / x=succeeded a#1 / a=unknown+100ms / a#2 / a=rejected undo!(a) -a#1 "
                    + "/ -a=rejected undo(x) FAILED"),
            Case(
                "without a compensation it goes on all the same", "a+! b", script: "go a=what go a=no",
                trace: "due(a) / a#1 / a=unknown+100ms / a#2 / a=rejected b#1"),
            Case(
                "others go on meanwhile", "a+< c< b<a d<c", script: "go a=what go a=no c=ok -a=ok",
                trace: "due(a,c) / a#1 c#1 / a=unknown+100ms / a#2 / a=rejected undo!(a) -a#1 / c=succeeded d#1 "
                    + "/ -a=succeeded b#1"),
            Case(
                "a cancel meanwhile lets it be undone, once", "x a+ b",
                script: "go x=ok a=what go a=no cancel -a=ok -x=ok",
                trace: "due(x) / x#1 / x=succeeded a#1 / a=unknown+100ms / a#2 / a=rejected undo!(a) -a#1 / cancel "
                    + "/ -a=succeeded undo(x) -x#1 / -x=succeeded CANCELLED"),
            Case(
                "a cancel while it waits to be undone again", "x a+ b",
                script: "go x=ok a=what go a=no -a=what cancel go -a=ok -x=ok",
                trace: "due(x) / x#1 / x=succeeded a#1 / a=unknown+100ms / a#2 / a=rejected undo!(a) -a#1 "
                    + "/ -a=unknown+200ms / cancel undo(x) / -a#2 / -a=succeeded -x#1 / -x=succeeded CANCELLED"),
            Case(
                "what was undone at once is not undone again", "x a+ b",
                script: "go x=ok a=what go a=no -a=ok b=no -x=ok",
                trace: "due(x) / x#1 / x=succeeded a#1 / a=unknown+100ms / a#2 / a=rejected undo!(a) -a#1 "
                    + "/ -a=succeeded b#1 / b=rejected undo(x) -x#1 / -x=succeeded COMPENSATED"),
            Case(
                "lost calls are undone, too", "a+ b",
                script:
                    "go takeover go takeover go takeover go takeover go takeover go takeover go takeover go takeover "
                    + "go takeover go takeover -a=ok",
                trace: "due(a) / a#1"
                    + (1...9).map { " / a=unknown+\(min(100 << ($0 - 1), 10_000))ms / a#\($0 + 1)" }.joined()
                    + " / a=unknown undo!(a) -a#1 / -a=succeeded b#1"),
            Case(
                "a quarantine in between changes nothing of that", "x a+ b",
                script: "go x=ok a=what go a=no poison retry takeover go -a=ok b=ok",
                trace:
                    "due(x) / x#1 / x=succeeded a#1 / a=unknown+100ms / a#2 / a=rejected undo!(a) -a#1 / QUARANTINED "
                    + "/ retry -a=unknown+200ms / -a#2 / -a=succeeded b#1 / b=succeeded COMPLETED"),
        ])
    func continuing(_ example: Case) throws { try example.check() }

    @Test(
        "a step that needs success is skipped where something it depends on has none",
        arguments: [
            Case(
                "after a skipped one", "a b? c* d", script: "go a=ok d=ok",
                trace: "due(a) / a#1 / a=succeeded skip(b) skip(c) d#1 / d=succeeded COMPLETED"),
            Case(
                "after one that failed", "a+ b* c", script: "go a=no c=ok",
                trace: "due(a) / a#1 / a=rejected skip(b) c#1 / c=succeeded COMPLETED"),
            Case(
                "not after success", "a b*", script: "go a=ok b=ok",
                trace: "due(a) / a#1 / a=succeeded b#1 / b=succeeded COMPLETED"),
            Case(
                "a group needs its condition once", "a? b<a* c<b* d<", script: "",
                trace: "due(d) skip(a) skip(b) skip(c)"),
        ])
    func needingSuccess(_ example: Case) throws { try example.check() }

    @Test(
        "when a wait is over",
        arguments: [
            (["for": "2h"], "+7200000ms"), (["for": "${input.wait}"], "+1500ms"),
            (["until": "${input.at}"], "+60000ms"), (["until": "2020-01-01T00:00:00Z"], "past"),
            (["until": "${input.soon}"], "wait"), (["for": "${input.at}"], "wait"),
            (["for": "${input.nothing}"], "template"),
            (["for": "${input.year}"], "wait"), (["until": "${input.later}"], "wait"),
        ] as [(JSON, String)])
    func length(wait: JSON, expected: String) throws {
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": [["id": "a", "wait": wait], ["id": "b", "action": ["participant": "p", "path": "/"]]],
        ])
        let now = try #require(Instant("2026-01-01T12:00:00Z"))
        let run = Run(
            id: RunID(high: 1, low: 2), definition: definition,
            input: [
                "wait": "1500ms", "at": "2026-01-01T14:01:00+02:00", "soon": "tomorrow", "year": "367d",
                "later": "2027-01-03T12:00:00Z",
            ], context: [:], createdAt: now)
        var begun = run
        for event in start(run, now: now) { begun.evolve(event, at: now) }
        let events = try decide(begun, .woke, now: now, jitter: 0.5)
        switch events.first {
        case .waitStarted(0, let until):
            #expect(expected == (until <= now ? "past" : "+\((until - now).microseconds / 1000)ms"))
            if expected == "past" { #expect(events.dropFirst().first == .stepSucceeded(step: 0, output: .null)) }
        case .stepFailed(0, let failure):
            #expect(failure.kind == expected && failure.pointer?.hasPrefix("/steps/0/wait/") == true, "\(failure)")
        default: Issue.record("\(events)")
        }
    }

    @Test("an end gives its own output, or leaves the workflow's")
    func output() throws {
        let cases: [(own: JSON?, expected: JSON)] = [
            (["total": "${steps.a.output.n}"], ["total": 1]), (Optional<JSON>.none, "other"),
        ]
        for (own, expected) in cases {
            var end: JSON = ["as": "completed"]
            if let own { end["output"] = own }
            let definition: JSON = [
                "name": "w", "version": "1.0.0", "output": "other",
                "steps": [
                    ["id": "a", "action": ["participant": "p", "path": "/"]], ["id": "e", "end": end],
                    ["id": "b", "action": ["participant": "p", "path": "/"]],
                ],
            ]
            let now = Instant(microseconds: 0)
            var run = Run(
                id: RunID(high: 1, low: 2), definition: try WorkflowDefinition(definition), input: [:], context: [:],
                createdAt: now)
            for event in start(run, now: now) { run.evolve(event, at: now) }
            for event in try decide(run, .woke, now: now, jitter: 0) { run.evolve(event, at: now) }
            let answer = Happening.finished(
                step: 0, action: .execute, attempt: 1,
                CallResult(outcome: .succeeded, httpStatus: 200, output: ["n": 1]))
            for event in try decide(run, answer, now: now, jitter: 0) { run.evolve(event, at: now) }
            #expect(run.status == .completed && run.output == expected)
        }
    }
}
