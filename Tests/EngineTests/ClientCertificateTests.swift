import Core
import Foundation
import Storage
import TestSupport
import Testing

@testable import Engine

/// A participant that wants a client's certificate of one authority, and answers with whose it saw.
private final class CertifiedParticipant: Sendable {
    private static let script = """
        import http.server, json, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                subject = dict(pair for part in self.connection.getpeercert()["subject"] for pair in part)
                body = json.dumps({"seen": subject["commonName"]}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *rest): pass
        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *rest): pass
        server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("server.pem", "server.key")
        context.load_verify_locations("ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    static func with(in folder: URL, _ body: (Int) async throws -> Void) async throws {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script]
        process.currentDirectoryURL = folder
        process.standardOutput = output
        try process.run()
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        try await body(try #require(Int(line.filter { !$0.isWhitespace }), "the participant did not start"))
    }
}

@Suite("Participants that want to see a certificate", .timeLimit(.minutes(3)))
struct ClientCertificateTests {
    private static func openssl(_ folder: URL, _ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments.joined(separator: " "))")
    }

    private static func issue(_ name: String, days: Int = 2, in folder: URL) throws {
        try Data("subjectAltName=DNS:localhost,IP:127.0.0.1".utf8).write(to: folder.appending(path: "names"))
        try openssl(
            folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
            "/CN=\(name)", "-keyout", "\(name).key", "-out",
            "\(name).csr")
        try openssl(
            folder, "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "\(days)", "-extfile", "names", "-out", "\(name).pem")
    }

    private static func read(_ folder: URL, _ names: String...) throws -> String {
        try names.map { try String(contentsOf: folder.appending(path: $0), encoding: .utf8) }.joined()
    }

    @Test(
        "they see the one that is registered, its successor without a restart, and no call once it is gone or has expired"
    )
    func seen() async throws {
        let definition = try TrustTests.definition()
        try await SecretFiles.with([:]) { made in
            let folder = made.folder
            try Self.openssl(
                folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                "2", "-subj", "/CN=ca", "-keyout",
                "ca.key", "-out", "ca.pem")
            for name in ["server", "first", "second"] { try Self.issue(name, in: folder) }
            try Self.issue("expired", days: -1, in: folder)
            let first = [
                "client": try Self.read(folder, "first.pem", "first.key"), "bank": try Self.read(folder, "ca.pem"),
            ]
            try await SecretFiles.with(first) { files in
                try await CertifiedParticipant.with(in: folder) { port in
                    try await Stage.with([definition]) { stage in
                        try await stage.register(
                            """
                            url = 'https://localhost:\(port)', tls = '{"certificate": "client", "ca": "bank"}'
                            """)
                        try await stage.withEngine(
                            files.flags, environment: ["PARTICIPANT_ALLOW": "localhost"]
                        ) { _ in
                            func seen() async throws -> String? {
                                let runID = try await stage.start(definition)[0]
                                guard try await stage.end(of: runID) == .completed else { return nil }
                                return try await stage.reader.find(runID)?.1[0].step.output?["seen"]?.string
                            }
                            #expect(try await seen() == "first")
                            try files.write("client", try Self.read(folder, "second.pem", "second.key"))
                            let giveUpAt = ContinuousClock.now + .seconds(20)
                            var now = try await seen()
                            while now == "first", ContinuousClock.now < giveUpAt { now = try await seen() }
                            #expect(now == "second")
                        }
                        for (certificate, reason) in [
                            (
                                try Self.read(folder, "expired.pem", "expired.key"),
                                "the client's certificate has expired"
                            ),
                            (try Self.read(folder, "first.pem", "second.key"), "TLS with demo can't be set up"),
                            (try Self.read(folder, "first.pem"), "the client's private key is not there"),
                        ] {
                            try files.write("client", certificate)
                            try await stage.withEngine(
                                files.flags, environment: ["PARTICIPANT_ALLOW": "localhost"]
                            ) { _ in
                                let told = try await stage.lack(of: try await stage.start(definition)[0])
                                #expect(told.contains(reason) && told.contains("client, bank"), "\(told)")
                                #expect(!told.contains("BEGIN"))
                            }
                        }
                    }
                }
            }
        }
    }
}
