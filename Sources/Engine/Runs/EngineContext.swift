import Core
import Driver
import Logging
import Loops
import NIOCore
import Storage
import Telemetry

/// What every run's worker shares.
struct EngineContext: Sendable {
    let engine: EngineID
    let table: RunTable
    let leases: LeaseStore
    let committer: DecisionCommitter
    /// So that large runs leave others their part.
    let pacer: Pacer
    let congestion: Congestion
    /// So that runs of tenants that need little go first.
    let precedence: Precedence
    let definitions: DefinitionStore
    let quarantine: Quarantine
    /// Tells engines of runs that were woken or started by a run's decision.
    let notifier: OutboxNotifier
    let caller: ParticipantCaller
    /// The claimer's bell: rung for the time at which a run given back is due.
    let wakeUp: WakeUp
    let metrics: EngineMetrics
    let tracer: Tracer
    /// Where workers run.
    let executors: LoopExecutors
    /// For the timers of steps that wait beside calls in flight.
    let eventLoops: any EventLoopGroup
    let logger: Logger
}
