import Core
import Testing

@testable import API

extension BadInputTests {
    /// What people and participants send of a run, and what is wrong with it.
    struct Asked: Sendable {
        let path: String
        let body: String?
        let status: Int
        let problem: String
        var pointer: String?

        init(_ path: String, _ body: String?, _ status: Int, _ problem: String, _ pointer: String? = nil) {
            (self.path, self.body, self.status, self.problem, self.pointer) = (path, body, status, problem, pointer)
        }
    }

    private static let long = String(repeating: "x", count: 1001)

    /// Members that every one of these refuses in the same way.
    private static func reasons(_ path: String) -> [Asked] {
        [
            Asked(path, "[]", 422, "invalid-content", ""), Asked(path, "{", 400, "malformed-json"),
            Asked(path, #"{"reason":1}"#, 422, "invalid-content", "/reason"),
            Asked(path, #"{"reason":""}"#, 422, "invalid-content", "/reason"),
            Asked(path, #"{"reason":"\#(long)"}"#, 422, "invalid-content", "/reason"),
            Asked(path, #"{"reason":null}"#, 422, "invalid-content", "/reason"),
            Asked(path, #"{"reason":"x","more":1}"#, 422, "invalid-content", "/more"),
        ]
    }

    private static let output = #"{"reason":"x","output":"\#(String(repeating: "x", count: 300_000))"}"#

    private static let asked: [Asked] =
        ["cancel", "undo", "pause", "resume", "restart", "steps/a/complete", "steps/a/skip", "steps/a/fail"]
        .flatMap { reasons($0) }
        + ["undo", "restart", "steps/a/complete", "steps/a/skip", "steps/a/fail"].flatMap {
            [Asked($0, "{}", 422, "invalid-content", "/reason"), Asked($0, "", 400, "malformed-json")]
        } + [
            Asked("pause", #"{"holdDeadline":"yes"}"#, 422, "invalid-content", "/holdDeadline"),
            Asked("steps/a/complete", output, 422, "invalid-content", "/output"),
            Asked("steps/a/skip", #"{"reason":"x","output":1}"#, 422, "invalid-content", "/output"),
            Asked("steps/z/skip", #"{"reason":"x"}"#, 404, "unknown-step"),
            Asked("steps/a/skip", #"{"reason":"x"}"#, 409, "step-not-waiting"),
            Asked("steps/z/retry", nil, 404, "unknown-step"),
            Asked("steps/a/retry", #"{"reason":"x"}"#, 422, "invalid-content", "/reason"),
            Asked("resume", "{}", 409, "run-not-paused"), Asked("undo", #"{"reason":"x"}"#, 409, "run-not-completed"),
            Asked("signals/nope", "1", 404, "unknown-signal"), Asked("signals/go", "{", 400, "malformed-json"),
            Asked("signals/go", "\"\(String(repeating: "x", count: 300_000))\"", 413, "body-too-large"),
            Asked("signals/go%00", "1", 400, "invalid-parameter"),
        ]

    @Test("of what is asked of a run is refused with a problem that says where, and nothing is written")
    func people() async throws {
        try await TestAPI.with { api in
            let answer = try await api.client.send(
                "POST", "/v1/admin/workflows",
                body: #"""
                    {"name":"w","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/x"}},
                        {"id":"b","await":{"signal":"go"}}]}
                    """#, ["X-Admin-Token": TestAPI.token])
            #expect(answer.status == 201, "\(answer.text)")
            let id = try await api.start()
            let before = try await api.database.rowCount()
            for row in Self.asked {
                let name = "\(row.path) \(row.body?.prefix(40) ?? "")"
                let answer = try await api.client.send("POST", "/v1/runs/\(id)/\(row.path)", body: row.body)
                #expect(
                    answer.status == row.status && answer.problem == row.problem, "\(name): \(answer.text.prefix(400))")
                if let pointer = row.pointer {
                    #expect(answer.pointers.contains(pointer), "\(name): \(answer.text.prefix(400))")
                }
            }
            for path in ["callbacks/none", "callbacks/none/heartbeat", "callbacks/%00"] {
                let answer = try await api.client.send("POST", "/v1/\(path)", body: #"{"outcome":"succeeded"}"#)
                #expect([400, 404].contains(answer.status), "\(path): \(answer.text)")
            }
            #expect(try await api.database.rowCount() == before)
        }
    }

    private static let call = #""action":{"participant":"p","path":"/x"}"#

    /// Members of definitions that came with waits, ends, signals, pivots and callbacks.
    private static let kinds: [(steps: String, pointer: String)] = [
        (#"[{"id":"a","wait":{}}]"#, "/steps/0/wait"), (#"[{"id":"a","wait":"1s"}]"#, "/steps/0/wait"),
        (#"[{"id":"a","wait":{"for":5}}]"#, "/steps/0/wait/for"),
        (#"[{"id":"a","wait":{"for":"soon"}}]"#, "/steps/0/wait/for"),
        (#"[{"id":"a","wait":{"for":"1s","until":"2030-01-31T12:00:00Z"}}]"#, "/steps/0/wait"),
        (#"[{"id":"a","wait":{"until":"tomorrow"}}]"#, "/steps/0/wait/until"),
        (#"[{"id":"a","await":{}}]"#, "/steps/0/await/signal"), (#"[{"id":"a","await":"go"}]"#, "/steps/0/await"),
        (#"[{"id":"a","await":{"signal":"GO"}}]"#, "/steps/0/await/signal"),
        (#"[{"id":"a","await":{"signal":"go","where":{"no-such":1}}}]"#, "/steps/0/await/where"),
        (#"[{"id":"a","await":{"signal":"go"},"timeout":"367d"}]"#, "/steps/0/timeout"),
        (#"[{"id":"a","end":{}}]"#, "/steps/0/end/as"), (#"[{"id":"a","end":{"as":"done"}}]"#, "/steps/0/end/as"),
        (#"[{"id":"a","end":{"as":"failed","output":1}}]"#, "/steps/0/end/output"),
        (#"[{"id":"a",\#(call),"onFailure":"ignore"}]"#, "/steps/0/onFailure"),
        (#"[{"id":"a",\#(call),"runIf":"sometimes"}]"#, "/steps/0/runIf"),
        (#"[{"id":"a",\#(call),"pivot":"yes"}]"#, "/steps/0/pivot"),
        (#"[{"id":"a",\#(call),"pivot":true,"when":{"var":"input.x"}}]"#, "/steps/0/when"),
        (#"[{"id":"a","action":{"participant":"p","path":"/x","completion":"later"}}]"#, "/steps/0/action/completion"),
        (
            #"[{"id":"a","action":{"participant":"p","path":"/x","completion":{"callback":{"timeout":"1ms"}}}}]"#,
            "/steps/0/action/completion/callback/timeout"
        ),
        (
            #"[{"id":"a","action":{"participant":"p","path":"/x","completion":{"callback":{"heartbeatTimeout":"1s"}}}}]"#,
            "/steps/0/action/completion/callback/heartbeatTimeout"
        ),
        // What a path or a header may have to do without.
        (
            #"[{"id":"a",\#(call),"when":{"var":"input.x"}},{"id":"b","action":{"participant":"p","path":"/${steps.a.output.id}"}}]"#,
            "/steps/1/action/path"
        ),
    ]

    @Test("in a definition with waits, ends, signals, pivots and callbacks is refused with its place")
    func definitionKinds() async throws {
        try await TestAPI.with { api in
            let before = try await api.database.rowCount()
            let bodies =
                Self.kinds.map { (#"{"name":"x","version":"1.0.0","steps":\#($0.steps)}"#, $0.pointer) }
                + [
                    (
                        #"{"name":"x","version":"1.0.0","undoWithin":"soon","steps":[{"id":"a",\#(Self.call)}]}"#,
                        "/undoWithin"
                    )
                ]
            for (body, pointer) in bodies {
                let answer = try await api.client.send(
                    "POST", "/v1/admin/workflows", body: body, ["X-Admin-Token": TestAPI.token])
                #expect(answer.status == 422 && answer.problem == "invalid-content", "\(body): \(answer.text)")
                #expect(answer.pointers.contains { $0.hasPrefix(pointer) }, "\(body): \(answer.text)")
            }
            #expect(try await api.database.rowCount() == before)
        }
    }
}
