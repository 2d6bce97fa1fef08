import Core
import HTTPTypes
import Redis
import Storage
import Synchronization
import Telemetry

/// The metrics of one API.
final class APIMetrics: Sendable {
    let registry: MetricsRegistry
    let startBatch: Histogram
    /// For charts.
    let minutes = MinuteCounts()

    private let started: Series<Counter>
    private let completed: Series<Counter>
    private let callbacks: Series<Counter>
    private let refusals: Series<Counter>
    private let refusedStarts: Counter
    private let requests: Series<Histogram>
    /// The same, found without building the labels: as many as there are routes and statuses.
    private let byRequest = Mutex<[RequestKey: Histogram]>([:])

    private struct RequestKey: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    init(_ registry: MetricsRegistry = MetricsRegistry()) {
        self.registry = registry
        started = registry.counters(
            "workflow_runs_started_total", "Runs accepted; requests that were repeated are not counted again.",
            labels: ["workflowName"], limit: 300)
        completed = registry.counters(
            "workflow_runs_completed_total", "Runs that ended COMPLETED as they began: every step was skipped.",
            labels: ["workflowName"], limit: 300)
        startBatch =
            registry.histograms(
                "commit_batch_size", "Starts written in one transaction.", labels: ["operation"],
                bounds: Buckets.batch)["start"]
        callbacks = registry.counters(
            "callbacks_total", "Callbacks of participants, by what became of them.", labels: ["result"])
        refusedStarts = registry.counter(
            "starts_refused_total", "Starts that were refused because of their tenant's state or limits.")
        refusals = registry.counters(
            "auth_refusals_total", "Calls refused because of who made them, by why.", labels: ["reason"])
        // There before the first, so that it is an increase.
        for reason in RefusalReason.allCases { _ = refusals[reason.rawValue] }
        requests = registry.histograms(
            "http_server_request_duration_seconds", "From a request's head to its answer's, in seconds.",
            labels: ["method", "route", "status"], bounds: Buckets.latency, limit: 500)
    }

    /// A callback that was accepted, late, different from the first, or unknown.
    func countCallback(_ result: String) { callbacks[result].add() }

    func countRefusedStart() { refusedStarts.add() }

    func countRefusal(_ reason: RefusalReason) { refusals[reason.rawValue].add() }

    /// Registers what the limiter of admin calls tells.
    func register(_ limiter: RateLimiter) {
        registry.read("admin_rate_limited_total", "Admin calls refused because of their rate.", .counter) {
            [.init(limiter.limitedCount)]
        }
        registry.read(
            "admin_limiter_local", "1 while Redis does not answer and the stricter limiter of the process decides.",
            .gauge
        ) { [.init(limiter.isLocal ? 1 : 0)] }
    }

    /// Makes the series of a workflow, so that they are there before its first run.
    func prepare(for definition: WorkflowDefinition) {
        _ = started[definition.name]
        _ = completed[definition.name]
    }

    /// A run was accepted.
    func countStart(of run: Run) {
        started[run.definition.name].add()
        minutes.add(.started, of: run.definition.name, tenantID: run.tenantID, at: run.createdAt)
        if run.status == .completed {
            completed[run.definition.name].add()
            minutes.add(.completed, of: run.definition.name, tenantID: run.tenantID, at: run.createdAt)
        }
    }

    /// A request was answered.
    ///
    /// - Parameter route: the path's pattern; nil when none matched.
    func countRequest(
        _ method: HTTPRequest.Method, route: String?, status: HTTPResponse.Status, _ duration: Duration
    ) {
        let key = RequestKey(
            method: route == nil ? "other" : method.rawValue, route: route ?? "unmatched", status: status.code)
        let known = byRequest.withLock { byRequest in
            if let known = byRequest[key] { return known }
            let made = requests[key.method, key.route, String(key.status)]
            byRequest[key] = made
            return made
        }
        known.observe(duration)
    }
}
