package import Core

/// A decision about one run, as the rows it becomes. Built by the run's own task, so that the connection's thread only
/// copies bytes. A class, because it is handed on several times between the two.
package final class RunCommit: Sendable {
    /// The lease under which it was decided.
    package let lease: Lease
    /// The run as the decision leaves it.
    package let run: Run
    /// Sequence number of the first event.
    package let firstSequence: Int
    package let events: [Event]
    package let steps: [ChangedStep]
    package let changedRun: ChangedRun?
    /// Inbox rows that led to this decision.
    package let consumedInbox: [Int64]
    /// Nil to keep the lease; otherwise it is given back and the run is due after this long.
    package let releaseIn: Duration?
    /// `outbox.weight` from now on; nil leaves it as it is, as nearly all do.
    package let weight: Int?

    /// The run is over, and its outbox row goes.
    package let ends: Bool

    /// An event with its payloads encoded.
    package struct Event: Sendable {
        package let row: EventRow
        package let error: [UInt8]?
        package let data: [UInt8]?
    }

    /// A step's row after the decision. Times are flags and distances: the database's clock fills them in.
    package struct ChangedStep: Sendable {
        package let index: Int
        package let step: Step
        /// Nil leaves the stored output alone.
        package let output: [UInt8]?
        package let error: [UInt8]?
        package let starts: Bool
        package let completes: Bool
        package let nextIn: Duration?
    }

    /// Bytes of all payloads in it.
    package var size: Int {
        let ofEvents = events.reduce(0) { $0 + ($1.error?.count ?? 0) + ($1.data?.count ?? 0) }
        let ofSteps = steps.reduce(0) { $0 + ($1.output?.count ?? 0) + ($1.error?.count ?? 0) }
        return ofEvents + ofSteps + (changedRun?.output?.count ?? 0) + (changedRun?.error?.count ?? 0)
    }

    /// The run's payloads after the decision.
    package struct ChangedRun: Sendable {
        package let output: [UInt8]?
        package let error: [UInt8]?
    }

    /// Works out what changes.
    package init(_ commit: SessionCommit) {
        let (before, after) = (commit.before, commit.after)
        lease = commit.lease
        consumedInbox = commit.consumedInbox
        firstSequence = commit.firstSequence
        run = after
        events = commit.events.map { event in
            let row = EventRow(event, of: after.definition)
            return Event(row: row, error: row.error?.bytes, data: row.data?.bytes)
        }
        var touched: [Touch] = Array(repeating: Touch(), count: after.steps.count)
        for event in commit.events { event.touchSteps(&touched) }
        steps = touched.enumerated().compactMap { index, touch in
            touch.isTouched ? ChangedStep(index, after.steps[index], touch, commit.decidedAt) : nil
        }
        changedRun =
            after.differsInRow(from: before)
            ? ChangedRun(output: after.output?.bytes, error: after.errorJSON?.bytes) : nil
        let grownBy = steps.reduce(0) { $0 + ($1.output?.count ?? 0) }
        weight = grownBy > JSON.compactFrom ? after.weight : nil
        switch commit.afterwards {
        case .keep: (ends, releaseIn) = (false, nil)
        case .giveBack(let delay): (ends, releaseIn) = (false, delay)
        case .end: (ends, releaseIn) = (true, nil)
        }
    }
}

extension Run {
    /// The row in `workflow_runs` changes. Whatever changes it changes one of these.
    fileprivate func differsInRow(from before: Run) -> Bool {
        status != before.status || cause != before.cause || updatedAt != before.updatedAt
    }
}

/// What the events of one decision did to one step.
struct Touch {
    var isTouched = false
    var starts = false
    var completes = false
    var setsOutput = false
}

extension RunCommit.ChangedStep {
    fileprivate init(_ index: Int, _ step: Step, _ touch: Touch, _ now: Instant) {
        self.init(
            index: index, step: step, output: touch.setsOutput ? step.output?.bytes : nil,
            error: step.error?.json.bytes, starts: touch.starts, completes: step.completedAt != nil && touch.completes,
            nextIn: step.nextAttemptAt.map { $0 - now })
    }
}

extension RunEvent {
    fileprivate func touchSteps(_ touched: inout [Touch]) {
        switch self {
        case .attemptStarted(let step, let action, _):
            touched[step].isTouched = true
            touched[step].starts = touched[step].starts || action == .execute
        case .attemptSucceeded(let step, let action, _, _, _):
            touched[step].isTouched = true
            touched[step].completes = touched[step].completes || action == .execute
            touched[step].setsOutput = touched[step].setsOutput || action == .execute
        case .attemptFailed(let step, let action, _, _, _, let retryIn):
            touched[step].isTouched = true
            touched[step].completes = touched[step].completes || (action == .execute && retryIn == nil)
        case .stepSkipped(let step):
            touched[step].isTouched = true
            touched[step].completes = true
        case .stepAbandoned(let step):
            touched[step].isTouched = true
            touched[step].completes = true
        case .runCompensating(let steps, _):
            for step in steps { touched[step].isTouched = true }
        case .retryRequested(let step?, _, _), .stepResolved(let step, _, _):
            touched[step].isTouched = true
        case .retryRequested(nil, _, _):
            for step in touched.indices { touched[step].isTouched = true }
        case .runStarted, .cancelRequested, .deadlineExceeded, .runCompleted, .runCompensated, .runCancelled,
            .runFailed, .runQuarantined:
            break
        }
    }
}
