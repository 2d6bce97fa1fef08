/// The phases of one run, one after the other, and what came of them so far. What each does is in `Phases/`.
final class Session {
    let system: MeasuredSystem
    let sizes: Sizes
    private(set) var results: Results
    private var isMainUp = false

    init(_ system: MeasuredSystem, _ sizes: Sizes, isQuick: Bool) {
        self.system = system
        self.sizes = sizes
        results = Results(machine: system.machine, quick: isQuick)
    }

    /// Measures a phase and keeps its figures.
    func measure(_ phase: Phase) async throws {
        Console.heading(phase.heading(sizes))
        let begin = ContinuousClock.now
        do {
            switch phase {
            case .latency: results.latency = try await measured(latency)
            case .throughput: results.throughput = try await measured(throughput)
            case .reads: results.reads = try await measured(reads)
            case .sweep: results.sweep = try await measured(sweep)
            case .compensated: results.compensated = try await measured(compensated)
            case .kinds: results.kinds = try await measured(kinds)
            case .fairness: results.fairness = try await measured(fairness)
            case .floor: results.floor = try await measured(floor)
            case .scaling: results.scaling = try await measured(scaling)
            case .memory: results.memory = try await measured(memory)
            case .takeover: results.takeover = try await measured(takeover)
            case .burst: results.burst = try await measured(burst)
            case .snapshot: results.snapshot = try await measured(snapshot)
            case .history: results.history = try await measured(history)
            case .sleeping: results.sleeping = try await measured(sleeping)
            case .console: results.console = try await measured(console)
            }
        } catch {
            Console.complain("the measurement \(phase.rawValue) failed")
            throw error
        }
        Console.note("\(Int((ContinuousClock.now - begin).seconds)) s")
    }

    private func measured<Value>(_ body: () async throws -> Value) async throws -> Measured<Value> {
        let result: Measured<Value>
        do { result = .figures(try await body()) } catch let error as NotMeasured {
            Console.complain("not measured: \(error.reason)")
            result = .notMeasured(reason: error.reason)
        }
        Console.note(Figures.text(result))
        return result
    }

    /// The database that the first phases share, with one engine on it.
    func mainSystem() async throws {
        guard !isMainUp else { return }
        try await system.up("sagaflow")
        try await system.startEngine()
        try await system.warmUp()
        isMainUp = true
    }

    func mainSystemGone() async throws {
        guard isMainUp else { return }
        try await system.gone("sagaflow")
        isMainUp = false
    }

    /// - Throws: `NotMeasured` unless a process may have so many connections open.
    func requireFiles(_ count: Int) throws {
        let limit = MeasuredProcess.fileLimit
        guard limit >= count + 1000 else {
            throw NotMeasured(reason: "a process may open \(limit) files here, too few for \(count) connections")
        }
    }
}

extension Array where Element == Double {
    /// The middle one; of two the larger.
    var median: Double { sorted()[count / 2] }
}
