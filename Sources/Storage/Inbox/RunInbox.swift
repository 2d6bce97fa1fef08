package import Core
package import Postgres

/// What became of a request to a run.
package enum InboxOutcome: Sendable, Hashable {
    /// It waits for the run's lease holder, who will act on it.
    case accepted
    /// There is no such run.
    case unknownRun
    /// The run's workflow has no such step; which, where several were named.
    case unknownStep(String?)
    /// A cancel: the run is over.
    case terminal(RunStatus)
    /// A retry: the step is not one that can be retried now.
    case notRetryable
    /// A resolve: these steps can't be resolved.
    case notResolvable([String])
    /// Nothing of the run waits for a person: neither is it FAILED, nor has a compensation given up. Nil when it has just
    /// changed, or stands as only a newer version knows.
    case notFailed(RunStatus?)
    /// It is FAILED, but something is asked of it already, and this request is not to come second.
    case alreadyAsked
    /// There is no way back: its pivot has succeeded, or may have.
    case pastPivot
    /// A person can't end this step now: it does not wait.
    case notWaiting
    /// Nobody has paused it.
    case notPaused
    /// A callback: another one has told the end of the same action, or waits to.
    case callbackDiffers
    /// Not now: the run is set aside, or stands as only a newer version knows. The same may be sent again.
    case later
    /// A callback: nobody waits for it any more.
    case callbackOver
    /// A signal: none of the workflow's steps waits for one of this name.
    case unknownSignal
    /// A signal: the run is on its way back, and no step will take it.
    case turnedBack
    /// A signal: so many wait already that no step has taken.
    case tooManySignals
    /// An undo: it has not completed, or is undone by something else.
    case notCompleted(RunStatus?)
    /// An undo: it completed longer ago than its workflow allows.
    case undoOver
    /// An undo: this run has taken over what it did.
    case restarted(RunID)
    /// An undo: its parent undoes it.
    case ofParent(ParentLink)
}

/// The one door for requests to runs, whoever sends them; they go to the lease holders, because nobody else changes a run.
///
/// What is let in is what the lease holder would do as the run stands: Core is asked, as the decider asks it (`Standing`).
/// By the time it is read the run may stand otherwise, and the decider judges again.
package struct RunInbox: Sendable {
    private let pool: Pool
    let reader: RunReader
    /// How often a run that moves under our hands is looked at again.
    static let looks = 10

    package init(database: Database) {
        pool = database.writes
        reader = RunReader(pool: database.reads, lookups: database.lookups)
    }

    /// Asks for something. What people ask for is in the audit, too, whoever they are; what participants say, and children, is in
    /// the history alone. After a cancel that is accepted the run never ends COMPLETED.
    ///
    /// - Parameters:
    ///   - origin: from where.
    ///   - isAudited: whether a signal is in the audit; everything else is.
    package func ask(
        _ runID: RunID, _ request: InboxRequest, from origin: CallOrigin = .unknown, isAudited: Bool = true
    ) async throws(StoreError) -> InboxOutcome {
        switch request.kind {
        case .cancel: try await cancel(runID, request, origin)
        case .settle(let stepID, let settlement, _, _):
            try await ask(runID, request, origin, as: .settleStep) { $0.refusal(ofSettling: stepID, settlement) }
        case .pause: try await ask(runID, request, origin, as: .pauseRun) { $0.refusalOfPausing }
        case .resume: try await ask(runID, request, origin, as: .resumeRun) { $0.refusalOfResuming }
        case .undo: try await undo(runID, request, origin)
        // Nobody but a child tells its end, with its last decision.
        case .childEnded: .later
        case .callback(let stepID, let action, let callback):
            try await self.callback(runID, request, stepID, action, callback)
        case .heartbeat(let stepID, let action): try await heartbeat(runID, request, stepID, action)
        case .signal(let name, let payload, _):
            try await signal(
                runID, request, name, bytes: payload.bytes.count, audit: isAudited ? .signalRun : nil, origin)
        case .retry(let stepID, _):
            try await ask(runID, request, origin, as: .retryRun) { $0.refusal(ofRetrying: stepID) }
        case .resolve(let stepIDs, _):
            try await ask(runID, request, origin, as: .resolveStep) { $0.refusal(ofResolving: stepIDs) }
        }
    }

    /// Asks for retries of many runs at once; of those that are FAILED and of which nothing is asked yet. Answers with
    /// those.
    ///
    /// - Parameter stepID: a step whose compensation gave up in all of them; nil for all that gave up.
    package func retryFailed(
        _ runIDs: [RunID], stepID: String?, reason: String?, by: String, origin: CallOrigin = .unknown
    ) async throws(StoreError) -> Set<RunID> {
        let request = InboxRequest(.retry(stepID: stepID, reason: reason), sentBy: by)
        let statement = SendToEndedRuns(
            runIDs: runIDs, request: request, action: .retryRun, origin: origin, repeats: false)
        do throws(PostgresError) { return Set(try await pool.execute(statement)) } catch { throw StoreError(error) }
    }

    private func cancel(
        _ runID: RunID, _ request: InboxRequest, _ origin: CallOrigin
    ) async throws(StoreError) -> InboxOutcome {
        // Of a run that can't be understood it is not known whether it has a pivot: its engine will know.
        if let known = try await reader.standing(of: runID)?.standing {
            if known.status == .completed { return .terminal(.completed) }
            if !known.status.isTerminal, known.isGoingForward, known.mustGoOn { return .pastPivot }
        }
        if try await send(SendToRun(runID: runID, request: request, action: .cancelRun, origin: origin)) {
            return .accepted
        }
        guard let status = try await reader.status(of: runID) else { return .unknownRun }
        return .terminal(status)
    }

    /// The same asked twice is one undo.
    private func undo(
        _ runID: RunID, _ request: InboxRequest, _ origin: CallOrigin
    ) async throws(StoreError) -> InboxOutcome {
        guard let now = try await reader.now() else { throw .unavailable(.decoding("there is a clock")) }
        for _ in 0..<Self.looks {
            guard let (found, status) = try await reader.standing(of: runID) else { return .unknownRun }
            guard let standing = found else { return .notCompleted(status) }
            if standing.cause == .undoRequested, standing.status != .failed {
                return standing.parent.map { $0.isDetached ? .accepted : .ofParent($0) } ?? .accepted
            }
            guard standing.status == .completed else { return .notCompleted(standing.status) }
            if let parent = standing.parent, !parent.isDetached { return .ofParent(parent) }
            if standing.isPastPivot { return .pastPivot }
            if standing.isHandedOver, let other = standing.restartedAs { return .restarted(other) }
            guard standing.canUndo(at: now) else { return .undoOver }
            let statement = SendToEndedRuns(
                runIDs: [runID], status: .completed, request: request, action: .undoRun, origin: origin)
            if try await send(statement) { return .accepted }
        }
        return .notCompleted(nil)
    }

    /// Sends what is not refused as the run stands.
    private func ask(
        _ runID: RunID, _ request: InboxRequest, _ origin: CallOrigin, as action: AuditAction,
        refusal: (RunStanding) -> InboxOutcome?
    ) async throws(StoreError) -> InboxOutcome {
        var isFirst = false
        for _ in 0..<Self.looks {
            guard let (found, _) = try await reader.standing(of: runID) else { return .unknownRun }
            guard let standing = found else { return .notFailed(nil) }
            if let refusal = refusal(standing) { return refusal }
            // After whatever is asked first a quarantined run is quarantined no more, and its other steps are the engine's.
            isFirst = standing.isQuarantined && action == .resolveStep
            let isSent =
                standing.status == .failed
                ? try await send(
                    SendToEndedRuns(
                        runIDs: [runID], request: request, action: action, origin: origin, repeats: !isFirst))
                : try await send(SendToRun(runID: runID, request: request, action: action, origin: origin))
            if isSent { return .accepted }
            // Somebody else was asking, or the run was taken up, ended or failed, in this very moment.
        }
        return isFirst ? .alreadyAsked : .notFailed(nil)
    }

    /// While somebody has the run's outbox row locked, as a commit has it for some milliseconds, it is asked again, for as long
    /// as other statements wait for a lock, but without a connection.
    func send(_ statement: SendToRun) async throws(StoreError) -> Bool {
        try await sendUnlocked(statement) != nil
    }

    func sendUnlocked<S: Statement>(
        _ statement: S
    ) async throws(StoreError) -> SendToRun.Row? where S.Row == SendToRun.Row {
        try await whileLocked(for: .milliseconds(500), longestPause: .milliseconds(25)) { () async throws(StoreError) in
            let row: SendToRun.Row?
            do throws(PostgresError) { row = try await pool.execute(statement).first } catch { throw StoreError(error) }
            if row == .locked { throw .rowLocked }
            return row
        }
    }

    private func send(_ statement: SendToEndedRuns) async throws(StoreError) -> Bool {
        do throws(PostgresError) { return !(try await pool.execute(statement)).isEmpty } catch {
            throw StoreError(error)
        }
    }
}

extension RunStanding {
    /// Why this is not retried; nil when it is.
    fileprivate func refusal(ofRetrying stepID: String?) -> InboxOutcome? {
        guard let stepID else { return canRetry(step: nil) ? nil : .notFailed(status) }
        guard let index = index(of: stepID) else { return .unknownStep(nil) }
        return canRetry(step: index) ? nil : .notRetryable
    }

    /// Why a person can't end this step; nil when one can.
    fileprivate func refusal(ofSettling stepID: String, _ settlement: Settlement) -> InboxOutcome? {
        guard let index = index(of: stepID) else { return .unknownStep(nil) }
        if canSettle(step: index, settlement) { return nil }
        if settlement == .fail, canSettle(step: index, .skip) { return .pastPivot }
        return status.isTerminal ? .terminal(status) : .notWaiting
    }

    fileprivate var refusalOfPausing: InboxOutcome? { status.isTerminal ? .terminal(status) : nil }

    fileprivate var refusalOfResuming: InboxOutcome? {
        if status.isTerminal { return .terminal(status) }
        return isPaused ? nil : .notPaused
    }

    /// Why these are not resolved; nil when they are.
    fileprivate func refusal(ofResolving stepIDs: [String]) -> InboxOutcome? {
        var indices: [Int] = []
        for stepID in stepIDs {
            guard let index = index(of: stepID) else { return .unknownStep(stepIDs.count > 1 ? stepID : nil) }
            indices.append(index)
        }
        if canResolve(steps: indices) { return nil }
        // Where all that gave up could be retried, something waits for a person.
        guard canRetry(step: nil) else { return .notFailed(status) }
        return .notResolvable(zip(stepIDs, indices).filter { !canResolve(step: $1) }.map(\.0))
    }
}

/// Asks the lease holder of a live run for something, and wakes the run if it waits.
///
/// What waits there already is not written again: a client that repeats itself fills nothing.
///
/// No row comes back when the run has no outbox row, that is, when it is terminal or does not exist. The outbox row's
/// lock orders this against the run's last commit: whoever is second learns of the first.
package struct SendToRun: Statement {
    /// The run.
    package let runID: RunID
    /// What is asked.
    package let request: InboxRequest
    /// What goes into the audit when it is written; nil for what is not listed there.
    package let action: AuditAction?
    package let origin: CallOrigin

    /// Nothing comes back when the run does not live.
    package enum Row: Sendable {
        case asked
        /// Somebody has the outbox row locked; nothing was changed.
        case locked
        /// A signal: too many wait already; nothing was changed.
        case full
    }

    package init(
        runID: RunID, request: InboxRequest, action: AuditAction? = nil, origin: CallOrigin = .unknown
    ) {
        self.origin = origin
        self.runID = runID
        self.request = request
        self.action = action
    }

    package static let sql = """
        WITH known AS MATERIALIZED (
            SELECT count(*) > 0 AS is_known FROM run_inbox
            WHERE run_id = $1 AND kind = $2 AND ($2 = 'cancel' OR payload::text = $3::text)
        ), free AS MATERIALIZED (
            SELECT run_id FROM outbox WHERE run_id = $1 FOR UPDATE SKIP LOCKED
        ), woken AS (
            UPDATE outbox SET inbox_count = inbox_count + CASE WHEN is_known THEN 0 ELSE 1 END,
                available_at = CASE WHEN lease_owner IS NULL THEN least(available_at, now()) ELSE available_at END
            FROM known WHERE run_id = $1 AND EXISTS (SELECT FROM free) RETURNING run_id, is_known
        ), sent AS (
            INSERT INTO run_inbox (run_id, kind, payload, sent_by)
            SELECT run_id, $2, $3, $4 FROM woken WHERE NOT is_known
        ), audit AS (
            \(AuditSQL.insert(
                tenant: AuditSQL.tenant(ofRun: "woken.run_id"), by: "$4", origin: "$6", action: "$5::text",
                subject: "'runs/' || woken.run_id", detail: "$7::json",
                from: "woken WHERE NOT is_known AND $5::text IS NOT NULL"))
        )
        SELECT true FROM woken UNION ALL SELECT false FROM outbox WHERE run_id = $1 AND NOT EXISTS (SELECT FROM free)
        """
}

/// What waits in a run's inbox, oldest first. All of it: a decision that ends the run must have read everything.
package struct ReadInbox: Statement {
    /// The run.
    package let runID: RunID

    package typealias Row = InboxRow

    package static let sql = """
        SELECT inbox_id, kind, payload, sent_by FROM run_inbox WHERE run_id = $1 ORDER BY inbox_id
        """
}

extension SendToRun {
    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(runID.uuid)
        parameters.text(request.name)
        parameters.json(request.payload.bytes)
        parameters.text(request.sentBy)
        parameters.text(action?.rawValue)
        parameters.origin(origin)
        parameters.json((action == nil ? JSON.null : request.auditDetail).bytes)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        try row.bool() ? .asked : .locked
    }
}

extension ReadInbox {
    package func bind(_ parameters: inout Parameters) { parameters.uuid(runID.uuid) }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> InboxRow {
        let (inboxID, name, bytes, sentBy) = (try row.int64(), try row.text(), try row.json(), try row.text())
        // What can't be read even as JSON is not understood either.
        guard let payload = try? RowReader.parse(bytes) else { return InboxRow(inboxID: inboxID, request: nil) }
        return InboxRow(inboxID: inboxID, request: InboxRequest(name: name, payload: payload, sentBy: sentBy))
    }
}

/// Puts right a count of inbox rows that promises more than there are: with it a run could neither end nor rest.
///
/// The count and the rows are compared as they were at one moment, and only the difference is taken away, so what is sent
/// meanwhile is counted all the same. The holder alone consumes rows, so nobody else mends it at the same time.
package struct RecountInbox: Statement {
    /// The holder.
    package let engine: EngineID
    /// Its lease.
    package let lease: Lease

    /// How many rows too many were counted. Nothing comes back when the count was right, or the lease is lost.
    package typealias Row = Int

    package static let sql = """
        WITH seen AS MATERIALIZED (
            SELECT inbox_count - (SELECT count(*)::int4 FROM run_inbox WHERE run_id = $2) AS excess
            FROM outbox WHERE run_id = $2 AND epoch = $3 AND lease_owner = $1
        )
        UPDATE outbox o SET inbox_count = greatest(0, o.inbox_count - seen.excess) FROM seen
        WHERE o.run_id = $2 AND o.epoch = $3 AND o.lease_owner = $1 AND seen.excess > 0
        RETURNING seen.excess
        """

    package func bind(_ parameters: inout Parameters) {
        parameters.uuid(engine.uuid)
        parameters.uuid(lease.runID.uuid)
        parameters.int64(lease.epoch)
    }

    package static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { Int(try row.int32()) }
}
