import Core
import Foundation
import TestSupport
import Testing

extension NemesisTests {
    @Test(
        "behind a pooler that shares sessions nothing starts: API, engine and migrations end with a sentence that says why",
        .timeLimit(.minutes(2)), arguments: ["transaction", "statement"])
    func sharedSessions(_ mode: String) async throws {
        try await PrivatePostgres.with { server in
            try await Pooler.with(mode, before: server) { pooler in
                for (program, arguments) in [
                    ("sagaflow-api", ["--port", "\(try Ports.take())"]),
                    ("sagaflow-engine", ["--ops-port", "\(try Ports.take())"]), ("saga", ["migrate", "status"]),
                    ("saga", ["migrate", "up"]),
                ] {
                    let (code, output) = try await pooler.run(Program(program), arguments)
                    #expect(code == (program == "saga" ? 1 : 64), "\(program): \(output)")
                    #expect(output.contains("pool_mode"), "\(program): \(output)")
                }
                #expect(try await server.value("SELECT count(*) FROM engines") == "0")
                // What was asked left no settings behind in sessions that others use.
                let timeouts = try await pooler.execute("SHOW statement_timeout")
                #expect(timeouts == [["0"]])
            }
        }
    }

    @Test(
        "an API that starts before its pooler does, and then finds it shares sessions, ends as soon as it knows",
        .timeLimit(.minutes(3)))
    func sharedSessionsLater() async throws {
        try await PrivatePostgres.with { server in
            let port = try Ports.take()
            try await Deployment.with(databaseURL: server.url(port: port)) { system in
                try await system.startAPI("api", port: try Ports.take())
                try await Pooler.with("transaction", before: server, port: port) { _ in
                    try await system.until(.seconds(20), "the API has ended") { !system.isRunning("api") }
                }
            }
        }
    }

    @Test("behind a pooler that lends sessions whole, runs go through, woken by notifications", .timeLimit(.minutes(2)))
    func ownSessions() async throws {
        try await PrivatePostgres.with { server in
            try await Pooler.with("session", before: server) { pooler in
                try await Deployment.with(databaseURL: pooler.url) { system in
                    let (code, output) = try await pooler.run(Program("saga"), ["migrate", "up"])
                    #expect(code == 0, "\(output)")
                    let port = try Ports.take()
                    try await system.startMocks(injectFailure: 0, seed: 1)
                    try await system.startAPI("api", port: port, ["--admin-burst", "100"])
                    try await system.register(port: port)
                    // It would look by itself only once a minute.
                    try system.startEngine("engine", ["--poll", "60s"])
                    let listening = """
                        SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN "sagaflow_inbox"'
                        """
                    try await system.until(.seconds(20), "the engine listens") {
                        try await server.value(listening) == "1"
                    }
                    for number in 0..<3 {
                        let input: JSON = [
                            "orderId": .string("o-\(number)"), "amount": 10, "sku": "sku-1", "quantity": 1,
                        ]
                        let answer = try await system.http.send(
                            "POST", port: port, "/v1/workflows/order-processing/start", ["input": input],
                            headers: [("Prefer", "wait=20")], timeout: .seconds(30))
                        #expect(answer.status == 200, "\(answer)")
                        #expect(answer.json["status"] == "COMPLETED" || answer.json["run"]?["status"] == "COMPLETED")
                    }
                }
            }
        }
    }
}
