import Foundation
import TestSupport
import Testing

/// A MariaDB of one test's own, which listens on a socket only.
struct PrivateMariaDB {
    /// The server; nil where it is not on this machine. Debian keeps it off the PATH of ordinary users.
    static var server: Program? { try? Program(installed: "mariadbd", orIn: ["/usr/sbin"]) }

    private let client: Program
    private let socket: String

    /// Runs `body` with a server that has an empty database; it is gone afterwards.
    static func with(_ body: (PrivateMariaDB) async throws -> Void) async throws {
        // A socket's path is limited to 107 bytes.
        let folder = URL(filePath: "/tmp").appending(path: "sagaflow-mariadb-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (data, socket) = (folder.appending(path: "data").path, folder.appending(path: "socket").path)
        let user = getuid() == 0 ? ["--user=root"] : []
        let made = try await Tool(try Program(installed: "mariadb-install-db")).run(
            ["--no-defaults", "--datadir=\(data)", "--auth-root-authentication-method=normal", "--skip-test-db"] + user)
        try #require(made.exitCode == 0, "\(made)")
        let log = folder.appending(path: "log")
        let child = try #require(server).start(
            [
                "--no-defaults", "--datadir=\(data)", "--socket=\(socket)", "--skip-networking",
                "--innodb-flush-log-at-trx-commit=0",
            ] + user, environment: [:], log: log)
        let database = PrivateMariaDB(client: try Program(installed: "mariadb"), socket: socket)
        let outcome: Result<Void, any Error>
        do {
            try await PrivatePostgres.until(.seconds(30), "MariaDB answers") {
                let said = try String(contentsOf: log, encoding: .utf8)
                try #require(child.isRunning, "\(said)")
                return try await database.client("SELECT 1").exitCode == 0
            }
            _ = try await database.run("CREATE DATABASE saga", in: "")
            outcome = .success(try await body(database))
        } catch { outcome = .failure(error) }
        await child.kill()
        try outcome.get()
    }

    /// Runs a script and gives the rows of all its statements, as the client prints them.
    func run(_ script: String, in name: String = "saga") async throws -> [String] {
        let outcome = try await client(script, in: name)
        try #require(outcome.exitCode == 0, "\(outcome)")
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// What the client says of a script that may fail.
    func client(_ script: String, in name: String = "") async throws -> Tool.Outcome {
        try await Tool(client).run([
            "--no-defaults", "--socket=\(socket)", "--user=root", "--batch", "--raw", "--skip-column-names",
            "--database=\(name)", "--execute=\(script)",
        ])
    }
}
