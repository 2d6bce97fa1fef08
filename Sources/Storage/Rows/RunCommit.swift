package import Core

/// A decision about one run, as the rows it becomes. Built by the run's own task, so that the connection's thread only
/// copies bytes. A class, because it is handed on several times between the two.
package final class RunCommit: Sendable {
    /// What it was made from.
    package let decision: SessionCommit
    /// The lease under which it was decided.
    package var lease: Lease { decision.lease }
    /// Sequence number of the first event.
    package var firstSequence: Int { decision.firstSequence }
    /// How many events.
    package var eventCount: Int { decision.events.count }
    /// The events as `run_journal` keeps them; nil for none.
    package let events: [UInt8]?
    /// The run's row, where it is written.
    package let row: StoredRun?
    /// Inbox rows that led to this decision.
    package var consumedInbox: [Int64] { decision.consumedInbox }
    /// Nil to keep the lease; otherwise it is given back and the run is due after this long.
    package let releaseIn: Duration?
    /// `outbox.waits_for` of a run that is given back; nil for nothing.
    let waitsFor: Int16?
    /// `outbox.weight` from now on; nil leaves it as it is, as nearly all do.
    package let weight: Int?

    /// The run is over, and its outbox row goes.
    package let ends: Bool
    /// Runs that are started with it.
    package let children: [NewChild]
    /// What other runs are asked and told with it.
    package let messages: [RunMessage]

    /// Other runs are written with it.
    var concernsOthers: Bool { !children.isEmpty || !messages.isEmpty }

    /// Its run starts others, which tell it their ends: two lanes would meet at its row again and again.
    var startsRuns: Bool { decision.after.definition.startsRuns }

    /// What changes in `workflow_runs`.
    package struct StoredRun: Sendable {
        package let status: RunStatus
        package let cause: RunCause?
        /// Nil for the time of the commit.
        package let updatedAt: Instant?
        package let output: [UInt8]?
        package let error: [UInt8]?
        package let snapshot: StoredSnapshot
        /// Nil where it stays as it is, as it nearly always does.
        package let deadlineAt: Instant?
    }

    /// Bytes of all payloads in it.
    package var size: Int {
        (events?.count ?? 0) + (row?.size ?? 0)
            + children.reduce(0) { $0 + $1.new.inputBytes.count + $1.new.contextBytes.count }
    }

    /// Works out what changes.
    ///
    /// - Parameter children: the runs it starts.
    package init(_ commit: SessionCommit, children: [NewChild] = []) {
        let (before, after) = (commit.before, commit.after)
        decision = commit
        self.children = children
        messages = commit.concernsOthers ? commit.messages : []
        events =
            commit.events.isEmpty
            ? nil : EventRow.encode(commit.events.lazy.map { EventRow($0, of: after.numbering) })
        row =
            commit.storesRun
            ? StoredRun(
                status: after.status, cause: after.cause,
                updatedAt: commit.updatesRun ? nil : after.updatedAt, output: after.output?.bytes,
                error: after.errorJSON?.bytes,
                snapshot: StoredSnapshot(after, since: before, at: commit.decidedAt),
                deadlineAt: after.hasMarks && after.deadlineAt != before.deadlineAt ? after.deadlineAt : nil) : nil
        let hasGrown = commit.events.contains { event in
            switch event {
            case .attemptSucceeded(_, .execute, _, _, _), .stepSettled, .signalReceived, .signalTaken,
                .callbackReceived, .elementsStarted, .childEnded:
                true
            default: false
            }
        }
        // Of many elements each is looked at: what they all weigh takes longer to sum up than the decision did.
        let perEvent = after.lists.isEmpty ? 1 : commit.events.count
        let mayMatter =
            (events?.count ?? 0) > JSON.compactFrom * perEvent || (!after.lists.isEmpty && row != nil)
        weight = hasGrown && mayMatter ? after.weight : nil
        switch commit.afterwards {
        case .keep: (ends, releaseIn, waitsFor) = (false, nil, nil)
        case .giveBack(let delay): (ends, releaseIn, waitsFor) = (false, delay, after.waits.stored)
        case .end: (ends, releaseIn, waitsFor) = (true, nil, nil)
        }
    }
}

extension WaitKinds {
    /// As `outbox.waits_for` has it.
    var stored: Int16? { isEmpty ? nil : rawValue }
}

extension RunCommit.StoredRun {
    fileprivate var size: Int { (output?.count ?? 0) + (error?.count ?? 0) + snapshot.steps.count }
}

/// A run's steps and what its next claim begins, as `workflow_runs` keeps them.
package struct StoredSnapshot: Sendable {
    /// `snapshot`.
    let steps: [UInt8]
    /// `snapshot_refs`, one after the other; empty for none.
    let referencesText: String
    /// `due` and `due_count`; nil when the next claim begins nothing.
    let due: [UInt8]?
    let dueCount: Int32?
    /// `due_before`.
    let dueBefore: Instant?

    /// - Parameters:
    ///   - before: the run before the commit with which this is stored.
    ///   - at: the time with which that commit was decided.
    init(_ run: Run, since before: Run, at: Instant) {
        let (bytes, references) = Snapshot.encode(run, since: before, at: at)
        steps = bytes
        referencesText = references.isEmpty ? "" : references.map(String.init).joined(separator: " ")
        let begun = run.dueWhenClaimed
        due = begun.map { EventRow.encode($0.events.lazy.map { EventRow($0, of: run.numbering) }) }
        dueCount = begun.map { Int32($0.events.count) }
        dueBefore = begun?.before
    }
}
