import Core
import Testing

@testable import API

@Suite("Inputs that their workflow does not take")
struct InputSchemaTests {
    private static let steps = #""steps":[{"id":"a","action":{"participant":"p","path":"/x"}}]"#
    private static let order = #"""
        {"type": "object", "required": ["orderId"], "additionalProperties": false,
         "properties": {"orderId": {"type": "string", "pattern": "^o-[0-9]+$"}, "amount": {"minimum": 0}}}
        """#

    private static func register(_ api: TestAPI, _ schema: String, version: String = "1.0.0") async throws {
        let answer = try await api.client.send(
            "POST", "/v1/admin/workflows",
            body: #"{"name":"w","version":"\#(version)","inputSchema":\#(schema),\#(steps)}"#,
            ["X-Admin-Token": TestAPI.token])
        #expect(answer.status == 201, "\(answer.text)")
    }

    private static func start(
        _ api: TestAPI, _ body: String, _ headers: [String: String] = [:]
    ) async throws -> Answer {
        try await api.client.send("POST", "/v1/workflows/w/start", body: body, headers)
    }

    @Test("A start whose input breaks the schema is refused with every place, and nothing of it is written")
    func single() async throws {
        try await TestAPI.with { api in
            try await Self.register(api, Self.order)
            let before = try await api.database.rowCount()
            let answer = try await Self.start(
                api, #"{"input":{"orderId":"7","amount":-0.5,"extra":1}}"#, ["Idempotency-Key": "k"])
            #expect(answer.status == 422 && answer.problem == "input-invalid", "\(answer.text)")
            #expect(answer.json["detail"] == "The input breaks the workflow's inputSchema in 3 place(s).")
            #expect(
                answer.json["errors"] == [
                    [
                        "pointer": "/input/orderId", "detail": "This does not match the pattern.",
                        "schema": "/inputSchema/properties/orderId/pattern",
                    ],
                    [
                        "pointer": "/input/amount", "detail": "This must be at least 0.",
                        "schema": "/inputSchema/properties/amount/minimum",
                    ],
                    [
                        "pointer": "/input/extra", "detail": "This member is not allowed.",
                        "schema": "/inputSchema/additionalProperties",
                    ],
                ], "\(answer.text)")
            let missing = try await Self.start(api, "{}")
            #expect(missing.problem == "input-invalid" && missing.pointers == ["/input"])
            #expect(try await api.database.rowCount() == before, "no row of any table")
            // The key is free, and the schema can be read where its pointers lead.
            let good = try await Self.start(api, #"{"input":{"orderId":"o-7"}}"#, ["Idempotency-Key": "k"])
            #expect(good.status == 202 && good.headers["idempotency-replayed"] == nil, "\(good.text)")
            let shown = try await api.client.send("GET", "/v1/workflows/w/1.0.0").json["definition"]
            #expect(shown?["inputSchema"]?["properties"]?["amount"]?["minimum"] == 0)
        }
    }

    @Test("A line of a bulk start is refused as a start of its own would be, and the others are started")
    func lines() async throws {
        try await TestAPI.with { api in
            try await Self.register(api, Self.order)
            let bad = #"{"input":{"orderId":1},"idempotencyKey":"k"}"#
            let answer = try await api.importing(
                [#"{"input":{"orderId":"o-1"}}"#, bad, "{}", #"{"input":{"orderId":"o-2"}}"#].joined(separator: "\n"))
            #expect(answer.statuses == [202, 422, 422, 202])
            #expect(answer.problems == [nil, "input-invalid", "input-invalid", nil])
            var alone = try await Self.start(api, #"{"input":{"orderId":1}}"#, ["Idempotency-Key": "k"]).json
            alone["instance"] = "/v1/workflows/w/start-batch"
            #expect(answer[1]["problem"] == alone)
            #expect(try await api.database.query("SELECT count(*) FROM workflow_runs") == [["2"]])
            #expect(try await api.database.query("SELECT count(*) FROM idempotency_keys") == [["0"]])
        }
    }

    @Test("A request that was accepted is answered the same when it is repeated, though the latest version refuses it")
    func repeats() async throws {
        try await TestAPI.with { api in
            try await Self.register(api, "true")
            let body = #"{"input":{"orderId":7}}"#
            let first = try await Self.start(api, body, ["Idempotency-Key": "k"])
            #expect(first.status == 202)
            try await Self.register(api, Self.order, version: "2.0.0")
            let again = try await Self.start(api, body, ["Idempotency-Key": "k"])
            #expect(again.status == 202 && again.json["runId"] == first.json["runId"], "\(again.text)")
            #expect(again.headers["idempotency-replayed"] == "true")
            let line = try await api.importing(#"{"input":{"orderId":7},"idempotencyKey":"k"}"#)
            #expect(line[0]["runId"] == first.json["runId"] && line[0]["replayed"] == true)
            let other = try await Self.start(api, #"{"input":{"orderId":8}}"#, ["Idempotency-Key": "k"])
            #expect(other.status == 422 && other.problem == "idempotency-key-reused")
            let tenant = try await Self.start(
                api, #"{"input":{"orderId":7},"context":{"tenantId":"t"}}"#, ["Idempotency-Key": "k"])
            #expect(tenant.problem == "input-invalid")
            #expect(try await Self.start(api, body).problem == "input-invalid")
            #expect(try await Self.start(api, #"{"version":"1.0.0","input":7}"#).status == 202)
            // A key that is past its time is free, and what is refused does not take it.
            try await api.database.query("UPDATE idempotency_keys SET expires_at = now() - interval '1 minute'")
            #expect(try await Self.start(api, body, ["Idempotency-Key": "k"]).problem == "input-invalid")
            #expect(try await api.database.query("SELECT count(*) FROM workflow_runs") == [["2"]])
        }
    }

    @Test("A schema that is not supported is refused at registration, at its place, and by a trial as well")
    func registration() async throws {
        try await TestAPI.with { api in
            for path in ["/v1/admin/workflows", "/v1/admin/workflows/validate"] {
                let answer = try await api.client.send(
                    "POST", path,
                    body: #"{"name":"w","version":"1.0.0","inputSchema":{"not":{"pattern":"(?=a)"}},\#(Self.steps)}"#,
                    ["X-Admin-Token": TestAPI.token])
                #expect(answer.problem == "invalid-content" && answer.pointers == ["/inputSchema/not/pattern"])
            }
        }
    }

    /// A list that takes ten times what an event loop may spend, in a body that is read on one.
    @Test("What takes long to check is checked beside the event loops, and what takes too long is refused")
    func long() async throws {
        try await TestAPI.with { api in
            try await Self.register(api, #"{"items":{"type":"string","pattern":"^[a-z]+(-[a-z]+)*$"}}"#)
            let words = #""\#(String(repeating: "ab-", count: 50))z","#
            let list = String(repeating: words, count: 150)
            #expect(try await Self.start(api, #"{"input":[\#(list)"a"]}"#).status == 202)
            let last = try await Self.start(api, #"{"input":[\#(list)"A"]}"#)
            #expect(last.problem == "input-invalid" && last.pointers == ["/input/150"], "\(last.text.prefix(500))")
            let doubled = (0..<40).map { level in
                let next = ##"{"$ref":"#/$defs/d\##(level + 1)"}"##
                return #""d\#(level)":{"allOf":[\#(next),\#(next)]}"#
            }
            try await Self.register(
                api, ##"{"$ref":"#/$defs/d0","$defs":{\##(doubled.joined(separator: ",")),"d40":true}}"##,
                version: "1.1.0")
            let costly = try await Self.start(api, #"{"input":1}"#)
            #expect(costly.problem == "input-invalid" && costly.pointers == ["/input"], "\(costly.text)")
            #expect(costly.text.contains("more than 1000000 operations"))
            #expect(try await api.database.query("SELECT count(*) FROM workflow_runs") == [["1"]])
        }
    }
}
