import Checker
import Core
import Foundation
import TestSupport
import Testing

/// People copy these files. What is wrong in them is wrong wherever somebody has begun with sagaflow.
@Suite("Participants that are copied from the examples, under a real engine", .serialized)
struct ParticipantSampleTests {
    @Test(
        "Python: each effect happens once, whatever is repeated, undone too early or killed meanwhile",
        .enabled(if: SeatsSample.python.toolchain != nil, SeatsSample.python.skipped), .timeLimit(.minutes(2)))
    func python() async throws { try await SeatsTrial.run(.python) }

    @Test(
        "Node: each effect happens once, whatever is repeated, undone too early or killed meanwhile",
        .enabled(if: SeatsSample.node.toolchain != nil, SeatsSample.node.skipped), .timeLimit(.minutes(2)))
    func node() async throws { try await SeatsTrial.run(.node) }

    @Test(
        "Go: each effect happens once, whatever is repeated, undone too early or killed meanwhile",
        .enabled(if: SeatsSample.go.toolchain != nil, SeatsSample.go.skipped), .timeLimit(.minutes(3)))
    func go() async throws { try await SeatsTrial.run(.go) }

    @Test(
        "docs/participants.md: the way to a workflow of one's own works as printed", .timeLimit(.minutes(2)),
        .enabled(if: SeatsSample.python.toolchain != nil, SeatsSample.python.skipped))
    func walk() async throws {
        let page = try Document("docs/participants.md")
        let section = "Your own workflow with your own participant"
        let commands = try page.blocks("", in: section)
        try #require(commands.count == 2 && commands[0].contains("python3") && commands[1].contains("curl"))
        let definition = try #require(try page.blocks("json", in: section).first)
        try await Deployment.with { system in
            try await system.startMocks(injectFailure: 0, seed: 1)
            let (port, seats) = (try Ports.take(), try Ports.take())
            try await system.startAPI("api", port: port, [], ["ADMIN_TOKENS": "dev:dev-admin-token"])
            try await system.register(port: port, token: "dev-admin-token")
            try system.startEngine("engine", ["--poll", "200ms"])
            let folder = FileManager.default.temporaryDirectory.appending(path: "walk-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            try Data(definition.utf8).write(to: folder.appending(path: "tickets.json"))
            func typed(_ command: String) -> String {
                command.replacing("localhost:3000", with: "localhost:\(port)").replacing("4001", with: "\(seats)")
                    .replacing("/tmp/seats.db", with: folder.appending(path: "seats.db").path)
            }
            let bash = try Program(installed: "bash")
            func startParticipant() async throws {
                try system.start("seats", bash, ["-c", "cd \(Document.root.path) && exec \(typed(commands[0]))"])
                try await system.waitUntilReady(seats, "seats")
            }
            try await startParticipant()
            let log = folder.appending(path: "typed.log")
            let shell = try bash.start(
                ["-euo", "pipefail", "-c", "cd \(folder.path)\n\(typed(commands[1]))"], environment: [:], log: log)
            await shell.ended.wait()
            let printed = try String(contentsOf: log, encoding: .utf8)
            #expect(shell.exitCode == 0, "\(printed)")
            let statuses = printed.matches(of: /"([A-Z]+)"\n/).map { String($0.output.1) }
            #expect(statuses == ["COMPLETED", "COMPENSATED"], "\(printed)")
            #expect(printed.hasSuffix(#"{"left": 998}"#), "\(printed)")

            await system.kill("seats")
            _ = try await system.http.send(
                "POST", port: port, "/v1/workflows/tickets/start",
                ["input": ["seats": 2, "amount": 80, "email": "c@example.com"]])
            try await system.until(.seconds(20), "nobody is there") {
                try await system.test.value("SELECT count(*) FROM step_attempts WHERE outcome = 'notSent'") != "0"
            }
            try await startParticipant()
            try await system.untilAllTerminal(.seconds(30))
            let completed = "SELECT count(*) FROM workflow_runs WHERE status = 'COMPLETED'"
            #expect(try await system.test.value(completed) == "2")
        }
    }
}
