package import Telemetry

extension DatabaseClock {
    /// Registers what it knows of the machine's clock.
    package func register(in registry: MetricsRegistry) {
        registry.read(
            "clock_offset_seconds",
            "How far the database's clock is ahead of this machine's, in seconds; negative when it is behind.", .gauge
        ) { [self] in offset.map { [.init($0 / .seconds(1))] } ?? [] }
    }
}
