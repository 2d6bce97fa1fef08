import Telemetry
import Testing

@Suite("Metrics")
struct MetricsTests {
    private func text(_ registry: MetricsRegistry) async -> String {
        String(decoding: await registry.exposition(), as: UTF8.self)
    }

    @Test("a counter is shown with its zero before anything is counted, so that a rate sees the first event")
    func zeros() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("runs_total", "Runs.")
        #expect(await text(registry) == "# HELP runs_total Runs.\n# TYPE runs_total counter\nruns_total 0\n")
        counter.add()
        counter.add(41)
        #expect(await text(registry).hasSuffix("\nruns_total 42\n"))
    }

    @Test("a gauge nobody has set is left out rather than shown as zero, and again when it is no longer known")
    func unknownGauge() async {
        let registry = MetricsRegistry()
        let gauge = registry.gauge("lag_seconds", "Lag.")
        #expect(await text(registry) == "# HELP lag_seconds Lag.\n# TYPE lag_seconds gauge\n")
        gauge.set(0.25)
        #expect(await text(registry).hasSuffix("\nlag_seconds 0.25\n"))
        gauge.set(nil)
        #expect(await !text(registry).contains("\nlag_seconds "))
    }

    @Test("buckets are cumulative, a value on a bound belongs to it, and the infinite bucket holds everything")
    func buckets() async {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("call_seconds", "Calls.", bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 7] { histogram.observe(value) }
        let lines = await text(registry).split(separator: "\n").dropFirst(2)
        #expect(
            lines == [
                "call_seconds_bucket{le=\"0.1\"} 2", "call_seconds_bucket{le=\"1\"} 3",
                "call_seconds_bucket{le=\"+Inf\"} 4", "call_seconds_sum 7.65", "call_seconds_count 4",
            ])
    }

    @Test("the same histogram in milliseconds has its bounds and its sum scaled, and its counts alike")
    func scaled() async {
        let registry = MetricsRegistry()
        let series = registry.histograms("call_seconds", "Calls.", labels: ["step"], bounds: [0.5])
        registry.show(series, as: "call_ms", "Calls.", scaledBy: 1000)
        series["a"].observe(.milliseconds(250))
        let shown = await text(registry)
        #expect(shown.contains("call_seconds_bucket{step=\"a\",le=\"0.5\"} 1\n"))
        #expect(shown.contains("call_ms_bucket{step=\"a\",le=\"500\"} 1\n"))
        #expect(shown.contains("call_ms_sum{step=\"a\"} 250\n"))
    }

    @Test("label values that hold quotes, backslashes or line feeds can't forge a line")
    func escaping() async {
        let registry = MetricsRegistry()
        registry.counters("runs_total", "Run\\s\nof a kind.", labels: ["name"])["a\"b\\c\nd 1"].add()
        let shown = await text(registry)
        #expect(shown.contains("# HELP runs_total Run\\\\s\\nof a kind.\n"))
        #expect(shown.contains("runs_total{name=\"a\\\"b\\\\c\\nd 1\"} 1\n"))
        #expect(shown.split(separator: "\n").count == 3)
    }

    @Test("labels somebody else chooses are bounded: what is too many is counted together and not lost")
    func bounded() async {
        let registry = MetricsRegistry()
        let series = registry.counters("runs_total", "Runs.", labels: ["name"], limit: 3)
        for number in 0..<100 { series["workflow-\(number)"].add() }
        series["workflow-1"].add()
        let shown = await text(registry)
        #expect(shown.contains("runs_total{name=\"workflow-1\"} 2\n"))
        #expect(shown.contains("runs_total{name=\"other\"} 97\n"))
        #expect(shown.split(separator: "\n").count == 2 + 4)
    }

    @Test("collectors run before every exposition, and readings are taken when they are shown")
    func collectors() async {
        let registry = MetricsRegistry()
        let (gauge, counter) = (registry.gauge("collected", "Collected."), Counter())
        registry.read("read_total", "Read.", .counter, labels: ["pool"]) { [.init(counter.value, "a")] }
        registry.onCollect {
            counter.add()
            gauge.set(counter.value)
        }
        #expect(await text(registry).contains("collected 1\n"))
        let second = await text(registry)
        #expect(second.contains("collected 2\n"))
        #expect(second.contains("# TYPE read_total counter\nread_total{pool=\"a\"} 2\n"))
    }

    @Test("counting from many tasks at once loses nothing")
    func concurrency() async {
        let registry = MetricsRegistry()
        let series = registry.counters("runs_total", "Runs.", labels: ["name"])
        let histogram = registry.histogram("call_seconds", "Calls.", bounds: Buckets.latency)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        series["\(task % 2)"].add()
                        histogram.observe(.milliseconds(3))
                    }
                }
            }
        }
        #expect(series["0"].value == 4000)
        #expect(series["1"].value == 4000)
        #expect(histogram.counts.count == 8000)
        #expect(abs(histogram.counts.sum - 24) < 1e-6)
    }

    @Test("a process tells its CPU time, memory, descriptors and version")
    func process() async {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry, program: "test", version: "1.2.3")
        let shown = await text(registry)
        #expect(shown.contains("sagaflow_build_info{program=\"test\",version=\"1.2.3\"} 1\n"))
        func value(_ name: String) -> Double? {
            shown.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
                .flatMap { Double($0.dropFirst(name.count + 1)) }
        }
        #expect(value("process_cpu_seconds_total").map { $0 > 0 && $0 < 100_000 } == true)
        #expect(value("process_resident_memory_bytes").map { $0 > 1_000_000 } == true)
        #expect(value("process_open_fds").map { $0 >= 3 } == true)
        #expect(value("process_start_time_seconds").map { $0 > 1_700_000_000 } == true)
    }
}
