import Core
import TestSupport
import Testing

@Suite("saga seed beside somebody's own registrations")
struct SeedTests {
    @Test(
        "a participant that somebody has changed stays so; one where the last seed put it moves along",
        .timeLimit(.minutes(3)))
    func changed() async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startAPI("api", port: port, ["--admin-burst", "200"], ["ALLOW_PLAIN_SECRETS": "true"])
            let saga = try Tool(
                "saga",
                environment: [
                    "SAGAFLOW_URL": "http://127.0.0.1:\(port)", "SAGAFLOW_ADMIN_TOKEN": Deployment.adminToken,
                ])
            let first = try await saga.run(["seed", "--mocks-port", "3001"])
            try #require(first.exitCode == 0, "\(first)")
            for (name, body) in [
                ("payments", ["url": "http://127.0.0.1:9999"]),
                ("inventory", ["url": "http://127.0.0.1:3002", "maxConcurrent": 7, "breaker": false]),
                ("notifications", ["url": "http://127.0.0.1:3003", "headers": ["authorization": "secret"]]),
            ] as [(String, JSON)] {
                let answer = try await system.admin("PUT", port: port, "/v1/admin/participants/\(name)", body)
                try #require(answer.status == 200, "\(answer.json.text)")
            }
            let same = try await saga.run(["seed", "--mocks-port", "3001", "-o", "json"])
            #expect(same.json["leftAsTheyAre"] == ["payments"], "\(same)")
            let moved = try await saga.run([
                "seed", "--mocks-port", "4001", "--former-mocks-port", "3001", "-o", "json",
            ])
            #expect(moved.json["leftAsTheyAre"] == ["payments", "notifications"], "\(moved)")
            let answer = try await system.admin("GET", port: port, "/v1/admin/participants")
            let list = try #require(answer.json["participants"]?.array, "\(answer.json.text)")
            func shown(_ name: String, _ member: String) -> JSON? { list.first { $0["name"]?.string == name }?[member] }
            #expect(shown("payments", "url") == "http://127.0.0.1:9999")
            #expect(shown("inventory", "url") == "http://127.0.0.1:4002")
            #expect(shown("inventory", "maxConcurrent") == 7 && shown("inventory", "breaker") == false)
            #expect(shown("notifications", "url") == "http://127.0.0.1:3003")
            #expect(shown("notifications", "headerNames") == ["authorization"])
            #expect(shown("orders", "url") == "http://127.0.0.1:4004")
        }
    }
}
