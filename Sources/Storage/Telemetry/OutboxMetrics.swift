import Postgres
import Synchronization
import Telemetry

/// The state of the outbox as gauges. Read at most once a second, however many scrape; unknown while the database is away.
final class OutboxMetrics: Sendable {
    private let pool: Pool
    private let backlog: Gauge
    private let lag: Gauge
    private let engines: Gauge
    private let readAt = Mutex<ContinuousClock.Instant?>(nil)

    static func register(_ pool: Pool, in registry: MetricsRegistry) {
        let metrics = OutboxMetrics(pool, registry)
        registry.onCollect { await metrics.collect() }
    }

    private init(_ pool: Pool, _ registry: MetricsRegistry) {
        self.pool = pool
        backlog = registry.gauge(
            "outbox_backlog_total", "Runs that are due and that no engine has claimed; exact up to 1000.")
        lag = registry.gauge("outbox_lag_seconds", "For how long the oldest of them has been due, in seconds.")
        engines = registry.gauge("workflow_engines", "Engines that gave a sign of life within the last 15 seconds.")
    }

    private func collect() async {
        let now = ContinuousClock.now
        let isFresh = readAt.withLock { last in
            if let last, now - last < .seconds(1) { return true }
            last = now
            return false
        }
        if isFresh { return }
        do {
            let row = try await pool.execute(ReadBacklog(), deadline: .seconds(1)).first
            backlog.set(row.map { Double($0.backlog) })
            lag.set(row?.lag.seconds)
            engines.set(row.map { Double($0.liveEngines) })
        } catch {
            // The pool has said why. A number from before would be a lie.
            backlog.set(nil)
            lag.set(nil)
            engines.set(nil)
        }
    }
}
