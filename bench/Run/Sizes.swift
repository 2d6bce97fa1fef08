/// How much of everything.
struct Sizes: Sendable, Hashable {
    /// Runs of a throughput measurement.
    var runs: Int
    /// Measurements of which the median counts.
    var repeats: Int
    /// Finished runs in the tables of the history phase.
    var history: Int
    /// Runs that wait in the sleeping phase.
    var sleeping: Int
    var snapshotSeconds: Int
    var latencySeconds: Int
    /// Runs and histories that are asked for.
    var reads: Int
    var sweepSeconds: Int
    /// Runs that an engine has in calls at once, or waiting.
    var heldRuns: Int
    /// Runs of tenants with weights, that they share for a minute.
    var weighted: Int
    var burstStarts: Int
    var burstConnections: Int
    var burstRounds: Int
    /// Runs that the console lists, how often each page is loaded, and for how long consoles are open.
    var consoleRuns: Int
    var consoleLoads: Int
    var consoleSeconds: Int

    var halfRuns: Int { runs / 2 }
    /// How many wait in the database that the sleeping phase compares with, and how many of either wake.
    var fewerSleeping: Int { max(sleeping / 10, 1) }
    var wokenSleepers: Int { max(sleeping / 20, 1) }

    static let full = Sizes(
        runs: 60_000, repeats: 3, history: 10_000_000, sleeping: 1_000_000, snapshotSeconds: 600, latencySeconds: 20,
        reads: 5000, sweepSeconds: 15, heldRuns: 5000, weighted: 500_000, burstStarts: 20_000, burstConnections: 5000,
        burstRounds: 3, consoleRuns: 1_000_000, consoleLoads: 100, consoleSeconds: 30)

    /// To see that the machinery works.
    static let quick = Sizes(
        runs: 6000, repeats: 1, history: 200_000, sleeping: 40_000, snapshotSeconds: 20, latencySeconds: 4,
        reads: 200, sweepSeconds: 4, heldRuns: 1000, weighted: 12_000, burstStarts: 4000, burstConnections: 1000,
        burstRounds: 2, consoleRuns: 50_000, consoleLoads: 10, consoleSeconds: 10)
}
