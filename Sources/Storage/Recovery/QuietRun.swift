package import Core
import Postgres

/// A live run in which nothing has happened for a while, and what may explain it. All times are the database's.
package struct QuietRun: Sendable {
    /// The engine that holds the lease, or held it last.
    package struct Holder: Sendable {
        package let engine: EngineID
        /// Nil when the engine has no row: it stopped, or was gone for an hour.
        package let host: String?
        package let heartbeatAt: Instant?
    }

    /// A call that was begun and has not ended.
    package struct OpenCall: Sendable {
        /// The step's place in the definition.
        package let step: Int
        package let action: CallAction
        package let begunAt: Instant
    }

    /// A step that waits for its next attempt.
    package struct Wait: Sendable {
        package let stepID: String
        package let action: CallAction
        package let until: Instant
    }

    /// The session whose transaction has locked the outbox row.
    package struct Locker: Sendable {
        /// Nil for a prepared transaction, which has no session.
        package let pid: Int?
        package let application: String?
        /// As in `pg_stat_activity`: `idle in transaction` is the usual culprit.
        package let state: String?
        package let since: Instant?
    }

    package let lease: Lease
    /// The run's last event.
    package let sequence: Int
    /// Due from then on; while a lease is held, its deadline.
    package let availableAt: Instant
    package let holder: Holder?
    /// When the last event was written.
    package let lastEventAt: Instant
    /// When all this was read.
    package let now: Instant
    package let workflowName: String
    package let workflowVersion: String
    package let status: RunStatus
    package let deadlineAt: Instant?
    /// Engines that gave a sign of life in the last 15 seconds.
    package let liveEngines: Int
    /// The next attempt that waits.
    package let wait: Wait?
    package let calls: [OpenCall]
    package let locker: Locker?
    /// Why it left the forward path; nil while it has not, or for a reason this version does not know.
    package let cause: RunCause?
    /// Somebody asked for it to be undone, and its engine has not recorded that yet.
    package let hasUnreadCancel: Bool

    package var runID: RunID { lease.runID }

    init(_ row: inout RowReader) throws(PostgresError) {
        lease = Lease(runID: try row.runID(), epoch: try row.int64())
        sequence = Int(try row.int32())
        availableAt = try row.instant()
        let owner = try row.engineIDOrNil()
        lastEventAt = try row.instant()
        now = try row.instant()
        workflowName = try row.text()
        workflowVersion = try row.text()
        let statusText = try row.text()
        guard let status = RunStatus(rawValue: statusText) else { throw .decoding("no run status: \(statusText)") }
        self.status = status
        deadlineAt = try row.instantOrNil()
        let (host, heartbeatAt) = (try row.textOrNil(), try row.instantOrNil())
        holder = owner.map { Holder(engine: $0, host: host, heartbeatAt: heartbeatAt) }
        liveEngines = Int(try row.int64())
        let (stepID, isCompensation, until) = (try row.textOrNil(), try row.boolOrNil(), try row.instantOrNil())
        wait = stepID.flatMap { stepID in
            until.map { Wait(stepID: stepID, action: isCompensation == true ? .compensate : .execute, until: $0) }
        }
        let steps = try row.int16ArrayOrNil() ?? []
        let areCompensations = try row.boolArrayOrNil() ?? []
        let begun = try row.timestampArrayOrNil() ?? []
        calls = steps.indices.map {
            OpenCall(
                step: Int(steps[$0]), action: areCompensations[$0] ? .compensate : .execute,
                begunAt: Instant(microseconds: begun[$0]))
        }
        let isLocked = try row.bool()
        let (pid, application) = (try row.int32OrNil(), try row.textOrNil())
        let (state, since) = (try row.textOrNil(), try row.instantOrNil())
        locker =
            isLocked ? Locker(pid: pid.map { Int($0) }, application: application, state: state, since: since) : nil
        cause = try row.textOrNil().flatMap { RunCause(rawValue: $0) }
        hasUnreadCancel = try row.bool()
    }
}

/// A run that ended FAILED and waits for a person.
package struct ForsakenRun: Sendable {
    package let runID: RunID
    package let workflowName: String
    package let error: Failure?
    package let failedAt: Instant?
    package let now: Instant

    /// It could not be processed; see `Run.isQuarantined`. The cause does not say so: it is that of a run's first turn.
    package var isQuarantined: Bool { error?.kind == Failure.quarantinedKind }
}
