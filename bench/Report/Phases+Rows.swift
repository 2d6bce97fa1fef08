extension Latency {
    var rows: [Row] {
        [
            Row("start → accepted, idle, p50 / p99", acceptMs.pair),
            Row(
                "start → finished, idle, p50 / p99", finishMs.pair, goal: "≤ 8 / 20 ms",
                reached: finishMs.p50 <= 8 && finishMs.p99 <= 20),
        ]
    }
}

extension Reads {
    var rows: [Row] {
        [
            Row("GET of a run, p50 / p99", "\(runMs.pair(2)); \(bytes.run.grouped) bytes"),
            Row("  of its events", "\(eventsMs.pair(2)); \(bytes.events.grouped) bytes"),
            Row("  of a list of \(Self.listed)", "\(listMs.pair(2)); \(bytes.list.grouped) bytes"),
        ]
    }
}

extension Sweep {
    var overheadRow: Row {
        let own = offers[0].overheadMsPerStep
        return Row(
            "overhead per step under half load, mean", "\(own.places(2)) ms", goal: "< 10 ms", reached: own < 10)
    }
}

extension ClosedLoops {
    var compensatedRow: Row {
        Row(
            "compensated sagas/s",
            "\(sagasPerSecond.grouped) (median of \(rounds.map(\.sagasPerSecond).listed))", goal: "≥ 1,800",
            reached: sagasPerSecond >= 1800)
    }
}

extension Kinds {
    var rows: [Row] {
        [
            row("elements/s, lists of \(Self.listed), \(Self.parallel) at a time", elements),
            row("children/s, lists of \(Self.listed), \(Self.parallel) at a time", children),
            row("signals/s, each ends a run", signals),
            Row(
                "timers, \(timers.perSecond.grouped) due a second: lateness p50, p99",
                "\(timers.latenessMs.p50.places(1)), \(timers.latenessMs.p99.places(1)) ms"),
        ] + rows(large, "a list of \(large.elements.grouped) elements")
            + rows(parent, "\(parent.elements.grouped) children of one run")
    }

    private func rows(_ large: Large, _ what: String) -> [Row] {
        let (before, beside) = (large.aloneMs, large.besideMs)
        return [
            Row(
                "\(what), others' p99 beside it / alone",
                "\(large.seconds.places(1)) s each; \(beside.p99.places(1)) / \(before.p99.places(1)) ms",
                goal: "≤ 2 ×",
                reached: beside.p99 <= 2 * before.p99),
            Row(
                "  the engine's memory",
                "\((large.beforeBytes >> 20).grouped) → \((large.peakBytes >> 20).grouped) MiB at the most"),
        ]
    }

    private func row(_ name: String, _ rate: Rate) -> Row {
        Row(
            name,
            "\(rate.perSecond.grouped); \(rate.cpuUs.system.places(0)) µs of CPU each"
                + (rate.cpuUs.participant > 0 ? ", \(rate.cpuUs.relative.places(2)) × the participant's" : ""))
    }
}

extension Fairness {
    var rows: [Row] {
        let isFair = shares.allSatisfy { abs($0.relative - 1) <= 0.1 }
        let weights = shares.map { "\($0.weight): \($0.relative.places(2))" }.joined(separator: ", ")
        return [
            Row(
                "\(Self.perSecond) runs/s of a tenant beside \(backlog.grouped) of another: p95 start to finished / alone",
                "\(besideMs.p95.places(1)) / \(aloneMs.p95.places(1)) ms, \(finishedBeside.grouped) runs",
                goal: "≤ 3 ×",
                reached: besideMs.p95 <= 3 * aloneMs.p95),
            Row(
                "  p50, and what is finished of the backlog",
                "\(besideMs.p50.places(1)) / \(aloneMs.p50.places(1)) ms, \(backlogPerSecond.grouped)/s"),
            Row(
                "weights of tenants: what each got over its part, in \(saturatedSeconds.places(0)) s", weights,
                goal: "± 10 %", reached: isFair),
        ]
    }
}

extension Scaling {
    var rows: [Row] {
        func of(_ engines: Int) -> [Beside<ClosedLoop, Detail>] { rounds.filter { $0.detail.engines == engines } }
        let (one, four) = (of(1).map(\.figures), of(4).map(\.figures))
        let (less, more) = (one.median(\.cpuUsPerSaga.system), four.median(\.cpuUsPerSaga.system))
        return [
            Row(
                "1 → 4 engines: CPU per saga, no call doubled",
                "\(less.places(0)) → \(more.places(0)) µs, \((more / less).places(2)) ×", goal: "≤ 1.1 ×",
                reached: more <= 1.1 * less),
            Row(
                "  their sagas/s; CPU, × the participant's",
                "\(one.median(\.sagasPerSecond).grouped) → \(four.median(\.sagasPerSecond).grouped); "
                    + "\(one.relative) → \(four.relative)"),
            Row("  claims of 1 engine", Self.shares(of(1).map(\.detail.claims))),
            Row("  claims of 4 engines", Self.shares(of(4).map(\.detail.claims))),
        ]
    }

    private static func shares(_ claims: [Claims]) -> String {
        guard claims.allSatisfy({ $0.claims != nil }) else { return "not told" }
        func sum(_ count: (Claims) -> Int?) -> String { claims.reduce(0) { $0 + (count($1) ?? 0) }.grouped }
        return "\(sum(\.empty)) empty, \(sum(\.collided)) collided of \(sum(\.claims))"
    }
}

extension History {
    var rows: [Row] {
        func of(_ database: String) -> [ClosedLoop] {
            rounds.filter { $0.detail.database == database }.map(\.figures)
        }
        let (full, empty) = (of("history").median(\.sagasPerSecond), of("empty").median(\.sagasPerSecond))
        let ratio = full / empty
        return [
            Row(
                "with \(finishedRuns.grouped) finished runs / without",
                "\(ratio.places(2)): \(full.grouped) / \(empty.grouped) sagas/s, \(size)", goal: "≥ 0.9",
                reached: ratio >= 0.9),
            Row("  their CPU, × the participant's", "\(of("history").relative) / \(of("empty").relative)"),
        ]
    }
}

extension OldSnapshot {
    var rows: [Row] {
        let loops = [before, held, after]
        let rates = loops.map { $0.median(\.sagasPerSecond) }
        let (during, afterwards) = (rates[1] / rates[0], rates[2] / rates[0])
        return [
            Row(
                "at the end of an old snapshot of \(seconds) s / before",
                "\(during.places(2)): \(rates[1].grouped) / \(rates[0].grouped) sagas/s, \(deadRows.grouped) dead rows",
                goal: "≥ 0.8", reached: during >= 0.8),
            Row(
                "  after it / before",
                "\(afterwards.places(2)): \(rates[2].grouped), vacuumed "
                    + (vacuumSeconds.map { "after \($0.places(0)) s" } ?? "not yet"),
                goal: "recovers: ≥ 0.9", reached: afterwards >= 0.9 && vacuumSeconds != nil),
            Row(
                "  CPU before, at the end, after, × the participant's",
                loops.map(\.relative).joined(separator: ", ")),
        ]
    }
}

extension Memory {
    /// Pages and the allocator make a few bytes a run either way; an entry of a table would be more than this.
    var rows: [Row] {
        [
            Row(
                "engine memory, \(inFlight.callsOpen.grouped) runs in calls",
                "\(inFlight.duringBytes.mib) MiB, at most \(inFlight.duringPeakBytes.mib) MiB (idle "
                    + "\(inFlight.beforeBytes.mib), when all are answered \(inFlight.peakBytes.mib))",
                goal: "≤ 150 MiB", reached: inFlight.duringPeakBytes <= 150 * 1_048_576),
            Row(
                "  and for each run that waits",
                "\(waiting.bytesPerRun.places(0)) bytes (\(waiting.runs.grouped) waiting)", goal: "0 (± 64)",
                reached: waiting.bytesPerRun <= 64),
        ]
    }
}

extension Takeover {
    func rows(leaseSeconds: Int) -> [Row] {
        let p99 = otherCalls.allMs.p99
        return [
            Row(
                "takeover of \(leasesHeld.grouped) runs after SIGKILL, lease \(leaseSeconds) s",
                "\(takeoverSeconds.places(2)) s, all completed after \(completedSeconds.places(1)) s",
                goal: "≤ lease + 2 s", reached: takeoverSeconds <= Double(leaseSeconds) + 2),
            Row(
                "  no stampede: peak connections, calls/s",
                "\(participant.connectionsPeak.grouped), \(participant.callsPerSecondPeak.grouped)/s",
                // The measuring program has one of its own.
                goal: "≤ \(engineConnections) connections",
                reached: participant.connectionsPeak <= engineConnections + 4),
            Row(
                "  other API calls meanwhile, p99", "\(p99.places(1)) ms", goal: "≤ 250 ms",
                reached: p99 <= 250 && otherCalls.failures == 0),
        ]
    }
}

extension Burst {
    var rows: [Row] {
        func sum(_ count: (Round) -> Int) -> Int { rounds.reduce(0) { $0 + count($1) } }
        let others = sum { $0.others.values.reduce(0, +) }
        let p99 = rounds.map(\.otherCalls.allMs.p99)
        let worst = p99.max() ?? 0
        return [
            Row(
                "burst of \(starts.grouped) starts at once: answered 202 or 503",
                "\(sum(\.accepted).grouped) × 202, \(sum(\.refused).grouped) × 503, \(others) others "
                    + "(\(rounds.count) bursts)",
                goal: "all", reached: others == 0),
            Row(
                "  API memory before / peak / after, each burst",
                rounds.map { "\($0.beforeBytes.mib) / \($0.peakBytes.mib) / \($0.afterBytes.mib)" }
                    .joined(separator: ", ") + " MiB",
                goal: "flat: last peak ≤ 1.1 × first",
                reached: Double(rounds[rounds.count - 1].peakBytes) <= 1.1 * Double(rounds[0].peakBytes)),
            Row(
                "  other API calls meanwhile, p99", "\(worst.places(1)) ms (worst of \(p99.listed))", goal: "≤ 250 ms",
                reached: worst <= 250 && rounds.allSatisfy { $0.otherCalls.failures == 0 }),
        ]
    }
}
