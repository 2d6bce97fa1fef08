import Core
import Foundation
import TestSupport
import Testing

/// What a person sees who starts processes in the wrong order, twice, or without a database.
@Suite("Processes that can't begin")
struct StartupTests {
    @Test("a port that is taken ends a process with a sentence and 1, not with a trap", .timeLimit(.minutes(3)))
    func portTaken() async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startAPI("api", port: port)
            let environment = ["DATABASE_URL": system.test.url]
            for (program, option) in [("sagaflow-api", "--port"), ("sagaflow-engine", "--ops-port")] {
                let ended = try await Tool(program, environment: environment).run([option, "\(port)"])
                #expect(ended.exitCode == 1, "\(program): \(ended)")
                #expect(
                    ended.errors.contains("can't listen on 127.0.0.1:\(port): another process listens there"),
                    "\(program): \(ended)")
                #expect(!ended.errors.contains("errno"), "\(program): \(ended)")
                #expect(!ended.errors.contains("Fatal error"), "\(program): \(ended)")
            }
        }
    }

    @Test("each program says its version once and ends, whatever it is not told", .timeLimit(.minutes(3)))
    func version() async throws {
        for program in ["saga", "sagaflow-api", "sagaflow-engine", "sagaflow-mocks"] {
            let ended = try await Tool(program, environment: [:]).run(["--version"])
            #expect(ended.exitCode == 0, "\(program): \(ended)")
            #expect(ended.output == "\(sagaflowVersion)\n", "\(program): \(ended)")
        }
        // A command whose own --version means something else has no other one.
        let help = try await Tool("saga", environment: [:]).run(["run", "start", "--help"])
        let options = help.output.split(separator: "\n").filter { $0.hasPrefix("  --version") }
        #expect(options.count == 1, "\(options)")
        let start = try await Tool("saga", environment: [:]).run(["run", "start", "w", "--version"])
        #expect(start.exitCode == 64 && start.errors.contains("Missing value for '--version"), "\(start)")
    }

    @Test("a file of authorities that can't be read ends an engine with a sentence and 64", .timeLimit(.minutes(3)))
    func badTrustRoots() async throws {
        let empty = FileManager.default.temporaryDirectory.appending(path: "sagaflow-\(UUID().uuidString).pem")
        try Data("no certificate".utf8).write(to: empty)
        defer { try? FileManager.default.removeItem(at: empty) }
        let environment = ["DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere"]
        for (file, reason) in [("/no/such/file.pem", "no such file"), (empty.path, "holds no certificate")] {
            let ended = try await Tool("sagaflow-engine", environment: environment).run(["--participant-ca-file", file])
            #expect(ended.exitCode == 64, "\(ended)")
            #expect(ended.errors.contains("PARTICIPANT_CA_FILE") && ended.errors.contains(reason), "\(ended)")
        }
    }

    @Test("an engine that starts before the schema is made waits for it", .timeLimit(.minutes(3)))
    func engineBeforeSchema() async throws {
        try await TestDatabase.with(isMigrated: false) { test in
            try await Deployment.with(databaseURL: test.url) { system in
                try system.startEngine("engine", [])
                try await system.until(.seconds(20), "the engine has said why it waits") {
                    try system.output(of: "engine").contains("saga migrate up")
                }
                let saga = try Tool("saga", environment: ["DATABASE_URL": test.url])
                let migrated = try await saga.run(["migrate", "up"])
                #expect(migrated.exitCode == 0, "\(migrated)")
                let statuses = try await saga.run(["migrate", "status", "-o", "json"]).json.array ?? []
                #expect(statuses.first?["name"] == "001_sagas" && statuses.first?["version"] == 1, "\(statuses)")
                #expect(statuses.last?["name"] == "repeatable/20_views" && statuses.last?["version"] == .null)
                #expect(statuses.allSatisfy { $0["state"] == "applied" })
                try await system.until(.seconds(20), "the engine is alive") {
                    try await test.value("SELECT count(*) FROM engines") == "1"
                }
            }
        }
    }

    @Test("an API that never found its database ends in order on SIGTERM", .timeLimit(.minutes(3)))
    func stopWithoutDatabase() async throws {
        let log = FileManager.default.temporaryDirectory.appending(path: "sagaflow-\(UUID().uuidString).log")
        defer { try? FileManager.default.removeItem(at: log) }
        let child = try Program("sagaflow-api").start(
            ["--port", "0"], environment: ["DATABASE_URL": "postgres://nobody@127.0.0.1:1/nowhere"], log: log)
        let clock = ContinuousClock.now
        while try !String(contentsOf: log, encoding: .utf8).contains("listening"), .now - clock < .seconds(20) {
            try await Task.sleep(for: .milliseconds(50))
        }
        child.signal(SIGTERM)
        await child.ended.wait()
        let text = try String(contentsOf: log, encoding: .utf8)
        #expect(child.exitCode == 0, "\(text)")
        #expect(text.contains("the database is not ready"), "\(text)")
    }
}
