import Core
import Testing

@Suite("What a call sends")
struct RequestTests {
    private static func run(_ action: JSON, input: JSON = .null) throws -> Run {
        var action = action
        if action["participant"] == nil { action["participant"] = "p" }
        if action["path"] == nil { action["path"] = "/do" }
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "timeout": "1h", "steps": [["id": "a", "action": action]],
        ])
        return Run(
            id: RunID(high: 1, low: 2), definition: definition, input: input, context: .null,
            createdAt: Instant(microseconds: 1_000_000))
    }

    private static func scope(_ action: JSON, input: JSON = .null) throws -> (CallDefinition, CallScope) {
        let run = try run(action, input: input)
        let call = Command.Call(step: 0, action: .execute, attempt: 3)
        return (run.definition(of: call), CallScope(run, call))
    }

    private static func path(_ action: JSON, input: JSON = .null) throws -> String {
        let (call, scope) = try scope(action, input: input)
        return try call.renderedPath(scope)
    }

    @Test("a query as an object: encoded, lists repeated, left out where it may be missing, behind what the path has")
    func query() throws {
        let query: JSON = [
            "q": "${input.text}", "n": 1.25, "flag": true, "tag": ["a", "${input.tag}"], "tags": "${input.tags}",
            "page": "${input.page ?? omit}", "none": [],
        ]
        let input: JSON = ["text": "a&b=c d/é", "tag": "?", "tags": ["x", 2]]
        #expect(
            try Self.path(["query": query], input: input)
                == "/do?q=a%26b%3Dc%20d%2F%C3%A9&n=1.25&flag=true&tag=a&tag=%3F&tags=x&tags=2")
        #expect(try Self.path(["path": "/do?a=1", "query": ["b c": "2"]]) == "/do?a=1&b%20c=2")
        #expect(try Self.path(["query": ["a": "${input.page ?? omit}"]]) == "/do")
        #expect(try Self.path(["query": ["a": ["$logic": ["+": [1, 2]]]]]) == "/do?a=3")
        for value: JSON in ["${input.page}", "x${input.page}", ["${input.page}"], "${input.object}"] {
            let error = #expect(throws: TemplateError.self) {
                try Self.path(["query": ["a": value]], input: ["object": ["x": 1]])
            }
            #expect(error?.pointer.tokens.prefix(2) == ["query", "a"])
        }
        let long = #expect(throws: TemplateError.self) {
            try Self.path(["query": ["a": "${input}"]], input: .string(String(repeating: "x", count: 9000)))
        }
        #expect(long?.kind == .tooLong(limit: 8192))
    }

    @Test("a header may be computed, as a signature is; it is a text that a header may hold, or the call can't be made")
    func computedHeaders() throws {
        let action: JSON = [
            "headers": [
                "X-Signature": ["$logic": ["cat": ["sha256=", ["hmacSha256": ["signing", ["var": "input.text"]]]]]],
                "X-Sum": ["$logic": ["+": [1, 2]]],
            ]
        ]
        let run = try Self.run(action, input: ["text": "The quick brown fox jumps over the lazy dog"])
        let call = Command.Call(step: 0, action: .execute, attempt: 1)
        #expect(run.definition(of: call).secrets == ["signing"])
        var headers: [(String, String)] = []
        try run.definition(of: call).appendHeaders(
            CallScope(run, call, secrets: ["signing": Array("key".utf8)]), to: &headers)
        #expect(headers.map(\.0) == ["X-Signature", "X-Sum"])
        // RFC 4231 has no such short one; this is the well-known example of HMAC_SHA256("key", …).
        #expect(headers[0].1 == "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8")
        #expect(headers[1].1 == "3")
        for (logic, place): (JSON, String) in [
            (["var": "input"], "/headers/x/$logic"), (["var": "input.none"], "/headers/x/$logic"),
            (["var": "input.line"], "/headers/x"), (["hmacSha256": ["signing", "x"]], "/headers/x/$logic"),
        ] {
            let error = #expect(throws: TemplateError.self) {
                let (call, scope) = try Self.scope(["headers": ["x": ["$logic": logic]]], input: ["line": "a\r\nb"])
                var headers: [(String, String)] = []
                try call.appendHeaders(scope, to: &headers)
            }
            #expect(error?.pointer.description.hasPrefix(place) == true, "\(logic.text): \(String(describing: error))")
        }
        #expect(throws: DefinitionErrors.self) { try Self.run(["headers": ["x": ["a": 1]]]) }
        #expect(throws: DefinitionErrors.self) { try Self.run(["headers": ["x": ["$logic": ["nope": 1]]]]) }
    }

    struct Sent: Sendable, CustomTestStringConvertible {
        let action: JSON
        let body: String?
        var type: String? = "application/json"
        var testDescription: String { action.text }
    }

    @Test(
        "bodies: the input, a template, none; as JSON, a form or text",
        arguments: [
            Sent(action: [:], body: #"{"a":"1 & 2","l":["x","y"],"n":null}"#),
            Sent(action: ["body": "none"], body: nil, type: nil),
            Sent(action: ["method": "GET"], body: nil, type: nil),
            Sent(action: ["method": "DELETE"], body: nil, type: nil),
            Sent(action: ["method": "DELETE", "body": ["a": "${input.a}"]], body: #"{"a":"1 & 2"}"#),
            Sent(
                action: ["contentType": "application/merge-patch+json", "body": ["a": nil]], body: #"{"a":null}"#,
                type: "application/merge-patch+json"),
            Sent(
                action: ["contentType": "application/x-www-form-urlencoded"], body: "a=1%20%26%202&l=x&l=y&n=",
                type: "application/x-www-form-urlencoded"),
            Sent(
                action: [
                    "contentType": "application/x-www-form-urlencoded",
                    "body": ["x": 1.25, "y": "${input.missing ?? omit}", "z[]": [true]],
                ], body: "x=1.25&z%5B%5D=true", type: "application/x-www-form-urlencoded"),
            Sent(
                action: ["contentType": "text/plain; charset=utf-8", "body": "é ${input.a}"], body: "é 1 & 2",
                type: "text/plain; charset=utf-8"),
        ])
    func bodies(_ sent: Sent) throws {
        let (call, scope) = try Self.scope(sent.action, input: ["a": "1 & 2", "l": ["x", "y"], "n": nil])
        let body = try call.renderedBody(scope, of: scope.run)
        #expect(body.map { String(decoding: $0.bytes, as: UTF8.self) } == sent.body)
        #expect(body?.contentType == sent.type)
    }

    @Test("what can't be written as it is declared is an error with its place")
    func wrongBodies() throws {
        for (action, pointer): (JSON, String) in [
            (["contentType": "application/x-www-form-urlencoded", "body": [1]], "/body"),
            (["contentType": "application/x-www-form-urlencoded", "body": ["a": ["b": 1]]], "/body/a"),
            (["contentType": "text/plain"], "/body"),
            (["contentType": "text/plain", "body": "${input.missing}"], "/body"),
        ] {
            let (call, scope) = try Self.scope(action, input: ["x": 1])
            let error = #expect(throws: TemplateError.self) { try call.renderedBody(scope, of: scope.run) }
            #expect(error?.pointer.description == pointer)
        }
    }

    @Test("the run and the attempt can be named, and are the same each time but for the attempt")
    func names() throws {
        let (call, scope) = try Self.scope([
            "headers": ["x-attempt": "${step.attempt} ${step.key}"],
            "body": [
                "${run.id}", "${run.workflow}", "${run.version}", "${run.startedAt}", "${run.deadlineAt}", "${step.id}",
                "${step.key}",
            ],
        ])
        let id = scope.run.id.description
        #expect(
            try JSON(parsing: #require(try call.renderedBody(scope, of: scope.run)).bytes)
                == [
                    .string(id), "w", "1.0.0", "1970-01-01T00:00:01Z", "1970-01-01T01:00:01Z", "a",
                    .string("\(id):a:execute"),
                ])
        var headers: [(String, String)] = []
        try call.appendHeaders(scope, to: &headers)
        #expect(headers.map(\.1) == ["3 \(id):a:execute"])
    }

    @Test("a participant by data: one of the list, and anything else says what is allowed")
    func participants() throws {
        let choice: JSON = ["participant": ["oneOf": ["dhl", "ups"], "by": "${input.carrier}"]]
        let (call, scope) = try Self.scope(choice, input: ["carrier": "ups"])
        #expect(try call.participant.name(scope) == "ups" && call.participant.names == ["dhl", "ups"])
        #expect(scope.run.participant(of: scope.call) == "ups")
        let (_, other) = try Self.scope(choice, input: ["carrier": "post"])
        let error = #expect(throws: TemplateError.self) { try call.participant.name(other) }
        #expect(error?.message.contains("dhl, ups") == true && error?.pointer.description == "/participant/by")
        #expect(other.run.participant(of: other.call) == nil)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let action: JSON
        let pointers: [String]
        var testDescription: String { action.text }

        init(_ action: JSON, _ pointers: String...) { (self.action, self.pointers) = (action, pointers) }
    }

    @Test(
        "what is refused at registration, with its place",
        arguments: [
            Refused(["query": 1], "/query"), Refused(["query": ["a": nil]], "/query/a"),
            Refused(["query": ["a": ["b": 1]]], "/query/a"),
            Refused(["query": ["": "x"]], "/query/"), Refused(["query": ["a": "${nope}"]], "/query/a"),
            Refused(["body": "none", "contentType": "text/plain"], "/contentType"),
            Refused(["contentType": "image/png"], "/contentType"),
            Refused(["contentType": "application/xml"], "/contentType"),
            Refused(["contentType": "text/"], "/contentType"),
            Refused(["participant": ["oneOf": []]], "/participant/oneOf", "/participant/by"),
            Refused(["participant": ["oneOf": ["a"], "by": "a"]], "/participant/by"),
            Refused(["participant": ["oneOf": ["a", "a"], "by": "${input.x}"]], "/participant/oneOf/1"),
            Refused(["participant": ["oneOf": ["a"], "by": "${step.attempt}"]], "/participant/by"),
            Refused(["body": ["a": "${step.attempt}"]], "/body/a"),
            Refused(["query": ["a": "${step.attempt}"]], "/query/a"),
            Refused(["body": "${run.cause}"], "/body"), Refused(["body": "${run.error.kind}"], "/body"),
            Refused(["body": "${steps.a.error}"], "/body"), Refused(["body": "${response.body}"], "/body"),
            Refused(["body": "${steps.a.response.status}"], "/body"),
            Refused(["output": "${steps.b.output}"], "/output"),
            Refused(["output": ["$logic": ["hmacSha256": ["x", "y"]]]], "/output"),
            Refused(["rejectWhen": ["hmacSha256": ["x", "y"]]], "/rejectWhen"),
            Refused(["rejectWhen": ["nope": 1]], "/rejectWhen/nope"),
            Refused(["rejectWhen": ["var": "step.key"]], "/rejectWhen/var"),
            Refused(["maxResponseBytes": 300_000], "/maxResponseBytes"),
            Refused(["maxResponseBytes": 5_000_000, "output": "x"], "/maxResponseBytes"),
            Refused(["maxResponseBytes": 0], "/maxResponseBytes"),
            Refused(["retry": [["on": "rejected"]]], "/retry/0/on/0"),
            Refused(["retry": [["on": 700]]], "/retry/0/on/0"),
            Refused(["retry": [["on": []]]], "/retry/0/on"), Refused(["retry": ["on": "busy"]], "/retry/on"),
            Refused(["retry": [["maxAttempts": 1], ["on": "busy"]]], "/retry/1"),
            Refused(["retry": [["on": ["var": "steps.z.output"]]]], "/retry/0/on/0/var"),
            Refused(["retry": ["maxAttempts": "endless"]], "/retry/maxAttempts"),
            Refused(["retry": ["maxElapsed": "31d"]], "/retry/maxElapsed"),
        ])
    func refused(_ refused: Refused) throws {
        let error = #expect(throws: DefinitionErrors.self) { try Self.run(refused.action) }
        #expect(error?.errors.map(\.pointer.description) == refused.pointers.map { "/steps/0/action\($0)" })
    }
}
