package import Postgres
import Synchronization
import Telemetry

/// For how long workflows and participants have been paused, as gauges: a pause is easily forgotten. Read at most once in ten
/// seconds, however many scrape.
final class PauseMetrics: Sendable {
    private let look: SharedLook<[ListPauses.Row]?>
    private let workflows: Series<Gauge>
    private let participants: Series<Gauge>
    /// What has a number now, and when that was read.
    private let state = Mutex<(shown: Set<String>, readAt: ContinuousClock.Instant?)>(([], nil))

    private static let interval: Duration = .seconds(10)

    static func register(_ pool: Pool, in registry: MetricsRegistry) {
        let metrics = PauseMetrics(pool, registry)
        registry.onCollect { await metrics.collect() }
    }

    private init(_ pool: Pool, _ registry: MetricsRegistry) {
        look = SharedLook {
            do { return try await pool.execute(ListPauses(), deadline: .seconds(1)) } catch { return nil }
        }
        workflows = registry.gauges(
            "workflow_paused_seconds", "For how long a workflow has been paused; only those that are.",
            labels: ["workflowName"], limit: ListPauses.limit)
        participants = registry.gauges(
            "participant_paused_seconds", "For how long a participant has been paused; only those that are.",
            labels: ["participant"], limit: ListPauses.limit)
    }

    private func collect() async {
        let isFresh = state.withLock { state in
            if let last = state.readAt, .now - last < Self.interval { return true }
            state.readAt = .now
            return false
        }
        if isFresh { return }
        let rows = await look.value(within: .seconds(1)) ?? nil
        let before = state.withLock { $0.shown }
        var shown: Set<String> = []
        for row in rows ?? [] {
            series(row.isWorkflow)[row.name].set(row.since.seconds)
            shown.insert(Self.key(row.isWorkflow, row.name))
        }
        for key in before.subtracting(shown) { series(key.first == "w")[String(key.dropFirst())].set(nil) }
        state.withLock { $0.shown = shown }
    }

    private func series(_ isWorkflow: Bool) -> Series<Gauge> { isWorkflow ? workflows : participants }

    private static func key(_ isWorkflow: Bool, _ name: String) -> String { (isWorkflow ? "w" : "p") + name }
}

/// Workflows and participants that are paused, and for how long; those that have been for longest first. Of several of one name,
/// whosever they are, the one that has been for longest.
package struct ListPauses: Statement {
    package init() {}

    package static let limit = 200

    package struct Row: Sendable, Hashable {
        /// Else a participant.
        package let isWorkflow: Bool
        package let name: String
        package let since: Duration
    }

    package static let sql = """
        SELECT is_workflow, name, (extract(epoch FROM now() - paused_at) * 1000000)::int8 FROM (
            SELECT true AS is_workflow, workflow_name AS name, min(paused_at) AS paused_at FROM workflow_pauses
            WHERE resumed_at IS NULL GROUP BY workflow_name
            UNION ALL
            SELECT false, participant_name, min(paused_at) FROM participants WHERE paused_at IS NOT NULL
            GROUP BY participant_name
        ) p ORDER BY paused_at LIMIT \(limit)
        """

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(isWorkflow: try row.bool(), name: try row.text(), since: .microseconds(try row.int64()))
    }
}
