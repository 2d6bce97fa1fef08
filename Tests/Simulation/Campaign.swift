import Core
import Synchronization

/// Hands out seeds.
private final class Seeds: Sendable {
    private let upcoming: Mutex<UInt64>
    private let end: UInt64

    init(_ first: UInt64, end: UInt64) {
        upcoming = Mutex(first)
        self.end = end
    }

    func next() -> UInt64? {
        upcoming.withLock { upcoming in
            guard upcoming < end else { return nil }
            defer { upcoming += 1 }
            return upcoming
        }
    }

    func stop() { upcoming.withLock { $0 = end } }
}

/// Many simulations, one after the other on each of a few threads.
package struct Campaign: Sendable {
    package private(set) var seen = Seen()
    package private(set) var count: UInt64 = 0
    /// Seeds whose simulations ended with violations, lowest first.
    package private(set) var failed: [UInt64] = []
    /// The violations of the lowest of them.
    package private(set) var violations: [String] = []

    /// Simulates the seeds `from ..< from + count`.
    ///
    /// - Parameter stopsAtFirst: no seed is begun when one has failed.
    package static func run(
        from: UInt64 = 1, count: UInt64, threads: Int = 2, stopsAtFirst: Bool = false
    ) async throws -> Campaign {
        let seeds = Seeds(from, end: from + count)
        return try await withThrowingTaskGroup(of: Campaign.self) { group in
            for _ in 0..<max(1, threads) {
                group.addTask(executorPreference: globalConcurrentExecutor) {
                    var own = Campaign()
                    while let seed = seeds.next() {
                        own.add(try Simulation(Plan(seed: seed)).run())
                        if stopsAtFirst, !own.failed.isEmpty { seeds.stop() }
                    }
                    return own
                }
            }
            var all = Campaign()
            for try await one in group { all.add(one) }
            return all
        }
    }

    private mutating func add(_ report: Report) {
        count += 1
        seen.add(report.seen)
        if report.violations.isEmpty { return }
        failed.append(report.plan.seed)
        if failed.count == 1 { violations = report.violations }
    }

    private mutating func add(_ other: Campaign) {
        count += other.count
        seen.add(other.seen)
        if let first = other.failed.min(), first < failed.min() ?? .max { violations = other.violations }
        failed = (failed + other.failed).sorted()
    }

    /// Some lines for a person.
    package var summary: String {
        let ends = seen.ends.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
        let faults = Fault.allCases.map { "\(seen.faults[$0, default: 0]) \($0.rawValue)" }
        return """
            \(count) simulations, \(seen.ends.values.reduce(0, +)) runs: \(ends.joined(separator: ", "))
            \(seen.events) events, \(seen.commits) commits, \(seen.claims) claims, \(seen.takeovers) takeovers, \
            \(seen.calls) calls
            faults: \(faults.joined(separator: ", "))
            \(failed.isEmpty ? "no violations" : "\(failed.count) with violations, the first: \(failed[0])")
            \(violations.joined(separator: "\n"))
            """
    }
}
