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
        package let stepID: String
        package let action: CallAction
        package let begunAt: Instant
    }

    /// A step that waits for its next attempt.
    package struct Wait: Sendable {
        package let stepID: String
        package let action: CallAction
        package let until: Instant
    }

    /// When a participant is asked next what became of a call that it has accepted.
    package struct NextLook: Sendable {
        package let at: Instant
        /// Until then its end is waited for.
        package let until: Instant
        /// Looks that have failed since the last that did not.
        package let failures: Int
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
    package fileprivate(set) var status: RunStatus
    /// Engines that gave a sign of life in the last 15 seconds.
    package let liveEngines: Int
    /// The next attempt that waits.
    package fileprivate(set) var wait: Wait?
    package fileprivate(set) var calls: [OpenCall] = []
    /// What is to be known of it beside its steps.
    package fileprivate(set) var marks = RunMarks()
    /// A step that only a person can bring on, and why.
    package fileprivate(set) var stuck: (stepID: String, error: Failure?)?
    /// The accepted call whose time is over first.
    package fileprivate(set) var accepted: Wait?
    /// The next look at what a participant has accepted.
    package fileprivate(set) var look: (wait: Wait, next: NextLook)?
    /// A step that waits for its child, and for which.
    package fileprivate(set) var child: (stepID: String, child: ChildRun)?
    /// A step that waits for a signal for as long as the run lives.
    package fileprivate(set) var awaited: String?
    package let locker: Locker?
    /// Somebody asked for it to be undone, and its engine has not recorded that yet.
    package let hasUnreadCancel: Bool

    fileprivate let head: RunHead

    package var runID: RunID { lease.runID }
    package var tenantID: String { head.tenantID }
    package var workflowName: String { head.workflowName }
    package var definitionID: DefinitionID { head.definitionID }
    package var deadlineAt: Instant? { head.deadlineAt }
    /// Why it left the forward path; nil while it has not, or for a reason this version does not know.
    package var cause: RunCause? { head.causeText.flatMap { RunCause(rawValue: $0) } }

    fileprivate init(_ row: inout RowReader) throws(PostgresError) {
        lease = Lease(runID: try row.runID(), epoch: try row.int64())
        sequence = Int(try row.int32())
        availableAt = try row.instant()
        let owner = try row.engineIDOrNil()
        lastEventAt = try row.instant()
        now = try row.instant()
        let (host, heartbeatAt) = (try row.textOrNil(), try row.instantOrNil())
        holder = owner.map { Holder(engine: $0, host: host, heartbeatAt: heartbeatAt) }
        liveEngines = Int(try row.int64())
        let isLocked = try row.bool()
        let (pid, application) = (try row.int32OrNil(), try row.textOrNil())
        let (state, since) = (try row.textOrNil(), try row.instantOrNil())
        locker =
            isLocked ? Locker(pid: pid.map { Int($0) }, application: application, state: state, since: since) : nil
        hasUnreadCancel = try row.bool()
        head = try RunHead(&row)
        guard let status = head.status else { throw .decoding("no run status: \(head.statusText)") }
        self.status = status
    }
}

extension QuietRun {
    /// An accepted attempt: of all of them, what comes next.
    fileprivate mutating func note(_ accepted: AcceptedAttempt, _ stepID: String, _ action: CallAction) {
        guard let poll = accepted.poll else {
            if self.accepted.map({ accepted.dueAt < $0.until }) ?? true {
                self.accepted = Wait(stepID: stepID, action: action, until: accepted.dueAt)
            }
            return
        }
        // A look that is due is being made by whoever holds the run.
        if poll.lookAt <= now { calls.append(OpenCall(stepID: stepID, action: action, begunAt: poll.lookAt)) }
        let due = min(poll.lookAt, accepted.until)
        guard look.map({ due < $0.wait.until }) ?? true else { return }
        let next = NextLook(at: due, until: accepted.until, failures: poll.failures)
        look = (Wait(stepID: stepID, action: action, until: due), next)
    }
}

/// A quiet run as it is read: where its steps stand is still to be worked out.
package struct QuietRow: Sendable {
    private let quiet: QuietRun
    private let snapshot: SnapshotRow
    private let journal: [JournalHead]

    init(_ row: inout RowReader) throws(PostgresError) {
        quiet = try QuietRun(&row)
        snapshot = try SnapshotRow(&row)
        let (sequences, times) = (try row.int32ArrayOrNil() ?? [], try row.timestampArrayOrNil() ?? [])
        let later = try row.jsonOrNilArrayOrNil() ?? []
        journal = sequences.indices.map {
            JournalHead(
                sequence: Int(sequences[$0]), at: Instant(microseconds: times[$0]), engineID: nil, later: later[$0])
        }
    }

    /// The run with what it waits for and what is in flight.
    func run(_ definitions: DefinitionStore) async throws(StoreError) -> QuietRun {
        let followed = try await FollowedRun(quiet.head, snapshot, journal, definitions)
        var run = quiet
        if let status = followed.run?.status { run.status = status }
        run.marks = followed.marks
        for (index, stored) in followed.steps.enumerated() {
            guard let step = stored.step() else { continue }
            if step.awaitsPerson || (run.cause == nil && step.compensationStatus == .failed), run.stuck == nil {
                run.stuck = (stored.stepID, step.error)
            }
            if step.isAccepted, let open = step.openAttempt,
                let accepted = followed.marks.accepted.first(where: { $0.step == index })
            {
                run.note(accepted, stored.stepID, open.action)
            }
            if run.child == nil, step.awaitsChild, let child = step.child { run.child = (stored.stepID, child) }
            if step.awaitsSignal, run.awaited == nil { run.awaited = stored.stepID }
            if let until = step.nextAttemptAt, run.wait.map({ until < $0.until }) ?? true {
                run.wait = QuietRun.Wait(stepID: stored.stepID, action: step.waitingAction, until: until)
            }
            guard let call = step.callInFlight, let begun = journal.row(of: step.attemptSequence) else { continue }
            run.calls.append(QuietRun.OpenCall(stepID: stored.stepID, action: call.action, begunAt: begun.at))
        }
        return run
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
