package import Core

/// The store as a table in memory: what the statements of `Storage` do, in a few lines each. A conformance suite holds the
/// two together.
///
/// A value; whoever holds it says which time it is by the database's clock.
package struct MemoryStore {
    /// A run with its rows.
    package struct Row {
        /// As it was before its first event.
        package let fresh: Run
        /// Where it stands: its snapshot with the journal after it.
        package var run: Run
        /// What the next claim begins, as it was decided when the run came to rest.
        package var due: DueAttempts?
        /// It is not begun before that.
        package var dueAt: Instant?
        /// Its steps as they are stored; nil while it is as its start left it.
        package var snapshot: StoredSteps?
        /// The events of `run_journal`.
        package var events: [Event] = []
        /// The outbox row; nil when the run is over.
        package var outbox: Outbox?
        /// `run_inbox`, oldest first.
        package var inbox: [InboxRow] = []
        /// A commit's run and the run that follows from its events differ.
        package var differs = false
    }

    /// `snapshot`, `snapshot_seq` and `snapshot_at` of `workflow_runs`.
    package struct StoredSteps {
        package let bytes: [UInt8]
        package let sequence: Int
        package let at: Instant
    }

    /// An event in `run_journal`.
    package struct Event {
        package let sequence: Int
        package let at: Instant
        package let event: RunEvent
        /// Nil for the API.
        package let engine: EngineID?
        package let epoch: Int64
    }

    /// A run that a decision starts.
    package struct Child {
        package let fresh: Run
        package let link: ParentLink

        package init(_ fresh: Run, link: ParentLink) {
            self.fresh = fresh
            self.link = link
        }
    }

    /// A row of `outbox`.
    package struct Outbox {
        package var availableAt: Instant
        package var owner: EngineID?
        package var epoch: Int64
        package var lastSequence: Int
        package var failures = 0
    }

    /// What a claim gives.
    package struct Claimed {
        package let lease: Lease
        /// As the claim leaves it.
        package let run: Run
        package let inboxCount: Int
        package let isTakeover: Bool
        package let beganDueSteps: Bool
        package let failures: Int
    }

    /// What became of a commit's statement.
    package enum Committed: Hashable, Sendable {
        case written(unread: Int, at: Instant)
        case inboxFirst
        case leaseLost
        /// Its events are there already, or others with their numbers: nothing is written.
        case duplicate

        /// The same without the time.
        var words: String {
            if case .written(let unread, _) = self { "written, \(unread) unread" } else { "\(self)" }
        }
    }

    /// Holders lost in a row without a single event, from which a run is a suspect.
    private static let suspectFrom = 3

    package private(set) var rows: [RunID: Row] = [:]
    /// In the order they were started.
    package private(set) var order: [RunID] = []
    private var keys: [String: RunID] = [:]
    private var lastInboxID: Int64 = 0

    package init() {}

    /// Starts a run, unless its key has been seen: then the run that it started comes back.
    package mutating func start(_ fresh: Run, key: String? = nil, startAt: Instant? = nil) -> RunID {
        if let key, let known = keys[key] { return known }
        if let key { keys[key] = fresh.id }
        return insert(fresh, Core.start(fresh, now: fresh.createdAt, startAt: startAt))
    }

    /// A child is not over before somebody holds it: its end is told to its parent.
    private mutating func start(_ child: Child) {
        var events = Core.start(child.fresh, now: child.fresh.createdAt)
        if events.last?.kind.isTerminal ?? false { events = [.runStarted(due: [])] }
        _ = insert(child.fresh, events + [.parentLinked(child.link)])
    }

    private mutating func insert(_ fresh: Run, _ events: [RunEvent]) -> RunID {
        guard rows[fresh.id] == nil else { return fresh.id }
        var row = Row(fresh: fresh, run: fresh)
        for event in events {
            append(event, to: &row, at: fresh.createdAt, engine: nil, epoch: 0)
        }
        add(row, fresh, startAt: row.run.marks.startAt ?? fresh.createdAt)
        return fresh.id
    }

    private mutating func add(_ started: Row, _ fresh: Run, startAt: Instant) {
        var row = started
        if !row.run.status.isTerminal {
            row.outbox = Outbox(
                availableAt: startAt, owner: nil, epoch: 0,
                lastSequence: row.run.lastSequence)
            (row.due, row.dueAt) = (row.run.dueWhenClaimed, fresh.createdAt)
        }
        if row.events.count > 1 {
            let (bytes, _) = Snapshot.encode(row.run, since: fresh, at: fresh.createdAt)
            row.snapshot = StoredSteps(bytes: bytes, sequence: row.run.lastSequence, at: fresh.createdAt)
        }
        rows[fresh.id] = row
        order.append(fresh.id)
    }

    /// Does a run anew that is over; nil when it is not, or what is asked can't be. The old one is told with the same.
    package mutating func restart(
        _ runID: RunID, as fresh: Run, from fromStep: Int?, repeats: Bool, by: String = "ann"
    ) -> RunID? {
        guard var old = rows[runID], old.outbox == nil, rows[fresh.id] == nil,
            let kept = try? old.run.keptSteps(for: fresh.definition, from: fromStep, repeats: repeats)
        else { return nil }
        let restart = Restart(run: runID, fromStep: fromStep, by: by, reason: "anew", kept: kept)
        var row = Row(fresh: fresh, run: fresh)
        for event in Core.start(fresh, now: fresh.createdAt, restart: restart) {
            append(event, to: &row, at: fresh.createdAt, engine: nil, epoch: 0)
        }
        add(row, fresh, startAt: fresh.createdAt)
        let steps = restart.handedOver(by: old.run, to: row.run)
        let event = RunEvent.restartedAs(run: fresh.id, steps: steps, by: by, reason: "anew")
        append(event, to: &old, at: fresh.createdAt, engine: nil, epoch: old.events.last?.epoch ?? 0)
        let (bytes, _) = Snapshot.encode(old.run, since: old.run, at: fresh.createdAt)
        old.snapshot = StoredSteps(bytes: bytes, sequence: old.run.lastSequence, at: fresh.createdAt)
        rows[runID] = old
        return fresh.id
    }

    /// When the next outbox row is due; nil when there is none.
    package var nextDue: Instant? { rows.values.lazy.compactMap { $0.outbox?.availableAt }.min() }

    /// Claims what is due, in the order in which it became so.
    ///
    /// - Parameters:
    ///   - locked: runs whose rows somebody has locked; they are left where they are.
    ///   - suspects: whether runs whose holders were lost several times in a row are claimed, too.
    package mutating func claim(
        engine: EngineID, limit: Int, length: Duration, now: Instant, skipping locked: Set<RunID> = [],
        suspects: Bool = true
    ) -> [Claimed] {
        let due = order.filter { !locked.contains($0) }
            .filter { suspects || rows[$0]?.outbox?.failures ?? 0 < Self.suspectFrom }
            .filter { (rows[$0]?.outbox?.availableAt).map { $0 <= now } ?? false }
            .sorted { (rows[$0]?.outbox?.availableAt ?? now) < (rows[$1]?.outbox?.availableAt ?? now) }
        return due.prefix(limit).compactMap { claim($0, engine: engine, length: length, now: now) }
    }

    private mutating func claim(_ runID: RunID, engine: EngineID, length: Duration, now: Instant) -> Claimed? {
        guard var row = rows[runID], var outbox = row.outbox else { return nil }
        let isTakeover = outbox.owner != nil
        outbox.epoch += 1
        let progressed = row.run.lastSequence > outbox.lastSequence
        outbox.failures = isTakeover && !progressed ? outbox.failures + 1 : 0
        outbox.owner = engine
        outbox.availableAt = now + length
        var begins = false
        if !isTakeover, row.inbox.isEmpty, let due = row.due, due.before.map({ now < $0 }) ?? true,
            row.dueAt.map({ $0 <= now }) ?? false
        {
            begins = true
            for event in due.events { append(event, to: &row, at: now, engine: engine, epoch: outbox.epoch) }
        }
        outbox.lastSequence = row.run.lastSequence
        row.outbox = outbox
        rows[runID] = row
        return Claimed(
            lease: Lease(runID: runID, epoch: outbox.epoch), run: row.run, inboxCount: row.inbox.count,
            isTakeover: isTakeover, beganDueSteps: begins, failures: outbox.failures)
    }

    /// Stores a decision under its lease, with the runs that it starts, and what it tells others.
    package mutating func commit(
        _ commit: SessionCommit, engine: EngineID, now: Instant, children: [Child] = []
    ) -> Committed {
        let committed = store(commit, engine: engine, now: now)
        guard case .written = committed else {
            if isPlanted(.childBesideCommit) { for child in children { start(child) } }
            return committed
        }
        for child in children { start(child) }
        for message in commit.messages { tell(message, now: now) }
        return committed
    }

    private mutating func tell(_ message: RunMessage, now: Instant) {
        guard let row = rows[message.runID] else { return }
        if row.outbox != nil {
            _ = send(message.request, to: message.runID, now: now)
        } else if message.takesUp {
            _ = sendToEnded(message.request, to: message.runID, as: .completed, now: now)
        } else if case .childEnded = message.request.kind, row.run.status == .failed {
            add(message.request, to: message.runID)
        }
    }

    private mutating func store(_ commit: SessionCommit, engine: EngineID, now: Instant) -> Committed {
        let runID = commit.lease.runID
        guard var row = rows[runID], var outbox = row.outbox, holds(outbox, commit.lease, engine) else {
            return .leaseLost
        }
        let consumed = row.inbox.count { commit.consumedInbox.contains($0.inboxID) }
        let unread = row.inbox.count - consumed
        if commit.afterwards == .end, unread > 0, !isPlanted(.endsPastInbox) { return .inboxFirst }
        if !commit.events.isEmpty, commit.firstSequence != row.run.lastSequence + 1,
            !isPlanted(.lostAcknowledgementCommittedTwice)
        {
            return .duplicate
        }
        for event in commit.events { append(event, to: &row, at: now, engine: engine, epoch: commit.lease.epoch) }
        // Without events it may come late, when the run has gone on: then it changes nothing.
        row.differs = row.differs || (!commit.events.isEmpty && !row.run.isSame(as: commit.after))
        if commit.storesRun {
            let (bytes, _) = Snapshot.encode(commit.after, since: commit.before, at: commit.decidedAt)
            row.snapshot = StoredSteps(bytes: bytes, sequence: row.run.lastSequence, at: now)
        }
        row.inbox.removeAll { commit.consumedInbox.contains($0.inboxID) }
        switch commit.afterwards {
        case .end: row.outbox = nil
        case .giveBack(let delay):
            outbox.owner = nil
            (row.due, row.dueAt) = (commit.after.dueWhenClaimed, now + delay)
            outbox.availableAt = unread > 0 && !isPlanted(.wakeUpLost) ? now : now + delay
            (outbox.lastSequence, outbox.failures) = (row.run.lastSequence, 0)
            row.outbox = outbox
        case .keep:
            if consumed > 0 { (outbox.lastSequence, outbox.failures) = (row.run.lastSequence, 0) }
            row.outbox = outbox
        }
        rows[runID] = row
        return .written(unread: unread, at: now)
    }

    /// When a commit was stored, by its first event as this engine's; nil when it is not.
    package func storedAt(_ commit: SessionCommit, engine: EngineID) -> Instant? {
        rows[commit.lease.runID]?.events.first {
            $0.sequence == commit.firstSequence && $0.epoch == commit.lease.epoch && $0.engine == engine
        }?.at
    }

    private func holds(_ outbox: Outbox, _ lease: Lease, _ engine: EngineID) -> Bool {
        if isPlanted(.noFenceOnEpoch) { return true }
        return outbox.epoch == lease.epoch && outbox.owner == engine
    }

    /// Extends leases; gives back the unread inbox rows of those that are held.
    package mutating func renew(_ leases: [Lease], engine: EngineID, length: Duration, now: Instant) -> [RunID: Int] {
        var held: [RunID: Int] = [:]
        for lease in leases {
            guard let row = rows[lease.runID], let outbox = row.outbox, outbox.epoch == lease.epoch,
                outbox.owner == engine
            else { continue }
            rows[lease.runID]?.outbox?.availableAt = now + length
            held[lease.runID] = row.inbox.count
        }
        return held
    }

    /// Gives leases back: the next claim is a takeover.
    package mutating func release(_ leases: [Lease], engine: EngineID, after delay: Duration, now: Instant) {
        for lease in leases {
            guard let outbox = rows[lease.runID]?.outbox, outbox.epoch == lease.epoch, outbox.owner == engine
            else { continue }
            rows[lease.runID]?.outbox?.availableAt = now + delay
            rows[lease.runID]?.outbox?.failures -= 1
        }
    }

    package func inbox(of runID: RunID) -> [InboxRow] { rows[runID]?.inbox ?? [] }

    /// Asks the lease holder of a live run for something, and wakes the run if it waits. False when it is over.
    package mutating func send(_ request: InboxRequest, to runID: RunID, now: Instant) -> Bool {
        guard let row = rows[runID], let outbox = row.outbox else { return false }
        if outbox.owner == nil { rows[runID]?.outbox?.availableAt = min(outbox.availableAt, now) }
        if !row.inbox.contains(where: { $0.request.map { $0.repeats(request) } ?? false }) { add(request, to: runID) }
        return true
    }

    /// Asks something of a run that is over, FAILED or COMPLETED; false when it stands otherwise.
    package mutating func sendToEnded(
        _ request: InboxRequest, to runID: RunID, as status: RunStatus = .failed, now: Instant
    ) -> Bool {
        guard let row = rows[runID], row.run.status == status else { return false }
        if row.outbox == nil {
            let last = row.events.last
            rows[runID]?.outbox = Outbox(
                availableAt: now, owner: nil, epoch: last?.epoch ?? 0, lastSequence: last?.sequence ?? 0)
        } else if row.outbox?.owner == nil {
            rows[runID]?.outbox?.availableAt = min(row.outbox?.availableAt ?? now, now)
        }
        add(request, to: runID)
        return true
    }

    /// No other end of the action waits to be read.
    func hasRoom(forCallback callback: Callback, of stepID: String, _ action: CallAction, in runID: RunID) -> Bool {
        rows[runID]?.inbox.allSatisfy { row in
            guard case .callback(stepID, action, let other) = row.request?.kind else { return true }
            return other.digest == callback.digest
        } ?? true
    }

    private mutating func add(_ request: InboxRequest, to runID: RunID) {
        lastInboxID += 1
        rows[runID]?.inbox.append(InboxRow(inboxID: lastInboxID, request: request))
    }

    /// Ends a run as FAILED and QUARANTINED; false when the lease was lost before.
    package mutating func quarantine(_ lease: Lease, _ failure: Failure, engine: EngineID, now: Instant) -> Bool {
        guard var row = rows[lease.runID], let outbox = row.outbox, holds(outbox, lease, engine) else { return false }
        append(.runQuarantined(failure), to: &row, at: now, engine: engine, epoch: lease.epoch)
        row.outbox = nil
        rows[lease.runID] = row
        return true
    }

    /// For tests: a lease, if there is one, is over.
    package mutating func expire(_ runID: RunID, now: Instant) {
        guard let outbox = rows[runID]?.outbox, outbox.owner != nil else { return }
        rows[runID]?.outbox?.availableAt = now - .seconds(1)
    }

    /// For tests: what a run waits for is due.
    package mutating func makeDue(_ runID: RunID, now: Instant) {
        guard let outbox = rows[runID]?.outbox, outbox.owner == nil else { return }
        rows[runID]?.outbox?.availableAt = now - .seconds(1)
        rows[runID]?.dueAt = now - .seconds(1)
    }

    private func append(_ event: RunEvent, to row: inout Row, at: Instant, engine: EngineID?, epoch: Int64) {
        row.run.evolve(event, at: at)
        row.events.append(
            Event(sequence: row.run.lastSequence, at: at, event: event, engine: engine, epoch: epoch))
    }
}

extension InboxRequest {
    /// What waits already is not written again.
    fileprivate func repeats(_ other: InboxRequest) -> Bool {
        guard name == other.name else { return false }
        if case .signal(_, _, let key) = kind { return key != nil && key == other.payload["key"]?.string }
        return name == "cancel" || payload == other.payload
    }
}
