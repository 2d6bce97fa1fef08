import Core

/// An engine's memory, in bytes: with thousands of runs in calls, and with thousands that wait.
struct Memory: Encodable, Sendable {
    let inFlight: InFlight
    let waiting: Waiting

    struct InFlight: Encodable, Sendable {
        let runs: Int
        let callsOpen: Int
        let connectionsOpen: Int
        let beforeBytes: Int
        let duringBytes: Int
        let duringPeakBytes: Int
        /// While all the answers came at once.
        let peakBytes: Int
        let afterBytes: Int
    }

    struct Waiting: Encodable, Sendable {
        let runs: Int
        let idleBytes: Int
        /// After each batch.
        let bytes: [Int]
        let bytesPerRun: Double
        let afterBytes: Int
    }

    /// Batches of runs that wait: those that warm the engine up, and those that count.
    static let warmUps = 2
    static let batches = 4
    /// Seconds the participant asks to wait; all batches must be started within them.
    static let retryAfter = 60
    static let engineFlags = ["--max-in-flight", "5000"]
}

extension Session {
    /// Two engines, one after the other: what the first needed for its calls must not hide what the second keeps.
    func memory() async throws -> Memory {
        try await mainSystemGone()
        try requireFiles(sizes.heldRuns)
        try await system.up("memory")
        // More connections than runs: they are cut into shares, one for each event loop, and no share may be too small.
        try await system.startEngine(flags: Memory.engineFlags + ["--participant-connections", "10000"])
        let inFlight = try await inFlight(sizes.heldRuns)
        try await system.stopEngines()
        try await system.startEngine(flags: Memory.engineFlags)
        let waiting = try await waiting(sizes.heldRuns)
        try await system.gone("memory")
        return Memory(inFlight: inFlight, waiting: waiting)
    }

    /// Thousands of calls open at once.
    private func inFlight(_ runs: Int) async throws -> Memory.InFlight {
        let (engine, participant) = (try system.process(.engine, "engine-1"), system.participant)
        return try await measuring { database in
            let before = try engine.memory()
            try await participant.reset()
            let since = try await system.hold(runs) {
                (try await participant.counts().inFlight, "calls are open at the participant")
            }
            // Long enough for leases to be renewed and for what is told every second.
            try await Task.sleep(for: .seconds(5))
            let counts = try await participant.counts()
            guard counts.inFlight == runs else {
                throw BenchError.invalid("only \(counts.inFlight) calls stayed open at the participant")
            }
            let during = try engine.memory()
            try await participant.setMode("")
            try await participant.release()
            try await database.waitUntilIdle(since: since)
            try await database.requireEnded(runs, as: .completed, since: since)
            let calls = try await participant.counts().calls
            guard calls == 3 * runs else { throw BenchError.invalid("\(calls) calls for \(runs) runs of three steps") }
            let after = try engine.memory()
            return Memory.InFlight(
                runs: runs, callsOpen: counts.inFlight, connectionsOpen: counts.connections, beforeBytes: before.now,
                duringBytes: during.now, duringPeakBytes: during.peak, peakBytes: after.peak, afterBytes: after.now)
        }
    }

    /// What an engine keeps of a run that waits for its next attempt. It should be nothing: the database has it.
    ///
    /// The first batches of runs that are told to come back later warm the engine up. Then come more of the same size:
    /// whatever an engine kept of each run would have to lie beside what it needs to carry a batch, and show as growth.
    private func waiting(_ runs: Int) async throws -> Memory.Waiting {
        let (engine, total) = (try system.process(.engine, "engine-1"), (Memory.warmUps + Memory.batches) * runs)
        return try await measuring { database in
            try await system.participant.setMode("busy=\(Memory.retryAfter)")
            let idle = try engine.memory()
            let since = WallClock.microseconds
            var sizes: [Int] = []
            for waiting in stride(from: runs, through: total, by: runs) {
                _ = try await Driver.run(.closed(runs: runs), at: system.target)
                try await waitUntilAllWait(waiting, database)
                sizes.append(try engine.memory().now)
            }
            guard try await database.waiting() == total else {
                throw BenchError.invalid("the first runs were due before the last waited: these are too many")
            }
            try await system.participant.setMode("")
            try await database.waitUntilIdle(since: since)
            try await database.requireEnded(total, as: .completed, since: since)
            let growth = Double(sizes[sizes.count - 1] - sizes[Memory.warmUps - 1])
            return Memory.Waiting(
                runs: total, idleBytes: idle.now, bytes: sizes,
                bytesPerRun: (growth / Double(Memory.batches * runs)).figure, afterBytes: try engine.memory().now)
        }
    }

    private func waitUntilAllWait(_ count: Int, _ database: BenchDatabase) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(Memory.retryAfter)
        while try await database.waiting() < count {
            guard ContinuousClock.now < giveUpAt else {
                throw BenchError.invalid("not all of \(count) runs wait for their next attempt")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        // What the last commits needed is given back by then.
        try await Task.sleep(for: .milliseconds(500))
    }

    /// Within the time of a measurement, with a session of its own.
    func measuring<T>(_ body: (BenchDatabase) async throws -> T) async throws -> T {
        try await TimeLimit.within { try await BenchDatabase.with(system.databaseURL, body) }
    }
}
