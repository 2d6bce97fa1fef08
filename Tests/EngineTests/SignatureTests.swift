import Core
import Foundation
import Storage
import TestSupport
import Testing

@testable import Engine

/// `examples/participants/verify.*` say whether a call is sagaflow's; each runs where its language is on the machine.
@Suite("Signed calls")
struct SignatureTests {
    private enum Example: String, CaseIterable {
        case python = "verify.py"
        case node = "verify.mjs"
        case java = "Verify.java"
        case go = "verify.go"

        private static let folder = URL(filePath: #filePath).appending(path: "../../../examples/participants")
            .standardized

        /// The command that runs it; nil where its language is not there.
        var command: [String]? {
            let (name, arguments): (String, [String]) =
                switch self {
                case .python: ("python3", [])
                case .node: ("node", [])
                case .java: ("java", [])
                case .go: ("go", ["run"])
                }
            let folders =
                ["/usr/bin"]
                + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
            let path = folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
            return path.map { [$0] + arguments + [Self.folder.appending(path: rawValue).path] }
        }
    }

    /// What an example says of a call.
    private static func accepts(
        _ command: [String], _ call: SeenCall, body: [UInt8], secret: String, time: String? = nil
    ) async throws -> Bool {
        let file = FileManager.default.temporaryDirectory.appending(path: "body-\(UUID().uuidString)")
        try Data(body).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging([
            "SECRET": secret, "WEBHOOK_ID": call.headers["webhook-id"] ?? "",
            "WEBHOOK_TIMESTAMP": time ?? call.headers["webhook-timestamp"] ?? "",
            "WEBHOOK_SIGNATURE": call.headers["webhook-signature"] ?? "",
        ]) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardError = FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
        #expect([0, 1].contains(status), "\(command) ended with \(status)")
        return status == 0
    }

    private static let secrets = ["new": "whsec_bmV3IHNlY3JldCBvZiB0aGUgb3JkZXJz", "old": "the old one"]

    private static func withSecrets(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "secrets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, secret) in secrets { try Data("\(secret)\n".utf8).write(to: folder.appending(path: name)) }
        try await body(folder.path())
    }

    private static func definition() throws -> WorkflowDefinition {
        try WorkflowDefinition.sample(
            name: "signed",
            steps: [["id": "a", "action": ["participant": "demo", "path": "/a", "body": ["n": "${input.n}"]]]])
    }

    @Test("are told from others by every example, with the new secret and with the old one")
    func examples() async throws {
        let definition = try Self.definition()
        try await Self.withSecrets { folder in
            try await Stage.with([definition]) { stage in
                try await stage.test.execute(
                    """
                    UPDATE participants SET sign_with = '{new,old}', headers = '{"Webhook-Signature": "v1,another"}'
                    """)
                try await stage.withEngine(["--participant-secrets", folder]) { _ in
                    let runID = try await stage.start(definition, input: ["n": "ü"])[0]
                    #expect(try await stage.end(of: runID) == .completed)
                    let call = try #require(stage.participant.calls.first)
                    #expect(call.headers["webhook-id"] == call.key && call.body == #"{"n":"ü"}"#)
                    var ran = 0
                    for example in Example.allCases {
                        guard let command = example.command else { continue }
                        ran += 1
                        for secret in Self.secrets.values {
                            #expect(
                                try await Self.accepts(command, call, body: call.bytes, secret: secret), "\(example)")
                        }
                        let secret = Self.secrets["new"] ?? ""
                        #expect(
                            try await !Self.accepts(command, call, body: Array(#"{"n":"u"}"#.utf8), secret: secret))
                        #expect(try await !Self.accepts(command, call, body: call.bytes, secret: "another"))
                        let late = "\((call.headers["webhook-timestamp"].flatMap { Int($0) } ?? 0) - 400)"
                        #expect(
                            try await !Self.accepts(command, call, body: call.bytes, secret: secret, time: late))
                    }
                    #expect(ran > 0, "at least Python is there")
                }
            }
        }
    }

    @Test("are not made without the secret, and wait for an engine that has it; calls of others are not signed")
    func missing() async throws {
        let definition = try Self.definition()
        try await Stage.with([definition]) { stage in
            try await stage.withEngine { _ in
                let plain = try await stage.start(definition, input: ["n": 1])[0]
                #expect(try await stage.end(of: plain) == .completed)
                #expect(stage.participant.calls[0].headers.keys.allSatisfy { !$0.hasPrefix("webhook-") })
                try await stage.test.execute("UPDATE participants SET sign_with = '{new}', updated_at = now()")
            }
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition, input: ["n": 1])[0]
                try await stage.wait(for: runID, "left to an engine that has the secret") { _, steps in
                    guard let error = steps[0].step.error else { return false }
                    #expect(error.kind == "notAllowed", "\(error)")
                    return error.message.contains("no secret new")
                }
                #expect(stage.participant.calls.count == 1)
            }
        }
    }
}
