import Core
import Foundation
import TestSupport
import Testing

/// `saga run import` against an API that refuses lines, stops and dies.
@Suite("A file of starts")
struct ImportSystemTests {
    @Test(
        "is started line by line: what is refused is told, and sending it again starts nothing twice",
        .timeLimit(.minutes(2)))
    func file() async throws {
        try await Self.with { system, port, folder in
            let file = folder.appending(path: "orders").path
            var lines = (1...3000).map { #"{"input":{"orderId":"o-\#($0)"},"idempotencyKey":"k-\#($0)"}"# }
            lines[1233] = "{"
            lines[2221] = #"{"inputs":1}"#
            try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: file))
            let results = folder.appending(path: "refused").path
            let url = "http://127.0.0.1:\(port)"
            let arguments = ["run", "import", file, "--workflow", "order-processing", "--url", url]
            let first = try await Tool("saga").run(arguments + ["-o", "json", "--results", results])
            #expect(first.exitCode == 1, "\(first)")
            #expect(first.json["started"] == 2998 && first.json["refused"] == 2 && first.json["resumeFrom"] == .null)
            let refused = try String(contentsOfFile: results, encoding: .utf8).split(separator: "\n")
                .map { try JSON(parsing: String($0)) }
            #expect(refused.map { $0["line"]?.int } == [1234, 2222])
            #expect(refused.map { $0["problem"]?["status"]?.int } == [400, 422])
            // Again, from its middle on and for people.
            let second = try await Tool("saga").run(arguments + ["--from", "2001", "--correlation-id", "c"])
            #expect(second.exitCode == 1)
            #expect(second.output.contains("1000 lines of order-processing"), "\(second)")
            #expect(second.output.contains(": 0 started, 999 started before, 1 refused"), "\(second)")
            #expect(second.errors.contains("line 2222 refused with 422: This member is not known"), "\(second)")
            #expect(try await system.test.value("SELECT count(*) FROM workflow_runs") == "2998")
            let nowhere = try await Tool("saga").run(
                ["run", "import", file, "--workflow", "nope", "--url", url])
            #expect(nowhere.exitCode == 1 && nowhere.errors.contains("refused with 404"), "\(nowhere)")
        }
    }

    @Test(
        "is gone on with where an API that stops or dies left off", .timeLimit(.minutes(3)),
        arguments: [SIGTERM, SIGKILL])
    func interrupted(signal: Int32) async throws {
        try await Self.with { system, port, folder in
            let file = folder.appending(path: "orders").path
            let count = 20_000
            // An API that stops in order leaves no doubt about any line; after one that dies, keys are needed.
            let key: (Int) -> String = { signal == SIGKILL ? #","idempotencyKey":"k-\#($0)""# : "" }
            let lines = (1...count).map { "{\"input\":\($0)\(key($0))}\n" }
            try Data(lines.joined().utf8).write(to: URL(filePath: file))
            let arguments = [
                "run", "import", file, "--workflow", "order-processing", "-o", "json", "--url",
                "http://127.0.0.1:\(port)",
            ]
            async let importing = Tool("saga").run(arguments)
            try await system.until(.seconds(30), "some lines are started") {
                (Int(try await system.test.value("SELECT count(*) FROM workflow_runs") ?? "") ?? 0) > 500
            }
            try system.signal("api", signal)
            let first = try await importing
            #expect(first.exitCode == (signal == SIGKILL ? 69 : 1), "\(first)")
            let resumeFrom = try #require(first.json["resumeFrom"]?.int, "\(first)")
            #expect(first.errors.contains("go on with --from \(resumeFrom)"), "\(first)")
            try await system.until(.seconds(20), "the API has ended") { !system.isRunning("api") }
            try await system.startAPI("api", port: port)
            let second = try await Tool("saga").run(arguments + ["--from", "\(resumeFrom)"])
            #expect(second.exitCode == 0, "\(second)")
            #expect(try await system.test.value("SELECT count(*) FROM workflow_runs") == "\(count)")
            #expect(try await system.test.value("SELECT count(DISTINCT input::text) FROM workflow_runs") == "\(count)")
        }
    }

    private static func with(_ body: (Deployment, _ port: Int, _ folder: URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startAPI("api", port: port)
            try await system.register(port: port)
            try await body(system, port, folder)
        }
    }
}
