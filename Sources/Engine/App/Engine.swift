import Core
import Driver
import Glibc
import HTTPServer
import Logging
import Loops
import NIOCore
import NIOPosix
import Participants
import Postgres
import ServiceLifecycle
import Settings
import Storage
import Telemetry
import UnixSignals

/// One engine: its parts, wired. Any number of them may run side by side.
struct Engine {
    let configuration: EngineConfiguration
    let id: EngineID
    let table: RunTable
    private let database: Database
    private let committer: DecisionCommitter
    private let notifier: OutboxNotifier
    private let registry: ParticipantRegistry
    private let secrets: Secrets
    private let published: PublishedKeys
    private let callbacks: CallbackURLs
    private let claimer: Claimer
    private let wakeUp = WakeUp()
    private let others = Others()
    private let disagreement = SettingsDisagreement()
    private let clock: DatabaseClock
    let metrics: EngineMetrics
    private let traceExport: TraceExport?
    private let logger: Logger
    /// Makes the calls.
    var caller: ParticipantCaller { claimer.context.caller }

    /// What it knows of participants.
    var participants: ParticipantRegistry { registry }

    /// - Parameter participantConnections: to all participants together; nil for no bound.
    init(_ configuration: EngineConfiguration, participantConnections: Int? = nil, logger: Logger) throws {
        self.configuration = configuration
        id = EngineID.v7(
            milliseconds: UInt64(time(nil)) * 1000,
            random: (UInt64.random(in: 0 ... .max), UInt64.random(in: 0 ... .max)))
        // Every line says which engine it is from: one run's lines come from several.
        var logger = logger
        logger[metadataKey: "engine"] = "\(id)"
        self.logger = logger
        metrics = EngineMetrics()
        clock = DatabaseClock(logger: logger)
        clock.register(in: metrics.registry)
        let tracing = makeTracing(configuration.telemetry, logger: logger)
        traceExport = tracing.export
        var observed = configuration.database
        observed.observer = DatabaseMetrics.statements(in: metrics.registry)
        // One connection for each committer, one for what concerns several runs, two for claims and renewals.
        database = Database(observed, writes: configuration.committers + 3, reads: 2)
        table = RunTable(capacity: configuration.maxInFlight, bytes: configuration.memory.runBytes)
        committer = DecisionCommitter(
            pool: database.writes, engine: id, lanes: configuration.committers,
            maxBytes: configuration.memory.commitBytes, patience: configuration.lease,
            observer: { [commitBatch = metrics.commitBatch] in commitBatch.observe(Double($0)) },
            others: { [others] in others.count })
        let loops = LoopExecutors.shared
        var client = ParticipantClient.Configuration()
        client.maxConnectionsPerOrigin = configuration.participantConnections
        client.maxConnections = participantConnections
        client.maxWaitingPerOrigin = configuration.maxInFlight
        client.trustRootsFile = configuration.trustRoots
        client.resolver = configuration.participantRules.guarding()
        let participantClient = try ParticipantClient(eventLoopGroup: loops.group, configuration: client)
        secrets = Secrets(folder: configuration.secretsFolder, logger: logger)
        published = PublishedKeys(secrets: secrets, pool: database.writes, logger: logger)
        registry = ParticipantRegistry(
            pool: database.reads, maxHeld: max(1, configuration.maxInFlight / 4),
            maker: CredentialMaker(
                secrets: secrets, keys: configuration.secretKeys, published: published,
                trustRoots: configuration.trustRoots, client: participantClient),
            eventLoops: loops.group, logger: logger)
        callbacks = CallbackURLs(base: configuration.publicURL)
        let caller = ParticipantCaller(
            client: participantClient, registry: registry,
            room: RequestRoom(bytes: configuration.memory.requestBytes), secrets: secrets,
            callbacks: callbacks, injector: FailureInjector(share: configuration.injectFailure))
        notifier = OutboxNotifier(configuration.database)
        let leases = LeaseStore(database: database, engine: id, length: configuration.lease)
        let definitions = DefinitionStore(pool: database.reads)
        let context = EngineContext(
            engine: id, table: table, leases: leases, committer: committer, pacer: Pacer(), congestion: Congestion(),
            precedence: Precedence { [group = loops.group] wait, action in
                _ = group.next().scheduleTask(in: TimeAmount(wait), action)
            }, definitions: definitions,
            quarantine: Quarantine(
                engine: id, definitions: definitions, leases: leases, metrics: metrics, logger: logger),
            notifier: notifier, caller: caller, wakeUp: wakeUp, metrics: metrics, tracer: tracing.tracer,
            executors: loops, eventLoops: loops.group, logger: logger)
        claimer = Claimer(
            context: context, lease: configuration.lease, poll: configuration.poll, grace: configuration.grace,
            claimBytes: configuration.memory.claimBytes, others: others)
    }

    /// The breakers of all participants, for metrics.
    var breakers: [BreakerReading] { registry.breakers }

    /// Runs until SIGTERM or SIGINT.
    func run() async throws {
        let group = try await services(stoppedBy: [.sigterm, .sigint])
        logger.info("engine started", metadata: ["ops": "\(configuration.opsHost):\(configuration.opsPort)"])
        let injector = caller.injector
        if injector != nil {
            logger.warning(
                "calls fail on purpose: --inject-failure is for tests only",
                metadata: ["share": .stringConvertible(configuration.injectFailure)])
        }
        try await group.run()
        await close()
        var metadata: Logger.Metadata = [:]
        if let injected = injector?.count {
            metadata["failuresBefore"] = .stringConvertible(injected.before)
            metadata["failuresAfter"] = .stringConvertible(injected.after)
        }
        logger.info("engine stopped", metadata: metadata)
    }

    /// Everything that runs, ready to.
    ///
    /// Services stop in reverse order: first no more runs are claimed and those at work end or are given back, last the
    /// committer, so that every decision still finds its way into the database.
    ///
    /// - Parameter onListening: is told the port of the ops server once it takes connections.
    func services(
        stoppedBy signals: [UnixSignal], onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws -> ServiceGroup {
        try await firstLook()
        registerMetrics()
        let limit = ShutdownLimit(configuration.grace + Self.patience) { [database, notifier] in
            database.cut()
            notifier.cut()
        }
        // Spans are exported until everything that makes them has stopped.
        let export: [any Service] = traceExport.map { [$0] } ?? []
        let services: [any Service] =
            [limit.watch] + export + [
                MinuteWriter(metrics.minutes, pool: database.writes, logger: logger),
                ClosedLast(notifier), ClosedLast(committer),
                LeaseKeeper(table: table, leases: claimer.context.leases, lease: configuration.lease, logger: logger),
                registry, secrets, published,
                ShareKeeper(
                    pool: database.writes, engine: id, limiter: registry.limiter, bell: registry.limitBell,
                    logger: logger),
                Heartbeat(
                    pool: database.writes, engine: id, host: Self.hostName, table: table, others: others, clock: clock,
                    report: { [self] in report }, logger: logger),
                SettingsWatch(
                    pool: database.reads, engine: id, own: configuration.agreed, disagreement: disagreement,
                    logger: logger),
                Maintenance(
                    database: database, retention: configuration.retention,
                    auditRetention: configuration.auditRetention, metrics: metrics, logger: logger),
                WakeListener(configuration: configuration.database, table: table, wakeUp: wakeUp, logger: logger),
                OpsServer.make(
                    configuration, database: database, table: table, metrics: metrics.registry, loops: .shared,
                    logger: logger, onListening: onListening),
                claimer, limit.start,
            ]
        return ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: signals, logger: logger))
    }

    /// How much longer than `grace` what waits for the database is waited for.
    private static let patience = Duration.seconds(5)

    /// What this engine tells about itself in its heartbeats, by topic: for people, never for deciding who owns what.
    private var report: JSON {
        let participants = registry.report
        var report: JSONObject = [
            "settings": configuration.agreed.json, "participants": participants.shared,
            "clock": ["offsetMs": clock.offsetMilliseconds],
            // Its value may be known to few.
            "hasPublicUrl": .bool(configuration.publicURL != nil),
        ]
        if participants.own.object?.isEmpty == false { report["tenantParticipants"] = participants.own }
        let traffic = registry.traffic(every: Heartbeat.interval)
        if traffic.shared.object?.isEmpty == false { report["traffic"] = traffic.shared }
        if traffic.own.object?.isEmpty == false { report["tenantTraffic"] = traffic.own }
        return .object(report)
    }

    /// Everything that is read from its owner when somebody scrapes.
    private func registerMetrics() {
        let registry = metrics.registry
        DatabaseMetrics.register(database, in: registry)
        ProcessMetrics.register(in: registry, program: "sagaflow-engine", version: sagaflowVersion)
        claimer.context.tracer.register(in: registry)
        registry.read("workflow_active_runs", "Runs whose lease this engine holds.", .gauge) { [table] in
            [.init(table.count)]
        }
        registry.read(
            "engine_settings_differ", "Settings that another engine has otherwise, although all must agree.", .gauge
        ) { [disagreement] in [.init(disagreement.count)] }
        registry.read(
            "workflow_active_bytes", "Memory that the payloads of these runs take, about, in bytes.", .gauge
        ) { [table] in
            [.init(table.weight)]
        }
        WorkflowMetrics.register(database, in: registry) { [metrics] in
            _ = metrics.instruments(of: $0)
        }
        ParticipantMetrics.register(claimer.context.caller.client, self.registry, in: registry)
    }

    /// Ends all connections. To be called when the services have ended.
    func close() async {
        await claimer.context.caller.client.shutdown()
        await database.close()
    }

    /// Makes sure that the database's sessions are ours alone, and knows the participants before the first run is
    /// claimed. A database that is away, or has no schema yet, is waited for.
    private func firstLook() async throws {
        var backoff = Backoff()
        while true {
            do throws(PostgresError) {
                try await Connection.requireOwnSession(configuration.database, logger: logger)
                try await Connection.requireAllRows(configuration.database, logger: logger)
                try await callbacks.refresh(database.reads)
                try await published.publish()
                return try await registry.refresh()
            } catch {
                guard error.isTransient || error.isSchemaMissing else { throw error }
                logger.warning(
                    error.isSchemaMissing
                        ? "the database has no schema: saga migrate up makes it" : "the database is not ready",
                    metadata: ["error": "\(error)"])
                try await Task.sleep(for: backoff.wait())
            }
        }
    }

    private static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
