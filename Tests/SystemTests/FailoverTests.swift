import Checker
import Core
import Foundation
import Postgres
import TestSupport
import Testing

extension NemesisTests {
    /// How a primary fails.
    enum Loss: String, CaseIterable, Sendable {
        /// Its connections are reset, its port refuses.
        case killed
        /// It keeps its connections and even takes new ones, and never answers.
        case frozen
    }

    @Test(
        """
        a primary that dies or hangs, its synchronous standby promoted later: API and engines find the new one by \
        themselves, every client is answered meanwhile, with 202 or with 503 and Retry-After, and no acknowledged run is \
        lost
        """, .timeLimit(.minutes(4)), arguments: Loss.allCases)
    func failover(_ loss: Loss) async throws {
        let seed = UInt64.random(in: 1...999_999)
        print("TEST_SEED=\(seed)")
        try await PrivatePostgres.with { primary in
            try await primary.withSynchronousStandby { standby in
                try await Deployment.with(databaseURL: primary.url(then: standby)) { system in
                    let port = try await startAll(system, seed: seed)
                    let load = SteadyLoad()
                    async let record = load.run(system, port: port, rate: 25, seed: seed)
                    try await untilAcknowledged(load, 100)

                    let lostAt = ContinuousClock.now
                    switch loss {
                    case .killed: await primary.crash()
                    case .frozen: primary.freeze()
                    }
                    // Longer than starts are retried, where that has to be seen.
                    try await Task.sleep(for: .seconds(loss == .killed ? 8 : 2))
                    try await standby.promote()
                    let before = load.acknowledgedCount
                    try await untilAcknowledged(load, before + 150)
                    let recovered = ContinuousClock.now - lostAt
                    load.stop()
                    let seen = try await record
                    print(
                        """
                        \(loss): no start accepted for \(load.longestGap), 150 more after \(recovered), \
                        \(seen.unavailable) answers 503, slowest answer \(seen.slowest)
                        """)

                    #expect(seen.unexpected.isEmpty, "\(seen.unexpected.first ?? "")")
                    #expect(seen.unanswered == 0, "a client was left without an answer for 30 s")
                    #expect(loss == .frozen || seen.unavailable > 0, "nobody was told that there is no database")
                    #expect(load.longestGap < .seconds(loss == .killed ? 15 : 30))
                    for name in ["api", "engine-1", "engine-2"] { #expect(system.isRunning(name), "\(name) ended") }
                    try await expectSound(system, standby, seen, runs: 250)
                }
            }
        }
    }

    @Test(
        """
        a start that only the primary has, because it restarted while the commit waited for the standby, is acknowledged neither \
        to its client nor to a replay, and after a failover without it exactly one run is there
        """, .timeLimit(.minutes(2)))
    func startInDoubt() async throws {
        try await PrivatePostgres.with { primary in
            try await primary.withSynchronousStandby { standby in
                try await Deployment.with(databaseURL: primary.url(then: standby)) { system in
                    let port = try Ports.take()
                    try await system.startMocks(injectFailure: 0, seed: 1)
                    try await system.startAPI("api", port: port, ["--admin-burst", "100"])
                    try await system.register(port: port)
                    await standby.crash()
                    var dice = Dice(seed: 1)
                    let order = Order(1, using: &dice)
                    let waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                    async let first = order.send(system, port: port, timeout: .seconds(60))
                    try await PrivatePostgres.until(.seconds(20), "the start waits for the standby") {
                        try await primary.value(waiting) == "t"
                    }
                    try await primary.restartImmediately()
                    try #require(try await primary.value("SELECT count(*) FROM workflow_runs") == "1")
                    // Whoever asks for the run now can see it. It is answered for all the same only when it is replicated.
                    async let replay = order.send(system, port: port, timeout: .seconds(60))
                    try await PrivatePostgres.until(.seconds(20), "both are waited for") {
                        let sessions = "SELECT count(*) > 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
                        return try await primary.value(sessions) == "t"
                    }
                    await primary.crash()
                    let answers = [try await first, try await replay]
                    for answer in answers {
                        #expect(
                            answer.status == 503 && answer.retryAfter != nil,
                            "acknowledged by the primary alone: \(answer)")
                    }
                    try await standby.start()
                    try await standby.promote()
                    #expect(try await standby.value("SELECT count(*) FROM workflow_runs") == "0")
                    let accepted = try await order.start(system, port: port)
                    #expect(
                        try await standby.execute("SELECT run_id FROM workflow_runs") == [[accepted.runID.description]])
                }
            }
        }
    }

    @Test(
        """
        no connection to be had at the start, every session terminated three times, five seconds of silence, two immediate \
        restarts, all under load: API and engines live, and the invariants hold
        """, .timeLimit(.minutes(3)))
    func databaseFaults() async throws {
        let seed = UInt64.random(in: 1...999_999)
        print("TEST_SEED=\(seed)")
        try await PrivatePostgres.with(["max_connections=50"]) { server in
            try await Deployment.with(databaseURL: server.url()) { system in
                let hoarded = try await hoard(server)
                let port = try await startAll(system, seed: seed) { port in
                    let ready = try await system.http.send("GET", port: port, "/ready")
                    #expect(ready.status == 503, "ready although there is no connection")
                    for connection in hoarded { await connection.close() }
                }
                let load = SteadyLoad()
                async let record = load.run(system, port: port, rate: 15, seed: seed)
                try await untilAcknowledged(load, 30)
                for _ in 0..<3 {
                    let terminated = try await server.value(
                        """
                        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                        WHERE application_name LIKE 'sagaflow%'
                        """)
                    #expect((Int(terminated ?? "") ?? 0) > 3, "nobody was there to be terminated")
                    try await untilAcknowledged(load, load.acknowledgedCount + 20)
                }
                server.freeze()
                try await Task.sleep(for: .seconds(5))
                server.thaw()
                for _ in 0..<2 {
                    try await untilAcknowledged(load, load.acknowledgedCount + 30)
                    try await server.restartImmediately()
                }
                try await untilAcknowledged(load, load.acknowledgedCount + 30)
                load.stop()
                let seen = try await record
                #expect(seen.unexpected.isEmpty, "\(seen.unexpected.first ?? "")")
                #expect(seen.unanswered == 0)
                for name in ["api", "engine-1", "engine-2"] { #expect(system.isRunning(name), "\(name) ended") }
                try await expectSound(system, server, seen, runs: 180)
            }
        }
    }

    // MARK: Parts

    /// Takes every connection an ordinary user can have, and a superuser's too.
    private func hoard(_ server: PrivatePostgres) async throws -> [Connection] {
        let configuration = try server.configuration()
        var hoarded: [Connection] = []
        while true {
            do {
                hoarded.append(try await Connection.connect(configuration))
            } catch {
                try #require(hoarded.count > 30, "\(error)")
                return hoarded
            }
        }
    }

    /// Participants that fail three calls in ten, an API and two engines; the API's port.
    ///
    /// - Parameter meanwhile: done when all are started, before participants are registered; given the API's port.
    private func startAll(
        _ system: Deployment, seed: UInt64, meanwhile: (Int) async throws -> Void = { _ in }
    ) async throws -> Int {
        let port = try Ports.take()
        try await system.startMocks(injectFailure: 0.3, seed: seed)
        try await system.startAPI("api", port: port, ["--admin-burst", "100"])
        for name in ["engine-1", "engine-2"] {
            try system.startEngine(name, ["--lease", "3s", "--poll", "200ms", "--max-in-flight", "200"])
        }
        try await meanwhile(port)
        try await system.register(port: port)
        return port
    }

    private func untilAcknowledged(_ load: SteadyLoad, _ count: Int) async throws {
        try await PrivatePostgres.until(.seconds(60), "\(count) starts are acknowledged") {
            load.acknowledgedCount >= count
        }
    }

    /// Every run ends, every acknowledged one is there, and the checker finds nothing.
    private func expectSound(
        _ system: Deployment, _ server: PrivatePostgres, _ seen: SteadyLoad.Record, runs: Int
    ) async throws {
        let live = "SELECT count(*) FROM outbox"
        try await system.until(.seconds(90), "every run is over") { try await server.value(live) == "0" }
        var options = Checker.Options()
        options.minimums.runs = runs
        options.minimums.completed = runs / 5
        options.minimums.compensated = runs / 20
        options.minimums.retries = runs / 10
        let report = try await Checker.check(
            database: try server.configuration(), ledgers: system.ledgers.mapValues { [$0] },
            acknowledged: seen.acknowledged,
            options: options)
        print(report.text)
        let isPassed = report.isPassed
        #expect(isPassed, "\(report.text)")
    }
}
