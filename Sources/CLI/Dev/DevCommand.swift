import ArgumentParser
import Core
import FoundationEssentials
import Glibc

/// `saga dev`: everything on this machine, in the foreground.
struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev", abstract: "Runs the whole system on this machine until Ctrl-C.",
        discussion: """
            A private Postgres and Redis, the API, an engine and the demo participants, all on 127.0.0.1, with their logs on \
            the terminal. Postgres has to be installed; without Redis everything works, too, only later. The data is gone \
            afterwards unless --data keeps it. With --workflows, definitions (*.json, *.yaml) are registered whenever they \
            change: a version that is registered with other content gets the next patch number. An engine that ends by itself \
            is started again; how many there are can be changed while they run, by writing the number to the file `engines` \
            in the folder of --data.
            Exit codes: 0 it was stopped, 64 wrong usage, or something did not start or ended by itself.
            """)

    @Option(help: "Where the data is kept (default: nowhere, it is gone afterwards).")
    var data: String?

    @Option(help: "The port of the API.")
    var port = 3000

    @Option(help: "The first of six ports of the demo participants.")
    var participantsPort = 3001

    @Option(help: "The first port of the engines, where their health is.")
    var opsPort = 3100

    @Option(help: "The port of Postgres.")
    var postgresPort = 54320

    @Option(help: "The port of Redis.")
    var redisPort = 63790

    @Option(help: "How many engines.")
    var engines = 1

    @Option(help: "A folder of definitions that are registered whenever they change.")
    var workflows: String?

    @Option(help: "The token of the admin named dev (environment: SAGAFLOW_ADMIN_TOKEN; default dev-admin-token).")
    var adminToken: String?

    @Flag(help: "Shows warnings and errors only.")
    var quiet = false

    func validate() throws {
        guard DevEngines.allowed.contains(engines) else { throw ValidationError("--engines lies within 1...24.") }
        for port in [port, participantsPort, opsPort, postgresPort, redisPort] where !(1...65_000).contains(port) {
            throw ValidationError("A port lies within 1...65000.")
        }
        if let workflows, !FileManager.default.fileExists(atPath: workflows) {
            throw ValidationError("There is no folder \(workflows).")
        }
    }

    var token: String { adminToken ?? getenv("SAGAFLOW_ADMIN_TOKEN").map { String(cString: $0) } ?? "dev-admin-token" }

    func run() async throws {
        let folder = try DevFolder(data)
        defer { folder.removeIfTemporary() }
        let stack = DevStack(self, folder: folder)
        let stop = StopSignal()
        do {
            try await stack.start()
            if !stop.hasCome {
                Console.tell(stack.banner(Paint(isOn: Console.isColoured)))
                try await stack.watch(until: stop)
            }
        } catch {
            await stack.stop()
            throw error
        }
        Console.tell("Stopping …")
        await stack.stop()
    }
}

/// Where the data of `saga dev` lies.
struct DevFolder: Sendable {
    let path: String
    let isTemporary: Bool

    /// - Parameter kept: nil for a folder that goes away.
    init(_ kept: String?) throws {
        if let kept {
            path = kept
            isTemporary = false
            try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
        } else {
            var template = Array("/tmp/sagaflow-dev.XXXXXX\0".utf8CString)
            guard let made = mkdtemp(&template) else {
                throw CLIError.unusable("a folder in /tmp can't be made: \(String(cString: strerror(errno)))")
            }
            path = String(cString: made)
            isTemporary = true
            // Postgres may run as another user.
            chmod(path, 0o711)
        }
    }

    func removeIfTemporary() {
        if isTemporary { try? FileManager.default.removeItem(atPath: path) }
    }
}

/// SIGINT and SIGTERM, as something to be looked at.
final class StopSignal: Sendable {
    init() {
        // A handler may do nothing but this.
        for number in [SIGINT, SIGTERM] { signal(number) { _ in stopRequested = 1 } }
    }

    var hasCome: Bool { stopRequested != 0 }
}

/// Written by a signal handler, read by whoever waits; a machine word, so no half of it is ever seen.
nonisolated(unsafe) private var stopRequested: sig_atomic_t = 0
