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
