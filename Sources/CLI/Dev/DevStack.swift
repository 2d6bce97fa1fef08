import Core
import FoundationEssentials
import Glibc

/// What `saga dev` runs, started one after the other and stopped the other way round.
final class DevStack {
    private let options: DevCommand
    private let folder: DevFolder
    private let programs: String
    /// What everything else needs, in the order in which it was started.
    private var children: [DevProcess] = []
    private var engines: DevEngines?
    private var reload: DefinitionFolder?

    init(_ options: DevCommand, folder: DevFolder) {
        self.options = options
        self.folder = folder
        // Beside this program.
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        programs = String(own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex))
    }

    private var api: String { "http://127.0.0.1:\(options.port)" }
    private var database: String { "postgres://postgres@127.0.0.1:\(options.postgresPort)/sagaflow" }

    // MARK: Starting

    func start() async throws {
        let postgres = try await DevPostgres(in: folder.path, port: options.postgresPort)
        let redis = DevRedis(port: options.redisPort)
        try await portsAreFree()
        try await postgres.prepare()
        try await begin(try postgres.process(tell)) { await postgres.isReady() }
        try await postgres.makeDatabase("sagaflow")
        if let process = redis.process(tell) {
            try await begin(process) { await Port.isOpen(self.options.redisPort) }
        } else {
            Console.complain(
                "Redis is not installed (redis-server): events and waiting clients are a second late without it")
        }
        try await tool(["migrate", "up"], ["DATABASE_URL": database])
        try await begin(
            program(
                "participants", "sagaflow-mocks",
                [
                    "--database-url", postgres.url, "--host", "127.0.0.1", "--port-base",
                    String(options.participantsPort),
                ])
        ) { await self.answers("http://127.0.0.1:\(self.options.participantsPort + 5)/ready") }
        var environment = [
            "DATABASE_URL": database, "ADMIN_TOKENS": "dev:\(options.token)", "HOST": "127.0.0.1",
            "PORT": String(options.port),
        ]
        // Who tries things out makes many admin calls: their rate is for production.
        environment["ADMIN_RATE"] = Self.variable("ADMIN_RATE") ?? "6000/1m"
        environment["ADMIN_BURST"] = Self.variable("ADMIN_BURST") ?? "1000"
        environment["REDIS_URL"] = redis.isInstalled ? redis.url : nil
        try await begin(program("api", "sagaflow-api", environment: environment)) {
            await self.answers("\(self.api)/ready")
        }
        let engines = DevEngines(folder: folder.path, firstPort: options.opsPort, tell: tell) { name, port in
            let environment = [
                "DATABASE_URL": self.database, "OPS_HOST": "127.0.0.1", "OPS_PORT": String(port),
                "PUBLIC_URL": Self.variable("PUBLIC_URL") ?? self.api,
            ]
            return self.program(name, "sagaflow-engine", environment: environment)
        }
        self.engines = engines
        try await engines.start(options.engines)
        try await seed()
    }

    private func portsAreFree() async throws {
        var ports = [("Postgres", options.postgresPort), ("Redis", options.redisPort), ("the API", options.port)]
        ports += (0..<6).map { ("a demo participant", options.participantsPort + $0) }
        ports += (0..<options.engines).map { ("an engine", options.opsPort + $0) }
        for (what, port) in ports { try await Port.requireFree(port, for: what) }
    }

    /// What this program was told itself; nil when that is nothing.
    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private func program(
        _ name: String, _ file: String, _ arguments: [String] = [], environment: [String: String] = [:]
    ) -> DevProcess {
        var environment = environment
        // The demo participants are on this machine, where participants are refused otherwise.
        environment["PARTICIPANT_ALLOW"] = ["127.0.0.0/8", "::1", Self.variable("PARTICIPANT_ALLOW")]
            .compactMap(\.self).joined(separator: ",")
        environment["LOG_FORMAT"] = Self.variable("LOG_FORMAT") ?? "text"
        if options.quiet { environment["LOG_LEVEL"] = "warning" }
        return DevProcess(
            name: name, path: "\(programs)/\(file)", arguments: arguments, environment: environment, tell: tell)
    }

    private func begin(_ process: DevProcess, isReady: () async -> Bool) async throws {
        children.append(process)
        try await process.begin(isReady: isReady)
    }

    /// Runs this program once more, to its end.
    private func tool(_ arguments: [String], _ environment: [String: String]) async throws {
        let ending = await DevProcess.run("\(programs)/saga", arguments, environment)
        if let problem = ending.problem { throw CLIError.unusable("saga \(arguments[0]) failed: \(problem)") }
    }

    private func seed() async throws {
        let environment = ["SAGAFLOW_ADMIN_TOKEN": options.token, "SAGAFLOW_URL": api]
        if let workflows = options.workflows {
            reload = DefinitionFolder(workflows, programs: programs, environment: environment, tell: tell)
        }
        guard let demo = DefinitionFolder.demoWorkflows(beside: programs) else { return }
        var arguments = [
            "seed", "--mocks-url", "http://127.0.0.1", "--mocks-port", String(options.participantsPort), "--workflows",
            demo,
        ]
        // Somebody's own registrations stay as they are; those of the last time follow the participants to other ports.
        let former = "\(folder.path)/participants-port"
        if let port = try? String(contentsOfFile: former, encoding: .utf8) {
            arguments += ["--former-mocks-port", port]
        }
        try await tool(arguments, environment)
        try String(options.participantsPort).write(toFile: former, atomically: true, encoding: .utf8)
    }

    // MARK: While it runs

    /// Returns when it is to stop; throws when something ended by itself.
    func watch(until stop: StopSignal) async throws {
        while !stop.hasCome {
            for process in children {
                if let ending = process.ending { throw CLIError.unusable("\(process.name) ended: \(ending)") }
            }
            try await engines?.look()
            await reload?.look()
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// The last that was started first.
    func stop() async {
        await engines?.stop()
        engines = nil
        for process in children.reversed() { await process.stop() }
        children = []
    }

    private func answers(_ url: String) async -> Bool { await Port.answers(url) }

    // MARK: What is shown

    /// A line of a process, behind its name.
    @Sendable private static func line(_ name: String, _ text: String, _ isOn: Bool) -> String {
        let paint = Paint(isOn: isOn)
        let prefix = name.left(12)
        let colours = [paint.green, paint.yellow, paint.dim, paint.bold]
        let sum = name.utf8.reduce(0) { $0 &+ Int($1) }
        return "\(colours[sum % colours.count](prefix)) \(text)"
    }

    private var tell: @Sendable (String, String) -> Void {
        let isOn = Console.isColoured
        return { name, text in Console.tell(Self.line(name, text, isOn)) }
    }

    func banner(_ paint: Paint) -> String {
        let client = options.port == 3000 ? "" : "SAGAFLOW_URL=\(api) "
        let count = engines?.count ?? 0
        let engines = count > 1 ? " … \(options.opsPort + count - 1)" : ""
        return """

            \(paint.bold("sagaflow is up"))
              API            \(api)    admin token: \(options.token)
              engines        http://127.0.0.1:\(options.opsPort)/ready\(engines)    (\(count))
              participants   http://127.0.0.1:\(options.participantsPort) … \(options.participantsPort + 5)
              Postgres       \(database)
              data           \(folder.isTemporary ? "gone afterwards" : folder.path)

            Try
              \(client)saga run start order-processing --input '{"orderId": "o-1", "amount": 42, "sku": "book", "quantity": 1}' --wait 10s
              \(client)saga run start order-processing --input '{"orderId": "o-2", "amount": 9000}' --wait 10s
              \(client)saga workflow list
            Ctrl-C stops everything.

            """
    }
}
