package import Core
package import Postgres
import Synchronization
package import Telemetry

/// Has the series of registered workflows made before their first run: a counter that appears with its first event shows
/// no increase, and an alert over it would miss just that event.
package final class WorkflowMetrics: Sendable {
    private let look: SharedLook<[WorkflowDefinition]>
    private let lookedAt = Mutex<ContinuousClock.Instant?>(nil)

    /// Workflows whose series are made ahead; those of others appear with their first run.
    private static let limit = 200
    /// A workflow registered later has its series after this long, or with its first run.
    private static let interval: Duration = .seconds(10)

    /// Calls `prepare` with the version of each workflow of each owner that was registered last, now and then before a scrape.
    package static func register(
        _ database: Database, in registry: MetricsRegistry, prepare: @escaping @Sendable (WorkflowDefinition) -> Void
    ) {
        let metrics = WorkflowMetrics(database.reads)
        registry.onCollect { await metrics.collect(prepare) }
    }

    private init(_ pool: Pool) {
        let definitions = DefinitionStore(pool: pool)
        look = SharedLook {
            // A database that is away, which the pool tells, or a definition that can't be read leaves series for later.
            let newest = ListNewestDefinitions(limit: Self.limit)
            guard let ids = try? await pool.execute(newest, deadline: .seconds(1)) else { return [] }
            var found: [WorkflowDefinition] = []
            for id in ids {
                if let definition = try? await definitions.definition(id) {
                    found.append(definition)
                    if let calls = definition.onEnd { found.append(calls) }
                }
            }
            return found
        }
    }

    private func collect(_ prepare: (WorkflowDefinition) -> Void) async {
        let now = ContinuousClock.now
        let isFresh = lookedAt.withLock { last in
            if let last, now - last < Self.interval { return true }
            last = now
            return false
        }
        if isFresh { return }
        guard let found = await look.value(within: .seconds(1)), !found.isEmpty else {
            // Nothing registered yet, or no answer: the next scrape asks again.
            return lookedAt.withLock { $0 = nil }
        }
        for definition in found { prepare(definition) }
    }
}

/// The version of each workflow of each owner that was registered last; those that are shared first.
package struct ListNewestDefinitions: Statement {
    package let limit: Int

    package typealias Row = DefinitionID

    package init(limit: Int) { self.limit = limit }

    package static let sql = """
        SELECT DISTINCT ON (tenant_id <> '\(Owner.sharedName)', workflow_name, tenant_id) tenant_id, workflow_name, version
        FROM workflow_definitions
        ORDER BY tenant_id <> '\(Owner.sharedName)', workflow_name, tenant_id, created_at DESC LIMIT $1
        """

    package func bind(_ parameters: inout Parameters) { parameters.int64(Int64(limit)) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> DefinitionID {
        DefinitionID(owner: Owner(name: try row.text()), name: try row.text(), version: try row.text())
    }
}
