import Core
import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Settings
import Testing

@testable import API

/// A whole API on a database of its own, listening on a port of its own.
struct TestAPI: Sendable {
    static let token = "test-admin-token"

    let port: Int
    let database: TestDatabase
    var client: TestClient { TestClient(port: port) }

    /// Runs `body` against an API; `settings` are environment variables over the defaults of these tests.
    static func with<Value: Sendable>(
        _ settings: [String: String] = [:], _ body: @Sendable (TestAPI) async throws -> Value
    ) async throws -> Value {
        try await TestDatabase.with { database in
            try await with(settings, on: database, body)
        }
    }

    /// The same on a database that others may share.
    static func with<Value: Sendable>(
        _ settings: [String: String] = [:], on database: TestDatabase, logger: Logger = quiet,
        _ body: @Sendable (TestAPI) async throws -> Value
    ) async throws -> Value {
        let process = APIProcess(try configuration(settings, database), logger: logger)
        let (ports, port) = AsyncStream<Int>.makeStream()
        let group = process.serviceGroup(stopsOnSignals: false) { port.yield($0) }
        let outcome: Result<Value, any Error> = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var started = ports.makeAsyncIterator()
            guard let listening = await started.next() else { throw CancellationError() }
            let outcome: Result<Value, any Error>
            do {
                outcome = .success(try await body(TestAPI(port: listening, database: database)))
            } catch {
                outcome = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return outcome
        }
        await process.close()
        return try outcome.get()
    }

    /// What the process would read from its environment.
    static func configuration(_ settings: [String: String], _ database: TestDatabase) throws -> APIConfiguration {
        var environment = [
            "DATABASE_URL": database.url, "ADMIN_TOKENS": "tester:\(token)", "PORT": "0", "ADMIN_RATE": "10000/1s",
            "ADMIN_BURST": "10000", "REDIS_PREFIX": "test:\(UUID().uuidString):",
        ]
        environment.merge(settings) { $1 }
        var reader = Settings(
            program: "sagaflow-api", about: "tests", arguments: ["sagaflow-api"], environment: environment)
        return try APIConfiguration(&reader)
    }

    static var redisURL: String {
        get throws {
            let url = ProcessInfo.processInfo.environment["TEST_REDIS_URL"]
            return try #require(url, "TEST_REDIS_URL must name a Redis server")
        }
    }

    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    // MARK: What most tests begin with

    /// Registers a workflow of steps that name the participant `p`.
    func register(_ name: String = "w", version: String = "1.0.0", steps: [String] = ["a", "b"]) async throws {
        let list = steps.map { #"{"id":"\#($0)","action":{"participant":"p","path":"/x"}}"# }.joined(separator: ",")
        let answer = try await client.send(
            "POST", "/v1/admin/workflows", body: #"{"name":"\#(name)","version":"\#(version)","steps":[\#(list)]}"#,
            ["X-Admin-Token": Self.token])
        #expect(answer.status == 201, "\(answer.text)")
    }

    /// Starts a run and returns its id.
    func start(_ name: String = "w", body: String = "{}", _ headers: [String: String] = [:]) async throws -> String {
        let answer = try await client.send("POST", "/v1/workflows/\(name)/start", body: body, headers)
        #expect(answer.status == 202, "\(answer.text)")
        return try #require(answer.json["runId"]?.string)
    }
}
