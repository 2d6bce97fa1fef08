import Core
import FoundationEssentials
import Glibc

/// What `saga dev` runs, started one after the other and stopped the other way round.
final class DevStack {
    private let options: DevCommand
    private let folder: DevFolder
    private let programs: String
    private var children: [DevProcess] = []
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
        let postgres = try DevPostgres(folder: "\(folder.path)/postgres", port: options.postgresPort)
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
            "DATABASE_URL": database, "ADMIN_TOKENS": "dev:\(options.adminToken)", "ADMIN_RATE": "6000/1m",
            "ADMIN_BURST": "1000",
            "HOST": "127.0.0.1", "PORT": String(options.port),
        ]
        environment["REDIS_URL"] = redis.isInstalled ? redis.url : nil
        try await begin(program("api", "sagaflow-api", environment: environment)) {
            await self.answers("\(self.api)/ready")
        }
        for number in 0..<options.engines {
            let port = options.opsPort + number
            let environment = ["DATABASE_URL": database, "OPS_HOST": "127.0.0.1", "OPS_PORT": String(port)]
            try await begin(program("engine-\(number + 1)", "sagaflow-engine", environment: environment)) {
                await self.answers("http://127.0.0.1:\(port)/ready")
            }
        }
        try await seed()
    }

    private func portsAreFree() async throws {
        var ports = [("Postgres", options.postgresPort), ("Redis", options.redisPort), ("the API", options.port)]
        ports += (0..<6).map { ("a demo participant", options.participantsPort + $0) }
        ports += (0..<options.engines).map { ("an engine", options.opsPort + $0) }
        for (what, port) in ports where await Port.isOpen(port) {
            throw CLIError.unusable("port \(port), for \(what), is in use: another one can be given (saga dev --help)")
        }
    }

    private func program(
        _ name: String, _ file: String, _ arguments: [String] = [], environment: [String: String] = [:]
    ) -> DevProcess {
        var environment = environment
        environment["PARTICIPANT_ALLOW"] = "127.0.0.0/8,::1"
        environment["LOG_FORMAT"] = environment["LOG_FORMAT"] ?? "text"
        if options.quiet { environment["LOG_LEVEL"] = "warning" }
        return DevProcess(
            name: name, path: "\(programs)/\(file)", arguments: arguments, environment: environment, tell: tell)
    }

    /// Starts a process and waits until it is ready; what ended meanwhile is told.
    private func begin(_ process: DevProcess, isReady: () async -> Bool) async throws {
        children.append(process)
        process.start()
        let giveUpAt = ContinuousClock.now + .seconds(60)
        while await !isReady() {
            if let ending = process.ending { throw CLIError.unusable("\(process.name) ended at once: \(ending)") }
            guard ContinuousClock.now < giveUpAt else {
                throw CLIError.unusable("\(process.name) was not ready after a minute")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Runs this program once more, to its end.
    private func tool(_ arguments: [String], _ environment: [String: String]) async throws {
        let ending = await DevProcess.run("\(programs)/saga", arguments, environment)
        if let problem = ending.problem { throw CLIError.unusable("saga \(arguments[0]) failed: \(problem)") }
    }

    private func seed() async throws {
        let environment = ["SAGAFLOW_ADMIN_TOKEN": options.adminToken, "SAGAFLOW_URL": api]
        if let workflows = options.workflows {
            reload = DefinitionFolder(workflows, programs: programs, environment: environment, tell: tell)
        }
        let found = DefinitionFolder.demoWorkflows(beside: programs)
        guard let demo = found else { return }
        try await tool(
            [
                "seed", "--mocks-url", "http://127.0.0.1", "--mocks-port", String(options.participantsPort),
                "--workflows", demo,
            ],
            environment)
    }

    // MARK: While it runs

    /// Returns when it is to stop; throws when something ended by itself.
    func watch(until stop: StopSignal) async throws {
        while !stop.hasCome {
            for process in children {
                if let ending = process.ending { throw CLIError.unusable("\(process.name) ended: \(ending)") }
            }
            await reload?.look()
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// The last that was started first.
    func stop() async {
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
        let token = options.adminToken
        return """

            \(paint.bold("sagaflow is up"))
              API            \(api)    admin token: \(token)
              engines        http://127.0.0.1:\(options.opsPort)/ready    (\(options.engines))
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
