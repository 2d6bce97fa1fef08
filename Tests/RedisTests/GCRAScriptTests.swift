import Logging
import Testing

@testable import Redis

@Suite("GCRA in Redis")
struct GCRAScriptTests {
    @Test("the script is named by its right digest, or every call would be two")
    func digestIsRight() async throws {
        let client = RedisClient(try sharedRedis(), logger: .quiet)
        #expect(try await client.command(["SCRIPT", "LOAD", GCRAScript.source]) == .string(GCRAScript.digest))
    }

    @Test("Lua and Swift judge every one of many random calls alike", arguments: [1, 2, 3] as [UInt64])
    func luaAgreesWithSwift(seed: UInt64) async throws {
        let client = RedisClient(try sharedRedis(), logger: .quiet)
        let source = GCRAScript.source.replacing("redis.call('TIME')", with: "{ARGV[5], ARGV[6]}")
        try #require(source != GCRAScript.source)
        // Intervals of 10 s and more: no key expires by Redis's real clock while the test runs.
        let limits = [
            GCRALimit(burst: 4, period: .seconds(31), count: 3), GCRALimit(burst: 2, period: .seconds(20), count: 2),
        ]
        let keys = [freshKey("agreement"), freshKey("agreement")]
        var random = SeededGenerator(seed: seed)
        var arrivals: [Int64?] = [nil, nil]
        var now: Int64 = 1_900_000_000_123_456
        var refusals = 0
        for call in 0..<300 {
            now += Int64.random(in: -1_000_000...limits[0].emissionInterval * 3 / 2, using: &random)
            if call % 50 == 49 { now -= 100_000_000 }
            let (verdicts, following) = GCRA.judge(
                zip(arrivals, limits).map { (theoreticalArrival: $0, limit: $1) }, now: now)
            let isAllowed = verdicts.allSatisfy(\.isAllowed)
            // A refusal changes only what lies further ahead than the rules allow.
            arrivals = zip(arrivals, following).map { known, next in isAllowed ? next : known.map { min($0, next) } }
            if Set(verdicts.map(\.isAllowed)).count == 2 { refusals += 1 }
            let arguments = limits.flatMap { ["\($0.emissionInterval)", "\($0.tolerance)"] }
            let reply = try await client.command(
                ["EVAL", source, "2"] + keys + arguments + ["\(now / 1_000_000)", "\(now % 1_000_000)"])
            let expected: [[Int64?]] = verdicts.map {
                [$0.isAllowed ? 1 : 0, $0.remaining, $0.retryAfter, $0.resetAfter]
            }
            try #require(reply.array?.map { $0.array?.map(\.integer) } == expected)
        }
        #expect(refusals > 0, "no call was refused by one of the limits only")
    }

    @Test("two clients that share a key share its rate, called at the same time")
    func twoClientsShareTheRate() async throws {
        let configuration = try sharedRedis()
        let clients = [RedisClient(configuration, logger: .quiet), RedisClient(configuration, logger: .quiet)]
        let limit = GCRALimit(burst: 10, period: .seconds(1_000), count: 10)
        let key = freshKey("shared")
        let decisions = try await withThrowingTaskGroup(of: RateDecision.self) { group in
            for call in 0..<40 { group.addTask { try await clients[call % 2].judge([RateBucket(key, limit)]) } }
            return try await group.reduce(into: [RateDecision]()) { $0.append($1) }
        }
        let allowed = decisions.filter(\.allowed)
        #expect(allowed.count == 10)
        #expect(Set(allowed.map(\.remaining)) == Set(0..<10))
        #expect(
            decisions.filter { !$0.allowed }.allSatisfy {
                $0.retryAfter > .seconds(90) && $0.retryAfter <= .seconds(100)
            })
        #expect(decisions.allSatisfy { $0.source == .redis && $0.limit == 10 && $0.resetAfter > .zero })
    }

    @Test("a key leaves Redis by itself when its burst is free again")
    func keyExpires() async throws {
        let client = RedisClient(try sharedRedis(), logger: .quiet)
        let key = freshKey("expiry")
        let limit = GCRALimit(burst: 5, period: .seconds(100), count: 10)
        let bucket = RateBucket(key, limit)
        let decision = try await client.judge([bucket])
        let left = try #require(try await client.command(["PTTL", bucket.redisKey]).integer)
        #expect(decision.resetAfter == .seconds(10))
        #expect((1...10_000).contains(left))
    }

    @Test("a clock set back by an hour refuses a key for one interval and not for an hour")
    func farAhead() async throws {
        let client = RedisClient(try sharedRedis(), logger: .quiet)
        let key = freshKey("ahead")
        let ahead = try #require(try await client.command(["TIME"]).array?.first)
        guard case .string(let seconds) = ahead, let now = Int64(seconds) else {
            Issue.record("no time: \(ahead)")
            return
        }
        let bucket = RateBucket(key, GCRALimit(burst: 2, period: .milliseconds(200), count: 1))
        _ = try await client.command(["SET", bucket.redisKey, "\((now + 3600) * 1_000_000)", "EX", "3600"])
        let refused = try await client.judge([bucket])
        #expect(!refused.allowed && refused.retryAfter == .milliseconds(200))
        try await Task.sleep(for: refused.retryAfter)
        #expect(try await client.judge([bucket]).allowed)
    }

    @Test("processes with different limits for one key free nothing of each other's, and a lowered limit holds at once")
    func differentLimits() async throws {
        let client = RedisClient(try sharedRedis(), logger: .quiet)
        let key = freshKey("different")
        let wide = RateBucket(key, GCRALimit(burst: 5, period: .seconds(1000), count: 1))
        let narrow = RateBucket(key, GCRALimit(burst: 1, period: .seconds(1), count: 1))
        var allowed = 0
        for _ in 0..<10 {
            if try await client.judge([wide]).allowed { allowed += 1 }
            _ = try await client.judge([narrow])
        }
        #expect(allowed == 5)
        let next = try await client.judge([narrow])
        #expect(next.retryAfter <= .seconds(1))
    }

    @Test("a Redis that has forgotten the script learns it again without a caller noticing")
    func scriptIsLearntAgain() async throws {
        let server = try RedisServer()
        let client = RedisClient(try server.configuration(), logger: .quiet)
        let buckets = [RateBucket("k", GCRALimit(burst: 2, period: .seconds(1_000), count: 1))]
        #expect(try await client.judge(buckets).remaining == 1)
        #expect(try await client.command(["SCRIPT", "FLUSH"]) == .status("OK"))
        #expect(try await client.judge(buckets).remaining == 0)
        #expect(try await client.command(["SCRIPT", "EXISTS", GCRAScript.digest]) == .array([.integer(1)]))
    }
}
