import Core
import Testing

/// What a definition says about answers, beyond their status.
@Suite("What a definition says an answer means")
struct JudgementTests {
    private static func run(_ action: JSON, compensation: JSON? = nil, before: [JSON] = []) throws -> Run {
        var step: JSON = ["id": "a", "action": action]
        step["action"]?["participant"] = "p"
        step["action"]?["path"] = action["path"] ?? "/do"
        if let compensation { step["compensation"] = compensation }
        let definition = try WorkflowDefinition(["name": "w", "version": "1.0.0", "steps": .array(before + [step])])
        return Run(
            id: RunID(high: 1, low: 2), definition: definition, input: ["limit": 10], context: .null,
            createdAt: Instant(microseconds: 0))
    }

    private static func judge(
        _ action: JSON, _ status: Int, _ body: String = "", headers: [String: String] = [:],
        retryAfter: Duration? = nil,
        fault: String? = nil, contentType: String? = nil, effort: Effort = .full
    ) throws -> CallResult {
        let run = try run(action)
        var effort = effort
        return CallResult(
            .response(
                Response(
                    status: status, retryAfter: retryAfter, body: Array(body.utf8), contentType: contentType,
                    bodyFault: fault, headers: headers)),
            of: CallScope(run, .init(step: 0, action: .execute, attempt: 1)), isAmbiguous: false, duration: .zero,
            effort: &effort)
    }

    private static let isFalse: JSON = ["==": [["var": "response.body.success"], false]]

    @Test("a 200 that says no in its body is what it says")
    func contentOfSuccess() throws {
        let no = try Self.judge(["rejectWhen": Self.isFalse], 200, #"{"success":false,"why":"x"}"#)
        #expect(no.outcome == .rejected && no.output == nil && no.httpStatus == 200)
        #expect(no.failure?.kind == "rejected" && no.failure?.response == ["success": false, "why": "x"])
        let yes = try Self.judge(["rejectWhen": Self.isFalse], 200, #"{"success":true}"#)
        #expect(yes.outcome == .succeeded && yes.output == ["success": true] && yes.failure == nil)
        let later = try Self.judge(["retryWhen": Self.isFalse], 200, #"{"success":false}"#, retryAfter: .seconds(9))
        #expect(later.outcome == .busy && later.retryAfter == .seconds(9))
        #expect(CallResult.mayHaveEffect(later.outcome, httpStatus: later.httpStatus), "a 200 may have begun something")
        #expect(try Self.judge(["unknownWhen": Self.isFalse], 200, #"{"success":false}"#).outcome == .unknown)
    }

    @Test(
        "what does not satisfy succeedWhen is no success, and no refusal either; what does is one whatever its status")
    func succeedWhen() throws {
        let rule: JSON = ["succeedWhen": ["in": [["var": "response.body.code"], ["OK", "DONE"]]]]
        let doubtful = try Self.judge(rule, 200, #"{"code":"HM"}"#)
        #expect(doubtful.outcome == .unknown && doubtful.output == nil)
        #expect(doubtful.failure?.message.contains("succeedWhen") == true)
        #expect(try Self.judge(rule, 200, #"{"code":"OK"}"#).outcome == .succeeded)
        let conflict = try Self.judge(rule, 409, #"{"code":"DONE"}"#)
        #expect(conflict.outcome == .succeeded && conflict.output == ["code": "DONE"] && conflict.failure == nil)
        #expect(try Self.judge(rule, 409, #"{"code":"HM"}"#).outcome == .rejected)
        #expect(try Self.judge(rule, 500, "").outcome == .unknown)
    }

    @Test("of several rules that hold the first counts: reject, retry, unknown, succeed")
    func order() throws {
        let always: JSON = true
        let all: JSON = [
            "succeedWhen": always, "unknownWhen": always, "retryWhen": always, "rejectWhen": always,
        ]
        var rules = all
        for outcome: Outcome in [.rejected, .busy, .unknown, .succeeded] {
            #expect(try Self.judge(rules, 200).outcome == outcome)
            let member = [Outcome.rejected: "rejectWhen", .busy: "retryWhen", .unknown: "unknownWhen"][outcome]
            var object = try #require(rules.object)
            if let member { object[member] = nil }
            rules = .object(object)
        }
    }

    @Test("rules see status, headers and input")
    func sees() throws {
        let rule: JSON = [
            "rejectWhen": [
                "and": [
                    ["==": [["var": "response.status"], 202]],
                    [">": [["number": [["var": "response.headers.x-left"]]], ["var": "input.limit"]]],
                ]
            ]
        ]
        #expect(try Self.judge(rule, 202, headers: ["x-left": "11"]).outcome == .rejected)
        #expect(try Self.judge(rule, 202, headers: ["x-left": "10"]).outcome == .succeeded)
        #expect(try Self.judge(rule, 202).outcome == .succeeded)
        #expect(try Self.run(rule).definition.steps[0].madeCall.wantedHeaders == ["x-left"])
    }

    @Test("any status can be moved by the lists; rules come before them")
    func lists() throws {
        let lists: JSON = ["succeedOn": [404, 410, 503], "rejectOn": [204], "retryOn": [202], "unknownOn": [302]]
        #expect(try Self.judge(lists, 404, #"{"gone":true}"#).output == ["gone": true])
        #expect(try Self.judge(lists, 410).output == .some(.null))
        #expect(try Self.judge(lists, 503, retryAfter: .seconds(1)).outcome == .succeeded)
        #expect(try Self.judge(lists, 204).outcome == .rejected)
        let later = try Self.judge(lists, 202)
        #expect(later.outcome == .busy && CallResult.mayHaveEffect(later.outcome, httpStatus: later.httpStatus))
        #expect(try Self.judge(lists, 302).outcome == .unknown)
        var both = lists
        both["rejectWhen"] = ["==": [["var": "response.status"], 404]]
        #expect(try Self.judge(both, 404).outcome == .rejected)
    }

    @Test("a rule that can't be evaluated, or a body that is not whole, leaves nothing definite but a wait")
    func doubt() throws {
        let list = "[\(Array(repeating: "1", count: 60_000).joined(separator: ","))]"
        let costly: JSON = ["rejectWhen": ["some": [["var": "response.body"], [">": [["var": ""], 5]]]]]
        let given = try Self.judge(costly, 200, list)
        #expect(given.outcome == .unknown && given.failure?.message.contains("100000 operations") == true)
        #expect(try Self.judge(costly, 422, list).outcome == .unknown)
        #expect(try Self.judge(costly, 429, list).outcome == .busy)
        #expect(try Self.judge(["succeedWhen": Self.isFalse], 404, "x", fault: "was cut off").outcome == .unknown)
        #expect(try Self.judge([:], 404, "x", fault: "was cut off").outcome == .rejected)
        let unreadable = try Self.judge(["rejectWhen": true], 200, "{", contentType: "application/json")
        #expect(unreadable.outcome == .unknown && unreadable.failure?.kind == "unreadable")
    }

    @Test("where little effort is given, a rule that takes more is left for later, and comes to the same then")
    func effort() throws {
        let list = "[\(Array(repeating: "1", count: 10_000).joined(separator: ","))]"
        let run = try Self.run(["rejectWhen": ["some": [["var": "response.body"], [">": [["var": ""], 5]]]]])
        let answer = Answer.response(Response(status: 200, body: Array(list.utf8)))
        var brief = Effort.brief
        let scope = CallScope(run, .init(step: 0, action: .execute, attempt: 1))
        _ = CallResult(answer, of: scope, isAmbiguous: false, duration: .zero, effort: &brief)
        #expect(brief.isSpent)
        var full = Effort.full
        let result = CallResult(answer, of: scope, isAmbiguous: false, duration: .zero, effort: &full)
        #expect(!full.isSpent && result.outcome == .succeeded)
    }

    @Test("an output keeps what it names, of the body, the status and the headers")
    func output() throws {
        let action: JSON = [
            "output": [
                "id": "${response.body.data.id}", "at": "${response.headers.location ?? omit}",
                "status": "${response.status}", "limit": "${input.limit}",
            ]
        ]
        let kept = try Self.judge(action, 201, #"{"data":{"id":1.50,"rest":[1,2]}}"#, headers: ["location": "/x/1"])
        #expect(kept.output?.text == #"{"id":1.50,"at":"/x/1","status":201,"limit":10}"#)
        #expect(try Self.judge(action, 201, "{}").output?.text == #"{"id":null,"status":201,"limit":10}"#)
        let refused = try Self.judge(action, 422, #"{"data":1}"#)
        #expect(refused.outcome == .rejected && refused.failure?.response == ["data": 1])
    }

    @Test("an output that can't be built is a success that can't be read, with its place")
    func outputFails() throws {
        let result = try Self.judge(["output": ["id": "x${response.body.id}"]], 201, "{}")
        #expect(result.outcome == .unknown && result.output == nil && result.failure?.kind == "unreadable")
        #expect(result.failure?.pointer == "/steps/0/action/output/id")
        let large = String(repeating: "x", count: 300_000)
        let tooLarge = try Self.judge(
            ["maxResponseBytes": 1_000_000, "output": "${response.body}"], 200, "\"\(large)\"")
        #expect(tooLarge.outcome == .unknown && tooLarge.failure?.message.contains("262144") == true)
        let cut = try Self.judge(
            ["maxResponseBytes": 1_000_000, "output": ["a": "${response.body.a}"]], 200, #"{"a":1,"b":"\#(large)"}"#)
        #expect(cut.output == ["a": 1])
    }
}
