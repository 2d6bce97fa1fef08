import Core
import HTTPServer
import Hummingbird
import HummingbirdCore
import Logging
import Loops
import NIOCore
import NIOPosix
import Participants
import Postgres
import Redis
import ServiceLifecycle
import Settings
import Storage
import Telemetry
import UnixSignals

// The API: what clients and operators talk to. It writes starts (through a group committer), puts requests into the
// inboxes of runs, and reads. It never changes a run, and any number of it may run side by side.
//
//   App/        this wiring, the configuration, the process
//   HTTP/       problems, bodies, queries, routing
//   Runs/       start, get, list, history, cancel, retry          Workflows/  definitions, to read
//   Statistics/ numbers and groups over many runs
//   Watch/      clients that wait for runs, streams
//   Import/     many starts in one request, as streams
//   Access/     who calls, and what they may do
//   Admin/      definitions, participants, failed runs            Health/     live, ready, the cluster
//   Console/    pages for people, which ask the routes of this API as whoever is logged in
//   AuditTrail/ who changed what, who was refused, reports       Telemetry/  metrics and spans of requests
//   Description/ what the API says of itself, for machines

/// One API: its parts, wired.
struct APIProcess {
    let configuration: APIConfiguration
    private let database: Database
    private let starter: RunStarter
    private let window: StartWindow
    private let notifier: OutboxNotifier
    private let clock: DatabaseClock
    private let watch: RunWatch
    private let places: WatchPlaces
    private let answers: Answers
    private let redis: RedisClient?
    private let adminLimiter: RateLimiter
    private let tenants: TenantBook
    private let admission: TenantAdmission
    private let issued: TokenPrincipals?
    private let refusals: RefusalLog
    private let share: Descriptors.Share
    private let room: ConnectionRoom
    private let body: BodyReader
    private let metrics: APIMetrics
    private let tracer: Tracer
    private let traceExport: TraceExport?
    private let logger: Logger

    /// - Parameter share: connections there are descriptors for; nil for as many as are set.
    init(_ configuration: APIConfiguration, share: Descriptors.Share? = nil, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        self.share = share ?? Descriptors.Share(connections: configuration.connections, passing: 64)
        // Half for one address: nobody keeps all others out, and a proxy in front has thousands.
        room = ConnectionRoom(capacity: self.share.connections, share: (self.share.connections + 1) / 2)
        body = BodyReader(
            maxBytes: configuration.maxBodyBytes, room: ByteRoom(configuration.memory.bodyBytes))
        metrics = APIMetrics()
        (tracer, traceExport) = makeTracing(configuration.telemetry, logger: logger)
        var observed = configuration.database
        observed.observer = DatabaseMetrics.statements(in: metrics.registry)
        // One connection for each starter, two for everything else that is written.
        database = Database(
            observed, writes: configuration.starters + 2, reads: max(1, configuration.readers / 2),
            lookups: max(1, configuration.readers - configuration.readers / 2))
        starter = RunStarter(
            pool: database.writes, lanes: configuration.starters, maxWaiting: configuration.startQueue,
            maxBytes: configuration.memory.startBatchBytes,
            observer: { [startBatch = metrics.startBatch] in startBatch.observe(Double($0)) })
        window = StartWindow(size: configuration.startWindow, maxWaiting: configuration.startQueue)
        metrics.registry.read("starts_waiting", "Starts that wait for their turn.", .gauge) { [window] in
            [.init(window.waitingCount)]
        }
        notifier = OutboxNotifier(configuration.database)
        clock = DatabaseClock(logger: logger)
        clock.register(in: metrics.registry)
        watch = RunWatch(reader: RunReader(pool: database.reads, lookups: database.lookups))
        places = WatchPlaces(
            total: configuration.watchers, perClient: configuration.watchersPerClient, metrics: metrics.registry)
        answers = Answers(reader: RunReader(pool: database.reads, lookups: database.lookups), metrics: metrics.registry)
        redis = configuration.redis.map { RedisClient($0, logger: logger) }
        adminLimiter = RateLimiter(redis: redis, keyPrefix: configuration.redisPrefix + "admin:", logger: logger)
        metrics.register(adminLimiter)
        tenants = TenantBook(pool: database.writes)
        admission = TenantAdmission(
            book: tenants, pool: database.reads,
            limiter: RateLimiter(redis: redis, keyPrefix: configuration.redisPrefix + "starts:", logger: logger),
            metrics: metrics)
        issued = configuration.issuers.map {
            TokenPrincipals($0, eventLoops: LoopExecutors.shared.group, logger: logger)
        }
        TokenPrincipals.register(issued, in: metrics.registry)
        refusals = RefusalLog(pool: database.writes, logger: logger, metrics: metrics.registry)
        DatabaseMetrics.register(database, in: metrics.registry)
        WorkflowMetrics.register(database, in: metrics.registry) { [metrics] in metrics.prepare(for: $0) }
        ProcessMetrics.register(in: metrics.registry, program: "sagaflow-api", version: sagaflowVersion)
        tracer.register(in: metrics.registry)
        room.register(in: metrics.registry)
    }

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Throws: `PostgresError.configuration` when the database is reached through a pooler that shares sessions:
    ///   before it listens if the database answers by then, otherwise as soon as it does.
    func run() async throws {
        let check = SessionCheck(configuration: configuration.database, logger: logger)
        let group = serviceGroup(also: try await check.isPassed() ? [] : [check])
        try await group.run()
        await close()
        logger.info("api stopped")
    }

    /// Everything that runs.
    ///
    /// Services stop in reverse order: first requests are answered and no more taken, then the starter writes what it
    /// has accepted, last the notifier.
    ///
    /// - Parameters:
    ///   - also: further services.
    ///   - stopsOnSignals: whether SIGTERM and SIGINT stop it.
    ///   - onListening: is told the port once the server takes connections.
    func serviceGroup(
        also: [any Service] = [], stopsOnSignals: Bool = true,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> ServiceGroup {
        let limit = ShutdownLimit(patience) { [database, notifier] in
            database.cut()
            notifier.cut()
        }
        // Spans are exported until everything that makes them has stopped.
        let export: [any Service] = traceExport.map { [$0] } ?? []
        let services: [any Service] =
            [limit.watch] + export + [
                MinuteWriter(metrics.minutes, pool: database.writes, logger: logger),
                ClosedLast(notifier), ClosedLast(starter), ClosedLast(refusals), watch,
                ClockService(clock: clock, pool: database.writes, logger: logger),
                buildApplication { port in await onListening(port) },
            ]
        return ServiceGroup(
            configuration: .init(
                services: (services + also + [limit.start]).map { .init(service: $0) },
                gracefulShutdownSignals: stopsOnSignals ? [.sigterm, .sigint] : [], logger: logger))
    }

    /// How long requests may go on after a SIGTERM before those that wait for the database are given up. With what opening a
    /// connection takes, the process is gone within 20 seconds.
    var patience = Duration.seconds(12)

    /// Ends the connections to Redis and the database.
    func close() async {
        await redis?.close()
        await database.close()
    }

    /// The HTTP server.
    func buildApplication(
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let loops = LoopExecutors.shared
        var routes = buildRoutes()
        let router = Router(context: APIContext.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: ObservingMiddleware(metrics: metrics, tracer: tracer))
        let gate = AccessGate(
            tokens: configuration.adminTokens, keys: KeyRing(database: database), issued: issued,
            reader: RunReader(pool: database.reads, lookups: database.lookups), admission: admission,
            isOpen: configuration.isOpen, metrics: metrics, refusals: refusals,
            limiter: adminLimiter, tokenLimit: configuration.adminRate, addressLimit: configuration.adminAddressRate)
        if let console = configuration.console {
            routes +=
                ConsoleRoutes(
                    console, api: ConsoleCalls(routes, gate), sessions: ConsoleSessions(database: database),
                    limiter: RateLimiter(redis: nil, keyPrefix: "", logger: logger), body: body
                ).routes
        }
        router.add(middleware: ProblemMiddleware(table: RouteTable(routes)))
        for route in routes {
            router.on(
                RouterPath(route.path), method: route.method,
                responder: CallbackResponder(callback: gate.guarded(route)))
        }
        return Application(
            router: router,
            server: .strict(
                .init(
                    configuration.limits, executors: loops, room: room, holding: "POST /v1/workflows/",
                    wording: { Problem($0).unplaced })),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1024,
                // What is accepted and not yet in the room has descriptors, too.
                availableConnectionsDelegate: MaximumAvailableConnections(share.connections + share.passing)),
            onServerRunning: { await onListening($0.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(loops.group), logger: logger)
    }

    private var metricsRoute: Route {
        let registry = metrics.registry
        return Route(.get, "/metrics", needs: nil) { _, _ in
            Response(
                status: .ok, headers: [.contentType: MetricsRegistry.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: await registry.exposition())))
        }
    }

    func buildRoutes() -> [Route] {
        let reader = RunReader(pool: database.reads, lookups: database.lookups)
        let definitions = DefinitionStore(pool: database.writes)
        let memory = configuration.memory
        let waiting = WaitingFor(
            reader: reader, definitions: definitions, engines: EngineReports(reader: reader))
        // Half for those who wait: a bulk start whose client is slow to read keeps a line's room for as long.
        let (values, importValues) = (ByteRoom(memory.startBytes / 2), ByteRoom(memory.startBytes / 2))
        let starts = RunStarts(
            definitions: definitions, admission: admission, starter: starter, notifier: notifier,
            ids: RunIDSource(clock: clock, pool: database.writes), reader: reader,
            keyLifetime: configuration.keyLifetime, metrics: metrics)
        let imports = ImportRoutes(
            starts: starts, body: body, values: importValues, room: ImportRoom(queue: configuration.startQueue),
            limits: .init(silence: configuration.importTimeout, writing: configuration.limits.idleTimeout),
            refusals: refusals)
        let door = RunDoor(inbox: RunInbox(database: database), notifier: notifier)
        let operators = OperatorRoutes(door: door, body: body, auditsSignals: configuration.auditsSignals)
        let restarts = RestartRoutes(
            restarts: RunRestarts(starts: starts, restarter: RunRestarter(database: database)), body: body)
        let callbacks = CallbackRoutes(
            door: door, body: body, reader: reader, keys: CallbackKeys(pool: database.reads),
            metrics: metrics)
        let failed = FailedRunRoutes(
            reader: reader, answers: answers, waiting: waiting, door: door, body: body)
        let participants = ParticipantRoutes(
            database: database, body: body, rules: configuration.participantRules,
            lookup: HostLookup(eventLoops: LoopExecutors.shared.group), secrets: configuration.secretPolicy)
        let routes = [
            StartRoutes(
                starts: starts, body: body, values: values, window: window, watch: watch, places: places,
                answers: answers, waiting: waiting
            ).routes, imports.routes,
            RunRoutes(reader: reader, answers: answers, waiting: waiting, watch: watch, places: places).routes,
            StatisticsRoutes(reader: reader, waiting: waiting).routes,
            operators.routes, restarts.routes, callbacks.routes,
            WorkflowRoutes(reads: database.reads, answers: answers).routes,
            VersionStatisticsRoutes(reads: database.reads).routes,
            DefinitionRoutes(
                definitions: definitions, reads: database.reads, rules: configuration.participantRules, body: body
            ).routes,
            WorkflowPauseRoutes(
                definitions: definitions, reads: database.reads, notifier: notifier, body: body
            ).routes,
            participants.routes, ParticipantPauseRoutes(database: database, body: body).routes,
            failed.routes,
            AuditRoutes(reads: database.reads, answers: answers).routes,
            ReportRoutes(reader: reader, reads: database.reads, answers: answers, waiting: waiting).routes,
            TenantRoutes(
                writes: database.writes, reads: database.reads, book: tenants, body: body, answers: answers
            ).routes,
            APIKeyRoutes(writes: database.writes, reads: database.reads, body: body, answers: answers).routes,
            ClusterRoutes(reads: database.reads, clock: clock).routes,
            SigningKeyRoutes(reads: database.reads).routes,
            HealthRoutes(database: database, redis: redis).routes, [metricsRoute],
        ].flatMap { $0 }
        let description = DescriptionRoutes(others: routes, isOpen: configuration.isOpen, version: sagaflowVersion)
        return routes + description.routes
    }
}
