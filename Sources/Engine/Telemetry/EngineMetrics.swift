// What an engine tells about its work (docs/metrics.md, docs/observability.md): numbers (EngineMetrics and the instruments of
// one workflow), spans (RunTrace), and what of a run's history is worth a line in the log (RunObserver). A worker hands
// the events of each decision to its RunObserver once they are committed; nothing is told of what was not.

import Core
import Participants
import Postgres
import Storage
import Synchronization
import Telemetry

/// The metrics of one engine.
final class EngineMetrics: Sendable {
    let registry: MetricsRegistry
    /// For charts.
    let minutes = MinuteCounts()
    let claims: Counter
    let emptyClaims: Counter
    let collidedClaims: Counter
    let dividedClaims: Counter
    let claimed: Counter
    let takeovers: Counter
    let leasesLost: Counter
    let quarantined: Counter
    let notUnderstood: Counter
    let brokenInvariants: Counter
    let commitBatch: Histogram
    let partitionsAhead: Gauge

    private let ends: [RunStatus: Series<Counter>]
    private let durations: Series<Histogram>
    private let stepSuccess: Series<Counter>
    private let stepFailure: Series<Counter>
    private let compensations: Series<Counter>
    private let attempts: Series<Counter>
    private let retries: Series<Counter>
    private let latency: Series<Histogram>
    private let undone: Series<Counter>
    private let signals: Series<Counter>
    private let children: Series<Counter>
    private let deadlinesMissed: Series<Counter>
    private let looks: Series<Counter>
    private let awaitingPerson: Series<Counter>
    /// By definition: owners may have others of the same name and version, with other steps, which count into the same series.
    private let workflows = Mutex<[DefinitionID: WorkflowInstruments]>([:])

    /// Workflow versions whose instruments are kept; beyond that they are looked up for every run.
    private static let maxWorkflows = 1000

    init(_ registry: MetricsRegistry = MetricsRegistry()) {
        self.registry = registry
        ends = Self.ends(registry)
        durations = registry.histograms(
            "workflow_run_duration_seconds", "From the start of a run to its end, in seconds.",
            labels: ["workflowName", "status"], bounds: Buckets.run)
        stepSuccess = registry.counters(
            "workflow_step_success_total", "Steps that succeeded.", labels: ["workflowName", "stepId"])
        stepFailure = registry.counters(
            "workflow_step_failure_total", "Steps that gave up.", labels: ["workflowName", "stepId"])
        compensations = registry.counters(
            "workflow_compensation_total", "Compensations that ended, by how.",
            labels: ["workflowName", "stepId", "status"])
        attempts = registry.counters(
            "step_attempts_total", "Attempts that ended, by outcome, of actions and compensations.",
            labels: ["stepId", "status"])
        retries = registry.counters(
            "step_retries_total", "Attempts that failed and will be repeated.", labels: ["stepId", "attemptType"])
        latency = registry.histograms(
            "step_latency_seconds", "How long participants took to answer one attempt, in seconds.",
            labels: ["stepId"], bounds: Buckets.latency)
        registry.show(
            latency, as: "step_latency_ms", "The same as step_latency_seconds, in milliseconds.", scaledBy: 1000)
        undone = registry.counters(
            "workflow_undos_total", "Runs that were to be undone after they had COMPLETED.", labels: ["workflowName"],
            limit: 300)
        children = registry.counters(
            "workflow_children_total", "Runs that steps of the workflow's runs have started.", labels: ["workflowName"],
            limit: 300)
        signals = registry.counters(
            "workflow_signals_total", "Signals that runs were sent.", labels: ["workflowName"], limit: 300)
        deadlinesMissed = registry.counters(
            "workflow_deadlines_missed_total",
            "Deadlines that passed when a run was past its pivot: it goes on, and a person should know.",
            labels: ["workflowName"], limit: 300)
        looks = registry.counters(
            "workflow_looks_total", "Looks at accepted work that did not find its end, by whether they found anything.",
            labels: ["workflowName", "result"], limit: 600)
        awaitingPerson = registry.counters(
            "workflow_steps_awaiting_person_total",
            "Steps that were refused past the pivot of their run: a person has to say what becomes of them.",
            labels: ["workflowName"], limit: 300)
        claims = registry.counter("outbox_claims_total", "Times this engine asked for due runs.")
        emptyClaims = registry.counter("outbox_claims_empty_total", "Claims that found nothing.")
        collidedClaims = registry.counter(
            "outbox_claims_collided_total", "Claims that found nothing although runs were due: others held their rows.")
        dividedClaims = registry.counter(
            "outbox_claims_divided_total",
            "Claims that were divided among tenants and priorities: more was due than there was room for.")
        claimed = registry.counter("outbox_claimed_total", "Runs this engine has claimed.")
        takeovers = registry.counter(
            "outbox_takeovers_total", "Runs claimed after their former engine's lease ran out.")
        leasesLost = registry.counter("lease_lost_total", "Leases this engine held and lost to time or another engine.")
        quarantined = registry.counter("workflow_quarantined_total", "Runs set aside because they can't be processed.")
        notUnderstood = registry.counter(
            "runs_not_understood_total", "Times a claimed run was left to engines of a newer version.")
        brokenInvariants = registry.counter(
            "invariants_broken_total", "Things that can't happen and did: a fault of sagaflow, or of its database.")
        partitionsAhead = registry.gauge(
            "run_partitions_ahead_seconds", "For how long from now on there are partitions for new runs.")
        commitBatch =
            registry.histograms(
                "commit_batch_size", "Decisions written in one transaction.", labels: ["operation"],
                bounds: Buckets.batch)["commit"]
    }

    private static func ends(_ registry: MetricsRegistry) -> [RunStatus: Series<Counter>] {
        let names: [(RunStatus, String, String)] = [
            (.completed, "workflow_runs_completed_total", "Runs that ended COMPLETED."),
            (.failed, "workflow_runs_failed_total", "Runs that ended FAILED: a person has to look."),
            (.compensated, "workflow_runs_compensated_total", "Runs that ended COMPENSATED."),
            (.cancelled, "workflow_runs_cancelled_total", "Runs that ended CANCELLED."),
        ]
        return Dictionary(
            uniqueKeysWithValues: names.map { ($0, registry.counters($1, $2, labels: ["workflowName"], limit: 300)) })
    }

    /// The instruments of a workflow's version.
    func instruments(of definition: WorkflowDefinition) -> WorkflowInstruments {
        let key = definition.id
        if let known = workflows.withLock({ $0[key] }) { return known }
        let made = make(definition)
        workflows.withLock { if $0.count < Self.maxWorkflows { $0[key] = made } }
        return made
    }

    /// A run was set aside and is FAILED.
    ///
    /// - Parameter tenantID: nil where it is not known.
    func countQuarantine(of claimed: ClaimedRun, tenantID: String?) {
        quarantined.add()
        ends[.failed]?[claimed.workflowName].add()
        minutes.add(.failed, of: claimed.workflowName, tenantID: tenantID ?? Owner.sharedName, at: claimed.now)
    }

    private func make(_ definition: WorkflowDefinition) -> WorkflowInstruments {
        let name = definition.name
        let steps = definition.steps.map { step in
            WorkflowInstruments.Step(
                attempts: Outcome.allCases.map { attempts[step.id, $0.rawValue] },
                executeRetries: retries[step.id, CallAction.execute.rawValue],
                compensateRetries: retries[step.id, CallAction.compensate.rawValue],
                succeeded: stepSuccess[name, step.id], failed: stepFailure[name, step.id],
                compensated: compensations[name, step.id, "compensated"],
                compensationFailed: compensations[name, step.id, "failed"], latency: latency[step.id])
        }
        func end(_ status: RunStatus) -> WorkflowInstruments.End {
            guard let counters = ends[status] else { preconditionFailure("a run does not end \(status)") }
            return WorkflowInstruments.End(count: counters[name], duration: durations[name, status.rawValue])
        }
        return WorkflowInstruments(
            steps: steps, completed: end(.completed), failed: end(.failed), compensated: end(.compensated),
            cancelled: end(.cancelled), undone: undone[name], signals: signals[name],
            children: children[name],
            deadlineMissed: deadlinesMissed[name], looksPending: looks[name, "pending"],
            looksFailed: looks[name, "failed"], awaitingPerson: awaitingPerson[name])
    }
}

/// What the client that calls participants holds, and where their breakers stand. Participants of one name are one series, whosever
/// they are: numbers add up, and of breakers the worst is told.
enum ParticipantMetrics {
    static func register(_ client: ParticipantClient, _ participants: ParticipantRegistry, in registry: MetricsRegistry)
    {
        registry.read(
            "participant_breaker_state", "The circuit breaker of a participant: 0 closed, 1 half-open, 2 open.", .gauge,
            labels: ["participant"]
        ) { byName(participants.breakers.map { ($0.participant, $0.state.rawValue) }, max) }
        registry.read(
            "participant_breaker_opened_total", "How often the circuit breaker of a participant has opened.", .counter,
            labels: ["participant"]
        ) { byName(participants.breakers.map { ($0.participant, $0.openedCount) }, +) }
        registry.read(
            "participant_calls_queued",
            "Calls that wait for their turn, because of the participant's maxConcurrent or rate.", .gauge,
            labels: ["participant"]
        ) { byName(participants.limiter.queued.map { ($0.key, $0.value) }, +) }
        registry.read(
            "participant_calls_held", "Calls that wait for the resume of a participant that is paused.", .gauge,
            labels: ["participant"]
        ) { byName(participants.held.counts.map { ($0.key, $0.value) }, +) }
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

    /// Names of participants that have series of their own; those beyond are together `other`. Shared ones come first, however many
    /// tenants register.
    private static let maxNames = 1000

    static func byName(
        _ numbers: [(ParticipantID, Int)], _ together: (Int, Int) -> Int
    ) -> [MetricsRegistry.Reading] {
        var sums: [String: Int] = [:]
        for (participant, number) in numbers.sorted(by: { $0.0 < $1.0 }) {
            let name = sums[participant.name] == nil && sums.count >= maxNames ? "other" : participant.name
            sums[name] = sums[name].map { together($0, number) } ?? number
        }
        return sums.sorted { $0.key < $1.key }.map { .init($0.value, $0.key) }
    }
}
