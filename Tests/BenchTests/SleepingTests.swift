@testable import Bench
import Testing

@Suite("Figures of runs that sleep say what a wake-up costs and how late it is")
struct SleepingTests {
    @Test("How late runs were is told in milliseconds, by nearest ranks")
    func lateness() throws {
        let times = try Sleeping.Wave.lateness((1...200).map { $0 * 1500 }, of: 200)
        #expect(times.p50 == 150 && times.p99 == 297)
        #expect(try Sleeping.Wave.lateness([0], of: 1).p99 == 0)
    }

    @Test(
        "A run that was not begun by its claim, or was woken before its time, is no measurement",
        arguments: [([5, 5], 3), ([5, 5], 1), ([], 1), ([5, -1, 5], 3)] as [([Int], Int)])
    func invalid(times: [Int], woken: Int) {
        #expect(throws: BenchError.self) { try Sleeping.Wave.lateness(times, of: woken) }
    }

    @Test("Lateness is that of the slowest wave beside all that wait, CPU the median of either kind")
    func rows() {
        let rows = sleeping([
            wave(100, 900, cpu: 100), wave(1000, 300, cpu: 112), wave(1000, 476, cpu: 110), wave(100, 1, cpu: 100),
            wave(100, 1, cpu: 300), wave(1000, 20, cpu: 50),
        ]).rows
        #expect(
            rows == [
                Row("bytes in Postgres for each of 1,000 waiting", "2,001: 1,000 run + 900 journal + 101 outbox"),
                Row("  and in the engine", "64.0 bytes", goal: "0 (± 64)", reached: true),
                Row(
                    "due 2,000 a second: claimed late by, p50 / p99", "238.0 / 476.0 ms (worst p99 of 300, 476, 20)",
                    goal: "p99 ≤ 476 ms", reached: true),
                Row("CPU per wake-up, 1,000 waiting / 100", "1.10: 110 / 100 µs", goal: "≤ 1.1", reached: true),
                Row("  × the participant's", "11.0 / 10.0"),
                Row("  of it Postgres; WAL", "60 / 60 µs; 11.0 / 1.1 kB"),
            ])
    }

    @Test("Whatever is beyond its goal is said to be")
    func missed() {
        let rows = sleeping([wave(100, 1, cpu: 100), wave(1000, 477, cpu: 111)], memory: 64_001).rows
        #expect(rows.map(\.reached) == [nil, false, false, false, nil, nil])
    }

    @Test("Copies are numbered on from those that were made before, and only the outbox tells when they are due")
    func copies() {
        var seed = SleepingSeed(database: "sleeping", runs: 10)
        #expect(seed.copies(10, of: "outbox", columns: "c").contains("generate_series(1::int8, 10::int8)"))
        seed.copied = 10
        let next = seed.copies(5, of: "run_journal", columns: "c")
        #expect(next.contains("generate_series(11::int8, 15::int8)") && next.contains("interval '0' AS shift"))
        #expect(seed.copies(5, of: "outbox", columns: "c").contains("interval '4 hours'"))
    }

    private func sleeping(_ waves: [Sleeping.Wave], memory: Int = 64_000) -> Sleeping {
        Sleeping(
            runs: 1000, fewerRuns: 100, bytesPerRun: Sleeping.Bytes(runs: 1000, journal: 900, outbox: 101),
            memory: Sleeping.Memory(before: 5_000_000, during: 5_000_000 + memory, runs: 1000), waves: waves)
    }

    private func wave(_ waiting: Int, _ p99: Double, cpu: Double) -> Sleeping.Wave {
        Sleeping.Wave(
            waiting: waiting, woken: 1, seconds: 1, latenessMs: Percentiles([p99 / 2, p99]),
            cpuUsPerRun: ClosedLoop.CPU([.engine: cpu - 60, .postgres: 60, .participant: 10], runs: 1),
            walPerRun: 11 * Double(waiting))
    }
}
