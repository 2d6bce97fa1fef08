import Core
import Testing
import TestSupport

@testable import API

@Suite("Bulk starts, line by line", .serialized)
struct ImportTests {
    @Test("Every line has its result, in order, and bad lines keep no other from being started")
    func mixed() async throws {
        try await TestAPI.with(["MAX_BODY_BYTES": "1024"]) { api in
            try await api.register()
            let exact = #"{"input":"\#(String(repeating: "x", count: 1024 - 12))"}"#
            #expect(exact.utf8.count == 1024)
            let answer = try await api.importing(
                [
                    #"{"input":{"n":1}}"# + "\n", "{\n", #"{"inputs":1,"context":[]}"# + "\r\n", "\r\n", "   \n",
                    #"{"version":"1.0.0"}"# + "\r\n", #"{"version":"7.0.0"}"# + "\n", exact + "\r\n",
                    exact + " \n", String(repeating: "y", count: 100_000) + "\n", "[1]\n",
                    #"{"input":"\u0000"}"# + "\n", #"{"input":{"n":13}}"#,
                ].joined())
            #expect(answer.head.hasPrefix("HTTP/1.1 200 OK"))
            #expect(answer.head.contains("Content-Type: application/x-ndjson"))
            #expect(answer.isComplete)
            #expect(answer.lines == [1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13])
            #expect(answer.statuses == [202, 400, 422, 202, 404, 202, 413, 413, 422, 422, 202])
            #expect(
                answer.problems == [
                    nil, "malformed-json", "invalid-content", nil, "unknown-workflow", nil, "body-too-large",
                    "body-too-large", "invalid-content", "invalid-content", nil,
                ])
            let pointers = answer[2]["problem"]?["errors"]?.array?.map { $0["pointer"] }
            #expect(pointers == ["/inputs", "/context"])
            #expect(answer[0]["runStatus"] == "PENDING")
            let inputs = try await api.database.query("SELECT input FROM workflow_runs WHERE length(input::text) < 20")
            #expect(Set(inputs) == [["null"], [#"{"n":13}"#], [#"{"n":1}"#]])
            #expect(try await api.runCount() == 4)
            let shown = try await api.client.send("GET", "/v1/runs/\(try #require(answer.runIDs.last ?? nil))")
            #expect(shown.json["run"]?["input"] == ["n": 13])
        }
    }

    @Test("A refused line gets the very problem that a start of its own would get")
    func sameProblems() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let bodies = [
                "{", #"{"a":1}"#, #"{"version":"x"}"#, #"{"version":"2.0.0"}"#, #"{"context":{"tenantId":1}}"#, "[]",
                #"{"input":1,"input":2}"#, #"{"input":1e999}"#,
            ]
            let answer = try await api.importing(bodies.joined(separator: "\n"))
            for (body, result) in zip(bodies, answer.results) {
                let alone = try await api.client.send("POST", "/v1/workflows/w/start", body: body)
                var expected = alone.json
                expected["instance"] = "/v1/workflows/w/start-batch"
                if body.contains(#""a""#) {
                    // What is known differs: a line may hold its key.
                    expected["errors"] = result["problem"]?["errors"]
                    expected["detail"] = result["problem"]?["detail"]
                }
                #expect(result["problem"] == expected, "\(body)")
                #expect(result["status"]?.int == alone.status, "\(body)")
            }
        }
    }

    @Test("Tenant and correlation id come from a line's context, what it has none of from the request's headers")
    func origin() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let answer = try await api.importing(
                "{}\n" + #"{"context":{"tenantId":"t","correlationId":"own"}}"#, "w",
                ["X-Correlation-Id": "file-7", "traceparent": trace])
            #expect(answer.statuses == [202, 202])
            let rows = try await api.database.query(
                "SELECT tenant_id, correlation_id, traceparent FROM workflow_runs ORDER BY tenant_id")
            #expect(rows == [["default", "file-7", trace], ["t", "own", trace]])
        }
    }

    @Test("A key starts one run: within a body, in the next one, and for a start of its own")
    func keys() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let body =
                #"{"input":1,"idempotencyKey":"a"}"# + "\n" + #"{"idempotencyKey":"a","input":1}"# + "\n"
                + #"{"input":2,"idempotencyKey":"b"}"# + "\n" + #"{"input":3,"idempotencyKey":"a"}"# + "\n"
            let first = try await api.importing(body)
            #expect(first.statuses == [202, 202, 202, 422])
            #expect(first.problems == [nil, nil, nil, "idempotency-key-reused"])
            #expect(first[0]["runId"] == first[1]["runId"])
            #expect(first[0]["replayed"] == nil && first[1]["replayed"] == true)
            let again = try await api.importing(body)
            #expect(again.runIDs == first.runIDs)
            #expect(again.results.prefix(3).allSatisfy { $0["replayed"] == true })
            let alone = try await api.client.send(
                "POST", "/v1/workflows/w/start", body: #"{"input":1}"#, ["Idempotency-Key": "a"])
            #expect(alone.json["runId"] == first[0]["runId"])
            #expect(alone.headers["idempotency-replayed"] == "true")
            #expect(try await api.runCount() == 2)
        }
    }

    @Test(
        "A key in a line obeys the rules for one in a header",
        arguments: [#""""#, "1", "null", "\"\(String(repeating: "k", count: 256))\"", #""é""#, #""a\nb""#])
    func badKeys(key: String) async throws {
        try await TestAPI.with { api in
            try await api.register()
            let answer = try await api.importing(#"{"idempotencyKey":\#(key)}"#)
            #expect(answer.problems == ["invalid-content"])
            #expect(answer[0]["problem"]?["errors"]?[0]?["pointer"] == "/idempotencyKey")
            #expect(try await api.runCount() == 0)
        }
    }

    @Test("A line that names a deprecated version is started and told so")
    func deprecated() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let path = "/v1/admin/workflows/w/1.0.0/deprecation"
            #expect(try await api.client.send("PUT", path, body: "{}", ["X-Admin-Token": TestAPI.token]).status == 200)
            let answer = try await api.importing(#"{"version":"1.0.0"}"# + "\n{}")
            #expect(answer.statuses == [202, 404])
            #expect(answer[0]["deprecation"]?["by"] == "tester")
            #expect(answer.problems == [nil, "only-deprecated-versions"])
        }
    }

    @Test("What is wrong with the request as a whole is answered before its first line, and nothing is started")
    func refused() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let rows: [(workflow: String, headers: [String: String], status: Int, problem: String)] = [
                ("nope", [:], 404, "unknown-workflow"),
                ("w", ["Content-Type": "application/json"], 415, "unsupported-media-type"),
                ("w", ["Content-Type": "application/x-ndjson; charset=latin1"], 415, "unsupported-media-type"),
                ("w", ["Content-Encoding": "gzip"], 415, "unsupported-media-type"),
                ("w", ["Idempotency-Key": "k"], 400, "invalid-parameter"),
                ("w", ["X-Correlation-Id": ""], 400, "invalid-parameter"), ("%", [:], 400, "invalid-parameter"),
            ]
            for row in rows {
                // The body has no end: it must not be waited for.
                let bytes = ImportCall.head(row.workflow, row.headers) + ImportCall.chunk("{}\n")
                let answer = try #require(try await api.client.exchange(Array(bytes.utf8)).first, "\(row)")
                #expect(answer.status == row.status, "\(row)")
                #expect(answer.problem == row.problem, "\(row)")
                #expect(answer.headers["connection"] == "close", "\(row)")
            }
            #expect(try await api.client.send("GET", "/v1/workflows/w/start-batch").headers["allow"] == "POST")
            #expect(try await api.runCount() == 0)
        }
    }

    @Test(
        "JSON line by line goes by several names",
        arguments: ["application/x-ndjson", "application/jsonl", "Application/NDJSON; charset=\"UTF-8\""])
    func types(type: String) async throws {
        try await TestAPI.with { api in
            try await api.register()
            let answer = try await api.importing("{}\n{}", "w", ["Content-Type": type])
            #expect(answer.statuses == [202, 202])
            let empty = try await api.importing("\n\n", "w", ["Content-Type": type])
            #expect(empty.isComplete && empty.results.isEmpty)
        }
    }

    @Test("A body that waits for `100 Continue` is asked for, and one beyond the limit for bodies is taken")
    func expectation() async throws {
        try await TestAPI.with(["MAX_BODY_BYTES": "1024"]) { api in
            try await api.register()
            let body = String(repeating: #"{"input":"\#(String(repeating: "x", count: 500))"}"# + "\n", count: 20)
            try await api.client.connected { stream in
                try await stream.send(
                    ImportCall.head("w", ["Expect": "100-continue"]).replacing(
                        "Transfer-Encoding: chunked", with: "Content-Length: \(body.utf8.count)"))
                try await stream.receive(until: "100 Continue\r\n\r\n")
                try await stream.send(body)
                while try await stream.receive() {}
                let interim = try #require(stream.received.firstRange(of: Array("\r\n\r\n".utf8)))
                let answer = try ImportAnswer(Array(stream.received[interim.upperBound...]))
                #expect(answer.statuses == Array(repeating: 202, count: 20))
                #expect(answer.isComplete)
            }
        }
    }
}
