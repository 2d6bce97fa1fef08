import Core
import NIOCore
import Postgres

/// Tenants that share engines which can't keep up: what one feels of another's backlog, and whether weights hold.
struct Fairness: Encodable, Sendable {
    /// Runs of the other tenant that are due when the first of one's own is started.
    let backlog: Int
    /// One's own runs, from start to finished.
    let aloneMs: Times
    let besideMs: Times
    /// Runs of the backlog that were finished a second meanwhile.
    let backlogPerSecond: Double
    /// Own runs that were finished before the backlog was.
    let finishedBeside: Int
    /// What each tenant got while all had something due.
    let shares: [Share]
    let saturatedSeconds: Double

    struct Times: Encodable, Sendable {
        let p50: Double
        let p95: Double
    }

    struct Share: Encodable, Sendable {
        let weight: Int
        let runs: Int
        /// Of all runs that were finished meanwhile, over the part its weight gives it: 1 where they agree.
        let relative: Double
    }

    /// Starts of the small tenant.
    static let perSecond = 5
    static let weights = [100, 200, 700]
}

extension Session {
    func fairness() async throws -> Fairness {
        try await mainSystemGone()
        try await system.up("fairness")
        for tenant in ["large", "small"] { try await system.putTenant(tenant, ["weight": 100]) }
        for weight in Fairness.weights { try await system.putTenant("w\(weight)", ["weight": JSON(weight)]) }
        try await system.startEngine()
        try await system.warmUp()
        let (backlog, seconds) = (sizes.runs * 2, sizes.latencySeconds)
        let figures = try await measuring { database in
            let alone = try await system.trickle(seconds: seconds)
            try await database.waitUntilIdle(since: alone)
            let aloneMs = try await database.times(of: "small", since: alone)
            let (beside, first) = try await system.beside(backlog)
            try await database.waitUntilIdle(since: beside)
            let end = try await database.lastEnd(of: "large", since: beside)
            let besideMs = try await database.times(of: "small", since: first, until: end)
            let begin = try await database.firstEnd(of: "large", since: beside)
            let weighted = try await system.weighted(sizes.weighted)
            try await database.waitUntilIdle(since: weighted)
            let (shares, saturated) = try await database.shares(since: weighted)
            return Fairness(
                backlog: backlog, aloneMs: aloneMs.times, besideMs: besideMs.times,
                backlogPerSecond: (Double(backlog) / (Double(end - begin) / 1e6)).figure,
                finishedBeside: besideMs.count,
                shares: shares, saturatedSeconds: saturated)
        }
        try await system.gone("fairness")
        return figures
    }
}

extension MeasuredSystem {
    fileprivate func of(_ tenant: String) -> APITarget {
        var target = target
        target.context = ["tenantId": .string(tenant)]
        return target
    }

    /// Some starts a second of the small tenant; since when.
    fileprivate func trickle(seconds: Int) async throws -> Int64 {
        let rate = Double(Fairness.perSecond)
        let load = try await Driver.run(.open(rate: rate, seconds: Double(seconds), connections: 16), at: of("small"))
        guard load.accepted == load.sent else { throw BenchError.invalid("\(load.accepted) of \(load.sent) accepted") }
        return load.begunAt
    }

    /// The same, as long as a backlog of the large one is worked off. No engine runs while that is started.
    fileprivate func beside(_ backlog: Int) async throws -> (since: Int64, first: Int64) {
        try await stopEngines()
        let load = try await Driver.run(.closed(runs: backlog), at: of("large"))
        try await startEngine()
        // As long as the backlog lasts, whatever the machine.
        let seconds = max(4, backlog / 1500)
        return (load.begunAt, try await trickle(seconds: seconds))
    }

    /// A backlog of each of the tenants with weights, of the heaviest the most.
    fileprivate func weighted(_ runs: Int) async throws -> Int64 {
        try await stopEngines()
        var since: Int64?
        let sum = Fairness.weights.reduce(0, +)
        for weight in Fairness.weights {
            // All have more than their part, so the heaviest is at its end first.
            let count = runs * weight / sum + (weight == Fairness.weights.max() ? 0 : runs / 5)
            let load = try await Driver.run(.closed(runs: count), at: of("w\(weight)"))
            since = since ?? load.begunAt
        }
        try await startEngine()
        return since ?? 0
    }
}

extension BenchDatabase {
    fileprivate func times(
        of tenant: String, since: Int64, until: Int64? = nil
    ) async throws -> (times: Fairness.Times, count: Int) {
        let limit = until.map { "AND completed_at < \(Self.time($0))" } ?? ""
        let times = try await connection.simpleQuery(
            """
            SELECT (extract(epoch FROM completed_at - created_at) * 1000000)::int8 FROM workflow_runs
            WHERE \(Self.runs(since)) AND tenant_id = '\(tenant)' \(limit)
            """
        ).compactMap { $0.first.flatMap { $0 }.flatMap { Double($0) } }
        guard !times.isEmpty else { throw BenchError.invalid("no run of \(tenant) was finished in time") }
        let sorted = times.sorted()
        func rank(_ percent: Double) -> Double { (Percentiles.nearestRank(percent, in: sorted) / 1000).figure }
        return (Fairness.Times(p50: rank(50), p95: rank(95)), times.count)
    }

    fileprivate func firstEnd(of tenant: String, since: Int64) async throws -> Int64 {
        Int64(
            try await number(
                """
                SELECT (extract(epoch FROM min(completed_at)) * 1000000)::int8 FROM workflow_runs
                WHERE \(Self.runs(since)) AND tenant_id = '\(tenant)'
                """))
    }

    fileprivate func lastEnd(of tenant: String, since: Int64) async throws -> Int64 {
        Int64(
            try await number(
                """
                SELECT (extract(epoch FROM max(completed_at)) * 1000000)::int8 FROM workflow_runs
                WHERE \(Self.runs(since)) AND tenant_id = '\(tenant)'
                """))
    }

    /// What each tenant with a weight got until the first of them had nothing due any more.
    fileprivate func shares(since: Int64) async throws -> (shares: [Fairness.Share], seconds: Double) {
        var (end, begin): (Int64, Int64) = (.max, .max)
        for weight in Fairness.weights {
            end = min(end, try await lastEnd(of: "w\(weight)", since: since))
            begin = min(begin, try await firstEnd(of: "w\(weight)", since: since))
        }
        var counts: [Int] = []
        for weight in Fairness.weights {
            counts.append(
                try await number(
                    """
                    SELECT count(*) FROM workflow_runs
                    WHERE \(Self.runs(since)) AND tenant_id = 'w\(weight)' AND completed_at < \(Self.time(end))
                    """))
        }
        let (all, sum) = (Double(counts.reduce(0, +)), Double(Fairness.weights.reduce(0, +)))
        let shares = zip(Fairness.weights, counts).map { weight, count in
            Fairness.Share(
                weight: weight, runs: count, relative: (Double(count) / all / (Double(weight) / sum)).figure)
        }
        return (shares, (Double(end - begin) / 1e6).figure)
    }
}
