import Core

extension MeasuredSystem {
    /// Starts `count` runs in calls that the participant does not answer, and returns when `isHeld` says that all are where
    /// they should be.
    ///
    /// - Returns: when the first was started, microseconds since 1970.
    /// - Throws: `invalid` when it takes more than 100 s: soon after, the first calls would time out.
    func hold(_ count: Int, until isHeld: () async throws -> (Int, String)) async throws -> Int64 {
        try await participant.setMode("hold=gate")
        let load = try await Driver.run(.closed(runs: count), at: target)
        let clock = ContinuousClock()
        let giveUpAt = clock.now + .seconds(100)
        while true {
            let (held, what) = try await isHeld()
            if held == count { return load.begunAt }
            guard clock.now < giveUpAt else { throw BenchError.invalid("only \(held) of \(count) \(what)") }
            try await clock.sleep(for: .milliseconds(100))
        }
    }
}
