import Basics
import Core
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Engine

/// `examples/participants/verify*jwt.*` say whether a call is sagaflow's; each runs where its language is on the machine.
@Suite("Calls signed with a key pair", .timeLimit(.minutes(3)))
struct SigningKeyTests {
    private enum Example: String, CaseIterable {
        case python = "verify_jwt.py"
        case node = "verify-jwt.mjs"
        case java = "VerifyJwt.java"
        case go = "verify-jwt.go"

        private static let folder = URL(filePath: #filePath).appending(path: "../../../examples/participants")
            .standardized

        /// The command that runs it; nil where its language is not there.
        func command() async throws -> [String]? {
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
            for path in folders.map({ "\($0)/\(name)" }) where FileManager.default.isExecutableFile(atPath: path) {
                if self == .python, try await SigningKeyTests.run([path, "-c", "import jwt, cryptography"]) != 0 {
                    continue
                }
                return [path] + arguments + [Self.folder.appending(path: rawValue).path]
            }
            return nil
        }
    }

    private static func run(
        _ command: [String], _ environment: [String: String] = [:], input: [UInt8] = []
    ) async throws -> Int32 {
        let file = FileManager.default.temporaryDirectory.appending(path: "body-\(UUID().uuidString)")
        try Data(input).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: file)
        process.standardError = FileHandle.nullDevice
        return try await withCheckedThrowingContinuation { (ended: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { ended.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { ended.resume(throwing: error) }
        }
    }

    /// Made by `openssl genpkey -algorithm ed25519`.
    private static let pem = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
        -----END PRIVATE KEY-----
        """
    private static let old = "whsk_\(Base64.encode(Array(repeating: 7, count: 32)))"

    /// What the API shows.
    private static func jwks(_ stage: Stage) async throws -> JSON {
        let rows = try await stage.test.database.reads.execute(ListSigningKeys())
        return ["keys": .array(rows.map { SigningKey.jwk(id: $0.keyID, publicKey: $0.publicKey) })]
    }

    private static func definition() throws -> WorkflowDefinition {
        try WorkflowDefinition.sample(
            name: "signed",
            steps: [
                [
                    "id": "a",
                    "action": [
                        "participant": "demo", "path": "/a/${input.n}", "query": ["x": "1"],
                        "body": ["n": "${input.n}"],
                    ],
                ]
            ])
    }

    @Test("are told from others by every example: by key, participant, method, path and body, and for a minute")
    func examples() async throws {
        let definition = try Self.definition()
        try await SecretFiles.with(["2026-11": Self.pem, "2026-05": Self.old, "plain": "no key"]) { files in
            try await Stage.with([definition]) { stage in
                try await stage.register("sign_with = '{ed25519:2026-11,plain}', url = url || '/v1'")
                try await stage.withEngine(files.flags) { _ in
                    let runID = try await stage.start(definition, input: ["n": "ü"])[0]
                    #expect(try await stage.end(of: runID) == .completed)
                    let call = try #require(stage.participant.calls.first)
                    #expect(call.headers["webhook-signature"] != nil, "both kinds at once")
                    let jwks = try await Self.jwks(stage)
                    #expect(Set(jwks["keys"]?.array?.compactMap { $0["kid"]?.string } ?? []) == ["2026-11", "2026-05"])
                    let right = [
                        "JWKS": jwks.text, "PARTICIPANT": "demo", "TOKEN": call.headers["x-saga-signature"] ?? "",
                        "METHOD": "POST", "CALL_PATH": "/v1/a/%C3%BC?x=1",
                    ]
                    let key = try #require(SigningKey(id: "2026-11", file: Array(Self.pem.utf8)))
                    let parts = right["TOKEN", default: ""].split(separator: ".").map(String.init)
                    let claims = try JSON(parsing: try #require(Base64URL.decode(parts[1]))).object ?? JSONObject()
                    #expect(
                        claims["idempotencyKey"]?.string == call.key && claims["runId"]?.string == runID.description)
                    func token(_ member: String, _ value: JSON) throws -> String {
                        var changed = claims
                        changed[member] = value
                        return try key.token(changed)
                    }
                    let now = Int(Date().timeIntervalSince1970)
                    let forged = try #require(SigningKey(id: "2026-11", file: Array(Self.old.utf8)))
                    let wrong: [(String, [String: String], [UInt8])] = [
                        ("another body", [:], Array(#"{"n":"u"}"#.utf8)),
                        ("another method", ["METHOD": "PUT"], call.bytes),
                        ("another path", ["CALL_PATH": "/v1/a/u?x=1"], call.bytes),
                        ("another participant", ["PARTICIPANT": "other"], call.bytes),
                        ("no key", ["JWKS": #"{"keys":[]}"#], call.bytes),
                        ("another's key", ["TOKEN": try forged.token(claims)], call.bytes),
                        ("a token of long ago", ["TOKEN": try token("exp", JSON(now - 30))], call.bytes),
                        ("a token of the future", ["TOKEN": try token("iat", JSON(now + 600))], call.bytes),
                        ("another issuer", ["TOKEN": try token("iss", "somebody")], call.bytes),
                        (
                            "no algorithm",
                            [
                                "TOKEN": Base64URL.encode(Array(#"{"alg":"none","kid":"2026-11"}"#.utf8)) + "."
                                    + parts[1]
                                    + "."
                            ], call.bytes
                        ),
                    ]
                    var ran = 0
                    for example in Example.allCases {
                        guard let command = try await example.command() else { continue }
                        ran += 1
                        #expect(try await Self.run(command, right, input: call.bytes) == 0, "\(example)")
                        for (what, change, body) in wrong {
                            let status = try await Self.run(command, right.merging(change) { $1 }, input: body)
                            #expect(status == 1, "\(example) takes \(what): \(status)")
                        }
                    }
                    #expect(ran > 0, "no language is there")
                }
            }
        }
    }

    @Test("a key that another engine has under the same name signs nothing, and neither does a secret that is no key")
    func others() async throws {
        let definition = try Self.definition()
        try await SecretFiles.with(["2026-11": Self.pem, "plain": "no key"]) { files in
            try await Stage.with([definition]) { stage in
                _ = try await stage.test.database.writes.execute(
                    PublishSigningKey(keyID: "2026-11", publicKey: "of-another"))
                for (name, reason) in [
                    ("2026-11", "not published, or is another engine's"), ("plain", "is no private key of Ed25519"),
                    ("absent", "has no signing key absent"),
                ] {
                    try await stage.register("sign_with = '{ed25519:\(name)}'")
                    try await stage.withEngine(files.flags) { _ in
                        let told = try await stage.lack(of: try await stage.start(definition, input: ["n": 1])[0])
                        #expect(told.contains(reason), "\(told)")
                    }
                }
                #expect(stage.participant.calls.isEmpty)
            }
        }
    }

    @Test("a key whose file comes while the engine runs is published, and signs from then on")
    func late() async throws {
        let definition = try Self.definition()
        try await SecretFiles.with([:]) { files in
            try await Stage.with([definition]) { stage in
                try await stage.register("sign_with = '{ed25519:2026-11}'")
                try await stage.withEngine(files.flags) { _ in
                    try files.write("2026-11", Self.pem)
                    let runID = try await stage.start(definition, input: ["n": 1])[0]
                    #expect(try await stage.end(of: runID) == .completed)
                    #expect(stage.participant.calls.first?.headers["x-saga-signature"] != nil)
                    #expect(try await Self.jwks(stage)["keys"]?.array?.count == 1)
                }
            }
        }
    }
}
