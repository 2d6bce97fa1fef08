import Core

/// A closed loop from the first start sent to the last run ended, and the CPU of everybody in between.
struct ClosedLoop: Encodable, Sendable {
    let runs: Int
    let seconds: Double
    let sagasPerSecond: Double
    let startsPerSecond: Double
    /// Answers 503.
    let refusals: Int
    let cpuUsPerSaga: CPU

    /// Microseconds a saga.
    struct CPU: Encodable, Sendable {
        let api: Double
        /// All engines.
        let engine: Double
        /// All its processes.
        let postgres: Double
        let participant: Double
        /// The load generator.
        let load: Double
        /// API, engines and Postgres.
        let system: Double

        init(_ used: [MeasuredProcess.Role: Double], runs: Int) {
            func share(_ role: MeasuredProcess.Role) -> Double { ((used[role] ?? 0) / Double(runs)).figure }
            api = share(.api)
            engine = share(.engine)
            postgres = share(.postgres)
            participant = share(.participant)
            load = share(.load)
            system = (api + engine + postgres).figure
        }

        /// CPU of API, engine and Postgres, as a multiple of the participant's. The participant does the same all the time:
        /// what it costs tells how fast the machine was meanwhile, and what is relative to it does not change with the
        /// machine.
        var relative: Double { system / participant }

        var byProcess: [String: Double] {
            ["api": api, "engine": engine, "postgres": postgres, "participant": participant, "load": load]
        }
    }
}

/// What the closed loops of a phase have in common.
struct ClosedLoops: Encodable, Sendable {
    let rounds: [ClosedLoop]
}

extension MeasuredSystem {
    /// Starts `runs` runs as fast as they are taken and waits for their end.
    ///
    /// - Throws: `wrongEnd` when one of them does not end as `status`, `invalid` when the participant did not get exactly
    ///   so many calls a run: none twice and none left out.
    func closedLoop(
        _ runs: Int, engines: Int = 1, endingAs status: RunStatus = .completed, calls: Int = 3
    ) async throws -> ClosedLoop {
        try await participant.reset()
        let loop = try await TimeLimit.within {
            try await BenchDatabase.with(databaseURL) { database in
                let meter = try CPUMeter(try processes(engines: engines))
                let load = try await Driver.run(.closed(runs: runs), at: target)
                try await database.waitUntilIdle(since: load.begunAt)
                let cpu = ClosedLoop.CPU(try meter.read(), runs: runs)
                try await database.requireEnded(runs, as: status, since: load.begunAt)
                let seconds = Double(try await database.lastEnd(since: load.begunAt) - load.begunAt) / 1e6
                return ClosedLoop(
                    runs: runs, seconds: seconds.figure, sagasPerSecond: (Double(runs) / seconds).figure,
                    startsPerSecond: (Double(runs) / load.seconds).figure, refusals: load.refused, cpuUsPerSaga: cpu)
            }
        }
        let count = try await participant.counts().calls
        guard count == runs * calls else {
            throw BenchError.invalid("the participant got \(count) calls, not \(runs * calls)")
        }
        return loop
    }

    /// Runs before a measurement that are not counted: connections, plans and caches are there then.
    ///
    /// - Parameter sleepers: how many runs wait beside them.
    func warmUp(_ runs: Int = 2000, endingAs status: RunStatus = .completed, beside sleepers: Int = 0) async throws {
        try await TimeLimit.within {
            try await BenchDatabase.with(databaseURL) { database in
                let load = try await Driver.run(.closed(runs: runs), at: target)
                try await database.waitUntilIdle(since: load.begunAt)
                try await database.requireEnded(runs, as: status, since: load.begunAt, beside: sleepers)
            }
        }
    }

    /// Several of them, a checkpoint before each.
    func closedLoops(
        _ repeats: Int, _ runs: Int, endingAs status: RunStatus = .completed, calls: Int = 3
    ) async throws -> ClosedLoops {
        var rounds: [ClosedLoop] = []
        for _ in 0..<repeats {
            try await query("CHECKPOINT")
            rounds.append(try await closedLoop(runs, endingAs: status, calls: calls))
        }
        return ClosedLoops(rounds: rounds)
    }
}
