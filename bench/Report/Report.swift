extension Results {
    /// The table: every row there is, those of phases left out as *not measured*.
    var rows: [Row] {
        Self.rows(
            throughput, else: ["three-step sagas/s, end to end", "CPU per saga: API + engine + Postgres"],
            throughputRows)
            + (throughput == nil || floor == nil ? [Row("ratio to the floor, pgbench alone", "not measured")] : [])
            + Self.rows(sweep, else: ["completed/s by offered load"], sweepRows)
            + Self.rows(latency, else: ["start → finished, idle, p50 / p99"], \.rows)
            + Self.rows(reads, else: ["GET of a run, p50 / p99", "  of its events", "  of a list"], \.rows)
            + Self.rows(sweep, else: ["overhead per step under half load, mean"]) { [$0.overheadRow] }
            + Self.rows(compensated, else: ["compensated sagas/s"]) { [$0.compensatedRow] }
            + Self.rows(
                kinds,
                else: [
                    "elements of lists/s", "children/s", "signals/s", "timers", "a list of a thousand elements",
                    "a parent of ten thousand",
                ], \.rows)
            + Self.rows(
                fairness,
                else: [
                    "one tenant beside another's backlog", "  what is finished of the backlog", "weights of tenants",
                ], \.rows)
            + Self.rows(scaling, else: ["1 → 4 engines: CPU per saga, no call doubled"], \.rows)
            + Self.rows(history, else: ["with finished runs / without"], \.rows)
            + Self.rows(snapshot, else: ["at the end of an old snapshot / before"], \.rows)
            + Self.rows(memory, else: ["engine memory, runs in calls", "  and for each run that waits"], \.rows)
            + Self.rows(sleeping, else: Sleeping.leftOut, \.rows)
            + Self.rows(console, else: ConsolePages.leftOut, \.rows)
            + Self.rows(takeover, else: ["takeover after SIGKILL"]) { $0.rows(leaseSeconds: leaseSeconds) }
            + Self.rows(burst, else: ["burst of starts at once"], \.rows)
    }

    /// The rows of a phase, or one for each name that says that it was not measured.
    private static func rows<Figures>(
        _ measured: Measured<Figures>?, else names: [String], _ rows: (Figures) -> [Row]
    ) -> [Row] {
        switch measured {
        case .figures(let figures): rows(figures)
        case .notMeasured(let reason): names.map { Row($0, "not measured: \(reason)") }
        case nil: names.map { Row($0, "not measured") }
        }
    }

    private func throughputRows(_ loops: ClosedLoops) -> [Row] {
        let (rounds, rate) = (loops.rounds, loops.sagasPerSecond)
        func cpu(_ part: (ClosedLoop.CPU) -> Double) -> String { rounds.median { part($0.cpuUsPerSaga) }.places(0) }
        let system = rounds.median(\.cpuUsPerSaga.system)
        return [
            Row(
                "three-step sagas/s, end to end, \(rounds[0].runs.grouped) runs",
                "\(rate.grouped) (median of \(rounds.map(\.sagasPerSecond).listed))", goal: "≥ 3,000",
                reached: rate >= 3000)
        ] + floorRows(rate) + [
            Row(
                "CPU per saga: API + engine + Postgres",
                "\(cpu(\.api)) + \(cpu(\.engine)) + \(cpu(\.postgres)) = \(system.places(0)) µs", goal: "≤ 450 µs",
                reached: system <= 450),
            Row(
                "  beside it: participant, load generator",
                "\(cpu(\.participant)), \(cpu(\.load)) µs; the three are \(rounds.relative) × the participant"),
        ]
    }

    private func floorRows(_ rate: Double) -> [Row] {
        guard case .figures(let floor) = floor else { return [] }
        let ratio = rate / floor.sagasPerSecond
        return [
            Row(
                "ratio to the floor, pgbench alone", "\(ratio.places(2)) of \(floor.sagasPerSecond.grouped)/s",
                goal: "≥ 0.33", reached: ratio >= 0.33)
        ]
    }

    /// No collapse: at twice what the system can do, it does no less than 0.8 of the best it did at any load.
    private func sweepRows(_ sweep: Sweep) -> [Row] {
        var best = sweep.offers.map(\.completedPerSecond).max() ?? 0
        if case .figures(let throughput) = throughput { best = max(best, throughput.sagasPerSecond) }
        return sweep.offers.map { offer in
            let isLast = offer.share == 2
            let share = offer.completedPerSecond / best
            let load = offer.share.rounded() == offer.share ? offer.share.places(0) : offer.share.places(1)
            let lost = ", \(offer.refused.grouped) × 503, \(offer.unsent.grouped) not taken"
            return Row(
                "completed/s while \(load)× (\(offer.offeredPerSecond.grouped)/s) are offered",
                offer.completedPerSecond.grouped + (offer.refused + offer.unsent > 0 ? lost : "")
                    + (isLast ? "; \(share.places(2)) of the best" : ""),
                goal: isLast ? "≥ 0.8 of the best" : "", reached: isLast ? share >= 0.8 : nil)
        }
    }
}

extension Array where Element == ClosedLoop {
    /// The median of the CPU as a multiple of the participant's.
    var relative: String { median(\.cpuUsPerSaga.relative).places(1) }
}
