import Basics
import Core
import Foundation
import Postgres
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// A folder of secrets that a test changes.
struct SecretFiles: Sendable {
    let folder: URL

    static func with(
        _ secrets: [String: String], _ body: @Sendable (SecretFiles) async throws -> Void
    ) async throws {
        let files = SecretFiles(
            folder: FileManager.default.temporaryDirectory.appending(path: "secrets-\(UUID().uuidString)"))
        try FileManager.default.createDirectory(at: files.folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: files.folder) }
        for (name, secret) in secrets { try files.write(name, secret) }
        try await body(files)
    }

    func write(_ name: String, _ secret: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("\(secret)\n".utf8).write(to: file)
    }

    var flags: [String] { ["--participant-secrets", folder.path()] }
}

extension Stage {
    /// Changes the row of `demo` as a registration would.
    func register(_ assignments: String) async throws {
        try await test.execute("UPDATE participants SET \(assignments), updated_at = now()")
    }

    /// Waits until a call of the run was not made because of what the engine lacks, and gives the reason.
    func lack(of runID: RunID) async throws -> String {
        let reason = Mutex("")
        try await wait(for: runID, "left to another engine") { _, steps in
            guard let error = steps.first?.step.error, error.kind == "notAllowed" else { return false }
            reason.withLock { $0 = error.message }
            return true
        }
        return reason.withLock { $0 }
    }
}

@Suite("Secrets that participants' registrations name")
struct TrustTests {
    static func definition() throws -> WorkflowDefinition {
        try WorkflowDefinition.sample(
            name: "trust",
            steps: [
                [
                    "id": "a",
                    "action": [
                        "participant": "demo", "path": "/a", "body": ["n": 1],
                        "retry": ["maxAttempts": 1, "initialInterval": "100ms"],
                    ],
                ]
            ])
    }

    private static func key(_ byte: UInt8) -> String { Base64.encode(Array(repeating: byte, count: 32)) }

    /// What the participant's row says of a header.
    private static func sealed(_ text: String, _ keys: String, header: String, of participant: ParticipantID)
        throws -> String
    {
        let keys = try SecretKeys(keys)
        let json: JSON = [header: ["sealed": .string(keys.seal(text, for: .header(header, of: participant)))]]
        return "headers = '\(json.text)', secrets_key = '\(keys.newest)'"
    }

    @Test("are sent as their files hold them, and the database holds their names")
    func sent() async throws {
        let definition = try Self.definition()
        try await SecretFiles.with(["payments": "s3cret", "b": "two"]) { files in
            try await Stage.with([definition]) { stage in
                try await stage.register(
                    #"headers = '{"Authorization": "Bearer ${secret:payments}", "X-B": "${secret:b}-${secret:b}", "X-C": "c"}'"#
                )
                try await stage.withEngine(files.flags) { _ in
                    let runID = try await stage.start(definition)[0]
                    #expect(try await stage.end(of: runID) == .completed)
                    let headers = stage.participant.calls[0].headers
                    #expect(headers["authorization"] == "Bearer s3cret" && headers["x-b"] == "two-two")
                    #expect(headers["x-c"] == "c")
                    // A secret that is changed is sent without a restart, and without a new registration.
                    try files.write("payments", "another")
                    try await stage.wait(for: runID, "followed by calls with the new secret") { _, _ in
                        let next = try await stage.start(definition)[0]
                        _ = try await stage.end(of: next)
                        return stage.participant.calls.last?.headers["authorization"] == "Bearer another"
                    }
                    let dump = try await stage.test.value(
                        "SELECT (SELECT string_agg(p::text, '') FROM participants p) || (SELECT string_agg(e::text, '') FROM run_journal e)"
                    )
                    #expect(dump?.contains("s3cret") == false && dump?.contains("two-two") == false)
                }
            }
        }
    }

    @Test(
        "one that an engine has not: nothing is sent, no attempt is used up, and an engine that has it makes the call")
    func missing() async throws {
        let definition = try Self.definition()
        try await Stage.with([definition]) { stage in
            try await stage.register(#"headers = '{"Authorization": "Bearer ${secret:payments}"}'"#)
            let runs = Mutex<[RunID]>([])
            try await SecretFiles.with(["other": "x", "broken": "a\nb"]) { files in
                try await stage.withEngine(files.flags) { engine in
                    let runID = try await stage.start(definition)[0]
                    runs.withLock { $0 = [runID] }
                    let reason = try await stage.lack(of: runID)
                    #expect(
                        reason.contains("no secret payments, which the header Authorization of demo names"), "\(reason)"
                    )
                    #expect(stage.participant.calls.isEmpty)
                    // Operators see it without looking for a run.
                    let report = engine.participants.report.shared["demo"]
                    #expect(report?["lacks"]?.string?.contains("payments") == true, "\(report?.text ?? "")")
                    try await stage.register(#"headers = '{"Authorization": "Bearer ${secret:broken}"}'"#)
                    let other = try await stage.start(definition)[0]
                    try await stage.wait(for: other, "left because of what can't stand in a header") { _, steps in
                        steps[0].step.error?.message.contains("broken holds more than printable") == true
                    }
                    #expect(stage.participant.calls.isEmpty)
                }
            }
            try await stage.register(#"headers = '{"Authorization": "Bearer ${secret:payments}"}'"#)
            try await SecretFiles.with(["payments": "s3cret"]) { files in
                try await stage.withEngine(files.flags) { _ in
                    let runID = runs.withLock { $0[0] }
                    let status = try await stage.end(of: runID)
                    #expect(status == .completed)
                    #expect(stage.participant.calls.contains { $0.headers["authorization"] == "Bearer s3cret" })
                }
            }
        }
    }

    @Test(
        "what is encrypted is sent by engines that have its key; others name the key, and so for what was moved or altered"
    )
    func encrypted() async throws {
        let definition = try Self.definition()
        let (old, new) = ("2026-05: \(Self.key(5))", "2026-11: \(Self.key(11))")
        try await SecretFiles.with(["payments": "s3cret"]) { files in
            try await Stage.with([definition]) { stage in
                try await stage.register(
                    try Self.sealed("Bearer ${secret:payments}", old, header: "Authorization", of: "demo"))
                try await stage.withEngine(
                    files.flags, environment: ["SECRET_KEYS": "\(new)\n\(old)"]
                ) { _ in
                    let runID = try await stage.start(definition)[0]
                    #expect(try await stage.end(of: runID) == .completed)
                    #expect(stage.participant.calls[0].headers["authorization"] == "Bearer s3cret")
                }
                for (environment, row, reason) in [
                    (["SECRET_KEYS": new], nil, "lacks the key 2026-05 of SECRET_KEYS"),
                    (
                        [:], nil,
                        "no SECRET_KEYS, and the header Authorization of demo is encrypted with the key 2026-05"
                    ),
                    (
                        ["SECRET_KEYS": old], try Self.sealed("x", old, header: "Authorization", of: "another"),
                        "does not open with the key 2026-05"
                    ),
                ] as [([String: String], String?, String)] {
                    if let row { try await stage.register(row) }
                    try await stage.withEngine(files.flags, environment: environment) { _ in
                        let told = try await stage.lack(of: try await stage.start(definition)[0])
                        #expect(told.contains(reason), "\(told)")
                    }
                }
                #expect(stage.participant.calls.count == 1)
            }
        }
    }
}
