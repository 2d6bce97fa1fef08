import Core

/// Runs that wait in great numbers: what each takes, how late those are claimed whose time has come, thousands a second, and
/// whether a wake-up costs more when ten times as many others wait.
struct Sleeping: Encodable, Sendable {
    /// Runs that wait when a wave begins, and the fewer it is compared with.
    let runs: Int
    let fewerRuns: Int
    let bytesPerRun: Bytes
    let memory: Memory
    let waves: [Wave]

    /// What a waiting run takes in Postgres, with its indexes.
    struct Bytes: Encodable, Sendable {
        let runs: Double
        let journal: Double
        let outbox: Double

        var sum: Double { runs + journal + outbox }
    }

    /// The engine's, without a waiting run and with all of them.
    struct Memory: Encodable, Sendable {
        let beforeBytes: Int
        let duringBytes: Int
        let bytesPerRun: Double

        init(before: Int, during: Int, runs: Int) {
            (beforeBytes, duringBytes) = (before, during)
            bytesPerRun = (Double(during - before) / Double(runs)).figure
        }
    }

    /// Runs that come due one after the other.
    struct Wave: Encodable, Sendable {
        /// When it began, its own included.
        let waiting: Int
        let woken: Int
        /// From the first due time to when the last run had ended.
        let seconds: Double
        /// From a run's due time to the claim that began its attempt.
        let latenessMs: Percentiles
        let cpuUsPerRun: ClosedLoop.CPU
        /// Bytes; most are whole pages, each written once after a checkpoint: the more run on a page, the fewer.
        let walPerRun: Double

        /// - Parameter microseconds: of each run that was claimed as it should be.
        /// - Throws: `invalid` when these are not all of the wave, or one was claimed before its time.
        static func lateness(_ microseconds: [Int], of woken: Int) throws(BenchError) -> Percentiles {
            guard microseconds.count == woken else {
                throw .invalid("\(microseconds.count) of \(woken) runs were begun by the claim that woke them")
            }
            guard microseconds.allSatisfy({ $0 >= 0 }) else { throw .invalid("a run was woken before it was due") }
            return Percentiles(microseconds.map { Double($0) / 1000 })
        }
    }

    /// Runs that come due in a second.
    static let perSecond = 2000
    /// Seconds from when a wave is made to its first run; it must be ready by then, and the engine have looked anew.
    static let lead = 20
    /// Seconds the participant asks to wait whose answer puts the first run to sleep: no copy of it is needed sooner.
    static let retryAfter = 300
}

extension Session {
    func sleeping() async throws -> Sleeping {
        try await mainSystemGone()
        try await requireDisk(for: sizes.sleeping * 3 / 2, "waiting")
        var many = SleepingSeed(database: "sleeping", runs: sizes.sleeping)
        var few = SleepingSeed(database: "sleeping-fewer", runs: sizes.fewerSleeping)
        let memory = try await putToSleep(&many)
        let bytes = try await bytesPerRun(of: many)
        _ = try await putToSleep(&few)
        var waves: [Sleeping.Wave] = []
        for number in 1...sizes.repeats {
            for isMany in number.isMultiple(of: 2) ? [true, false] : [false, true] {
                waves.append(try await isMany ? wave(&many) : wave(&few))
            }
        }
        try await system.gone(many.database)
        try await system.gone(few.database)
        return Sleeping(runs: many.runs, fewerRuns: few.runs, bytesPerRun: bytes, memory: memory, waves: waves)
    }

    /// Multiplies a run that waits, beside an engine that is warm.
    private func putToSleep(_ seed: inout SleepingSeed) async throws -> Sleeping.Memory {
        try await system.up(seed.database)
        try await system.startEngine()
        try await system.warmUp()
        let engine = try system.process(.engine, "engine-1")
        try await measuring { database in
            try await system.participant.setMode("busy-third=\(Sleeping.retryAfter)")
            _ = try await Driver.run(.closed(runs: 1, inFlight: 1), at: system.target)
            let giveUpAt = ContinuousClock.now + .seconds(30)
            while try await database.number(SleepingSeed.resting) == 0 {
                guard ContinuousClock.now < giveUpAt else { throw BenchError.invalid("the run does not wait") }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        try await system.query(SleepingSeed.template, in: seed.database)
        // Long enough to give back what the warming up needed, to look for what is due, and to tell what is told every second.
        let settling = Duration.seconds(5)
        try await Task.sleep(for: settling)
        let before = try engine.memory().now
        let begin = ContinuousClock.now
        try await copy(seed.runs, &seed)
        Console.note("\(seed.runs.grouped) put to sleep in \(Int((ContinuousClock.now - begin).seconds)) s")
        try await Task.sleep(for: settling)
        return Sleeping.Memory(before: before, during: try engine.memory().now, runs: seed.runs)
    }

    private func copy(_ count: Int, _ seed: inout SleepingSeed) async throws {
        guard count > 0 else { return }
        for table in SleepingSeed.tables {
            let columns = try await system.query(HistorySeed.columns(of: table), in: seed.database).first?.first
            guard let columns = columns.flatMap({ $0 }) else { throw BenchError.invalid("\(table) has no columns") }
            try await system.query(HistorySeed.packing(table), in: seed.database)
            try await system.query(seed.copies(count, of: table, columns: columns), in: seed.database)
            try await system.query(HistorySeed.packing(table, isOver: true), in: seed.database)
        }
        seed.copied += count
        let tables = SleepingSeed.tables.joined(separator: ", ")
        try await system.query("VACUUM (FREEZE, ANALYZE) \(tables)", in: seed.database)
        try await system.query("CHECKPOINT")
    }

    private func bytesPerRun(of seed: SleepingSeed) async throws -> Sleeping.Bytes {
        try await BenchDatabase.with(system.databaseURL) { database in
            func share(_ table: String) async throws -> Double {
                (Double(try await database.number(SleepingSeed.bytes(of: table))) / Double(seed.runs)).figure
            }
            return Sleeping.Bytes(
                runs: try await share("workflow_runs"), journal: try await share("run_journal"),
                outbox: try await share("outbox"))
        }
    }

    /// Wakes some of them; as many as there should be wait before. Each wave has an engine of its own.
    private func wave(_ seed: inout SleepingSeed) async throws -> Sleeping.Wave {
        let (waiting, woken) = (seed.runs, sizes.wokenSleepers)
        try await system.up(seed.database)
        let left = try await system.count(SleepingSeed.live, in: seed.database)
        try await copy(waiting - left, &seed)
        try await system.startEngine()
        try await system.warmUp(beside: waiting)
        try await system.participant.setMode("")
        try await system.participant.reset()
        let wave = try await wake(woken, of: seed)
        try await requireOnlyWoken(woken, of: seed)
        return wave
    }

    /// Those of the wave have ended with one call each, and all others wait as they did.
    private func requireOnlyWoken(_ woken: Int, of seed: SleepingSeed) async throws {
        let calls = try await system.participant.counts().calls
        guard calls == woken else { throw BenchError.invalid("\(calls) calls for \(woken) runs with one step left") }
        let ended = try await system.count(SleepingSeed.ended, in: seed.database)
        guard ended == woken else { throw BenchError.wrongEnd(expected: "COMPLETED \(woken)", found: "\(ended)") }
        let (left, expected) = (try await system.count(SleepingSeed.live, in: seed.database), seed.runs - woken)
        let untouched = try await system.count(SleepingSeed.untouched, in: seed.database)
        guard left == expected, untouched == expected else {
            throw BenchError.invalid("\(left) runs are live and \(untouched) wait untouched, not \(expected)")
        }
    }

    private func wake(_ woken: Int, of seed: SleepingSeed) async throws -> Sleeping.Wave {
        try await measuring { database in
            let begin = WallClock.microseconds + Int64(Sleeping.lead) * 1_000_000
            try await system.query(
                SleepingSeed.wave(woken, from: begin, perSecond: Sleeping.perSecond), in: seed.database)
            try await system.query("VACUUM outbox", in: seed.database)
            try await system.query("CHECKPOINT")
            let rest = begin - WallClock.microseconds
            guard rest > 0 else { throw BenchError.invalid("the wave was not ready when its first run was due") }
            try await Task.sleep(for: .microseconds(rest))
            let wal = try await database.number(SleepingSeed.wal)
            let meter = try CPUMeter(try system.processes(engines: 1))
            // Nothing is asked meanwhile that would have to read those that are still to come.
            try await Task.sleep(for: .seconds(Double(woken) / Double(Sleeping.perSecond)))
            try await database.waitUntilIdle(since: begin)
            let cpu = ClosedLoop.CPU(try meter.read(), runs: woken)
            let seconds = Double(WallClock.microseconds - begin) / 1e6
            let walPerRun = Double(try await database.number(SleepingSeed.wal) - wal) / Double(woken)
            let times = try await system.query(SleepingSeed.lateness, in: seed.database).compactMap { row in
                row[0].flatMap { Int($0) }
            }
            return Sleeping.Wave(
                waiting: seed.runs, woken: woken, seconds: seconds.figure,
                latenessMs: try Sleeping.Wave.lateness(times, of: woken), cpuUsPerRun: cpu,
                walPerRun: walPerRun.figure)
        }
    }
}

extension MeasuredSystem {
    /// A number that a query with plans of its own finds.
    fileprivate func count(_ sql: String, in database: String) async throws -> Int {
        guard let count = try await query(sql, in: database).first?.first.flatMap({ $0 }).flatMap({ Int($0) }) else {
            throw BenchError.stalled("no number came of: \(sql)")
        }
        return count
    }
}
