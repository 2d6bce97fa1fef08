extension Sleeping {
    /// The rows' names when it was not measured.
    static let leftOut = [
        "bytes in Postgres for each run that waits", "due 2,000 a second: claimed late by, p50 / p99",
        "CPU per wake-up, runs waiting / a tenth",
    ]

    var rows: [Row] {
        func of(_ waiting: Int, _ figure: (Wave) -> Double) -> Double {
            waves.filter { $0.waiting == waiting }.map(figure).median
        }
        func both(_ places: Int, _ figure: (Wave) -> Double) -> String {
            "\(of(runs, figure).places(places)) / \(of(fewerRuns, figure).places(places))"
        }
        let (more, less) = (of(runs, \.cpuUsPerRun.system), of(fewerRuns, \.cpuUsPerRun.system))
        return [
            Row(
                "bytes in Postgres for each of \(runs.grouped) waiting",
                "\(bytesPerRun.sum.grouped): \(bytesPerRun.runs.grouped) run + \(bytesPerRun.journal.grouped) journal + "
                    + "\(bytesPerRun.outbox.grouped) outbox"),
            Row(
                "  and in the engine", "\(memory.bytesPerRun.places(1)) bytes", goal: "0 (± 64)",
                reached: memory.bytesPerRun <= 64),
            latenessRow,
            Row(
                "CPU per wake-up, \(runs.grouped) waiting / \(fewerRuns.grouped)",
                "\((more / less).places(2)): \(both(0, \.cpuUsPerRun.system)) µs", goal: "≤ 1.1",
                reached: more <= 1.1 * less),
            Row("  × the participant's", both(1, \.cpuUsPerRun.relative)),
            Row(
                "  of it Postgres; WAL",
                "\(both(0, \.cpuUsPerRun.postgres)) µs; \(both(1) { $0.walPerRun / 1000 }) kB"),
        ]
    }

    /// The slowest wave of those beside all that wait.
    private var latenessRow: Row {
        let all = waves.filter { $0.waiting == runs }.map(\.latenessMs)
        let worst = all.max { $0.p99 < $1.p99 } ?? all[0]
        return Row(
            "due \(Self.perSecond.grouped) a second: claimed late by, p50 / p99",
            "\(worst.pair) (worst p99 of \(all.map(\.p99).listed))", goal: "p99 ≤ 476 ms", reached: worst.p99 <= 476)
    }
}
