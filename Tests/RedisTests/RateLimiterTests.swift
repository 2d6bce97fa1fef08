import Logging
import Testing

@testable import Redis

extension RateLimiter {
    /// A call that counts under one key.
    fileprivate func judge(_ key: String) async -> RateDecision {
        await judge([RateBucket(key, RateLimiterTests.limit)])
    }
}

@Suite("Rate limiter")
struct RateLimiterTests {
    static let limit = GCRALimit(burst: 6, period: .seconds(6_000), count: 6)

    @Test("Redis killed: the stricter limiter of the process answers; Redis back: Redis answers again")
    func redisKilledAndBack() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(), logger: .quiet)
        let limiter = RateLimiter(redis: client, keyPrefix: "admin:", logger: .quiet)
        #expect(await limiter.judge("a").source == .redis)

        server.kill()
        let decisions = await calls(10, of: limiter)
        #expect(decisions.allSatisfy { $0.source == .local && $0.limit == 3 })
        // Half of the burst of six, and the call Redis has seen counts as well.
        #expect(decisions.map(\.allowed) == Array(repeating: true, count: 2) + Array(repeating: false, count: 8))
        #expect(limiter.isLocal && limiter.limitedCount == 8)

        try server.start()
        try await pingUntilBack(client)
        let back = await limiter.judge("a")
        #expect(back.source == .redis && back.allowed && back.limit == 6)
        #expect(!limiter.isLocal && limiter.limitedCount == 8)
    }

    @Test("a frozen Redis delays an answer by no more than the timeout")
    func redisFrozen() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(timeout: .milliseconds(500)), logger: .quiet)
        let limiter = RateLimiter(redis: client, keyPrefix: "admin:", logger: .quiet)
        #expect(await limiter.judge("a").source == .redis)
        server.freeze()
        let elapsed = await ContinuousClock().measure {
            #expect(await limiter.judge("a").source == .local)
        }
        #expect(elapsed < .seconds(5))
        server.thaw()
        try await pingUntilBack(client)
        #expect(await limiter.judge("a").source == .redis)
    }

    @Test("a user with no more than the commands of docs/security.md is enough, and one with fewer is as no Redis")
    func leastPrivilege() async throws {
        let rules = ["~sagaflow:*", "+evalsha", "+eval", "+get", "+set", "+time", "+ping", "+select"]
        let server = try RedisServer(
            ["--user", "default", "off", "--user", "saga", "on", ">pa@ss"] + rules
                + ["--user", "few", "on", ">pa@ss", "~sagaflow:*", "+ping"])
        for (credentials, prefix, source) in [
            ("saga:pa%40ss@", "sagaflow:admin:", RateDecision.Source.redis), ("saga:pa%40ss@", "other:", .local),
            ("few:pa%40ss@", "sagaflow:admin:", .local), ("saga:wrong@", "sagaflow:admin:", .local),
            ("", "sagaflow:admin:", .local),
        ] {
            let client = RedisClient(try server.configuration(credentials: credentials), logger: .quiet)
            let limiter = RateLimiter(redis: client, keyPrefix: prefix, logger: .quiet)
            #expect(await limiter.judge("a").source == source, "\(credentials) \(prefix)")
        }
    }

    @Test("a Redis that answers with errors is away too")
    func redisRefuses() async throws {
        let server = try RedisServer(["--requirepass", "s3cret"])
        let client = RedisClient(try server.configuration(), logger: .quiet)
        let limiter = RateLimiter(redis: client, keyPrefix: "admin:", logger: .quiet)
        #expect(await limiter.judge("a").source == .local)
    }

    @Test("limiters in two processes with one prefix hold one rate, those with other prefixes their own")
    func prefixes() async throws {
        let configuration = try sharedRedis()
        let prefix = freshKey("limiter")
        let limiters = [prefix, prefix, prefix + "other"].map { prefix in
            RateLimiter(
                redis: RedisClient(configuration, logger: .quiet), keyPrefix: prefix, logger: .quiet)
        }
        #expect(await calls(4, of: limiters[0]).allSatisfy(\.allowed))
        #expect(await calls(4, of: limiters[1]).map(\.allowed) == [true, true, false, false])
        #expect(await limiters[2].judge("a").remaining == 5)
    }

    @Test("Redis exhausted and then killed: nobody gets another burst from the process")
    func noFreeBurst() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(), logger: .quiet)
        let limiter = RateLimiter(redis: client, keyPrefix: "admin:", logger: .quiet)
        #expect(await calls(7, of: limiter).map(\.allowed) == Array(repeating: true, count: 6) + [false])
        server.kill()
        let decisions = await calls(5, of: limiter)
        #expect(decisions.allSatisfy { $0.source == .local && !$0.allowed })
    }

    @Test("Redis flushed: one more burst, then the rate again, and never a call without a limit")
    func flushed() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(), logger: .quiet)
        let limiter = RateLimiter(redis: client, keyPrefix: "admin:", logger: .quiet)
        for _ in 0..<2 {
            #expect(await calls(20, of: limiter).filter(\.allowed).count == 6)
            #expect(try await client.command(["FLUSHALL"]) == .status("OK"))
            #expect(try await client.command(["SCRIPT", "FLUSH"]) == .status("OK"))
        }
        #expect(!limiter.isLocal)
    }

    @Test(
        "a call that one bucket refuses uses up nothing of the other, with and without Redis", arguments: [true, false])
    func allOrNothing(hasRedis: Bool) async throws {
        let client = hasRedis ? RedisClient(try sharedRedis(), logger: .quiet) : nil
        let limiter = RateLimiter(redis: client, keyPrefix: freshKey("two"), logger: .quiet)
        let wide = RateBucket("address", GCRALimit(burst: 5, period: .seconds(6_000), count: 6))
        let narrow = ["a", "b"].map { RateBucket($0, GCRALimit(burst: 2, period: .seconds(6_000), count: 6)) }
        var decisions: [RateDecision] = []
        for token in [0, 0, 0, 0, 0, 1, 1, 1] { decisions.append(await limiter.judge([narrow[token], wide])) }
        #expect(decisions.map(\.allowed) == [true, true, false, false, false, true, true, false])
        // The tighter one is told: the token's two, then what is left at the address.
        #expect(decisions.map(\.limit) == [2, 2, 2, 2, 2, 2, 2, 2])
        #expect(decisions.map(\.remaining) == [1, 0, 0, 0, 0, 1, 0, 0])
        let other = await limiter.judge([RateBucket("c", narrow[0].limit), wide])
        #expect(other.allowed && other.limit == 5 && other.remaining == 0)
        #expect(!(await limiter.judge([RateBucket("d", narrow[0].limit), wide])).allowed)
    }

    @Test("without Redis in the configuration the process holds the full rate")
    func noRedis() async {
        let limiter = RateLimiter(redis: nil, keyPrefix: "admin:", logger: .quiet)
        #expect(await calls(8, of: limiter).filter(\.allowed).count == 6)
    }

    private func calls(_ count: Int, of limiter: RateLimiter) async -> [RateDecision] {
        var decisions: [RateDecision] = []
        for _ in 0..<count { decisions.append(await limiter.judge("a")) }
        return decisions
    }
}
