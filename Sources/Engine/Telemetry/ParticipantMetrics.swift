import Participants
import Telemetry

/// What the client that calls participants holds, and where their breakers stand.
enum ParticipantMetrics {
    static func register(_ client: ParticipantClient, _ participants: ParticipantRegistry, in registry: MetricsRegistry)
    {
        registry.read(
            "participant_breaker_state", "The circuit breaker of a participant: 0 closed, 1 half-open, 2 open.", .gauge,
            labels: ["participant"]
        ) { participants.breakers.map { .init($0.state.rawValue, $0.participant) } }
        registry.read(
            "participant_breaker_opened_total", "How often the circuit breaker of a participant has opened.", .counter,
            labels: ["participant"]
        ) { participants.breakers.map { .init($0.openedCount, $0.participant) } }
        let connections = registry.gauges(
            "participant_connections", "Connections to participants.", labels: ["state"])
        let (open, idle, connecting) = (connections["open"], connections["idle"], connections["connecting"])
        let waiting = registry.gauge("participant_calls_waiting", "Calls that wait for a connection.")
        registry.onCollect {
            let statistics = await client.statistics()
            open.set(statistics.connections)
            idle.set(statistics.idle)
            connecting.set(statistics.connecting)
            waiting.set(statistics.waiting)
        }
    }
}
