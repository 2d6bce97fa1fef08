import Participants
import Telemetry

/// What the client that calls participants holds, as gauges.
enum ParticipantMetrics {
    static func register(_ client: ParticipantClient, in registry: MetricsRegistry) {
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
