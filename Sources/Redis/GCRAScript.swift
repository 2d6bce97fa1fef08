/// `GCRA.judge` as one Lua call, so that any number of processes share a key without a race.
///
/// The clock is Redis's own (`TIME`), the only one all callers have in common. The key expires when its burst is free
/// again, that is when it would say nothing any more. Needs Redis 5 or later, where a script may write after `TIME`.
enum GCRAScript {
    /// KEYS[1]: the key. ARGV: T and τ in microseconds. Answers {allowed 0/1, remaining, retryAfter, resetAfter},
    /// times in microseconds. Numbers are formatted with %.0f, as Lua's own conversion keeps 14 digits only and a
    /// time has 16.
    static let source = """
        local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        local stored = tonumber(redis.call('GET', KEYS[1]) or now)
        stored = math.min(math.max(stored, now), now + tolerance)
        local following = stored + interval
        local room = now + tolerance - following
        if room < 0 then return {0, 0, -room, stored - now} end
        local milliseconds = math.ceil((following - now) / 1000)
        redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', milliseconds)
        return {1, math.floor(room / interval), 0, following - now}
        """

    /// SHA-1 of `source`, by which EVALSHA names it; a test asks Redis whether it is right.
    static let digest = "9855d31d8efb6af13e21c84d03f6a13f056c4cd5"
}

extension RedisClient {
    /// Judges one call under `key` in one round trip; in two when Redis has forgotten the script.
    package nonisolated func judge(_ key: String, limit: GCRALimit) async throws(RedisError) -> RateDecision {
        let arguments = ["1", key, String(limit.emissionInterval), String(limit.tolerance)]
        let deadline = ContinuousClock.now + configuration.commandTimeout
        let reply: RedisReply
        do throws(RedisError) {
            reply = try await run(["EVALSHA", GCRAScript.digest] + arguments, deadline: deadline)
        } catch .server(code: "NOSCRIPT", _) {
            reply = try await run(["EVAL", GCRAScript.source] + arguments, deadline: deadline)
        }
        guard let values = reply.array?.map(\.integer), values.count == 4,
            let allowed = values[0], let remaining = values[1], let retryAfter = values[2], let resetAfter = values[3]
        else { throw .unexpectedReply(to: "EVALSHA") }
        let verdict = GCRAVerdict(
            isAllowed: allowed == 1, remaining: remaining, retryAfter: retryAfter, resetAfter: resetAfter)
        return RateDecision(verdict, limit: limit, source: .redis)
    }
}
