import Core
import Foundation
import TestSupport
import Testing

/// What the logs of whole processes hold, by whichever part they were written.
@Suite("The logs of processes at work", .serialized)
struct LogSystemTests {
    private static let canary = "c4n4ry-"
    private static let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

    /// Every setting that is secret or may hold a password, with a canary of its own in it. A collector's URL with a
    /// password is refused at the start.
    private static func secrets(databaseURL: String, redisPort: Int) throws -> [String: String] {
        let place = try #require(databaseURL.firstRange(of: "://"))
        let rest = databaseURL[place.upperBound...]
        let host = rest.split(separator: "@", maxSplits: 1).last ?? rest
        return [
            // The server trusts this machine and asks for no password, so any will do.
            "DATABASE_URL": "postgres://postgres:\(canary)database@\(host)\n",
            "REDIS_URL": "redis://:\(canary)redis@127.0.0.1:\(redisPort)",
            "ADMIN_TOKENS": "tests:\(canary)admin", "OPS_TOKEN": "\(canary)ops",
            // A key of 32 bytes that has the canary in its base64.
            "SECRET_KEYS": "2026-11: \(canary)secretkeys\(String(repeating: "A", count: 26))",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20\(canary)otlp,x-key=\(canary)key",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "authorization=Bearer%20\(canary)traces,x-key=\(canary)tracekey",
        ]
    }

    /// A file of issuers, with a secret beside it that people's logins need.
    private static func issuers(in folder: URL) throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data("\(canary)client\n".utf8).write(to: folder.appending(path: "client-secret"))
        let file = folder.appending(path: "issuers.yaml")
        let text = """
            allow: [127.0.0.1]
            issuers:
              - name: corp
                issuer: http://127.0.0.1:1
                audience: console
                discovery: true
                roles: { view: viewer }
                login: { clientId: console, clientSecretFile: client-secret }
            """
        try Data(text.utf8).write(to: file)
        return file.path
    }

    @Test("no secret setting is in a log, whatever the level and the form", .timeLimit(.minutes(3)), arguments: levels)
    func secretSettings(level: String) async throws {
        try await Deployment.with { system in
            let settings = try Self.secrets(databaseURL: system.databaseURL, redisPort: try Ports.take())
            let folder = FileManager.default.temporaryDirectory.appending(path: "issuers-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let issuers = try Self.issuers(in: folder)
            let declared = try Self.secretNames()
            #expect(declared.isSubset(of: settings.keys), "a secret setting has no canary: \(declared)")
            // What a line holds does not depend on its form.
            for format in level == "debug" ? ["json", "text"] : ["json"] {
                var environment = settings.merging(["LOG_LEVEL": level, "LOG_FORMAT": format]) { $1 }
                // The general ones count only without these.
                if format == "text" || level == "info" { environment["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = nil }
                let port = try Ports.take()
                environment["JWT_ISSUERS_FILE"] = issuers
                try await system.startAPI("api-\(format)", port: port, [], environment)
                environment["JWT_ISSUERS_FILE"] = nil
                let login = try await system.http.send(
                    "GET", port: port, "/console/login/corp")
                #expect(login.status == 503)
                environment["ADMIN_TOKENS"] = nil
                let ops = try system.startEngine("engine-\(format)", [], environment)
                try await system.until(.seconds(20), "the engine is ready") {
                    try await system.http.send("GET", port: ops, "/ready").status == 200
                }
                for token in ["\(Self.canary)ops", "\(Self.canary)guess"] {
                    let answer = try await system.http.send(
                        "GET", port: ops, "/metrics", headers: [("authorization", "Bearer \(token)")])
                    #expect(answer.status == (token.hasSuffix("ops") ? 200 : 401))
                }
                for token in ["\(Self.canary)admin", "\(Self.canary)guess"] {
                    let answer = try await system.http.send(
                        "GET", port: port, "/v1/admin/participants", headers: [("x-admin-token", token)])
                    #expect(answer.status == (token.hasSuffix("admin") ? 200 : 401))
                }
                for name in ["api-\(format)", "engine-\(format)"] {
                    try system.signal(name, SIGTERM)
                    try await system.until(.seconds(20), "\(name) has ended") { !system.isRunning(name) }
                    let output = try system.output(of: name)
                    let leaks = output.split(separator: "\n").filter { $0.contains(Self.canary) }
                    #expect(leaks.isEmpty, "\(name): \(leaks.first?.prefix(600) ?? "")")
                    if level == "trace" || level == "debug" { #expect(output.count > 1000, "\(name) has said little") }
                }
            }
        }
    }

    @Test("lines about a run name its engine, and numbers are numbers", .timeLimit(.minutes(2)))
    func members() async throws {
        try await Deployment.with { system in
            try await system.startMocks(injectFailure: 0, seed: 1)
            let port = try Ports.take()
            let json = ["LOG_LEVEL": "debug", "LOG_FORMAT": "json"]
            try await system.startAPI("api", port: port, [], json)
            try system.startEngine("engine", ["--inject-failure", "0.3"], json)
            try await system.register(port: port)
            for number in 0..<8 {
                let order: JSON = [
                    "orderId": .string("o-\(number)"), "amount": 20, "sku": "book", "quantity": 1, "email": "a@b.c",
                ]
                let answer = try await system.http.send(
                    "POST", port: port, "/v1/workflows/order-processing/start", ["input": order])
                try #require(answer.status == 202, "\(answer.json.text)")
            }
            try await system.untilAllTerminal(.seconds(60))
            try system.signal("engine", SIGTERM)
            try await system.until(.seconds(30), "the engine has ended") { !system.isRunning("engine") }
            let lines = try system.output(of: "engine").split(separator: "\n").map { try JSON(parsing: String($0)) }
            let engine = try await system.test.value(
                "SELECT engine_id::text FROM run_events WHERE engine_id IS NOT NULL LIMIT 1")
            let aboutRuns = lines.filter { $0["runId"] != nil }
            #expect(aboutRuns.count > 30)
            #expect(aboutRuns.allSatisfy { $0["engine"]?.string == engine })
            #expect(aboutRuns.contains { $0["retryInSeconds"]?.double != nil }, "nothing was repeated")
            for member in lines.flatMap({ $0.object?.members.map { $0 } ?? [] }) {
                guard let text = member.value.string else { continue }
                #expect(Double(text) == nil, "\(member.key) is the text \"\(text)\"")
            }
        }
    }

    /// The settings that `.env.example`, which is made from --help, calls secret.
    private static func secretNames() throws -> Set<String> {
        let file = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "../../.env.example").standardized
        let text = try String(contentsOf: file, encoding: .utf8)
        let names = text.matches(of: /\(secret\) \(.*\)\n#([A-Z_]+)=/).map { String($0.output.1) }
        try #require(!names.isEmpty)
        return Set(names)
    }
}
