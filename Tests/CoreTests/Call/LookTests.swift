@testable import Core
import Testing

@Suite("What the answer to a look means")
struct LookTests {
    private static func scope(_ more: JSON = [:], poll: JSON? = nil) throws -> CallScope {
        var action: JSON = [
            "participant": "p", "path": "/do", "body": "none", "completion": ["poll": poll ?? Flow.poll],
        ]
        for (name, value) in more.object?.members ?? [] { action[name] = value }
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "steps": [["id": "a", "action": action, "compensation": "none"]],
        ])
        let run = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: ["n": 7], context: [:],
            createdAt: Instant(microseconds: 0))
        return CallScope(run, .init(step: 0, action: .execute, attempt: 1))
    }

    private static func look(_ answer: Answer, _ scope: CallScope) -> CallResult {
        var effort = Effort.full
        return CallResult(look: answer, of: scope, duration: .milliseconds(3), effort: &effort)
    }

    private static func response(
        _ status: Int, _ body: String = "", retryAfter: Duration? = nil, fault: String? = nil, type: String? = nil
    ) -> Answer {
        .response(
            status: status, retryAfter: retryAfter, body: Array(body.utf8), contentType: type, bodyFault: fault)
    }

    @Test(
        "the rules are asked whatever the status; then the status says whether somebody is at work",
        arguments: [
            (200, #"{"state":"done","n":1}"#, "succeeded"), (500, #"{"state":"done"}"#, "succeeded"),
            (200, #"{"state":"failed"}"#, "rejected"), (404, #"{"state":"failed"}"#, "rejected"),
            (200, #"{"state":"working"}"#, "at work"), (202, "", "at work"), (204, "", "at work"),
            (410, "", "unknown"), (404, "", "again"), (303, "", "again"), (401, "", "again"), (429, "", "again"),
            (500, "", "again"), (503, #"{"state":"working"}"#, "again"),
        ])
    func table(status: Int, body: String, expected: String) throws {
        let result = Self.look(Self.response(status, body), try Self.scope())
        let found = result.isVerdict ? result.outcome.rawValue : result.isAccepted ? "at work" : "again"
        #expect(found == expected)
        #expect((result.failure == nil) == (expected == "at work" || expected == "succeeded"))
        #expect(result.httpStatus == status && result.duration == .milliseconds(3))
    }

    @Test("what can't be read, and what is no answer, is looked for again; Retry-After is kept")
    func unreadable() throws {
        let scope = try Self.scope()
        for answer in [
            Self.response(200, "{", type: "application/json"), Self.response(200, "x", fault: "was cut off"),
            Answer.unknown("no answer"), .notSent("no connection"), .notAllowed("It is paused."), .lost,
            .unrenderable(TemplateError(.elsewhere, pointer: .root)),
        ] {
            let result = Self.look(answer, scope)
            #expect(!result.isVerdict && !result.isAccepted && result.failure != nil, "\(answer)")
        }
        #expect(Self.look(Self.response(429, retryAfter: .seconds(9)), scope).retryAfter == .seconds(9))
        #expect(Self.look(Self.response(200, retryAfter: .seconds(9)), scope).retryAfter == .seconds(9))
        let text = try Self.scope(["onUnreadable": "text"], poll: Flow.poll)
        #expect(Self.look(Self.response(200, "{", type: "application/json"), text).isAccepted)
    }

    @Test("failedWhen is asked first; a rule that can't be evaluated says nothing")
    func rules() throws {
        let both = try Self.scope(poll: [
            "path": "/j", "every": "1s", "succeededWhen": true,
            "failedWhen": ["==": [["var": "response.status"], 418]],
        ])
        #expect(Self.look(Self.response(418), both).outcome == .rejected)
        #expect(Self.look(Self.response(200), both).outcome == .succeeded)
        let costly = try Self.scope(poll: [
            "path": "/j", "every": "1s",
            "succeededWhen": [
                "some": [["var": "response.body"], ["some": [["var": ""], ["==": [["var": ""], "x"]]]]]
            ],
        ])
        let row = "[" + Array(repeating: "1", count: 1000).joined(separator: ",") + "]"
        let body = "[" + Array(repeating: row, count: 1000).joined(separator: ",") + "]"
        let result = Self.look(Self.response(200, body), costly)
        #expect(!result.isVerdict && !result.isAccepted && result.failure?.kind == "condition")
        #expect(result.failure?.pointer == "/steps/0/action/completion/poll/succeededWhen")
    }

    @Test("the output is the body, or what is made of it; headers that something names are kept")
    func output() throws {
        let done = Self.response(200, #"{"state":"done","url":"u"}"#)
        #expect(Self.look(done, try Self.scope()).output == ["state": "done", "url": "u"])
        let made = try Self.scope(["output": ["film": "${response.body.url}", "n": "${input.n}"]])
        #expect(Self.look(done, made).output == ["film": "u", "n": 7])
        let bad = Self.look(
            Self.response(200, #"{"state":"done"}"#), try Self.scope(["output": "/${response.body.url}"]))
        #expect(bad.isVerdict && bad.outcome == .unknown && bad.failure?.pointer == "/steps/0/action/output")
    }

    @Test("the answer that accepts the work says where to look, and when first; one that does not is unknown")
    func accepted() throws {
        func answer(_ answer: Answer, _ scope: CallScope) -> CallResult {
            var effort = Effort.full
            return CallResult(answer, of: scope, isAmbiguous: false, duration: .zero, effort: &effort)
        }
        let scope = try Self.scope()
        let result = answer(Self.response(202, #"{"job":"a/b"}"#, retryAfter: .seconds(7)), scope)
        #expect(result.isAccepted && result.poll == PollStart(path: "/jobs/a%2Fb", firstLook: .seconds(7)))
        #expect(answer(Self.response(202, #"{"job":1}"#), scope).poll?.firstLook == .seconds(2))
        #expect(
            answer(Self.response(202, #"{"job":1}"#, retryAfter: .seconds(9999)), scope).poll?.firstLook
                == .seconds(300))
        let lost = answer(Self.response(202, "{}"), scope)
        #expect(!lost.isAccepted && lost.poll == nil && lost.outcome == .unknown)
        #expect(lost.failure?.pointer == "/steps/0/action/completion/poll/path")
        #expect(!answer(Self.response(200, "{}"), scope).isAccepted)
        let location = try Self.scope(poll: [
            "path": "${response.headers.location}", "every": "1s", "succeededWhen": true,
        ])
        #expect(location.run.definition(of: location.call).wantedHeaders == ["location"])
        let said = Answer.response(Response(status: 202, body: [], headers: ["location": "https://p.example/jobs/7"]))
        #expect(answer(said, location).poll?.path == "https://p.example/jobs/7")
    }
}
