import Foundation
import Postgres
import TestSupport
import Testing

@Suite("A database that is reached over TLS")
struct DatabaseTLSTests {
    private static func openssl(_ folder: URL, _ arguments: String...) async throws {
        let log = folder.appending(path: "openssl.log")
        let child = try Program(installed: "openssl").start(
            arguments.map { $0.replacing("%", with: folder.path) }, environment: [:], log: log)
        await child.ended.wait()
        try #require(child.exitCode == 0, "openssl: \((try? String(contentsOf: log, encoding: .utf8)) ?? "")")
    }

    /// An authority, another one, and a server's certificate for localhost by the first.
    private static func certificates(in folder: URL) async throws {
        for name in ["ca", "other"] {
            try await openssl(
                folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                "2", "-subj", "/CN=\(name)",
                "-keyout",
                "%/\(name).key", "-out", "%/\(name).pem")
        }
        try Data("subjectAltName=DNS:localhost".utf8).write(to: folder.appending(path: "names"))
        try await openssl(
            folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=server",
            "-keyout", "%/server.key", "-out",
            "%/server.csr")
        try await openssl(
            folder, "x509", "-req", "-in", "%/server.csr", "-CA", "%/ca.pem", "-CAkey", "%/ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", "%/names", "-out", "%/server.pem")
        // Postgres takes a key that is its own or root's, and nobody else's to read.
        for file in ["", "server.key", "server.pem"] {
            let path = folder.appending(path: file).path
            try #require(chmod(path, file == "server.key" ? 0o600 : 0o755) == 0)
            if getuid() == 0, let user = getpwnam("postgres") { chown(path, user.pointee.pw_uid, user.pointee.pw_gid) }
        }
    }

    @Test(
        "verify-full connects to the right host with the right authority, and to no other", .timeLimit(.minutes(2)))
    func verifyFull() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sagaflow-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Self.certificates(in: folder)
        let settings = [
            "ssl=on", "ssl_cert_file=\(folder.path)/server.pem", "ssl_key_file=\(folder.path)/server.key",
        ]
        try await PrivatePostgres.with(settings) { server in
            func connect(_ host: String, _ ca: String) async throws(PostgresError) -> String? {
                let connection = try await Connection.connect(
                    try ConnectionConfiguration(
                        "host=\(host) port=\(server.port) user=postgres dbname=postgres sslmode=verify-full "
                            + "sslrootcert=\(folder.path)/\(ca).pem",
                        applicationName: "tests"))
                let rows = try await connection.simpleQuery(
                    "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                await connection.close()
                return rows.first?.first ?? nil
            }
            let isEncrypted = try await connect("localhost", "ca")
            #expect(isEncrypted == "true")
            for (host, ca, reason) in [
                ("127.0.0.1", "ca", "does not match host name"), ("localhost", "other", "certificate verify failed"),
                ("localhost", "nothing", "does not exist"),
            ] {
                let error = await #expect(throws: PostgresError.self) { _ = try await connect(host, ca) }
                #expect(
                    "\(error.map { "\($0)" } ?? "")".contains(reason), "\(host) \(ca): \(error.map { "\($0)" } ?? "")")
            }
        }
    }
}
