import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Subprocess

/// A Postgres of our own, on 127.0.0.1 only, as durable as in production.
struct DevPostgres: Sendable {
    private let folder: String
    private let port: Int
    private let programs: String
    /// Postgres refuses root.
    private let user: DevProcess.User?

    /// - Parameter state: the folder in which the data is, in `pg`; or, where the server's user can't reach that (a checkout
    ///   under /root), the file `pg-folder`, which says where it is instead.
    /// - Throws: with what to install when there is none.
    init(in state: String, port: Int) async throws {
        self.port = port
        guard let programs = Self.find() else {
            throw CLIError.unusable("Postgres is not installed: on Debian and Ubuntu, apt install postgresql")
        }
        self.programs = programs
        user = try geteuid() == 0 ? Self.other() : nil
        let elsewhere = "\(state)/pg-folder"
        if let path = try? String(contentsOfFile: elsewhere, encoding: .utf8) {
            folder = path.split(separator: "\n").first.map(String.init) ?? path
        } else if let user, await DevProcess.run("test", ["-x", state], user: user).problem != nil {
            folder = try DevFolder(nil).path
            try "\(folder)\n".write(toFile: elsewhere, atomically: true, encoding: .utf8)
        } else {
            folder = "\(state)/pg"
        }
    }

    /// Superuser, database postgres.
    var url: String { "postgres://postgres@127.0.0.1:\(port)/postgres" }

    /// Debian keeps the server's programs off the PATH; the highest version first.
    private static func find() -> String? {
        let debian = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: debian)) ?? []
        let folders = versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "\(debian)/\($0)/bin" }
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        let all = folders + path.split(separator: ":").map(String.init)
        return all.first { access("\($0)/initdb", X_OK) == 0 }
    }

    private static func other() throws -> DevProcess.User {
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) { return (entry.pointee.pw_uid, entry.pointee.pw_gid) }
        }
        throw CLIError.unusable("Postgres can't run as root, and there is no user postgres")
    }

    /// Makes the data when there is none.
    func prepare() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        chmod(folder, 0o700)
        if let user { chown(folder, user.id, user.group) }
        if let version = try? String(contentsOfFile: "\(folder)/data/PG_VERSION", encoding: .utf8) {
            let number = version.prefix { !$0.isWhitespace }
            let program = await DevProcess.run("\(programs)/postgres", ["--version"]).output
            guard program.contains(" \(number).") || program.contains(" \(number) ") else {
                throw CLIError.unusable(
                    "\(folder) holds data of Postgres \(number), which is not the one installed: remove it")
            }
            return
        }
        let made = await DevProcess.run(
            "\(programs)/initdb",
            ["-D", "\(folder)/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"],
            user: user)
        if let problem = made.problem { throw CLIError.unusable("initdb failed: \(problem)") }
    }

    /// SIGINT is Postgres's fast shutdown; SIGTERM would wait for clients.
    func process(_ tell: @escaping @Sendable (String, String) -> Void) throws -> DevProcess {
        // A socket's path is limited to 107 bytes.
        let socket = folder.utf8.count < 80 ? folder : ""
        return DevProcess(
            name: "postgres", path: "\(programs)/postgres",
            arguments: [
                "-D", "\(folder)/data", "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c",
                "unix_socket_directories=\(socket)", "-c", "max_connections=300", "-c", "log_min_messages=error", "-c",
                "log_startup_progress_interval=0",
            ], environment: [:], user: user, signal: .interrupt, tell: tell)
    }

    func isReady() async -> Bool {
        await DevProcess.run("\(programs)/pg_isready", ["-q", "-h", "127.0.0.1", "-p", String(port), "-U", "postgres"])
            .problem == nil
    }

    /// Unless it is there.
    func makeDatabase(_ name: String) async throws {
        let made = await DevProcess.run(
            "\(programs)/createdb", ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", name])
        if let problem = made.problem, !problem.contains("already exists") {
            throw CLIError.unusable("the database can't be made: \(problem)")
        }
    }
}

/// A Redis of our own: in memory only, on 127.0.0.1.
struct DevRedis: Sendable {
    private let port: Int
    private let program: String?

    init(port: Int) {
        self.port = port
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        program = (path.split(separator: ":").map(String.init) + ["/usr/bin", "/usr/local/bin"])
            .map { "\($0)/redis-server" }.first { access($0, X_OK) == 0 }
    }

    var url: String { "redis://127.0.0.1:\(port)" }
    var isInstalled: Bool { program != nil }

    func process(_ tell: @escaping @Sendable (String, String) -> Void) -> DevProcess? {
        program.map {
            DevProcess(
                name: "redis", path: $0,
                arguments: [
                    "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize",
                    "no",
                    "--loglevel", "warning",
                ], environment: [:], tell: tell)
        }
    }
}

/// Ports of this machine.
enum Port {
    /// Somebody listens there.
    static func isOpen(_ port: Int) async -> Bool {
        let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(1)).connect(host: "127.0.0.1", port: port).get()
        try? await channel?.close()
        return channel != nil
    }

    /// - Throws: with what it is meant for, when somebody listens there.
    static func requireFree(_ port: Int, for what: String) async throws {
        guard await isOpen(port) else { return }
        throw CLIError.unusable("port \(port), for \(what), is in use: another one can be given (saga dev --help)")
    }

    /// It answers 200.
    static func answers(_ url: String) async -> Bool {
        let answer = try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(2))
        return answer?.status == .ok
    }
}
