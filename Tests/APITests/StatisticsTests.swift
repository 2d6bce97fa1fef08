import Core
import Storage
import Testing

@testable import API

@Suite("Numbers and groups over many runs", .timeLimit(.minutes(1)))
struct StatisticsTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]

    @Test("starts are in the chart of their minute within seconds, of whoever sees the run and nobody else")
    func minutes() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            let (own, other) = (
                try await ConsoleTests.key(api, ["starter"], tenant: "a").key,
                try await ConsoleTests.key(api, ["viewer"], tenant: "b").key
            )
            for _ in 0..<3 { _ = try await api.start("w", ["X-Api-Key": own]) }
            func read(_ key: [String: String], _ query: String = "") async throws -> (started: Int, minutes: Int) {
                let answer = try await api.client.send("GET", "/v1/statistics/minutes" + query, key)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json["complete"] == true)
                let minutes = answer.json["minutes"]?.array ?? []
                return (minutes.reduce(0) { $0 + ($1["started"]?.int ?? 0) }, minutes.count)
            }
            let giveUpAt = ContinuousClock.now + .seconds(30)
            while try await read(["X-Api-Key": own]).started < 3 {
                try #require(ContinuousClock.now < giveUpAt, "nobody tells of them")
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await read(Self.admin) == (3, 61))
            #expect(try await read(["X-Api-Key": own]).started == 3)
            #expect(try await read(["X-Api-Key": other]).started == 0)
            #expect(try await read(Self.admin, "?workflow=w&tenantId=a").started == 3)
            #expect(try await read(Self.admin, "?workflow=v").started == 0)
            #expect(try await read(["X-Api-Key": other], "?tenantId=a").started == 0)
            for since in ["2001-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "yesterday"] {
                let answer = try await api.client.send("GET", "/v1/statistics/minutes?since=\(since)", Self.admin)
                #expect(answer.status == 400, "\(since)")
            }
        }
    }

    @Test(
        "FAILED runs are grouped by what they fail of, without numbers and ids, and without what the caller may not see"
    )
    func failed() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            for number in 0..<3 {
                let id = try await api.start("w", Self.admin)
                try await api.database.end(id, status: "FAILED")
                let error: JSON = [
                    "kind": "compensation", "stepId": "a",
                    "message": .string(
                        "The compensation of a gave up, \(Failure.mayStand)no card \(number)\(number)77"),
                ]
                try await api.database.query("UPDATE workflow_runs SET error = '\(error.text)' WHERE run_id = '\(id)'")
            }
            let answer = try await api.client.send("GET", "/v1/statistics/failed", Self.admin).json
            #expect(answer["count"] == 3 && answer["isMore"] == false)
            let groups = answer["groups"]?.array ?? []
            #expect(groups.count == 1 && groups.first?["error"] == "no card \u{2026}")
            #expect(groups.first?["count"] == 3 && groups.first?["runIds"]?.array?.count == 3)
            #expect(groups.first?["stepId"] == "a")
            let other = try await ConsoleTests.key(api, ["viewer"], tenant: "b").key
            let none = try await api.client.send("GET", "/v1/statistics/failed", ["X-Api-Key": other]).json
            #expect(none["groups"] == [] && none["count"] == 0)
        }
    }

    @Test("who does not see payloads learns nothing of messages by looking for what stands in them")
    func errors() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            try await api.register("w")
            let id = try await api.start("w", Self.admin)
            try await api.database.end(id, status: "COMPENSATED")
            try await api.database.query(
                #"UPDATE workflow_runs SET error = '{"kind": "rejected", "message": "secret-4711"}' WHERE run_id = '\#(id)'"#
            )
            let viewer = try await ConsoleTests.key(api, ["viewer"]).key
            let whole = try await ConsoleTests.key(api, ["viewer", "payloads:read"]).key
            func found(_ key: String, _ text: String) async throws -> Int? {
                try await api.client.send("GET", "/v1/runs?error=\(text)", ["X-Api-Key": key]).json["runs"]?.array?
                    .count
            }
            #expect(try await found(viewer, "secret") == 0)
            #expect(try await found(whole, "secret") == 1)
            #expect(try await found(viewer, "rejected") == 1)
        }
    }

    @Test("slow runs come with what they wait for")
    func slow() async throws {
        try await TestAPI.with(["AUTH": "open"]) { api in
            try await api.register("w")
            let id = try await api.start("w")
            try await api.database.query(
                """
                UPDATE run_steps SET attempts = 4, next_attempt_at = now() + interval '1 hour' WHERE step_id = 'a';
                UPDATE outbox SET available_at = now() + interval '1 hour', waits_for = 1
                """)
            let answer = try await api.client.send("GET", "/v1/statistics/slow").json
            for kind in ["attempts", "retrying"] {
                #expect(answer[kind]?["count"] == 1 && answer[kind]?["isMore"] == false, "\(answer.text)")
                #expect(answer[kind]?["runs"]?[0]?["runId"]?.string == id)
                #expect(answer[kind]?["runs"]?[0]?["waitingFor"]?["kind"] == "retry")
            }
            #expect(answer["due"]?["count"] == 0 && answer["overdue"]?["count"] == 0)
            let more = try await api.client.send("GET", "/v1/statistics/slow?minAttempts=5").json
            #expect(more["attempts"]?["count"] == 0 && more["retrying"]?["count"] == 1)
        }
    }
}
