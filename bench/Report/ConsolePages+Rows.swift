extension ConsolePages {
    /// The rows' names when it was not measured.
    static let leftOut = ["console with a million runs", "open consoles while nothing happens"]

    var rows: [Row] {
        pages.map { page in
            Row(
                "console with \(runs.grouped) runs: \(page.name), p50 / p95",
                "\(page.p50Ms.places(1)) / \(page.p95Ms.places(1)) ms; \((Double(page.bytes) / 1000).places(0)) kB",
                goal: "p95 < 100 ms, ≤ 100 kB", reached: page.p95Ms < 100 && page.bytes <= 100_000)
        } + [
            Row(
                "\(idle.consoles) open consoles while nothing happens",
                "\(idle.percent.places(1)) % of a core: API \(idle.apiPercent.places(1)) + Postgres \(idle.postgresPercent.places(1)); "
                    + "\(idle.unchanged.grouped) of \(idle.answers.grouped) answers were 304 (without any: \(idle.withoutPercent.places(1)) %)",
                goal: "< 5 %", reached: idle.percent < 5)
        ]
    }
}
