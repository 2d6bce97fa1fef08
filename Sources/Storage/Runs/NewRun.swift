package import Core

/// A run the API has accepted, ready to be written.
package struct NewRun: Sendable {
    /// The run as its first events leave it.
    package let run: Run
    /// The events with which it begins (`Core.start`).
    package let events: [RunEvent]
    /// The same as `run_journal` keeps them.
    let eventBytes: [UInt8]
    /// `workflow_runs.snapshot`: nil for a run of which nothing has happened but that its first steps are due.
    let snapshot: [UInt8]?
    /// `workflow_runs.snapshot_refs`, one after the other; only a run that does another one anew has any.
    let snapshotReferences: String
    /// `workflow_runs.due` and `due_count`.
    let due: [UInt8]?
    let dueCount: Int32?
    /// It begins no sooner; nil for at once.
    let startAt: Instant?
    /// It waits for the resume of its workflow.
    package let isHeld: Bool
    /// Whose it is.
    package let tenantID: String
    /// `StartRuns` does not know all of it: `StartHeldRuns` is needed.
    var isSpecial: Bool { isHeld || startAt != nil || lane != nil || run.definition.owner != .shared }
    /// Where it stands among runs that are due; nil where all of them are one queue.
    let lane: Lane?
    /// What the client calls it by.
    package let correlationID: String?
    /// The client's W3C trace context.
    package let traceparent: String?
    /// The key under which the client may send the request again.
    package let idempotency: Idempotency?
    /// The input and context as bytes, encoded by the request's own task rather than by the connection's thread.
    package let inputBytes: [UInt8]
    package let contextBytes: [UInt8]
    /// `outbox.weight`.
    package let weight: Int

    /// An idempotency key with the hash of the request it stands for.
    package struct Idempotency: Sendable, Hashable {
        /// What the client sent.
        package let key: String
        /// SHA-256 of the request: the same key with another request is refused.
        package let requestHash: [UInt8]
        /// How long the key is remembered.
        package let lifetime: Duration

        package init(key: String, requestHash: [UInt8], lifetime: Duration) {
            self.key = key
            self.requestHash = requestHash
            self.lifetime = lifetime
        }
    }

    /// Decides the first events of a run.
    ///
    /// - Parameters:
    ///   - startAt: it begins no sooner; nil, or a time that is over, for at once.
    ///   - lane: of a child it is not looked at: that stands in its parent's.
    ///   - restart: it does another run anew.
    ///   - parent: whose child it is.
    ///   - pause: of its workflow; its run is paused until the workflow is resumed, and has all its time then.
    package init(
        run fresh: Run, startAt: Instant? = nil, tenantID: String, lane: Lane? = nil, correlationID: String?,
        traceparent: String?,
        idempotency: Idempotency?, pause: WorkflowPause? = nil, restart: Restart? = nil, parent: ParentLink? = nil
    ) {
        var events = start(fresh, now: fresh.createdAt, startAt: startAt, restart: restart)
        var run = fresh
        for event in events { run.evolve(event, at: fresh.createdAt) }
        if let parent {
            // Its end is told under a lease.
            if run.status.isTerminal {
                (run, events) = (fresh, [.runStarted(due: [])])
                run.evolve(events[0], at: fresh.createdAt)
            }
            events.append(.parentLinked(parent))
            run.evolve(.parentLinked(parent), at: fresh.createdAt)
        }
        isHeld = pause != nil && !run.status.isTerminal
        if isHeld, let pause {
            let event = RunEvent.runPaused(by: pause.by, reason: pause.reasonOfRun, holdsDeadline: true)
            run.evolve(event, at: fresh.createdAt)
            events.append(event)
        }
        self.events = events
        self.run = run
        eventBytes = EventRow.encode(
            events.lazy.map { [numbering = run.numbering] in EventRow($0, of: numbering) },
            traceID: traceparent.flatMap(Self.traceID))
        let stored = StoredSnapshot(run, since: fresh, at: fresh.createdAt)
        snapshot = events.count > 1 ? stored.steps : nil
        snapshotReferences = stored.referencesText
        (due, dueCount) = (stored.due, stored.dueCount)
        self.startAt = run.marks.startAt
        self.tenantID = tenantID
        self.lane = lane
        self.correlationID = correlationID
        self.traceparent = traceparent
        self.idempotency = idempotency
        inputBytes = run.input.bytes
        contextBytes = run.context.bytes
        // What a few small payloads take is in what an engine reckons for every run.
        weight = inputBytes.count + contextBytes.count > JSON.compactFrom || restart != nil ? run.weight : 0
    }

    /// The second field of a W3C `traceparent`.
    private static func traceID(_ traceparent: String) -> String? {
        let fields = traceparent.split(separator: "-", omittingEmptySubsequences: false)
        return fields.count >= 4 ? String(fields[1]) : nil
    }
}
