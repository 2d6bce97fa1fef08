import Core
import Testing

@testable import API

/// Well-framed requests whose content can't be accepted.
@Suite("Bad input")
struct BadInputTests {
    @Test("is refused with a problem that says where, and nothing is written")
    func refused() async throws {
        try await TestAPI.with { api in
            try await api.register()
            let before = try await api.database.rowCount()
            let content = Self.json + Self.content + Self.beginnings
            for row in content + Self.paths + Self.types + Self.participants + Self.definitions {
                let answer = try #require(try await api.client.exchange(row.bytes).first, "\(row.name): no answer")
                #expect(answer.status == row.status, "\(row.name): \(answer.text)")
                #expect(answer.problem == row.problem, "\(row.name): \(answer.text)")
                #expect(answer.json["status"]?.int == row.status, "\(row.name)")
                #expect(answer.json["detail"]?.string?.isEmpty == false, "\(row.name)")
                #expect(answer.json["instance"]?.string?.hasPrefix("/v1/") == true, "\(row.name)")
                if let pointer = row.pointer {
                    #expect(answer.pointers.contains(pointer), "\(row.name): \(answer.text)")
                }
                if let header = row.header { #expect(answer.headers[header] != nil, "\(row.name)") }
                for secret in ["SELECT", "INSERT", "psql", ".swift", "s3cret"] {
                    #expect(!answer.text.contains(secret), "\(row.name): \(answer.text)")
                }
            }
            #expect(try await api.database.rowCount() == before)
            #expect(try await api.client.send("GET", "/health").status == 200)
        }
    }

    private static func nested(_ depth: Int) -> String {
        #"{"input":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
    }

    private static let json: [BadRequest] = [
        .start("an empty body", "", 400, "malformed-json"),
        .start("a byte order mark", [0xEF, 0xBB, 0xBF] + Array("{}".utf8), 400, "malformed-json"),
        .start("UTF-16", [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], 400, "malformed-json"),
        .start("overlong UTF-8", Array(#"{"input":""#.utf8) + [0xC0, 0xAF] + Array("\"}".utf8), 400, "malformed-json"),
        .start("a trailing comma", #"{"input":1,}"#, 400, "malformed-json"),
        .start("a duplicate key", #"{"input":1,"input":2}"#, 400, "malformed-json"),
        .start(
            "a duplicate key deep inside", #"{"input":{"a":[{"b":1,"b":2}]}}"#, 400, "malformed-json",
            pointer: "/input/a/0/b"),
        .start("something after the value", "{} {}", 400, "malformed-json"),
        .start("a comment", "{/* */}", 400, "malformed-json"),
        .start("NaN", #"{"input":NaN}"#, 400, "malformed-json"),
        .start("depth 65", nested(65), 400, "malformed-json"),
        .start("depth 100,000", nested(100_000), 400, "malformed-json"),
        .start("an escaped NUL", #"{"input":"a\u0000b"}"#, 422, "invalid-content", pointer: "/input"),
        .start("half a surrogate pair", #"{"input":"\ud800"}"#, 422, "invalid-content", pointer: "/input"),
        .start("a huge exponent", #"{"input":1e999999}"#, 422, "invalid-content", pointer: "/input"),
        .start(
            "a key of 1 MB", "{\"input\":{\"\(String(repeating: "k", count: 1_000_000))\":1}}", 422, "invalid-content"),
    ]

    private static let content: [BadRequest] = [
        .start("an array", "[]", 422, "invalid-content", pointer: ""),
        .start("null", "null", 422, "invalid-content", pointer: ""),
        .start("an unknown member", #"{"inputs":{}}"#, 422, "invalid-content", pointer: "/inputs"),
        .start("a member that needs escaping", #"{"a/b~c":1}"#, 422, "invalid-content", pointer: "/a~1b~0c"),
        .start("a version that is a number", #"{"version":1}"#, 422, "invalid-content", pointer: "/version"),
        .start("a version that is null", #"{"version":null}"#, 422, "invalid-content", pointer: "/version"),
        .start("a version that is none", #"{"version":"one"}"#, 422, "invalid-content", pointer: "/version"),
        .start("a context that is a list", #"{"context":[]}"#, 422, "invalid-content", pointer: "/context"),
        .start("a context that is null", #"{"context":null}"#, 422, "invalid-content", pointer: "/context"),
        .start(
            "a tenant that is a number", #"{"context":{"tenantId":1}}"#, 422, "invalid-content",
            pointer: "/context/tenantId"),
        .start(
            "a tenant that stands for all", #"{"context":{"tenantId":"*"}}"#, 422, "invalid-content",
            pointer: "/context/tenantId"),
        .start(
            "an empty tenant", #"{"context":{"tenantId":""}}"#, 422, "invalid-content", pointer: "/context/tenantId"),
        .start(
            "a correlation id that is long",
            "{\"context\":{\"correlationId\":\"\(String(repeating: "c", count: 256))\"}}", 422, "invalid-content",
            pointer: "/context/correlationId"),
        .start("an empty idempotency key", "{}", 400, "invalid-parameter", ["Idempotency-Key": ""]),
        .start(
            "an idempotency key of 256 characters", "{}", 400, "invalid-parameter",
            ["Idempotency-Key": String(repeating: "k", count: 256)]),
        .start("an idempotency key beyond ASCII", "{}", 400, "invalid-parameter", ["Idempotency-Key": "schlüssel"]),
        .start(
            "two idempotency keys", "{}", 400, "invalid-parameter", ["Idempotency-Key": "a", "X-Idempotency-Key": "b"]),
        .start(
            "a correlation id of 10 KB less some", "{}", 400, "invalid-parameter",
            ["X-Correlation-Id": String(repeating: "c", count: 5000)]),
        .start("an unknown version", #"{"version":"9.9.9"}"#, 404, "unknown-workflow"),
    ]

    private static let id = "01890000-0000-7000-8000-000000000000"

    private static let paths: [BadRequest] = [
        .http(
            "an unknown workflow", "POST", "/v1/workflows/nope/start", body: Array("{}".utf8), 404, "unknown-workflow"),
        .http(
            "a workflow like a pattern", "POST", "/v1/workflows/%25/start", body: Array("{}".utf8), 404,
            "unknown-workflow"),
        .http("a workflow with a quote", "GET", "/v1/workflows/w'%20or%201=1--", 404, "unknown-workflow"),
        .http("an unknown version of one", "GET", "/v1/workflows/w/9.9.9", 404, "unknown-workflow"),
        .http("a percent sign that encodes nothing", "GET", "/v1/workflows/w%zz", 400, "invalid-parameter"),
        .http("an encoded NUL", "GET", "/v1/workflows/w%00", 400, "invalid-parameter"),
        .http("bytes that are no text", "GET", "/v1/workflows/%ff", 400, "invalid-parameter"),
        .http("a run id that is no UUID", "GET", "/v1/runs/1", 400, "invalid-parameter"),
        .http("a run id in braces", "GET", "/v1/runs/%7B\(id)%7D", 400, "invalid-parameter"),
        .http("an unknown run", "GET", "/v1/runs/\(id)", 404, "unknown-run"),
        .http("the history of an unknown run", "GET", "/v1/runs/\(id)/events", 404, "unknown-run"),
        .http(
            "the stream of an unknown run", "GET", "/v1/runs/\(id)/events", ["Accept": "text/event-stream"], 404,
            "unknown-run"),
        .http(
            "a Last-Event-ID that is none", "GET", "/v1/runs/\(id)/events",
            ["Accept": "text/event-stream", "Last-Event-ID": "x"], 400, "invalid-parameter"),
        .http(
            "a Last-Event-ID that is none, of no stream", "GET", "/v1/runs/\(id)/events", ["Last-Event-ID": "x"], 400,
            "invalid-parameter"),
        .http("cancel of an unknown run", "POST", "/v1/runs/\(id)/cancel", 404, "unknown-run"),
        .http(
            "cancel with a number for a reason", "POST", "/v1/runs/\(id)/cancel", body: Array(#"{"reason":1}"#.utf8),
            422, "invalid-content", pointer: "/reason"),
        .http("retry in an unknown run", "POST", "/v1/runs/\(id)/steps/a/retry", 404, "unknown-run"),
        .http("limit 0", "GET", "/v1/runs?limit=0", 400, "invalid-parameter"),
        .http("limit -1", "GET", "/v1/runs?limit=-1", 400, "invalid-parameter"),
        .http("limit 501", "GET", "/v1/runs?limit=501", 400, "invalid-parameter"),
        .http("limit ten", "GET", "/v1/runs?limit=ten", 400, "invalid-parameter"),
        .http("limit twice", "GET", "/v1/runs?limit=1&limit=2", 400, "invalid-parameter"),
        .http("an unknown status", "GET", "/v1/runs?status=DONE", 400, "invalid-parameter"),
        .http("a status in lower case", "GET", "/v1/runs?status=failed", 400, "invalid-parameter"),
        .http("an unknown parameter", "GET", "/v1/runs?stauts=FAILED", 400, "invalid-parameter"),
        .http("a date that is none", "GET", "/v1/runs?createdAfter=2025-02-30T00:00:00Z", 400, "invalid-parameter"),
        .http("a date without a zone", "GET", "/v1/runs?createdBefore=2025-01-01T00:00:00", 400, "invalid-parameter"),
        .http("a forged cursor", "GET", "/v1/runs?cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAA", 400, "invalid-parameter"),
        .http("a cursor that is no base 64", "GET", "/v1/runs?cursor=%2e%2e", 400, "invalid-parameter"),
        .http("a NUL in a filter", "GET", "/v1/runs?workflow=%00", 400, "invalid-parameter"),
        .http("no such path", "GET", "/v1/nothing", 404, "not-found"),
        .http("another method on a known path", "PATCH", "/v1/runs", 405, "method-not-allowed", header: "allow"),
        .http("DELETE of a run", "DELETE", "/v1/runs/\(id)", 405, "method-not-allowed", header: "allow"),
        .http(
            "GET of a start", "GET", "/v1/workflows/w/start", 405, "method-not-allowed", header: "allow"),
    ]

    private static func typed(_ name: String, _ headers: [String: String], body: [UInt8] = Array("{}".utf8))
        -> BadRequest
    {
        .http(name, "POST", "/v1/workflows/w/start", headers, body: body, 415, "unsupported-media-type")
    }

    private static let types: [BadRequest] = [
        typed("plain text", ["Content-Type": "text/plain"]),
        typed("a form", ["Content-Type": "application/x-www-form-urlencoded"]),
        typed("JSON in Latin-1", ["Content-Type": "application/json; charset=iso-8859-1"]),
        typed("an empty type", ["Content-Type": ""]),
        typed(
            "a gzip body", ["Content-Type": "application/json", "Content-Encoding": "gzip"], body: [0x1F, 0x8B, 8, 0]),
        .raw(
            "no type", ["POST /v1/workflows/w/start HTTP/1.1", "Host: x", "Connection: close", "Content-Length: 2"],
            415, "unsupported-media-type", body: "{}"),
    ]
}
