@testable import Bench
import Testing

@Suite("The table says what was measured, and which goals were reached")
struct ReportTests {
    @Test(
        "Numbers are rounded half away from zero and keep their digits",
        arguments: [
            (0.5, 0, "1"), (2.5, 0, "3"), (-2.5, 0, "-3"), (3.045, 1, "3.0"), (0.049, 2, "0.05"), (12, 2, "12.00"),
            (-0.25, 1, "-0.3"), (1234.5678, 3, "1234.568"),
        ] as [(Double, Int, String)])
    func places(number: Double, digits: Int, text: String) { #expect(number.places(digits) == text) }

    @Test(
        "Thousands are apart",
        arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")] as [(Int, String)])
    func grouped(number: Int, text: String) { #expect(number.grouped == text) }

    @Test(
        "The median is the middle one, of two the larger",
        arguments: [([3, 1, 2], 2), ([1, 2], 2), ([7], 7)] as [([Double], Double)])
    func median(values: [Double], middle: Double) { #expect(values.median == middle) }

    @Test("Percentiles are nearest ranks: values that were measured, never one between two")
    func percentiles() {
        let times = Percentiles((1...202).reversed().map { Double($0) })
        #expect(times.p50 == 101 && times.p99 == 200)
        #expect(Percentiles([7]).p99 == 7)
    }

    @Test("A phase that was left out has its rows all the same, and none of them counts as a goal")
    func leftOut() {
        let rows = Samples.results.rows
        #expect(rows.count == 31)
        #expect(rows.allSatisfy { $0.measured == "not measured" && $0.goal.isEmpty && $0.reached == nil })
    }

    @Test("A phase that this machine does not allow says why")
    func notMeasured() {
        var results = Samples.results
        results.burst = .notMeasured(reason: "too few files")
        #expect(results.rows.last == Row("burst of starts at once", "not measured: too few files"))
        #expect(Figures.text(results).contains(#""burst":{"not_measured":"too few files"}"#))
    }

    @Test(
        "Throughput is the median of its loops, and its CPU that of the medians",
        arguments: [(3000, true), (2999, false)] as [(Double, Bool)])
    func throughput(rate: Double, isReached: Bool) {
        var results = Samples.results
        results.throughput = .figures(
            ClosedLoops(rounds: [Samples.loop(4000, 450), Samples.loop(rate, 460), Samples.loop(100, 440)]))
        results.floor = .figures(Floor(sagasPerSecond: 6000, byClients: [], usPerSaga: [:]))
        #expect(
            Array(results.rows.prefix(4)) == [
                Row(
                    "three-step sagas/s, end to end, 60,000 runs",
                    "\(rate.grouped) (median of 4000, \(rate.places(0)), 100)", goal: "≥ 3,000", reached: isReached),
                Row("ratio to the floor, pgbench alone", "0.50 of 6,000/s", goal: "≥ 0.33", reached: true),
                Row(
                    "CPU per saga: API + engine + Postgres", "100 + 150 + 200 = 450 µs", goal: "≤ 450 µs",
                    reached: true),
                Row("  beside it: participant, load generator", "30, 10 µs; the three are 15.0 × the participant"),
            ])
    }

    @Test("It is a collapse when twice the load completes less than 0.8 of the best at any load")
    func sweep() {
        var results = Samples.results
        results.sweep = .figures(
            Sweep(
                basePerSecond: 1000,
                offers: [
                    Samples.offer(0.5, 500), Samples.offer(1, 900), Samples.offer(2, 790, refused: 3, unsent: 1200),
                ]))
        let last = "completed/s while 2× (2,000/s) are offered"
        func row() -> Row? { results.rows.first { $0.figure == last } }
        #expect(row()?.measured == "790, 3 × 503, 1,200 not taken; 0.88 of the best")
        #expect(row()?.reached == true)
        results.throughput = .figures(ClosedLoops(rounds: [Samples.loop(1000, 450)]))
        #expect(row()?.reached == false)
        #expect(results.rows.contains(Row("completed/s while 0.5× (500/s) are offered", "500")))
        let overhead = Row("overhead per step under half load, mean", "9.50 ms", goal: "< 10 ms", reached: true)
        #expect(results.rows.contains(overhead))
    }

    @Test("Four engines may cost a tenth more; claims that an engine does not tell are not counted as none")
    func scaling() {
        func round(_ engines: Int, _ cpu: Double, _ exposition: String) -> Beside<ClosedLoop, Scaling.Detail> {
            Beside(
                figures: Samples.loop(1000, cpu),
                detail: Scaling.Detail(engines: engines, claims: Claims(in: exposition)))
        }
        let told = """
            # TYPE outbox_claims_total counter
            outbox_claims_total{lane="a"} 10
            outbox_claims_total{lane="b"} 5
            outbox_claims_empty_total 4
            """
        let rows = Scaling(rounds: [round(1, 500, told), round(4, 600, told), round(1, 510, "")]).rows
        #expect(rows[0].measured == "510 → 600 µs, 1.18 ×" && rows[0].reached == false)
        #expect(rows[2].measured == "not told")
        #expect(rows[3].measured == "4 empty, 0 collided of 15")
    }

    @Test("A run that was never vacuumed after an old snapshot has not recovered")
    func snapshot() {
        func rows(_ vacuum: Double?) -> [Row] {
            let loops = { [Samples.loop($0, 450)] }
            return OldSnapshot(
                seconds: 600, heldSeconds: 650, runsUnderLoad: 1, refusedUnderLoad: 0, deadRows: 2_000_000,
                outboxBytes: 1, vacuumSeconds: .init(wrappedValue: vacuum), before: loops(1000), held: loops(800),
                after: loops(990)
            ).rows
        }
        #expect(rows(nil)[0].reached == true)
        #expect(rows(nil)[1].measured == "0.99: 990, vacuumed not yet" && rows(nil)[1].reached == false)
        #expect(rows(12.4)[1].measured == "0.99: 990, vacuumed after 12 s" && rows(12.4)[1].reached == true)
    }

    @Test("A burst is flat when its last peak is no more than a tenth above the first, and fast when every round is")
    func burst() {
        func round(_ peak: Int, _ milliseconds: Double, _ others: [String: Int] = [:]) -> Burst.Round {
            var calls = Prober.Result()
            (calls.run, calls.health) = ([milliseconds], [milliseconds])
            return Burst.Round(
                seconds: 1, accepted: 3, refused: 1, others: others, beforeBytes: 0, peakBytes: peak, afterBytes: 0,
                otherCalls: OtherCalls(calls))
        }
        func reached(_ rounds: [Burst.Round]) -> [Bool?] {
            Burst(starts: 4, connections: 2, rounds: rounds).rows.map(\.reached)
        }
        #expect(reached([round(1000, 250), round(1100, 10)]) == [true, true, true])
        #expect(reached([round(1000, 10), round(1101, 251)]) == [true, false, false])
        #expect(reached([round(1000, 10), round(1000, 10, ["closed": 1])]) == [false, true, true])
    }

    @Test("Columns are aligned, and a goal that was not reached catches the eye")
    func table() {
        let table = Table([Row("p50 → p99", "1 ms", goal: "≤ 8", reached: false), Row("a", "b")])
        #expect(
            table.text == """
                | figure    | measured | goal | reached |
                |-----------|----------|------|---------|
                | p50 → p99 | 1 ms     | ≤ 8  | NO      |
                | a         | b        |      |         |
                """)
    }

    @Test("Programs find the figures under the same names as ever, and null for what is not known")
    func json() {
        var results = Samples.results
        results.throughput = .figures(ClosedLoops(rounds: [Samples.loop(1000, 450)]))
        let text = Figures.text(results.file)
        #expect(text.hasPrefix(#"{"lease_seconds":5,"machine":"a machine","quick":false,"rows":[{"figure":"#))
        #expect(text.contains(#""goal":"","measured":"not measured","reached":null}"#))
        #expect(
            text.contains(
                #""throughput":{"rounds":[{"cpu_us_per_saga":{"api":100,"engine":150,"load":10,"participant":30,"#
                    + #""postgres":200,"system":450},"refusals":0,"runs":60000,"sagas_per_second":1000,"#))
        let round = Beside(figures: Samples.loop(1000, 450), detail: History.Detail(database: "empty"))
        #expect(Figures.text(round).contains(#""database":"empty","refusals":0"#))
        #expect(Figures.text(ParticipantCounts()).contains(#""calls_per_second_peak":0"#))
    }
}

/// Figures that nobody measured.
enum Samples {
    static var results: Results { Results(machine: "a machine", quick: false) }

    /// - Parameter cpu: microseconds a saga; what is more or less than 450 is the engine's.
    static func loop(_ rate: Double, _ cpu: Double) -> ClosedLoop {
        let used: [MeasuredProcess.Role: Double] = [
            .api: 100, .engine: cpu - 300, .postgres: 200, .participant: 30, .load: 10,
        ]
        return ClosedLoop(
            runs: 60_000, seconds: 60_000 / rate, sagasPerSecond: rate, startsPerSecond: rate, refusals: 0,
            cpuUsPerSaga: ClosedLoop.CPU(used.mapValues { $0 * 60_000 }, runs: 60_000))
    }

    static func offer(_ share: Double, _ completed: Double, refused: Int = 0, unsent: Int = 0) -> Offer {
        Offer(
            share: share, offeredPerSecond: 1000 * share, seconds: 15, sent: 1, accepted: 1, refused: refused,
            unsent: unsent, completedPerSecond: completed, completedPerSecondToTheEnd: completed, drainSeconds: 0,
            acceptMs: Percentiles([1]), overheadMsPerStep: 9.5)
    }
}
