package import Postgres
package import Telemetry

/// What both programs tell about their database: pools, statements, and the state of the outbox.
package enum DatabaseMetrics {
    /// Registers the timings of statements; the observer goes into the `ConnectionConfiguration` of every pool.
    package static func statements(in registry: MetricsRegistry) -> StatementObserver {
        let durations = registry.histograms(
            "postgres_statement_duration_seconds", "From a statement's first byte out to its last row in, in seconds.",
            labels: ["statement"], bounds: Buckets.latency)
        let errors = registry.counters(
            "postgres_statement_errors_total", "Statements that failed, lost connections included.",
            labels: ["statement"])
        return { statement, duration, hasFailed in
            durations[statement].observe(duration)
            // With none, too: the series must be there before the first one.
            errors[statement].add(hasFailed ? 1 : 0)
        }
    }

    /// Registers what is read from the database's pools, and from its outbox at most once a second.
    package static func register(_ database: Database, in registry: MetricsRegistry) {
        let pools = [("writes", database.writes), ("reads", database.reads), ("lookups", database.lookups)]
        registry.read(
            "postgres_pool_connections", "Connections to Postgres.", .gauge, labels: ["pool", "state"]
        ) {
            pools.flatMap { name, pool -> [MetricsRegistry.Reading] in
                let statistics = pool.statistics
                return [.init(statistics.open, name, "open"), .init(statistics.idle, name, "idle")]
            }
        }
        registry.read(
            "postgres_pool_maximum", "Connections there may be at once.", .gauge, labels: ["pool"]
        ) { pools.map { .init($1.statistics.maximum, $0) } }
        registry.read(
            "postgres_pool_waiting", "Callers that wait for a connection.", .gauge, labels: ["pool"]
        ) { pools.map { .init($1.statistics.waiting, $0) } }
        registry.read(
            "postgres_connections_lost_total", "Connections that broke, in use or at rest.", .counter, labels: ["pool"]
        ) { pools.map { .init($1.statistics.totals.lost, $0) } }
        OutboxMetrics.register(database.reads, in: registry)
        PauseMetrics.register(database.reads, in: registry)
    }
}
