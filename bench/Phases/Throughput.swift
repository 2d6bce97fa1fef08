import Core

extension Session {
    /// Runs as fast as they are taken, by one engine.
    func throughput() async throws -> ClosedLoops {
        try await mainSystem()
        return try await system.closedLoops(sizes.repeats, sizes.runs)
    }

    /// The third step is refused: three calls, and two compensations.
    func compensated() async throws -> ClosedLoops {
        try await mainSystem()
        let latency = system.participantLatency
        try await system.participant.setMode("hold=\(latency)&reject=yes")
        try await system.warmUp(endingAs: .compensated)
        let loops = try await system.closedLoops(sizes.repeats, sizes.halfRuns, endingAs: .compensated, calls: 5)
        try await system.participant.setMode("hold=\(latency)")
        return loops
    }
}

extension ClosedLoops {
    /// The median.
    var sagasPerSecond: Double { rounds.median(\.sagasPerSecond) }
}

extension Array where Element == ClosedLoop {
    func median(_ figure: (ClosedLoop) -> Double) -> Double { map(figure).median }
}
