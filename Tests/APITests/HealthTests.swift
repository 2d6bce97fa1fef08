import Core
import Testing

@testable import API

@Suite("Health tells what keeps runs from going on", .timeLimit(.minutes(3)))
struct HealthTests {
    @Test("no engine, and a run nobody claims, are warnings of a ready API; figures say how old they are")
    func warnings() async throws {
        try await TestAPI.with { api in
            func warnings() async throws -> [String] {
                let answer = try await api.client.send("GET", "/ready")
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json["status"]?.string == "ready")
                return try #require(answer.json["warnings"]?.array).compactMap(\.string)
            }
            #expect(try await warnings() == ["No engine lives: runs are accepted and wait for one."])
            try await api.database.query(
                """
                INSERT INTO engines (engine_id, host, version, started_at, heartbeat_at, in_flight)
                VALUES (gen_random_uuid(), 'h', '1', now(), now() - interval '3 seconds', 7)
                """)
            #expect(try await warnings() == [])
            let cluster = try await api.client.send("GET", "/health/cluster").json
            let age = try #require(cluster["engines"]?.array?.first?["heartbeatAgeMs"]?.int)
            #expect((3000..<15_000).contains(age))
            #expect(cluster["backlogIsEstimate"] == .bool(false))
            // As after the move to a server whose clock is behind.
            try await api.database.query("UPDATE engines SET heartbeat_at = now() + interval '1 minute'")
            let early = try await api.client.send("GET", "/health/cluster").json
            #expect(early["engines"]?[0]?["heartbeatAgeMs"] == 0)
            try await api.database.query(
                "INSERT INTO outbox (run_id, available_at) VALUES (gen_random_uuid(), now() - interval '2 minutes')")
            let late = try await warnings()
            #expect(late.count == 1 && late[0].hasPrefix("A run has been due for 12"), "\(late)")
        }
    }
}
