import Core
import Testing

@Suite("Lists and their elements")
struct ElementTests {
    @Test(
        "a step is done for each entry",
        arguments: [
            Case(
                "one after the other, and then what depends on it", "a#3 b", script: "now a[0]=ok a[1]=ok a[2]=ok b=ok",
                trace: "due() / list(a*3) a[0]#1 / a[0]=succeeded a[1]#1 / a[1]=succeeded a[2]#1 "
                    + "/ a[2]=succeeded listed(a) b#1 / b=succeeded COMPLETED"),
            Case(
                "so many at a time", "a#3/2", script: "now a[1]=ok a[0]=ok a[2]=ok",
                trace: "due() / list(a*3) a[0]#1 a[1]#1 / a[1]=succeeded a[2]#1 / a[0]=succeeded "
                    + "/ a[2]=succeeded listed(a) COMPLETED"),
            Case(
                "each with its own attempts", "a#2/2", script: "now a[0]=what a[1]=down go a[0]=ok a[1]=ok",
                trace: "due() / list(a*2) a[0]#1 a[1]#1 / a[0]=unknown+100ms / a[1]=notSent+100ms / a[0]#2 a[1]#2 "
                    + "/ a[0]=succeeded / a[1]=succeeded listed(a) COMPLETED"),
            Case(
                "an attempt that waits to be repeated keeps its place", "a#2", script: "now a[0]=what now go a[0]=ok",
                trace: "due() / list(a*2) a[0]#1 / a[0]=unknown+100ms / a[0]#2 / a[0]=succeeded a[1]#1"),
            Case("for none it is done at once", "a#0 b", script: "now", trace: "due() / list(a*0) listed(a) b#1"),
            Case("unless it is skipped", "a#2? b", script: "go", trace: "due(b) skip(a) / b#1"),
            Case(
                "and lists may be side by side", "a#2 b#1<", script: "now a[0]=ok b[0]=ok a[1]=ok",
                trace: "due() / list(a*2) list(b*1) a[0]#1 b[0]#1 / a[0]=succeeded a[1]#1 / b[0]=succeeded listed(b) "
                    + "/ a[1]=succeeded listed(a) COMPLETED"),
            Case(
                "waits are, too", "w100ms#2 b", script: "now go go",
                trace: "due() / list(w100ms*2) wait(w100ms[0]+100ms) / w100ms[0]=done wait(w100ms[1]+100ms) "
                    + "/ w100ms[1]=done listed(w100ms) b#1"),
            Case(
                "and each takes a signal of its own", "sig-go#2/2 b", script: "signal:go now signal:go",
                trace: "due() / signal(go) list(sig-go*2) await(sig-go[0]) take(sig-go[0]) await(sig-go[1]) "
                    + "/ signal(go) take(sig-go[1]) listed(sig-go) b#1"),
            Case(
                "what is accepted ends with its callback", "a#2@", script: "now a[0]=202 a[0]<ok a[1]<ok a[1]=202",
                trace:
                    "due() / list(a*2) a[0]#1 / a[0]=accepted / a[0]<succeeded a[0]=succeeded a[1]#1 / a[1]<succeeded "
                    + "/ a[1]=succeeded listed(a) COMPLETED"),
            Case(
                "what was lost with an engine is repeated", "a#3/2", script: "now a[0]=ok takeover go a[1]=ok a[2]=ok",
                trace:
                    "due() / list(a*3) a[0]#1 a[1]#1 / a[0]=succeeded a[2]#1 / a[1]=unknown+100ms a[2]=unknown+100ms "
                    + "/ a[1]#2 a[2]#2 / a[1]=succeeded / a[2]=succeeded listed(a) COMPLETED"),
        ])
    func forward(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "one that gives up stops new ones, and what was done is undone",
        arguments: [
            Case(
                "calls in flight finish first", "x a#3/2", script: "go x=ok a[0]=no a[1]=ok -a[1]=ok -x=ok",
                trace: "due(x) / x#1 / x=succeeded list(a*3) a[0]#1 a[1]#1 / a[0]=rejected "
                    + "/ a[1]=succeeded undo(x,a[1]) -a[1]#1 / -a[1]=succeeded -x#1 / -x=succeeded COMPENSATED"),
            Case(
                "the latest first", "a#3 b", script: "now a[0]=ok a[1]=ok a[2]=ok b=no -a[2]=ok -a[1]=ok -a[0]=ok",
                trace: "due() / list(a*3) a[0]#1 / a[0]=succeeded a[1]#1 / a[1]=succeeded a[2]#1 "
                    + "/ a[2]=succeeded listed(a) b#1 / b=rejected undo(a[0],a[1],a[2]) -a[2]#1 / -a[2]=succeeded -a[1]#1 "
                    + "/ -a[1]=succeeded -a[0]#1 / -a[0]=succeeded COMPENSATED"),
            Case(
                "or as many at a time as were done", "a#3/2 b",
                script: "now a[0]=ok a[1]=ok a[2]=ok b=no -a[1]=ok -a[2]=what go -a[2]=ok -a[0]=ok",
                trace: "due() / list(a*3) a[0]#1 a[1]#1 / a[0]=succeeded a[2]#1 / a[1]=succeeded "
                    + "/ a[2]=succeeded listed(a) b#1 / b=rejected undo(a[0],a[1],a[2]) -a[2]#1 -a[1]#1 "
                    + "/ -a[1]=succeeded -a[0]#1 / -a[2]=unknown+200ms / -a[2]#2 / -a[2]=succeeded / -a[0]=succeeded COMPENSATED"
            ),
            Case(
                "one that can't be undone blocks those before it, where they were done one after the other", "a#3 b",
                script: "now a[0]=ok a[1]=ok a[2]=ok b=no -a[2]=ok -a[1]=no resolve:a[1] -a[0]=ok",
                trace: "due() / list(a*3) a[0]#1 / a[0]=succeeded a[1]#1 / a[1]=succeeded a[2]#1 "
                    + "/ a[2]=succeeded listed(a) b#1 / b=rejected undo(a[0],a[1],a[2]) -a[2]#1 / -a[2]=succeeded -a[1]#1 "
                    + "/ -a[1]=rejected FAILED / resolve(a[1]) -a[0]#1 / -a[0]=succeeded COMPENSATED"),
            Case(
                "and not those that were done side by side", "a#2/2 b",
                script: "now a[0]=ok a[1]=ok b=no -a[1]=no -a[0]=ok retry -a[1]=ok",
                trace: "due() / list(a*2) a[0]#1 a[1]#1 / a[0]=succeeded / a[1]=succeeded listed(a) b#1 "
                    + "/ b=rejected undo(a[0],a[1]) -a[1]#1 -a[0]#1 / -a[1]=rejected / -a[0]=succeeded FAILED "
                    + "/ retry -a[1]#1 / -a[1]=succeeded COMPENSATED"),
            Case(
                "what nobody knows is undone, too", "a#2!", script: "now a[0]=what go a[0]=what go a[0]=what",
                trace: "due() / list(a*2) a[0]#1 / a[0]=unknown+100ms / a[0]#2 / a[0]=unknown+200ms / a[0]#3 "
                    + "/ a[0]=unknown undo(|a[0]) COMPENSATED"),
            Case(
                "dependents of a list are undone before any of it", "a#2 b#2",
                script: "now a[0]=ok a[1]=ok b[0]=ok b[1]=no -b[0]=ok -a[1]=ok -a[0]=ok",
                trace: "due() / list(a*2) a[0]#1 / a[0]=succeeded a[1]#1 / a[1]=succeeded listed(a) list(b*2) b[0]#1 "
                    + "/ b[0]=succeeded b[1]#1 / b[1]=rejected undo(a[0],a[1],b[0]) -b[0]#1 / -b[0]=succeeded -a[1]#1 "
                    + "/ -a[1]=succeeded -a[0]#1 / -a[0]=succeeded COMPENSATED"),
            Case(
                "a cancel lets those in flight finish", "a#3", script: "now cancel a[0]=ok -a[0]=ok",
                trace: "due() / list(a*3) a[0]#1 / cancel drop(a) / a[0]=succeeded undo(a[0]) -a[0]#1 "
                    + "/ -a[0]=succeeded CANCELLED"),
            Case(
                "as does the deadline", "a#3", timeout: "1s", script: "now late a[0]=ok -a[0]=ok",
                trace: "due() / list(a*3) a[0]#1 / deadline drop(a) / a[0]=succeeded undo(a[0]) -a[0]#1 "
                    + "/ -a[0]=succeeded COMPENSATED"),
            Case(
                "an end as completed begins no more", "a#3 end<", script: "now",
                trace: "due() / list(a*3) end=done skip(a[0]) skip(a[1]) skip(a[2]) listed(a) COMPLETED"),
        ])
    func backward(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "a list that gives up in a run that goes on is undone before anything else begins",
        arguments: [
            Case(
                "all of it", "a#3+ b", script: "now a[0]=ok a[1]=no -a[0]=ok b=ok",
                trace:
                    "due() / list(a*3) a[0]#1 / a[0]=succeeded a[1]#1 / a[1]=rejected a=rejected undo!(a[0]) -a[0]#1 "
                    + "/ -a[0]=succeeded b#1 / b=succeeded COMPLETED"),
            Case(
                "after those that have begun are over, attempts that wait included", "a#3/2+ b",
                script: "now a[0]=what a[1]=no go a[0]=ok -a[0]=ok",
                trace: "due() / list(a*3) a[0]#1 a[1]#1 / a[0]=unknown+100ms / a[1]=rejected / a[0]#2 "
                    + "/ a[0]=succeeded a=rejected undo!(a[0]) -a[0]#1 / -a[0]=succeeded b#1"),
            Case(
                "of waits, too: those that have begun go on to their end", "w100ms#3/3+ b",
                script: "now fail:w100ms[0] go",
                trace: "due() / list(w100ms*3) wait(w100ms[0]+100ms) wait(w100ms[1]+100ms) wait(w100ms[2]+100ms) "
                    + "/ fail(w100ms[0]) / w100ms[1]=done w100ms[2]=done w100ms=settled b#1"),
            Case(
                "and at once where there is nothing to undo", "a#3+! b", script: "now a[0]=no b=ok",
                trace: "due() / list(a*3) a[0]#1 / a[0]=rejected a=rejected b#1 / b=succeeded COMPLETED"),
        ])
    func goesOn(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "people speak of elements by their ids",
        arguments: [
            Case(
                "one that waits is tried now", "a#2", script: "now a[0]=what retry:a[0] a[0]=ok !retry:a",
                trace: "due() / list(a*2) a[0]#1 / a[0]=unknown+100ms / retry(a[0]) a[0]#2 / a[0]=succeeded a[1]#1"),
            Case(
                "completed, skipped, or failed", "a#3",
                script: "now a[0]=what complete:a[0] a[1]=what skip:a[1] a[2]=what fail:a[2] -a[2]=ok -a[1]=ok",
                trace: "due() / list(a*3) a[0]#1 / a[0]=unknown+100ms / complete(a[0]) a[1]#1 / a[1]=unknown+100ms "
                    + "/ skip(a[1]) a[2]#1 / a[2]=unknown+100ms / fail(a[2]) undo(a[0],a[1],a[2]) -a[2]#1 "
                    + "/ -a[2]=succeeded -a[1]#1 / -a[1]=succeeded -a[0]#1"),
            Case(
                "past the pivot one that is refused waits for them", "p^ a#2",
                script: "go p=ok a[0]=no !fail:a[0] retry:a[0] a[0]=no skip:a[0] a[1]=ok",
                trace:
                    "due(p) / p#1 / p=succeeded list(a*2) a[0]#1 / a[0]=rejected / retry(a[0]) a[0]#2 / a[0]=rejected "
                    + "/ skip(a[0]) a[1]#1 / a[1]=succeeded listed(a) COMPLETED"),
            Case(
                "a paused run begins no element", "a#2", script: "now pause a[0]=ok resume",
                trace: "due() / list(a*2) a[0]#1 / pause / a[0]=succeeded / resume a[1]#1"),
            Case(
                "and one that completed is undone as a whole", "a#2", script: "now a[0]=ok a[1]=ok undo -a[1]=ok",
                trace: "due() / list(a*2) a[0]#1 / a[0]=succeeded a[1]#1 / a[1]=succeeded listed(a) COMPLETED "
                    + "/ undo undo(a[0],a[1]) -a[1]#1 / -a[1]=succeeded -a[0]#1"),
        ])
    func hands(_ testCase: Case) throws { try testCase.check() }

    @Test(
        "what is no list, or too long a one, is refused",
        arguments: [
            ("\"abc\"", "The list can't be used: it is a string and no list."),
            ("null", "The list can't be used: it is null and no list."),
            ("{}", "The list can't be used: it is an object and no list."),
        ])
    func refused(_ list: String, _ message: String) throws {
        var play = try Play(Flow("x a#x"), input: ["list": JSON(parsing: Array(list.utf8))])
        try play.script("go x=ok -x=ok")
        #expect(play.trace == "due(x) / x#1 / x=succeeded a=list undo(x) -x#1 / -x=succeeded COMPENSATED")
        #expect(play.run.error?.message == message && play.run.error?.pointer == "/steps/1/forEach/in")
    }

    @Test("an element that can't begin to wait stops those behind it, also where they would begin in the same moment")
    func waitsStop() throws {
        var definition = try JSON(
            parsing: Array(
                #"""
                {"name": "w", "version": "1.0.0", "steps": [
                    {"id": "w", "forEach": {"in": "${input.times}", "maxParallel": 3}, "wait": {"until": "${item}"},
                     "onFailure": "continue"},
                    {"id": "b", "action": {"participant": "p", "path": "/b"}, "compensation": "none"}]}
                """#.utf8))
        definition["timeout"] = "1h"
        var run = Run(
            id: RunID(high: 1, low: 2), definition: try WorkflowDefinition(definition),
            input: ["times": ["nonsense", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]], context: [:],
            createdAt: Instant(microseconds: 1_767_225_600_000_000))
        for event in start(run, now: run.createdAt) { run.evolve(event, at: run.createdAt) }
        for event in try decide(run, .woke, now: run.createdAt, jitter: 0) { run.evolve(event, at: run.createdAt) }
        #expect(run.steps[0].status == .failed && run.steps[0].error?.stepID == "w[0]")
        #expect(run.steps[3].status == .pending && run.steps[4].status == .pending && run.steps[1].status == .executing)
    }

    @Test(
        "a retry of a step with a list is one of its elements that gave up; what a person gave where there was none stays"
    )
    func retryOfList() throws {
        var play = try Play(Flow("a#2/2 b"))
        try play.script("now a[0]=ok a[1]=ok b=no -a[1]=no -a[0]=no")
        #expect(play.run.status == .failed)
        var session = RunSession(
            play.run, lease: Lease(runID: play.run.id, epoch: 2), inboxCount: 1, beganDueSteps: false)
        var random = SystemRandomNumberGenerator()
        var effort = Effort.full
        guard case .readInbox = session.next(now: play.now, isHeld: { true }, using: &random, effort: &effort) else {
            Issue.record("it reads no inbox")
            return
        }
        session.inboxRead([
            InboxRow(inboxID: 1, request: InboxRequest(.retry(stepID: "a", reason: "mended"), sentBy: "ops"))
        ])
        guard case .commit(let commit) = session.next(now: play.now, isHeld: { true }, using: &random, effort: &effort)
        else {
            Issue.record("it decides nothing")
            return
        }
        #expect(commit.events.map(\.kind) == [.retryRequested, .retryRequested, .attemptStarted, .attemptStarted])
    }

    @Test("so are more elements than a run may have")
    func tooMany() throws {
        for (count, isAllowed) in [(1000, true), (1001, false)] {
            var play = try Play(Flow("a#x"), input: ["list": .array(Array(repeating: 1, count: count))])
            try play.script("now")
            #expect(play.trace.hasPrefix("due() / list(a*1000) a[0]#1") == isAllowed, "\(play.trace.prefix(100))")
            #expect((play.run.error?.message.contains("1001 entries, and at most 1000") ?? false) == !isAllowed)
        }
        let lists = (0...10).map { "a\($0)#x<" }.joined(separator: " ")
        var play = try Play(Flow(lists), input: ["list": .array(Array(repeating: 1, count: 1000))])
        try play.script("now")
        #expect(play.run.error?.message.contains("more than 10000 elements") == true)
    }

    @Test("the output is what the elements have put out, in order, and so is what others name of it")
    func outputs() throws {
        var play = try Play(
            Flow("a#3/3 b", output: ["all": "${steps.a.output}", "second": "${steps.a.output.1.n}"]))
        try play.script("now a[2]=ok a[0]=ok a[1]=what skip:a[1] b=ok")
        #expect(play.run.output == ["all": [["n": 1], nil, ["n": 1]], "second": nil])
        #expect(play.run.steps[0].output == [["n": 1], nil, ["n": 1]])
    }

    @Test("an element keeps little of an answer with its error; the run's has all of it")
    func errors() throws {
        for (length, isKept) in [(500, true), (600, false)] {
            var play = try Play(Flow("a#2"))
            try play.script("now")
            let response = JSON.string(String(repeating: "x", count: length))
            let failure = Failure(kind: "rejected", message: "No.", httpStatus: 422, response: response)
            let result = CallResult(outcome: .rejected, httpStatus: 422, failure: failure)
            try play.happen(.finished(step: 1, action: .execute, attempt: 1, result))
            #expect(
                play.run.steps[1].error?.response == (isKept ? response : JSON?.none)
                    && play.run.steps[1].error?.message == "No.")
            #expect(play.run.error?.response == response && play.run.error?.stepID == "a[0]")
        }
    }

    @Test("an element names its entry, its place and its own output")
    func scope() throws {
        let definition = try WorkflowDefinition(
            JSON(
                parsing: Array(
                    """
                    {"name": "w", "version": "1.0.0", "steps": [
                        {"id": "ship", "forEach": {"in": "${input.items}", "as": "line", "maxParallel": 2},
                         "action": {"participant": "p", "path": "/ship/${line.sku}/${index}", "body": "${line}"},
                         "compensation": {"participant": "p", "path": "/undo/${line.sku}/${steps.ship.output.id ?? 'none'}"}},
                        {"id": "last", "action": {"participant": "p", "path": "/last/${steps.ship.output.1.id}"}}]}
                    """.utf8)))
        var run = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: ["items": [["sku": "a"], ["sku": "b"]]],
            context: [:], createdAt: Instant(microseconds: 0))
        for event in start(run, now: run.createdAt) { run.evolve(event, at: run.createdAt) }
        func happen(_ happening: Happening) throws {
            for event in try decide(run, happening, now: run.createdAt, jitter: 0) {
                run.evolve(event, at: run.createdAt)
            }
        }
        func path(_ id: String, _ action: CallAction = .execute) throws -> String {
            let number = try #require(run.number(of: id))
            let call = Command.Call(step: number, action: action, attempt: 1)
            return try run.definition(of: call).renderedPath(CallScope(run, call))
        }
        try happen(.woke)
        #expect(try path("ship[0]") == "/ship/a/0")
        #expect(try path("ship[1]") == "/ship/b/1")
        #expect(
            run.idempotencyKey(of: .init(step: 3, action: .compensate, attempt: 1)) == "\(run.id):ship[1]:compensate")
        for (number, id) in [(2, "x"), (3, "y")] {
            let result = CallResult(outcome: .succeeded, httpStatus: 200, output: ["id": .string(id)])
            try happen(.finished(step: number, action: .execute, attempt: 1, result))
        }
        #expect(try path("last") == "/last/y")
        #expect(try path("ship[0]", .compensate) == "/undo/a/x")
        #expect(try path("ship[1]", .compensate) == "/undo/b/y")
        #expect(
            run.number(of: "ship[2]") == nil && run.number(of: "ship[01]") == nil && run.number(of: "last[0]") == nil)
    }

    @Test(
        "what is wrong with a list is told with its place",
        arguments: [
            (#""forEach": 3"#, "/steps/0/forEach"),
            (#""forEach": {}"#, "/steps/0/forEach/in"),
            (#""forEach": {"in": "${input.l}", "maxParallel": 0}"#, "/steps/0/forEach/maxParallel"),
            (#""forEach": {"in": "${input.l}", "maxParallel": 1001}"#, "/steps/0/forEach/maxParallel"),
            (#""forEach": {"in": "${input.l}", "as": "Item"}"#, "/steps/0/forEach/as"),
            (#""forEach": {"in": "${input.l}", "as": "steps"}"#, "/steps/0/forEach/as"),
            (#""forEach": {"in": "${input.l}", "each": 1}"#, "/steps/0/forEach/each"),
            (#""forEach": {"in": "${steps.b.output}"}"#, "/steps/0/forEach/in"),
            (#""forEach": {"in": "${item.list}"}"#, "/steps/0/forEach/in"),
            (#""forEach": {"in": "${input.l}"}, "pivot": true"#, "/steps/0/forEach"),
            (#""forEach": {"in": "${input.l}"}, "when": {"var": "item.ok"}"#, "/steps/0/when/var"),
            (
                #""forEach": {"in": "${input.l}", "as": "line"}, "compensation": {"participant": "p", "path": "/${item.x}"}"#,
                "/steps/0/compensation/path"
            ),
            (#""compensation": {"participant": "p", "path": "/${item.x}"}"#, "/steps/0/compensation/path"),
            (#""compensation": {"participant": "p", "path": "/${index}"}"#, "/steps/0/compensation/path"),
        ])
    func invalid(_ members: String, _ pointer: String) {
        let text = """
            {"name": "w", "version": "1.0.0", "steps": [
                {"id": "a", "action": {"participant": "p", "path": "/a"}, \(members)},
                {"id": "b", "action": {"participant": "p", "path": "/b"}}]}
            """
        let errors = #expect(throws: DefinitionErrors.self) {
            _ = try WorkflowDefinition(JSON(parsing: Array(text.utf8)))
        }
        #expect(errors?.errors.map { $0.pointer.description } == [pointer], "\(errors.map { "\($0)" } ?? "")")
    }

    @Test("an end has no list, and what an element was answered stands with it")
    func more() {
        for (steps, pointer) in [
            (#"{"id": "a", "end": {"as": "completed"}, "forEach": {"in": "${input.l}"}}"#, "/steps/0/forEach"),
            (
                #"{"id": "a", "forEach": {"in": "${input.l}"}, "action": {"participant": "p", "path": "/a"}}, "#
                    + #"{"id": "b", "action": {"participant": "p", "path": "/${steps.a.response.status}"}}"#,
                "/steps/1/action/path"
            ),
        ] {
            let errors = #expect(throws: DefinitionErrors.self) {
                _ = try WorkflowDefinition(
                    JSON(parsing: Array(#"{"name": "w", "version": "1.0.0", "steps": [\#(steps)]}"#.utf8)))
            }
            #expect(errors?.errors.map { $0.pointer.description } == [pointer])
        }
    }
}
