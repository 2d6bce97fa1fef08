import Core
import Testing

@testable import API

@Suite("A report tells all that is known of a run")
struct ReportTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]
    private static let settings = ["AUTH": "required", "ADMIN_ADDRESS_RATE": "100000/1s", "ADMIN_RATE": "100000/1s"]

    private static func key(_ api: TestAPI, of tenant: String, _ roles: [String]) async throws -> [String: String] {
        let body: JSON = ["name": "k", "tenant": .string(tenant), "roles": .array(roles.map { .string($0) })]
        let made = try await api.client.send("POST", "/v1/admin/api-keys", body: body.text, admin).expect(201)
        return ["Authorization": "Bearer \(try #require(made.json["key"]?.string))"]
    }

    /// A run of a tenant with attempts, requests and a child.
    private static func run(_ api: TestAPI, _ starter: [String: String], input: String = "{}") async throws -> String {
        let started = try await api.client.send(
            "POST", "/v1/workflows/w/start", body: #"{"input":\#(input),"context":{"correlationId":"ann@example"}}"#,
            starter)
        let id = try #require(started.expect(202).json["runId"]?.string)
        try await api.database.query(
            """
            INSERT INTO run_journal (run_id, seq, event_count, at, epoch, events) VALUES ('\(id)', 2, 4, now(), 1, '[
                {"kind":"attempt_started","step":0,"stepId":"a"},
                {"kind":"attempt_failed","step":0,"stepId":"a","outcome":"busy","httpStatus":503,"durationUs":1500,
                    "error":{"kind":"busy","message":"x"},"retryInUs":1000},
                {"kind":"attempt_started","step":0,"stepId":"a","attempt":2},
                {"kind":"attempt_started","step":1,"stepId":"b"}]')
            """)
        return id
    }

    @Test("of one run: itself, its steps, every event and attempt, what is asked of it, its children, and its audit")
    func run() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register()
            let (starter, auditor) = (
                try await Self.key(api, of: "acme", ["starter", "operator", "payloads:read"]),
                try await Self.key(api, of: "acme", ["audit:read", "runs:read", "payloads:read"])
            )
            let id = try await Self.run(api, starter, input: #"{"order":1.50}"#)
            let child = try #require(
                try await api.client.send("POST", "/v1/workflows/w/start", body: "{}", starter).json["runId"]?.string)
            try await api.database.query(
                "UPDATE workflow_runs SET parent_run_id = '\(id)', parent_step = 'b' WHERE run_id = '\(child)'")
            try await api.client.send("POST", "/v1/runs/\(id)/cancel", body: #"{"reason":"no"}"#, starter).expect(202)
            let answer = try await api.client.send("GET", "/v1/admin/reports/runs/\(id)", auditor).expect(200)
            let (document, report) = (answer.json, answer.json["report"])
            #expect(document["form"] == 1 && document["complete"] == true, "\(answer.text)")
            #expect(document["createdBy"]?.string?.hasPrefix("key:k/") == true)
            let shown = try await api.client.send("GET", "/v1/runs/\(id)", starter).json
            #expect(report?["run"]?["runId"]?.string == id && report?["run"]?["input"] == shown["run"]?["input"])
            #expect(report?["steps"] == shown["steps"] && report?["children"] == [.string(child)])
            let events = try await api.client.send("GET", "/v1/runs/\(id)/events", starter).json
            #expect(report?["events"] == events["events"] && report?["events"]?.array?.count == 5)
            #expect(report?["inbox"]?[0]?["kind"] == "cancel" && report?["inbox"]?[0]?["payload"] == ["reason": "no"])
            let attempts = report?["attempts"]?.array ?? []
            #expect(attempts.map { $0["attempt"] } == [1, 2, 1] && attempts.map { $0["stepId"] } == ["a", "a", "b"])
            #expect(attempts.map { $0["outcome"] } == [JSON.string("busy"), .null, .null])
            #expect(attempts.first?["durationMs"] == 1.5 && attempts.first?["endedSeq"] == 3)
            #expect(report?["audit"]?.array?.map { $0["action"] } == ["cancel_run"])
        }
    }

    @Test("of a correlation id: every run, page by page, and what does not fit is said and not left out")
    func correlation() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register()
            let (starter, other) = (
                try await Self.key(api, of: "acme", ["starter"]), try await Self.key(api, of: "other", ["starter"])
            )
            let auditor = try await Self.key(api, of: "acme", ["audit:read", "runs:read", "payloads:read"])
            var ids: [String] = []
            for _ in 0..<3 { ids.append(try await Self.run(api, starter)) }
            _ = try await Self.run(api, other)
            func report(_ query: String) async throws -> JSON {
                try await api.client.send(
                    "GET", "/v1/admin/reports?correlationId=ann@example\(query)", auditor
                ).expect(200).json
            }
            func runs(_ report: JSON) -> [String?] {
                report["reports"]?.array?.map { $0["run"]?["runId"]?.string } ?? []
            }
            let all = try await report("")
            #expect(runs(all) == ids.reversed() && all["limitReached"] == false && all["complete"] == true)
            let first = try await report("&limit=2")
            #expect(runs(first) == [ids[2], ids[1]] && first["limitReached"] == true)
            let rest = try await report("&limit=2&cursor=\(try #require(first["nextCursor"]?.string))")
            #expect(runs(rest) == [ids[0]] && rest["limitReached"] == false && rest["nextCursor"]?.isNull == true)
            let none = try await api.client.send("GET", "/v1/admin/reports?correlationId=x", auditor).expect(200).json
            #expect(none["reports"] == [] && none["complete"] == true)
            for bad in ["", "?correlationId=a&limit=0", "?correlationId=a&x=1", "?correlationId=a&cursor=x"] {
                let answer = try await api.client.send("GET", "/v1/admin/reports\(bad)", auditor)
                #expect(answer.status == 400 && answer.problem == "invalid-parameter", "\(bad): \(answer.text)")
            }
        }
    }

    @Test("it needs what shows runs besides what shows the audit, and another tenant's run is not there")
    func permissions() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register()
            let id = try await Self.run(api, try await Self.key(api, of: "acme", ["starter"]))
            for path in ["/v1/admin/reports/runs/\(id)", "/v1/admin/reports?correlationId=ann@example"] {
                for (roles, status) in [(["audit:read"], 403), (["viewer"], 403), (["audit:read", "viewer"], 200)] {
                    let key = try await Self.key(api, of: "acme", roles)
                    try await api.client.send("GET", path, key).expect(status)
                }
            }
            let foreign = try await Self.key(api, of: "other", ["audit:read", "viewer"])
            let answer = try await api.client.send("GET", "/v1/admin/reports/runs/\(id)", foreign)
            #expect(answer.status == 404 && answer.problem == "unknown-run")
            let list = try await api.client.send("GET", "/v1/admin/reports?correlationId=ann@example", foreign)
            #expect(list.json["reports"] == [])
            let nothing = RunID(high: 1, low: 1).description
            try await api.client.send("GET", "/v1/admin/reports/runs/\(nothing)", Self.admin).expect(404)
        }
    }

    @Test("a run of many events and large payloads is told whole")
    func large() async throws {
        try await TestAPI.with(Self.settings) { api in
            try await api.register()
            let starter = try await Self.key(api, of: "acme", ["starter"])
            let text = String(repeating: "x", count: 700_000)
            let id = try await Self.run(api, starter, input: #"{"text":"\#(text)"}"#)
            try await api.database.query(
                """
                INSERT INTO run_journal (run_id, seq, event_count, at, epoch, events)
                SELECT '\(id)', 6 + 2 * n, 2, now(), 1, ('[{"kind":"attempt_failed","step":1,"stepId":"b","outcome":"busy",'
                    || '"attempt":' || n + 1 || '},{"kind":"attempt_started","step":1,"stepId":"b","attempt":' || n + 2 || '}]')::json
                FROM generate_series(0, 1499) n
                """)
            let report = try await api.client.send("GET", "/v1/admin/reports/runs/\(id)", Self.admin).expect(200).json
            #expect(report["complete"] == true && report["report"]?["run"]?["input"]?["text"]?.string == text)
            #expect(report["report"]?["events"]?.array?.count == 3005)
            let attempts = report["report"]?["attempts"]?.array ?? []
            #expect(attempts.count == 1503 && attempts.count { $0["outcome"]?.isNull == true } == 2)
        }
    }
}
