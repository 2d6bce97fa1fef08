import Core
import Testing

@testable import API

@Suite("How a version does, over HTTP", .timeLimit(.minutes(1)))
struct VersionStatisticsTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]

    private static func key(_ api: TestAPI, _ roles: [String], tenant: String) async throws -> [String: String] {
        ["X-Api-Key": try await ConsoleTests.key(api, roles, tenant: tenant).key]
    }

    /// What an engine would have written.
    private static func work(_ api: TestAPI, _ run: String, _ events: String, status: String) async throws {
        try await api.database.query(
            """
            INSERT INTO run_journal (run_id, seq, event_count, at, epoch, events)
            VALUES ('\(run)', 2, json_array_length('\(events)'), now(), 1, '\(events)')
            """)
        try await api.database.query(
            "UPDATE workflow_runs SET status = '\(status)', completed_at = created_at + interval '2 s' WHERE run_id = '\(run)'"
        )
    }

    @Test("figures are of the runs that the caller sees, in the order of the definition")
    func figures() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w", steps: ["b", "a"])
            let (ant, bee) = (
                try await Self.key(api, ["starter"], tenant: "ant"), try await Self.key(api, ["starter"], tenant: "bee")
            )
            let path = "/v1/workflows/w/1.0.0/statistics"
            let none = try await api.client.send("GET", path, ant)
            #expect(none.status == 200 && none.json["runs"]?["count"] == 0 && none.json["calls"] == [], "\(none.text)")
            #expect(none.json["runs"]?["since"] == .null && none.json["runs"]?["all"] == true)
            let done = try await api.start("w", ant)
            try await Self.work(
                api, done,
                #"[{"kind":"attempt_failed","stepId":"b","outcome":"unknown","durationUs":1500,"retryInUs":9},{"kind":"attempt_succeeded","stepId":"b","attempt":2,"durationUs":2500},{"kind":"attempt_succeeded","stepId":"a","durationUs":700},{"kind":"attempt_failed","stepId":"b","action":"compensate","outcome":"rejected","durationUs":10}]"#,
                status: "COMPLETED")
            _ = try await api.start("w", bee)
            let mine = try await api.client.send("GET", path, ant).json
            #expect(mine["runs"]?["count"] == 1 && mine["runs"]?["statuses"]?["COMPLETED"] == 1, "\(mine.text)")
            #expect(mine["runs"]?["p50Ms"] == 2000.0 && mine["runs"]?["statuses"]?["FAILED"] == 0)
            let calls = mine["calls"]?.array ?? []
            #expect(
                calls.map { "\($0["stepId"]?.string ?? "") \($0["action"]?.string ?? "")" }
                    == ["b execute", "b compensate", "a execute"])
            #expect(calls[0]["attempts"] == 2 && calls[0]["retries"] == 1 && calls[0]["gaveUp"] == 0)
            #expect(calls[0]["outcomes"]?["unknown"] == 1 && calls[0]["outcomes"]?["succeeded"] == 1)
            #expect(calls[0]["p50Ms"] == 1.5 && calls[0]["p99Ms"] == 2.5, "\(calls[0].text)")
            #expect(calls[1]["gaveUp"] == 1 && calls[1]["outcomes"]?["rejected"] == 1)
            #expect(try await api.client.send("GET", path, bee).json["runs"]?["count"] == 1)
            #expect(try await api.client.send("GET", path, Self.admin).json["runs"]?["count"] == 2)
            #expect(try await api.client.send("GET", "\(path)?tenant=ant", Self.admin).json["runs"]?["count"] == 1)
            #expect(try await api.client.send("GET", "\(path)?tenant=bee", ant).status == 403)
            // A version of its own of the same name is another one.
            let own = try await api.client.send(
                "POST", "/v1/admin/workflows?tenant=ant",
                body: #"{"name":"w","version":"1.0.0","steps":[{"id":"z","action":{"participant":"p","path":"/x"}}]}"#,
                Self.admin)
            #expect(own.status == 201, "\(own.text)")
            let hidden = try await api.client.send("GET", path, ant).json
            #expect(hidden["tenant"] == "ant" && hidden["runs"]?["count"] == 0, "\(hidden.text)")
            #expect(try await api.client.send("GET", "\(path)?tenant=*", ant).json["runs"]?["count"] == 1)
            #expect(
                try await api.client.send("GET", "/v1/workflows/w/2.0.0/statistics", ant).problem == "unknown-workflow")
        }
    }
}
