extension Tracer {
    /// Registers what became of the spans.
    package func register(in registry: MetricsRegistry) {
        registry.read("trace_spans_exported_total", "Spans that a collector has taken.", .counter) {
            [.init(self.statistics.exported)]
        }
        registry.read(
            "trace_spans_dropped_total", "Spans lost to a full queue, or to a collector that was away or refused them.",
            .counter
        ) { [.init(self.statistics.dropped)] }
    }
}
