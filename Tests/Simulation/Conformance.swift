// One list of things to do, for any store: claims, decisions of good and of stale leases, commits sent twice, expiring leases,
// what people ask, engines that forget. Every store is fed the same seeded sequence, and says after each step what came of it
// and where its runs stand; the words have to be the same.

package import Core

/// A store as the conformance suite drives it. Runs and engines go by their numbers.
package protocol ConformingStore {
    mutating func start(_ run: Run, key: String?) async throws -> RunID
    /// Claims everything that is due.
    mutating func claim(engine: Int) async throws -> [ClaimFacts]
    /// - Parameter children: the runs it starts.
    mutating func commit(
        _ commit: SessionCommit, children: [MemoryStore.Child], engine: Int
    ) async throws -> MemoryStore.Committed
    mutating func renew(_ leases: [Lease], engine: Int) async throws -> [RunID: Int]
    mutating func release(_ lease: Lease, engine: Int) async throws
    mutating func inbox(of runID: RunID) async throws -> [InboxRow]
    mutating func send(_ request: InboxRequest, to runID: RunID) async throws -> Bool
    mutating func sendToEnded(_ request: InboxRequest, to runID: RunID, as status: RunStatus) async throws -> Bool
    mutating func quarantine(_ lease: Lease, _ failure: Failure, engine: Int) async throws -> Bool
    /// The run's lease, if it has one, is over.
    mutating func expire(_ runID: RunID) async throws
    /// What the run waits for is due.
    mutating func makeDue(_ runID: RunID) async throws
    /// Where a run stands.
    mutating func standing(of runID: RunID) async throws -> StoredRows
    /// Its clock.
    mutating func now() async throws -> Instant
}

/// What a claim gives.
package struct ClaimFacts: Sendable {
    package let lease: Lease
    /// As the claim leaves it.
    package let run: Run
    package let inboxCount: Int
    package let isTakeover: Bool
    package let beganDueSteps: Bool
    package let failures: Int
    package let now: Instant

    package init(
        lease: Lease, run: Run, inboxCount: Int, isTakeover: Bool, beganDueSteps: Bool, failures: Int, now: Instant
    ) {
        self.lease = lease
        self.run = run
        self.inboxCount = inboxCount
        self.isTakeover = isTakeover
        self.beganDueSteps = beganDueSteps
        self.failures = failures
        self.now = now
    }
}

/// A run's rows, without times.
package struct StoredRows: Sendable {
    package let status: RunStatus
    package let cause: RunCause?
    package let error: JSON?
    package let output: JSON?
    package let steps: [Step]
    /// Sequence, event and epoch.
    package let events: [(Int, RunEvent, Int64)]
    /// Nil when the run has none.
    package let outbox: (epoch: Int64, isOwned: Bool, failures: Int, inboxCount: Int, lastSequence: Int)?
    /// What is asked, oldest first.
    package let inbox: [InboxRequest?]

    package init(
        status: RunStatus, cause: RunCause?, error: JSON?, output: JSON?, steps: [Step],
        events: [(Int, RunEvent, Int64)],
        outbox: (epoch: Int64, isOwned: Bool, failures: Int, inboxCount: Int, lastSequence: Int)?,
        inbox: [InboxRequest?]
    ) {
        self.status = status
        self.cause = cause
        self.error = error
        self.output = output
        self.steps = steps
        self.events = events
        self.outbox = outbox
        self.inbox = inbox
    }

    var words: String {
        let steps = steps.map {
            "\($0.status.rawValue) \($0.attempts)\($0.isAmbiguous ? "?" : "") \($0.compensationStatus.rawValue)"
                + " \($0.compensationAttempts)\($0.isCompensationAmbiguous ? "?" : "")"
                + " \($0.output.map { "\($0)" } ?? "-") \($0.error?.kind ?? "-")\($0.nextAttemptAt == nil ? "" : " waits")"
        }
        let outbox = outbox.map {
            "epoch \($0.epoch)\($0.isOwned ? " held" : ""), \($0.failures) failures, \($0.inboxCount) in the inbox, "
                + "seq \($0.lastSequence)"
        }
        return """
            \(status.rawValue) \(cause?.rawValue ?? "-") \(error.map { "\($0)" } ?? "-") \(output.map { "\($0)" } ?? "-")
            \(steps.joined(separator: "; "))
            \(events.map { "\($0.0) \($0.1.withoutTimes) \($0.2)" }.joined(separator: "\n"))
            \(outbox ?? "no outbox row"); \(inbox.map { $0.map { "\($0.kind) by \($0.sentBy)" } ?? "?" })
            """
    }
}

extension RunEvent {
    /// For how long a deadline was held follows from the clock.
    fileprivate var withoutTimes: RunEvent {
        guard case .runResumed(let by, let reason, _) = self else { return self }
        return .runResumed(by: by, reason: reason, held: .zero)
    }
}

/// One thing to do. Numbers pick one of what there is.
package enum ConformanceStep: Sendable {
    case start(Int, key: Int?)
    case claim(engine: Int)
    case answer(held: Int, call: Int, outcome: Int)
    case hearOfInbox(held: Int)
    /// The acknowledgement was lost: the same commit once more.
    case resend(commit: Int)
    case renew(engine: Int)
    case release(held: Int)
    /// The engine starts anew and knows nothing of what it held.
    case restart(engine: Int)
    case expire(run: Int)
    case makeDue(run: Int)
    case cancel(run: Int)
    case retry(run: Int, step: Int?)
    case resolve(run: Int, step: Int)
    case quarantine(held: Int)
    case pause(run: Int)
    case resume(run: Int)
    case settle(run: Int, step: Int)
    case undo(run: Int)
    case signal(run: Int, key: Int?)

    package static func random(using random: inout SeededGenerator) -> ConformanceStep {
        let (one, other) = (Int.random(in: 0..<1000, using: &random), Int.random(in: 0..<1000, using: &random))
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: return .start(one, key: other < 300 ? other % 3 : nil)
        case 8..<25: return .claim(engine: one % 2)
        case 25..<53: return .answer(held: one, call: other, outcome: Int.random(in: 0..<100, using: &random))
        case 53..<55: return .pause(run: one)
        case 55..<57: return .resume(run: one)
        case 57..<58: return .settle(run: one, step: other)
        case 58..<60: return .undo(run: one)
        case 60..<61: return .signal(run: one, key: other < 500 ? other % 3 : nil)
        case 61..<63: return .hearOfInbox(held: one)
        case 63..<68: return .resend(commit: one)
        case 68..<71: return .renew(engine: one % 2)
        case 71..<73: return .release(held: one)
        case 73..<75: return .restart(engine: one % 2)
        case 75..<80: return .expire(run: one)
        case 80..<87: return .makeDue(run: one)
        case 87..<90: return .cancel(run: one)
        case 90..<94: return .retry(run: one, step: other < 300 ? nil : other)
        case 94..<98: return .resolve(run: one, step: other)
        default: return .quarantine(held: one)
        }
    }
}
