import Core
import Foundation
import TestSupport
import Testing

/// The commands of the README are typed as they are printed, by people who see nothing else first.
@Suite("The README")
struct ReadmeTests {
    private static let readme = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "../../README.md").standardized

    /// The blocks of a section, without their fences.
    private static func blocks(of section: String) throws -> [String] {
        let text = try String(contentsOf: readme, encoding: .utf8)
        let begin = try #require(text.firstRange(of: "\n## \(section)\n"), "there is no section \(section)")
        let rest = text[begin.upperBound...]
        let body = rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)]
        let parts = body.split(separator: "```", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 }.map { index in
            // Behind the opening fence stands the language.
            String(parts[index].drop { $0 != "\n" }.dropFirst())
        }
    }

    @Test("its examples work as printed, one after the other in one shell", .timeLimit(.minutes(2)))
    func examples() async throws {
        let orders = try Self.blocks(of: "See it work").filter { $0.contains("curl") }
        try #require(orders.count == 2)
        let definition = try Self.blocks(of: "A definition")
        try #require(definition.count == 3 && definition[0].contains("my-order"))
        try await Deployment.with { system in
            try await system.startMocks(injectFailure: 0, seed: 1)
            let port = try Ports.take()
            let token = ["ADMIN_TOKENS": "dev:dev-admin-token"]
            try await system.startAPI("api", port: port, [], token)
            try system.startEngine("engine", ["--poll", "200ms"])
            let seeded = try await Tool(
                "saga",
                environment: [
                    "SAGAFLOW_URL": "http://127.0.0.1:\(port)", "SAGAFLOW_ADMIN_TOKEN": "dev-admin-token",
                ]
            ).run(["seed", "--mocks-port", "\(system.mocksPort)"])
            try #require(seeded.exitCode == 0, "\(seeded)")

            let folder = FileManager.default.temporaryDirectory.appending(path: "readme-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            try Data(definition[0].utf8).write(to: folder.appending(path: "my-order.json"))
            let programs = URL(filePath: try Program("saga").path).deletingLastPathComponent().path
            let shell = [
                "cd \(folder.path)", "export HOME=$PWD PATH=\(programs):$PATH",
                "export SAGAFLOW_URL=http://localhost:3000",
            ]
            let typed = (shell + orders + definition[1...]).joined(separator: "\n")
                .replacing("localhost:3000", with: "localhost:\(port)")
                .replacing("localhost:3001", with: "localhost:\(system.mocksPort)")
            let log = folder.appending(path: "typed.log")
            let bash = try Program(installed: "bash").start(
                ["-euo", "pipefail", "-c", typed], environment: [:], log: log)
            await bash.ended.wait()
            let printed = try String(contentsOf: log, encoding: .utf8)
            #expect(bash.exitCode == 0, "\(printed)")
            for end in ["run_completed", "run_compensated"] {
                #expect(printed.contains("event: \(end)\n"), "\(printed)")
            }
            // What `jq .run.status` prints; the answers before it end without a line feed.
            let statuses = printed.matches(of: /(?:^|\n|\})"([A-Z]+)"\n/).map { String($0.output.1) }
            #expect(statuses == ["COMPENSATED", "COMPLETED"], "\(printed)")
            // What saga says of what curl had done before, and of the run that it starts itself.
            for said in ["changed\nparticipant  payments", "unchanged  my-order 1.0.0", "status      COMPLETED"] {
                #expect(printed.contains(said), "\(printed)")
            }
        }
    }
}
