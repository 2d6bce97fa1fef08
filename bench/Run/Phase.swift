import ArgumentParser

/// What is measured, in this order.
enum Phase: String, CaseIterable, ExpressibleByArgument, Sendable {
    case latency, throughput, reads, sweep, compensated, kinds, fairness, floor, scaling, memory, takeover, burst,
        snapshot,
        history,
        sleeping, console

    func heading(_ sizes: Sizes) -> String {
        switch self {
        case .latency: "Latency: 10 runs a second for \(sizes.latencySeconds) seconds"
        case .throughput: "Throughput: \(sizes.repeats) times \(sizes.runs) runs"
        case .reads: "Reads: a run, its events and a list of \(Reads.listed), with \(sizes.halfRuns) runs or more"
        case .sweep: "Offered load: half, all and twice the throughput"
        case .compensated: "Compensation: \(sizes.repeats) times \(sizes.halfRuns) runs whose third step is refused"
        case .kinds:
            "Kinds of steps: \(sizes.halfRuns) elements, \(sizes.halfRuns / 3) children and signals, and timers; a list of a thousand, and ten of children"
        case .fairness:
            "Fairness: \(sizes.runs * 2) runs of one tenant beside \(Fairness.perSecond) a second of another, and three weights"
        case .floor: "Floor: what Postgres alone does with the same statements"
        case .scaling: "One engine and four: \(sizes.repeats) times \(sizes.halfRuns) runs each"
        case .memory: "Memory: \(sizes.heldRuns) runs in calls, and waiting"
        case .takeover: "Takeover: an engine that holds \(sizes.heldRuns) runs is killed"
        case .burst: "Burst: \(sizes.burstRounds) times \(sizes.burstStarts) starts at once"
        case .snapshot: "Old snapshot: held for \(sizes.snapshotSeconds) seconds under load"
        case .history: "History: with \(sizes.history) finished runs, and without"
        case .console: "Console: pages with \(sizes.consoleRuns) runs, and \(ConsolePages.consoles) that are open"
        case .sleeping: "Sleeping: \(sizes.sleeping) runs wait, and a tenth of that"
        }
    }
}
