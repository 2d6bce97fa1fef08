/// The generic cell rate algorithm (ITU-T I.371, annex A, "virtual scheduling"), pure: the clock and the stored state
/// are passed in.
///
/// One number per key is kept, the theoretical arrival time `TAT`: the moment by which everything let through so far
/// is paid for. With the emission interval `T = period / count` and the tolerance `τ = T · burst`, a call at `now` is
/// judged so:
///
///     TAT' = max(TAT, now) + T
///     allowed     when TAT' − τ ≤ now, and TAT' is stored
///     remaining   = ⌊(now + τ − TAT') / T⌋
///     retryAfter  = TAT' − τ − now, when refused; the stored TAT stays as it was
///     resetAfter  = TAT − now, after the call: when the whole burst is free again
///
/// A `TAT` further ahead than `now + τ` cannot come from these rules. It means that the clock went back, and
/// is read as `now + τ`, so that such an event refuses calls for one burst's time at the most.
/// `GCRAScript` is the same in Lua.
enum GCRA {
    /// Times are microseconds on any one clock; `theoreticalArrival` is nil for a key not seen before or long idle.
    static func judge(
        theoreticalArrival: Int64?, now: Int64, limit: GCRALimit
    ) -> (verdict: GCRAVerdict, theoreticalArrival: Int64) {
        let interval = limit.emissionInterval
        let tolerance = limit.tolerance
        let stored = min(max(theoreticalArrival ?? now, now), now + tolerance)
        let next = stored + interval
        let room = now + tolerance - next
        guard room >= 0 else {
            let verdict = GCRAVerdict(isAllowed: false, remaining: 0, retryAfter: -room, resetAfter: stored - now)
            return (verdict, stored)
        }
        let verdict = GCRAVerdict(isAllowed: true, remaining: room / interval, retryAfter: 0, resetAfter: next - now)
        return (verdict, next)
    }
}

/// What the algorithm says about one call; times in microseconds from the call.
struct GCRAVerdict: Hashable {
    var isAllowed: Bool
    var remaining: Int64
    var retryAfter: Int64
    var resetAfter: Int64
}

extension GCRA {
    /// Judges one call against several limits at once: it is allowed when all of them allow it, and counted in all of
    /// them or in none, so that a call one limit refuses uses up nothing of the others.
    ///
    /// - Parameter stored: a theoretical arrival time and a limit for each key.
    static func judge(
        _ stored: [(theoreticalArrival: Int64?, limit: GCRALimit)], now: Int64
    ) -> (verdicts: [GCRAVerdict], theoreticalArrivals: [Int64]) {
        let judged = stored.map { judge(theoreticalArrival: $0.theoreticalArrival, now: now, limit: $0.limit) }
        if judged.allSatisfy(\.verdict.isAllowed) { return (judged.map(\.verdict), judged.map(\.theoreticalArrival)) }
        let uncounted = zip(judged, stored).map { judged, stored in
            guard judged.verdict.isAllowed else { return judged }
            var verdict = judged.verdict
            verdict.remaining += 1
            verdict.resetAfter -= stored.limit.emissionInterval
            return (verdict, judged.theoreticalArrival - stored.limit.emissionInterval)
        }
        return (uncounted.map(\.0), uncounted.map(\.1))
    }
}
