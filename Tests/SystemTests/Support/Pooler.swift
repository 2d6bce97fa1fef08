import Foundation
import Postgres
import TestSupport
import Testing

/// A pgbouncer before a private server.
struct Pooler {
    let url: String
    private let child: Child
    private let folder: URL

    /// Runs `body` with one in this `pool_mode`; it is gone afterwards.
    static func with(
        _ mode: String, before server: PrivatePostgres, port: Int? = nil, _ body: (Pooler) async throws -> Void
    ) async throws {
        let pooler = try Pooler(mode, server, port: try port ?? Ports.take())
        let outcome: Result<Void, any Error>
        do {
            try await PrivatePostgres.until(.seconds(20), "the pooler answers") {
                try #require(pooler.child.isRunning, "pgbouncer ended, see \(pooler.folder.path)")
                return (try? await pooler.execute("SELECT 1")) == [["1"]]
            }
            outcome = .success(try await body(pooler))
        } catch {
            outcome = .failure(error)
        }
        await pooler.child.kill()
        try FileManager.default.removeItem(at: pooler.folder)
        try outcome.get()
    }

    private init(_ mode: String, _ server: PrivatePostgres, port: Int) throws {
        url = server.url(port: port)
        folder = FileManager.default.temporaryDirectory.appending(path: "sagaflow-pgbouncer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let file = folder.appending(path: "pgbouncer.ini")
        let configuration = """
            [databases]
            * = host=127.0.0.1 port=\(server.port) user=postgres
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = \(mode)
            default_pool_size = 40
            """
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        let (program, arguments) = try Program(installed: "pgbouncer", orIn: ["/usr/sbin"]).unprivileged([file.path])
        child = try program.start(arguments, environment: [:], log: folder.appending(path: "log"))
    }

    /// Runs a program of ours to its end; its exit code and what it wrote. It is killed after 30 seconds.
    func run(_ program: Program, _ arguments: [String]) async throws -> (code: Int32?, output: String) {
        let log = folder.appending(path: "\(UUID().uuidString).log")
        let child = try program.start(arguments, environment: ["DATABASE_URL": url], log: log)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await child.ended.wait() }
            group.addTask {
                do { try await Task.sleep(for: .seconds(30)) } catch { return }
                await child.kill()
            }
            await group.next()
            group.cancelAll()
        }
        return (child.exitCode, try String(contentsOf: log, encoding: .utf8))
    }

    /// As a client that sets nothing in its session.
    func execute(_ sql: String) async throws -> [[String?]] {
        let log = folder.appending(path: "\(UUID().uuidString).log")
        let psql = try Program(installed: "psql")
        let child = try psql.start(["-XAtq", url, "-c", sql], environment: [:], log: log)
        await child.ended.wait()
        return try String(contentsOf: log, encoding: .utf8).split(separator: "\n").map { [String($0)] }
    }
}
