/// `GCRA.judge` for several keys as one Lua call, so that any number of processes share them without a race.
///
/// The clock is Redis's own (`TIME`), the only one all callers have in common. A key expires when its burst is free
/// again, that is when it would say nothing any more. A time further ahead than the rules allow is stored anew even by
/// a refusal: it would go on refusing until the key expires. Needs Redis 5 or later, where a script may write after
/// `TIME`.
enum GCRAScript {
    /// KEYS: one or more. ARGV: T and τ of each in microseconds. Answers {allowed 0/1, remaining, retryAfter,
    /// resetAfter} for each, times in microseconds. Numbers are formatted with %.0f, as Lua's own conversion keeps 14
    /// digits only and a time has 16.
    static let source = """
        local time = redis.call('TIME')
        local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
        local answer, following, pulled, allowed = {}, {}, {}, true
        for index, key in ipairs(KEYS) do
          local interval, tolerance = tonumber(ARGV[2 * index - 1]), tonumber(ARGV[2 * index])
          local known = tonumber(redis.call('GET', key) or now)
          local stored = math.min(math.max(known, now), now + tolerance)
          pulled[index] = known > stored
          local room = now + tolerance - stored - interval
          following[index] = stored + interval
          if room < 0 then
            allowed = false
            answer[index] = {0, 0, -room, stored - now}
          else
            answer[index] = {1, math.floor(room / interval), 0, stored + interval - now}
          end
        end
        for index, key in ipairs(KEYS) do
          local verdict = answer[index]
          if allowed or pulled[index] then
            local arrival = allowed and following[index] or now + verdict[4]
            redis.call('SET', key, string.format('%.0f', arrival), 'PX', math.ceil(verdict[4] / 1000))
          elseif verdict[1] == 1 then
            verdict[2], verdict[4] = verdict[2] + 1, verdict[4] - tonumber(ARGV[2 * index - 1])
          end
        end
        return answer
        """

    /// SHA-1 of `source`, by which EVALSHA names it; a test asks Redis whether it is right.
    static let digest = "326c6bc2e67824633fbbfbc8de61ba7a4b7c44ae"
}

extension RedisClient {
    /// Judges one call that counts in all of `buckets` in one round trip; in two when Redis has forgotten the script.
    ///
    /// - Parameter prefix: goes before every key.
    package nonisolated func judge(
        _ buckets: [RateBucket], prefix: String = ""
    ) async throws(RedisError) -> RateDecision {
        let arguments =
            [String(buckets.count)] + buckets.map { prefix + $0.redisKey }
            + buckets.flatMap { [String($0.limit.emissionInterval), String($0.limit.tolerance)] }
        let deadline = ContinuousClock.now + configuration.commandTimeout
        let reply: RedisReply
        do throws(RedisError) {
            reply = try await run(["EVALSHA", GCRAScript.digest] + arguments, deadline: deadline)
        } catch .server(code: "NOSCRIPT", _) {
            reply = try await run(["EVAL", GCRAScript.source] + arguments, deadline: deadline)
        }
        let verdicts = reply.array?.compactMap { GCRAVerdict($0) }
        guard let verdicts, verdicts.count == buckets.count else { throw .unexpectedReply(to: "EVALSHA") }
        return RateDecision(verdicts, of: buckets, source: .redis)
    }
}

extension GCRAVerdict {
    /// One of the script's answers; nil when it is none.
    fileprivate init?(_ reply: RedisReply) {
        guard let values = reply.array?.map(\.integer), values.count == 4,
            let allowed = values[0], let remaining = values[1], let retryAfter = values[2], let resetAfter = values[3]
        else { return nil }
        self.init(isAllowed: allowed == 1, remaining: remaining, retryAfter: retryAfter, resetAfter: resetAfter)
    }
}
