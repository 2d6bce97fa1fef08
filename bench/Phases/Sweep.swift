/// Open loops at half, all and twice the throughput.
struct Sweep: Encodable, Sendable {
    let basePerSecond: Double
    let offers: [Offer]
}

extension Session {
    func sweep() async throws -> Sweep {
        try await mainSystem()
        let base = try await measuredThroughput()
        let seconds = Double(sizes.sweepSeconds)
        var offers: [Offer] = []
        for (share, arrival) in Arrival.sweep(of: base, seconds: seconds) {
            try await system.query("CHECKPOINT")
            offers.append(try await system.offer(arrival, rate: base * share, seconds: seconds, share: share))
        }
        return Sweep(basePerSecond: base, offers: offers)
    }

    /// The median of what a phase measured; of a closed loop made for it when that phase was left out.
    private func measuredThroughput() async throws -> Double {
        if case .figures(let throughput) = results.throughput { return throughput.sagasPerSecond }
        return try await system.closedLoop(sizes.runs).sagasPerSecond
    }
}
