import Core
import Foundation
import TestSupport
import Testing

extension NemesisTests {
    @Test(
        "two APIs on one Redis let 300 admin calls a second through, within 5 %, when twice as many are made",
        .timeLimit(.minutes(2)))
    func rateIsHeld() async throws {
        try await Deployment.with { system in
            let (redis, first, second) = (try Ports.take(), try Ports.take(), try Ports.take())
            try startRedis(system, port: redis)
            let limits = ["--redis-url", "redis://127.0.0.1:\(redis)", "--admin-rate", "300/1s", "--admin-burst", "30"]
            try await system.startAPI("api-1", port: first, limits)
            try await system.startAPI("api-2", port: second, limits)
            // The first second uses the burst up.
            _ = await offer(600, system, ports: [first, second], for: .seconds(1))
            let measured = await offer(600, system, ports: [first, second], for: .seconds(5))
            print("admin rate: \(measured.allowed) of \(measured.made) calls in \(measured.time)")
            let rate = Double(measured.allowed) / (measured.time / .seconds(1))
            #expect(measured.made > measured.allowed * 5 / 4, "too slow a machine to offer more than the rate")
            #expect((285...315).contains(rate), "\(rate) calls a second")
        }
    }

    @Test(
        """
        Redis stopped, flushed, forgetful of its scripts, killed and back: admin calls stay limited, /ready tells, \
        starts are as fast as ever
        """, .timeLimit(.minutes(2)))
    func redisFaults() async throws {
        try await Deployment.with { system in
            let (redis, port) = (try Ports.take(), try Ports.take())
            try startRedis(system, port: redis)
            try await system.startMocks(injectFailure: 0, seed: 1)
            let flags = ["--redis-url", "redis://127.0.0.1:\(redis)", "--admin-rate", "1/10m", "--admin-burst", "40"]
            try await system.startAPI("api", port: port, flags)
            try await system.register(port: port)
            try system.startEngine("engine-1", ["--lease", "2s", "--poll", "200ms"])
            let calm = try await startLatencies(system, port: port)
            // Forgetting the script costs nobody anything; a flush gives one burst and no more.
            try await redisCommand(redis, "SCRIPT", "FLUSH")
            let used = try await allowed(60, system, port: port)
            #expect(used < 40, "\(used) calls, though some of the burst was used by registering")
            try await redisCommand(redis, "FLUSHALL")
            #expect(try await allowed(60, system, port: port) == 40)

            try system.signal("redis", SIGSTOP)
            #expect(try await allowed(20, system, port: port) == 0, "no free burst from the limiter in the process")
            try await expectReady(system, port: port, false)
            let stopped = try await startLatencies(system, port: port)
            try system.signal("redis", SIGCONT)
            try await expectReady(system, port: port, true)

            await system.kill("redis")
            #expect(try await allowed(20, system, port: port) == 0)
            try await expectReady(system, port: port, false)
            let killed = try await startLatencies(system, port: port)
            try startRedis(system, port: redis)
            try await expectReady(system, port: port, true)
            #expect(try await allowed(60, system, port: port) == 40, "a new Redis knows nothing, so: one burst")

            print("start latencies, median and worst: \(calm) calm, \(stopped) stopped, \(killed) killed")
            for outage in [stopped, killed] {
                #expect(outage.median < calm.median * 3 + .milliseconds(20))
                #expect(outage.worst < .seconds(2))
            }
            try await system.untilAllTerminal(.seconds(60))
        }
    }

    /// Calls at a steady pace from many connections, by turns; a bad name, so that only the gate has work.
    private func offer(
        _ perSecond: Int, _ system: Deployment, ports: [Int], for time: Duration
    ) async -> (made: Int, allowed: Int, time: Duration) {
        let callers = 30
        let begun = ContinuousClock.now
        let end = begun + time
        return await withTaskGroup(of: (made: Int, allowed: Int).self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var (made, allowed) = (0, 0)
                    var turn = begun + .seconds(1) * caller / perSecond
                    while turn < end {
                        try? await Task.sleep(until: turn, clock: .continuous)
                        if ContinuousClock.now >= end { break }
                        let answer = try? await system.admin(
                            "GET", port: ports[caller % 2], "/v1/admin/participants/NO")
                        made += 1
                        if answer?.status == 400 { allowed += 1 }
                        turn += .seconds(1) * callers / perSecond
                    }
                    return (made, allowed)
                }
            }
            return await group.reduce(into: (0, 0, time)) { $0 = ($0.0 + $1.made, $0.1 + $1.allowed, time) }
        }
    }

    /// How many of so many admin calls in a row are let through; each is either that or 429, and quick.
    private func allowed(_ count: Int, _ system: Deployment, port: Int) async throws -> Int {
        var allowed = 0
        for _ in 0..<count {
            let begun = ContinuousClock.now
            let answer = try await system.admin("GET", port: port, "/v1/admin/participants/NO")
            #expect(answer.status == 400 || answer.status == 429, "\(answer)")
            #expect(ContinuousClock.now - begun < .seconds(2))
            if answer.status == 400 { allowed += 1 }
        }
        return allowed
    }

    private func startLatencies(
        _ system: Deployment, port: Int
    ) async throws -> (median: Duration, worst: Duration) {
        var latencies: [Duration] = []
        for number in 0..<60 {
            let input: JSON = ["orderId": .string("order-\(number)"), "amount": 10, "sku": "sku-1", "quantity": 1]
            let begun = ContinuousClock.now
            let answer = try await system.http.send(
                "POST", port: port, "/v1/workflows/order-processing/start", ["input": input])
            latencies.append(ContinuousClock.now - begun)
            #expect(answer.status == 202, "\(answer)")
        }
        latencies.sort()
        return (latencies[30], latencies[59])
    }

    private func expectReady(_ system: Deployment, port: Int, _ isReady: Bool) async throws {
        try await system.until(.seconds(20), "/ready says \(isReady ? "ready" : "that Redis is missing")") {
            let answer = try await system.http.send("GET", port: port, "/ready")
            return isReady ? answer.status == 200 : answer.status == 503 && answer.json["missing"] == ["redis"]
        }
    }

    private func redisCommand(_ port: Int, _ arguments: String...) async throws {
        let log = FileManager.default.temporaryDirectory.appending(path: "redis-cli-\(port).log")
        let child = try Program(installed: "redis-cli").start(
            ["-p", "\(port)"] + arguments, environment: [:], log: log)
        await child.ended.wait()
        #expect(try String(contentsOf: log, encoding: .utf8).contains("OK"))
        try FileManager.default.removeItem(at: log)
    }
}
