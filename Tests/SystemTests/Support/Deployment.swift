import Core
import Foundation
import Synchronization
import TestSupport
import Testing

/// A system under test: mocks, APIs and engines as processes over one fresh database. Everything is killed at the end,
/// also when the test fails.
final class Deployment: Sendable {
    static let adminToken = "system-test-token"

    let test: TestDatabase
    /// Where APIs and engines keep their runs; participants always use `test`'s server.
    let databaseURL: String
    let http: HTTP
    /// The first of the six participants' ports.
    let mocksPort: Int
    private let folder: URL
    private let children = Mutex<[String: Child]>([:])

    /// Runs `body` with a system that has nothing started yet. What its processes wrote is kept when it fails.
    ///
    /// - Parameter databaseURL: a migrated database for APIs and engines; nil for one on the common server.
    static func with(databaseURL: String? = nil, _ body: (Deployment) async throws -> Void) async throws {
        try await TestDatabase.with { test in
            let deployment = try Deployment(test, databaseURL: databaseURL ?? test.url)
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(deployment)) } catch { outcome = .failure(error) }
            await deployment.killAll()
            await deployment.http.close()
            try await deployment.dropParticipants()
            do { try outcome.get() } catch {
                Issue.record("the output of the processes is in \(deployment.folder.path)")
                throw error
            }
            try FileManager.default.removeItem(at: deployment.folder)
        }
    }

    private init(_ test: TestDatabase, databaseURL: String) throws {
        self.test = test
        self.databaseURL = databaseURL
        http = try HTTP()
        mocksPort = try Ports.take(6)
        folder = FileManager.default.temporaryDirectory.appending(path: "sagaflow-\(test.name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    // MARK: Processes

    /// Starts or restarts a program under a name of its own.
    func start(_ name: String, _ program: Program, _ arguments: [String], _ environment: [String: String] = [:]) throws
    {
        let log = folder.appending(path: "\(name).log")
        let child = try program.start(
            arguments,
            environment: environment.merging([
                "DATABASE_URL": databaseURL, "LOG_LEVEL": "warning", "PARTICIPANT_ALLOW": "127.0.0.0/8",
            ]) { own, _ in own },
            log: log)
        children.withLock { $0[name] = child }
    }

    /// SIGKILL; false when it had ended by itself.
    @discardableResult
    func kill(_ name: String) async -> Bool {
        guard let child = children.withLock({ $0.removeValue(forKey: name) }) else { return false }
        let wasRunning = child.isRunning
        await child.kill()
        return wasRunning
    }

    /// Sends a signal, such as SIGSTOP.
    func signal(_ name: String, _ number: Int32) throws {
        let child = try #require(children.withLock { $0[name] }, "\(name) runs")
        child.signal(number)
    }

    private func killAll() async {
        for name in children.withLock({ Array($0.keys) }) { await kill(name) }
    }

    /// The six participants; their databases carry the name of the test's.
    func startMocks(injectFailure: Double, latency: String = "0", seed: UInt64) async throws {
        try start(
            "mocks", Program("sagaflow-mocks"),
            [
                "--port-base", "\(mocksPort)", "--database-prefix", mockPrefix, "--inject-failure", "\(injectFailure)",
                "--latency", latency, "--seed", "\(seed)", "--connections", "8", "--log-level", "warning",
            ], ["DATABASE_URL": test.url])
        for (offset, _) in Self.participants.enumerated() { try await waitUntilReady(mocksPort + offset, "mocks") }
    }

    func startAPI(
        _ name: String, port: Int, _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) async throws {
        try start(
            name, Program("sagaflow-api"), ["--port", "\(port)"] + arguments,
            environment.merging(["ADMIN_TOKENS": "tests:\(Self.adminToken)"]) { own, _ in own })
        try await waitUntilReady(port, name)
    }

    /// Starts an engine, which need not be waited for; returns the port of its ops server.
    @discardableResult
    func startEngine(
        _ name: String, _ arguments: [String], _ environment: [String: String] = [:]
    ) throws -> Int {
        let port = try Ports.take()
        try start(name, Program("sagaflow-engine"), ["--ops-port", "\(port)"] + arguments, environment)
        return port
    }

    /// What a process has written so far.
    func output(of name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: "\(name).log")), as: UTF8.self)
    }

    /// There is nobody to tell a test that a process of another program is ready: it has to ask.
    func waitUntilReady(_ port: Int, _ name: String) async throws {
        try await until(.seconds(60), "\(name) answers on \(port)") {
            try #require(self.isRunning(name), "\(name) ended, see \(self.folder.path)")
            return try await self.http.send("GET", port: port, "/health", timeout: .seconds(1)).status == 200
        }
    }

    func isRunning(_ name: String) -> Bool { children.withLock { $0[name]?.isRunning ?? false } }

    // MARK: Participants and workflows

    static let participants = ["payments", "inventory", "notifications", "orders", "dispatch", "invoicing"]

    /// Base URLs by name.
    var ledgers: [String: String] {
        Dictionary(
            uniqueKeysWithValues: Self.participants.enumerated().map {
                ($0.element, "http://127.0.0.1:\(mocksPort + $0.offset)")
            })
    }

    /// The database of a participant.
    func participantDatabase(_ name: String) -> String { mockPrefix + name }

    private var mockPrefix: String { "m\(test.name.dropFirst("sagatest_".count))_" }

    /// Registers the participants and the demo workflows over the admin API.
    func register(port: Int, token: String = Deployment.adminToken) async throws {
        for (name, url) in ledgers {
            // Mocks that fail on purpose now and then fail five times in a row: half a minute would be too long then.
            let body: JSON = ["url": .string(url), "breaker": ["openFor": "1s"]]
            let answer = try await admin("PUT", port: port, "/v1/admin/participants/\(name)", body, token: token)
            try #require(answer.status == 201 || answer.status == 200, "\(name): \(answer.json.text)")
        }
        let workflows = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "../../../mocks/workflows").standardized
        for file in try FileManager.default.contentsOfDirectory(at: workflows, includingPropertiesForKeys: nil)
        where file.pathExtension == "json" {
            let definition = try JSON(parsing: Array(try Data(contentsOf: file)))
            let answer = try await admin("POST", port: port, "/v1/admin/workflows", definition, token: token)
            try #require(answer.status == 201, "\(file.lastPathComponent): \(answer.json.text)")
        }
    }

    func admin(
        _ method: String, port: Int, _ path: String, _ body: JSON? = nil, token: String = Deployment.adminToken
    ) async throws -> HTTP.Answer {
        try await http.send(method, port: port, path, body, headers: [("X-Admin-Token", token)])
    }

    private func dropParticipants() async throws {
        for name in Self.participants {
            try await test.execute("DROP DATABASE IF EXISTS \(participantDatabase(name)) WITH (FORCE)")
        }
    }

    // MARK: Waiting

    /// Asks again and again: what other processes do in a database announces itself to nobody.
    func until(_ limit: Duration, _ what: String, _ isSo: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !isSo() {
            try #require(ContinuousClock.now < deadline, "waited \(limit) until \(what)")
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    func untilAllTerminal(_ limit: Duration) async throws {
        let live = "SELECT count(*) FROM workflow_runs WHERE status IN ('PENDING', 'RUNNING', 'COMPENSATING')"
        try await until(limit, "every run is over") { try await self.test.value(live) == "0" }
    }
}
