import Logging
import Testing

@testable import Redis

@Suite("Rate limiter")
struct RateLimiterTests {
    static let limit = GCRALimit(burst: 6, period: .seconds(6_000), count: 6)

    @Test("Redis killed: the stricter limiter of the process answers; Redis back: Redis answers again")
    func redisKilledAndBack() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(), logger: .quiet)
        let limiter = RateLimiter(redis: client, limit: Self.limit, keyPrefix: "admin:", logger: .quiet)
        #expect(await limiter.judge("a").source == .redis)

        server.kill()
        let decisions = await calls(10, of: limiter)
        #expect(decisions.allSatisfy { $0.source == .local && $0.limit == 3 })
        #expect(decisions.map(\.allowed) == Array(repeating: true, count: 3) + Array(repeating: false, count: 7))

        try server.start()
        try await pingUntilBack(client)
        let back = await limiter.judge("a")
        #expect(back.source == .redis && back.allowed && back.limit == 6)
    }

    @Test("a frozen Redis delays an answer by no more than the timeout")
    func redisFrozen() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(timeout: .milliseconds(500)), logger: .quiet)
        let limiter = RateLimiter(redis: client, limit: Self.limit, keyPrefix: "admin:", logger: .quiet)
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

    @Test("a Redis that answers with errors is away too")
    func redisRefuses() async throws {
        let server = try RedisServer(["--requirepass", "s3cret"])
        let client = RedisClient(try server.configuration(), logger: .quiet)
        let limiter = RateLimiter(redis: client, limit: Self.limit, keyPrefix: "admin:", logger: .quiet)
        #expect(await limiter.judge("a").source == .local)
    }

    @Test("limiters in two processes with one prefix hold one rate, those with other prefixes their own")
    func prefixes() async throws {
        let configuration = try sharedRedis()
        let prefix = freshKey("limiter")
        let limiters = [prefix, prefix, prefix + "other"].map { prefix in
            RateLimiter(
                redis: RedisClient(configuration, logger: .quiet), limit: Self.limit, keyPrefix: prefix, logger: .quiet)
        }
        #expect(await calls(4, of: limiters[0]).allSatisfy(\.allowed))
        #expect(await calls(4, of: limiters[1]).map(\.allowed) == [true, true, false, false])
        #expect(await limiters[2].judge("a").remaining == 5)
    }

    @Test("without Redis in the configuration the process holds the full rate")
    func noRedis() async {
        let limiter = RateLimiter(redis: nil, limit: Self.limit, keyPrefix: "admin:", logger: .quiet)
        #expect(await calls(8, of: limiter).filter(\.allowed).count == 6)
    }

    private func calls(_ count: Int, of limiter: RateLimiter) async -> [RateDecision] {
        var decisions: [RateDecision] = []
        for _ in 0..<count { decisions.append(await limiter.judge("a")) }
        return decisions
    }
}
