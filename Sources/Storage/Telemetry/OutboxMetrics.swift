import Core
import Postgres
import Synchronization
import Telemetry

/// The state of the outbox as gauges. Read at most once a second, however many scrape; unknown while the database is
/// away or takes longer than a second.
final class OutboxMetrics: Sendable {
    /// Nil when the database did not answer; the pool has said why.
    private let look: SharedLook<ReadBacklog.Row?>
    private let backlog: Gauge
    private let lag: Gauge
    private let engines: Gauge
    private let waitingLook: SharedLook<[CountWaitingRuns.Row]?>
    private let waiting: Series<Gauge>
    private let readAt = Mutex<ContinuousClock.Instant?>(nil)

    static func register(_ pool: Pool, in registry: MetricsRegistry) {
        let metrics = OutboxMetrics(pool, registry)
        registry.onCollect { await metrics.collect() }
    }

    private init(_ pool: Pool, _ registry: MetricsRegistry) {
        look = SharedLook {
            do { return try await pool.execute(ReadBacklog(), deadline: .seconds(1)).first } catch { return nil }
        }
        waitingLook = SharedLook {
            do { return try await pool.execute(CountWaitingRuns(), deadline: .seconds(1)) } catch { return nil }
        }
        waiting = registry.gauges(
            "runs_waiting",
            "Live runs that nobody holds, by what they wait for; exact up to \(CountWaitingRuns.limit).",
            labels: ["kind"])
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
        // A number from before would be a lie, and Prometheus waits a few seconds for all numbers together.
        let row = await look.value(within: .seconds(1)) ?? nil
        backlog.set(row.map { Double($0.backlog) })
        lag.set(row?.lag.seconds)
        engines.set(row.map { Double($0.liveEngines) })
        let counts = await waitingLook.value(within: .seconds(1)) ?? nil
        for (name, kind) in WaitKinds.names {
            waiting[name].set(counts.map { Double($0.reduce(0) { $0 + ($1.kinds.contains(kind) ? $1.count : 0) }) })
        }
    }
}
