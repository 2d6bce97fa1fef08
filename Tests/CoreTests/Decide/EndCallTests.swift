@testable import Core
import Testing

@Suite("Calls after the end")
struct EndCallTests {
    static let call: JSON = ["participant": "p", "path": "/told/${run.status}", "body": "none"]

    /// What follows the end of `flow`, which calls `call` when its status is one of these; all of them for none.
    static func flow(_ text: String, when statuses: [String] = []) -> Flow {
        var entry: JSON = ["action": call]
        if !statuses.isEmpty { entry["when"] = ["in": [["var": "run.status"], .array(statuses.map { .string($0) })]] }
        return Flow(text, onEnd: [entry])
    }

    @Test(
        "calls follow every end, and come with it",
        arguments: [
            ("a", [], "go a=ok", "due(a) / a#1 / a=succeeded then COMPLETED"),
            (
                "a b", [], "go a=ok b=no -a=ok",
                "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=succeeded then COMPENSATED"
            ),
            (
                "a", [], "go cancel a=ok -a=ok",
                "due(a) / a#1 / cancel / a=succeeded undo(a) -a#1 / -a=succeeded then CANCELLED"
            ),
            (
                "a b", [], "go a=ok b=no -a=no retry -a=ok",
                "due(a) / a#1 / a=succeeded b#1 / b=rejected undo(a) -a#1 / -a=rejected then FAILED / retry -a#1 "
                    + "/ -a=succeeded then COMPENSATED"
            ),
            (
                "a", [], "go a=ok undo -a=ok",
                "due(a) / a#1 / a=succeeded then COMPLETED / undo undo(a) -a#1 / -a=succeeded then COMPENSATED"
            ),
            // Who starts it can't start what follows its end.
            ("a?", [], "now", "due() / skip(a) then COMPLETED"),
            (
                "a", ["COMPLETED"], "go a=ok undo -a=ok",
                "due(a) / a#1 / a=succeeded then COMPLETED / undo undo(a) -a#1 / -a=succeeded COMPENSATED"
            ),
            ("a", ["FAILED"], "go a=no", "due(a) / a#1 / a=rejected undo() COMPENSATED"),
        ] as [(String, [String], String, String)])
    func follow(_ text: String, _ statuses: [String], _ script: String, _ trace: String) throws {
        var play = try Play(Self.flow(text, when: statuses))
        try play.script(script)
        #expect(play.trace == trace)
    }

    /// The run that makes the calls after the end of `play`, as the commit of that end starts it.
    private func calls(after play: Play, _ last: [RunEvent]) throws -> Run {
        let commit = SessionCommit(
            lease: Lease(runID: play.run.id, epoch: 1), before: play.run, after: play.run, events: last, now: play.now)
        return try #require(commit.endCalls.first).run
    }

    @Test("they know of the run what they name, as its end left it")
    func known() throws {
        let told: JSON = [
            "status": "${run.status}", "cause": "${run.cause}", "error": "${run.error.kind}", "of": "${run.id}",
            "a": "${steps.a.output}", "b": "${steps.b.output}", "how": "${steps.b.status}", "input": "${input.order}",
            "who": "${context.tenantId}", "key": "${step.id}",
        ]
        var play = try Play(
            Flow("a b", onEnd: [["id": "tell", "action": ["participant": "p", "path": "/", "body": told]]]),
            input: ["order": 7])
        try play.script("go a=ok b=no -a=ok")
        let run = try calls(after: play, play.events.suffix(2))
        #expect(run.definition.name == "w:onEnd")
        #expect(run.definition.isOnEnd)
        #expect(run.definition.steps.map(\.id) == ["tell"])
        let scope = CallScope(run, Command.Call(step: 0, action: .execute, attempt: 1))
        let body = try #require(try run.definition.steps[0].madeCall.renderedBody(scope, of: run))
        let sent = try JSON(parsing: String(decoding: body.bytes, as: UTF8.self))
        #expect(
            sent == [
                "status": "COMPENSATED", "cause": "STEP_FAILED", "error": "rejected",
                "of": .string(play.run.id.description), "a": ["n": 1], "b": nil, "how": "FAILED", "input": 7,
                "who": nil, "key": "tell",
            ])
        #expect(run.input["steps"]?["b"]?.object?.members.map(\.key) == ["status"])
        // What they do not name is not carried along.
        #expect(run.input["input"] == ["order": 7])
        let bare = try calls(
            after: {
                var play = try Play(Self.flow("a"), input: ["order": 7]); try play.script("go a=ok"); return play
            }(),
            [.endCallsStarted(run: RunID(high: 3, low: 3)), .runCompleted(output: .null, failure: nil)])
        #expect(bare.input == ["run": ["status": "COMPLETED"], "steps": [:]])
    }

    @Test("each of several ends in one decision is told of as it was")
    func severalEnds() throws {
        var play = try Play(Self.flow("a b"))
        try play.script("go a=ok b=no")
        let failure = Failure(kind: "compensation", message: "No.")
        let (first, second) = (RunID(high: 8, low: 1), RunID(high: 8, low: 2))
        let events: [RunEvent] = [
            .attemptFailed(
                step: 0, action: .compensate, attempt: 1,
                CallReport(outcome: .rejected, httpStatus: 422, duration: .zero), failure, retryIn: nil),
            .endCallsStarted(run: first), .runFailed(failure),
            .stepResolved(step: 0, by: "ops", reason: "By hand."),
            .endCallsStarted(run: second), .runCompensated,
        ]
        let commit = SessionCommit(
            lease: Lease(runID: play.run.id, epoch: 1), run: play.run, events: events, now: play.now)
        #expect(commit.endCalls.map(\.run.id) == [first, second])
        #expect(commit.endCalls.map { $0.run.input["run"]?["status"] } == ["FAILED", "COMPENSATED"])
        #expect(commit.endCalls.allSatisfy { $0.link.depth == 1 && $0.link.isDetached })
    }

    @Test("what becomes of them concerns nobody")
    func independent() throws {
        var play = try Play(Self.flow("a"))
        try play.script("go a=ok")
        let run = try calls(after: play, play.events.suffix(2))
        #expect(run.id != play.run.id)
        #expect(run.definition.steps.allSatisfy { $0.continuesOnFailure && $0.dependencies.isEmpty })
        #expect(run.deadlineAt == nil)
        #expect(run.pointer(of: 0).description == "/onEnd/0")
        #expect(run.definition.onEnd == nil)
    }

    @Test("an end that something newer holds up has no calls yet")
    func heldUp() throws {
        var play = try Play(Self.flow("a"))
        try play.script("go")
        var session = SessionPlay(play, inboxCount: 1, beganDueSteps: true)
        #expect(session.next() == "inbox")
        #expect(session.read(nil) == "calls(a#1)")
        #expect(session.received(.answer(0, .succeeded)) == "[a=succeeded]keep")
        #expect(session.written(unread: 1) == "end:left to others")
    }

    @Test("a call that does not say what it sends tells of the run")
    func told() throws {
        var play = try Play(Flow("a", onEnd: [["action": ["participant": "p", "path": "/"]]]))
        try play.script("go a=no")
        let run = try calls(after: play, play.events.suffix(2))
        let scope = CallScope(run, Command.Call(step: 0, action: .execute, attempt: 1))
        let body = try #require(try run.definition.steps[0].madeCall.renderedBody(scope, of: run))
        let sent = try JSON(parsing: String(decoding: body.bytes, as: UTF8.self))
        #expect(
            sent == [
                "runId": .string(play.run.id.description), "workflow": "w", "version": "1.0.0",
                "status": "COMPENSATED", "cause": "STEP_FAILED", "error": play.run.error?.json ?? .null,
            ])
        #expect(run.definition.steps.map(\.id) == ["call-0"])
    }
}
