import Core
import Testing

/// The table "What a failed call means" of docs/architecture.md, row by row.
@Suite("What an answer means")
struct CallResultTests {
    private static func call(
        retryOn: [JSON] = [], rejectOn: [JSON] = [], unknownOn: [JSON] = []
    ) throws -> CallDefinition {
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": [
                [
                    "id": "a",
                    "action": [
                        "participant": "p", "path": "/do", "retryOn": .array(retryOn), "rejectOn": .array(rejectOn),
                        "unknownOn": .array(unknownOn),
                    ],
                ]
            ],
        ])
        return definition.steps[0].madeCall
    }

    private func judge(
        _ status: Int, retryAfter: Duration? = nil, body: String = "", retryOn: [JSON] = [], rejectOn: [JSON] = [],
        unknownOn: [JSON] = [], isAmbiguous: Bool = false
    ) throws -> CallResult {
        CallResult(
            .response(status: status, retryAfter: retryAfter, body: Array(body.utf8)),
            of: try Self.call(retryOn: retryOn, rejectOn: rejectOn, unknownOn: unknownOn),
            isAmbiguous: isAmbiguous, duration: .seconds(1))
    }

    private func mayHaveEffect(_ result: CallResult) -> Bool {
        CallResult.mayHaveEffect(result.outcome, httpStatus: result.httpStatus)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let status: Int
        let outcome: Outcome
        var mayHaveEffect = false
        var testDescription: String { "\(status) is \(outcome.rawValue)" }
    }

    @Test(
        "a status without any rule of the definition",
        arguments: [
            Row(status: 200, outcome: .succeeded), Row(status: 201, outcome: .succeeded),
            Row(status: 204, outcome: .succeeded), Row(status: 299, outcome: .succeeded),
            Row(status: 300, outcome: .rejected), Row(status: 302, outcome: .rejected),
            Row(status: 307, outcome: .rejected), Row(status: 400, outcome: .rejected),
            Row(status: 401, outcome: .rejected), Row(status: 404, outcome: .rejected),
            Row(status: 409, outcome: .rejected), Row(status: 422, outcome: .rejected),
            Row(status: 498, outcome: .rejected), Row(status: 499, outcome: .unknown, mayHaveEffect: true),
            Row(status: 408, outcome: .busy, mayHaveEffect: true),
            Row(status: 425, outcome: .busy), Row(status: 429, outcome: .busy),
            Row(status: 500, outcome: .unknown, mayHaveEffect: true),
            Row(status: 502, outcome: .unknown, mayHaveEffect: true),
            Row(status: 503, outcome: .unknown, mayHaveEffect: true),
            Row(status: 504, outcome: .unknown, mayHaveEffect: true),
            Row(status: 599, outcome: .unknown, mayHaveEffect: true),
            Row(status: 999, outcome: .unknown, mayHaveEffect: true),
        ])
    func plain(_ row: Row) throws {
        let result = try judge(row.status)
        #expect(result.outcome == row.outcome)
        #expect(mayHaveEffect(result) == row.mayHaveEffect)
        #expect(result.httpStatus == row.status)
        #expect(result.duration == .seconds(1))
        #expect((result.failure == nil) == (row.outcome == .succeeded))
        #expect(result.failure?.kind == (row.outcome == .succeeded ? nil : row.outcome.rawValue))
        #expect(result.failure?.httpStatus == (row.outcome == .succeeded ? nil : row.status))
    }

    @Test(
        "a 409 after an attempt without an answer means that the first one is still at work",
        arguments: [(false, Outcome.rejected), (true, .busy)])
    func conflict(isAmbiguous: Bool, outcome: Outcome) throws {
        #expect(try judge(409, isAmbiguous: isAmbiguous).outcome == outcome)
    }

    @Test("no other refusal is softened by an earlier attempt", arguments: [400, 404, 410, 422])
    func ambiguousRefusal(_ status: Int) throws {
        #expect(try judge(status, isAmbiguous: true).outcome == .rejected)
    }

    @Test("a 503 with Retry-After is a definite `not now`; without it nobody knows")
    func unavailable() throws {
        let asked = try judge(503, retryAfter: .seconds(7))
        #expect(asked.outcome == .busy)
        #expect(asked.retryAfter == .seconds(7))
        #expect(!mayHaveEffect(asked))
        #expect(try judge(503).retryAfter == nil)
    }

    @Test(
        "Retry-After counts for busy answers only",
        arguments: [(429, true), (425, true), (408, true), (500, false), (422, false)])
    func retryAfter(status: Int, counts: Bool) throws {
        #expect(try judge(status, retryAfter: .seconds(7)).retryAfter == (counts ? .seconds(7) : nil))
    }

    @Test(
        "a definition moves statuses",
        arguments: [
            (404, [404], [], Outcome.busy), (409, [409], [], .busy), (422, [404], [], .rejected),
            (500, [], [500], .rejected), (503, [], [503], .rejected), (429, [], [429], .rejected),
            (408, [], [408], .rejected), (500, [500], [], .unknown), (408, [408], [], .busy),
        ])
    func moved(status: Int, retryOn: [Int], rejectOn: [Int], outcome: Outcome) throws {
        let result = try judge(
            status, retryOn: retryOn.map { JSON($0) }, rejectOn: rejectOn.map { JSON($0) })
        #expect(result.outcome == outcome)
    }

    @Test(
        "a definition knows of statuses that decide nothing, whatever else would make of them; a 499 can be moved, too",
        arguments: [
            (404, [404], Outcome.unknown), (429, [429], .unknown), (409, [409], .unknown), (503, [503], .unknown),
            (422, [404], .rejected), (499, [], .unknown),
        ])
    func undecided(status: Int, unknownOn: [Int], outcome: Outcome) throws {
        let result = try judge(
            status, retryAfter: status == 503 ? .seconds(1) : nil, unknownOn: unknownOn.map { JSON($0) },
            isAmbiguous: true)
        #expect(result.outcome == outcome)
        #expect(mayHaveEffect(result) == (outcome == .unknown))
        #expect(try judge(499, rejectOn: [499]).outcome == .rejected)
        #expect(try judge(499, retryOn: [499]).outcome == .busy)
    }

    @Test("rejectOn also wins over Retry-After and over an earlier attempt without an answer")
    func rejectWins() throws {
        #expect(try judge(503, retryAfter: .seconds(1), rejectOn: [503]).outcome == .rejected)
        #expect(try judge(409, rejectOn: [409], isAmbiguous: true).outcome == .rejected)
    }

    @Test(
        "the body becomes the output: JSON as it is, other text as a string, nothing as null",
        arguments: [
            ("", "null"), (#"{"a": [1, 1.50]}"#, #"{"a":[1,1.50]}"#), ("true", "true"), ("hello", #""hello""#),
            (#"{"a":1,"a":2}"#, #""{\"a\":1,\"a\":2}""#),
        ])
    func output(body: String, output: String) throws {
        let result = try judge(200, body: body)
        #expect(result.outcome == .succeeded)
        #expect(result.output?.text == output)
    }

    @Test(
        "a success whose body is neither JSON nor text may have had its effect",
        arguments: [[0xFF, 0xFE], [0x61, 0x00]])
    func unusableBody(_ body: [UInt8]) throws {
        let result = CallResult(
            .response(status: 200, retryAfter: nil, body: body), of: try Self.call(), isAmbiguous: false,
            duration: .zero)
        #expect(result.outcome == .unknown)
        #expect(mayHaveEffect(result))
        #expect(result.output == nil)
    }

    @Test("a refusal keeps the participant's words")
    func refusalKeepsBody() throws {
        #expect(try judge(422, body: #"{"code":"declined"}"#).failure?.response == ["code": "declined"])
        #expect(try judge(422, body: "no").failure?.response == "no")
        #expect(try judge(422).failure?.response == nil)
    }

    @Test(
        "no complete answer",
        arguments: [
            (Answer.notSent("refused"), Outcome.notSent, "notSent", false),
            (.unknown("reset"), .unknown, "unknown", true), (.lost, .unknown, "lost", true),
            (.unrenderable(TemplateError(.emptySegment, pointer: .root)), .rejected, "template", false),
        ])
    func noAnswer(answer: Answer, outcome: Outcome, kind: String, effect: Bool) throws {
        let result = CallResult(answer, of: try Self.call(), isAmbiguous: false, duration: .zero)
        #expect(result.outcome == outcome)
        #expect(result.failure?.kind == kind)
        #expect(result.httpStatus == nil)
        #expect(mayHaveEffect(result) == effect)
    }

    @Test("a call that was not sent tells how long to wait when that is known, so no attempt is wasted")
    func notSentWaits() throws {
        for wait in [nil, Duration.seconds(30)] {
            let result = CallResult(
                .notSent("open", retryAfter: wait), of: try Self.call(), isAmbiguous: false, duration: .zero)
            #expect(result.retryAfter == wait)
            #expect(!mayHaveEffect(result))
        }
    }

    @Test("a key names run, step and action, and differs in each")
    func keys() {
        let run = RunID(high: 1, low: 2)
        #expect(
            idempotencyKey(run: run, step: "charge", action: .execute)
                == "00000000-0000-0001-0000-000000000002:charge:execute")
        let keys = [RunID(high: 1, low: 2), RunID(high: 1, low: 3)].flatMap { run in
            ["a", "b"].flatMap { step in CallAction.allCases.map { idempotencyKey(run: run, step: step, action: $0) } }
        }
        #expect(Set(keys).count == 8)
    }
}
