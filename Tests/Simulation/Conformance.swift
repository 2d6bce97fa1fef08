// One list of things to do, for any store: claims, decisions of good and of stale leases, commits sent twice, expiring leases,
// what people ask, engines that forget. Every store is fed the same seeded sequence, and says after each step what came of it
// and where its runs stand; the words have to be the same.

package import Core

/// A store as the conformance suite drives it. Runs and engines go by their numbers.
package protocol ConformingStore {
    mutating func start(_ run: Run, key: String?) async throws -> RunID
    /// Claims everything that is due; in the order of run ids.
    mutating func claim(engine: Int) async throws -> [ClaimFacts]
    mutating func commit(_ commit: SessionCommit, engine: Int) async throws -> MemoryStore.Committed
    mutating func renew(_ leases: [Lease], engine: Int) async throws -> [RunID: Int]
    mutating func release(_ lease: Lease, engine: Int) async throws
    mutating func inbox(of runID: RunID) async throws -> [InboxRow]
    mutating func send(_ request: InboxRequest, to runID: RunID) async throws -> Bool
    mutating func sendToFailed(_ request: InboxRequest, to runID: RunID) async throws -> Bool
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
            \(events.map { "\($0.0) \($0.1) \($0.2)" }.joined(separator: "\n"))
            \(outbox ?? "no outbox row"); \(inbox.map { $0.map { "\($0.kind) by \($0.sentBy)" } ?? "?" })
            """
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

    package static func random(using random: inout SeededGenerator) -> ConformanceStep {
        let (one, other) = (Int.random(in: 0..<1000, using: &random), Int.random(in: 0..<1000, using: &random))
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: return .start(one, key: other < 300 ? other % 3 : nil)
        case 8..<25: return .claim(engine: one % 2)
        case 25..<60: return .answer(held: one, call: other, outcome: Int.random(in: 0..<100, using: &random))
        case 60..<63: return .hearOfInbox(held: one)
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

/// A store with the engines that work on it, told what to do.
package struct ConformanceRun<Store: ConformingStore> {
    private struct Held {
        let engine: Int
        let lease: Lease
        var session: RunSession
        /// Ties the session's time to the claim's.
        let claimedAt: Instant
    }

    package private(set) var store: Store
    private let definitions: [WorkflowDefinition]
    private var runs: [RunID] = []
    private var held: [Held] = []
    private var sent: [(commit: SessionCommit, engine: Int)] = []

    package init(_ store: Store, definitions: [WorkflowDefinition]) {
        self.store = store
        self.definitions = definitions
    }

    /// Does it; what came of it, and where all runs stand.
    ///
    /// - Parameter runID: of a run that is started.
    package mutating func perform(_ step: ConformanceStep, runID: RunID) async throws -> String {
        var words = "\(try await outcome(of: step, runID))"
        for (number, runID) in runs.enumerated() {
            words += "\nrun \(number): \(try await store.standing(of: runID).words)"
        }
        return words
    }

    private mutating func outcome(of step: ConformanceStep, _ runID: RunID) async throws -> String {
        switch step {
        case .start(let number, let key):
            let definition = definitions[number % definitions.count]
            let run = Run(
                id: runID, definition: definition, input: ["n": JSON(number % 3)], context: [:],
                createdAt: try await store.now())
            let started = try await store.start(run, key: key.map { "key-\($0)" })
            if started == runID { runs.append(runID) }
            return "started \(runs.firstIndex(of: started).map { "\($0)" } ?? "?")"
        case .claim(let engine): return try await claim(engine)
        case .answer(let number, let call, let outcome): return try await answer(number, call, outcome)
        case .hearOfInbox(let number):
            guard let index = number.place(in: held) else { return "-" }
            held[index].session.received([.inboxFilled])
            return try await pump(index)
        case .resend(let number):
            guard let index = number.place(in: sent) else { return "-" }
            return "\(try await store.commit(sent[index].commit, engine: sent[index].engine))"
        case .renew(let engine):
            let leases = held.filter { $0.engine == engine }.map(\.lease)
            let renewed = try await store.renew(leases, engine: engine)
            return "\(leases.map { renewed[$0.runID].map { "\($0)" } ?? "lost" })"
        case .release(let number):
            guard let index = number.place(in: held) else { return "-" }
            try await store.release(held[index].lease, engine: held[index].engine)
            held.remove(at: index)
            return "released"
        case .restart(let engine):
            held.removeAll { $0.engine == engine }
            return "restarted"
        case .quarantine(let number):
            guard let index = number.place(in: held) else { return "-" }
            let failure = Failure(kind: Failure.quarantinedKind, message: "The suite says so.")
            let (lease, engine) = (held[index].lease, held[index].engine)
            held.remove(at: index)
            return "\(try await store.quarantine(lease, failure, engine: engine))"
        case .expire(let number):
            guard let index = number.place(in: runs) else { return "-" }
            try await store.expire(runs[index])
            return "expired"
        case .makeDue(let number):
            guard let index = number.place(in: runs) else { return "-" }
            try await store.makeDue(runs[index])
            return "due"
        case .cancel, .retry, .resolve: return try await ask(step)
        }
    }

    private mutating func ask(_ step: ConformanceStep) async throws -> String {
        let (number, stepNumber, kind): (Int, Int?, (String?) -> InboxRequest.Kind)
        switch step {
        case .cancel(let run): (number, stepNumber, kind) = (run, nil, { _ in .cancel(reason: nil) })
        case .retry(let run, let step): (number, stepNumber, kind) = (run, step, { .retry(stepID: $0) })
        case .resolve(let run, let step):
            (number, stepNumber, kind) = (run, step, { .resolve(stepIDs: [$0 ?? ""], reason: "by hand") })
        default: return "-"
        }
        guard let index = number.place(in: runs) else { return "-" }
        let standing = try await store.standing(of: runs[index])
        let steps = definition(of: standing)
        let request = InboxRequest(kind(stepNumber.flatMap { $0.place(in: steps).map { steps[$0] } }), sentBy: "ann")
        if standing.status == .failed, case .cancel = request.kind {
        } else if standing.status == .failed {
            return "asked: \(try await store.sendToFailed(request, to: runs[index]))"
        }
        return "sent: \(try await store.send(request, to: runs[index]))"
    }

    private func definition(of standing: StoredRows) -> [String] {
        definitions.first { $0.steps.count == standing.steps.count }?.steps.map(\.id) ?? []
    }

    private mutating func claim(_ engine: Int) async throws -> String {
        var words: [String] = []
        for claim in try await store.claim(engine: engine) {
            held.append(
                Held(
                    engine: engine, lease: claim.lease,
                    session: RunSession(
                        claim.run, lease: claim.lease, inboxCount: claim.inboxCount,
                        beganDueSteps: claim.beganDueSteps), claimedAt: claim.now))
            let number = runs.firstIndex(of: claim.lease.runID) ?? -1
            words.append(
                "run \(number) epoch \(claim.lease.epoch) inbox \(claim.inboxCount) takeover \(claim.isTakeover) "
                    + "began \(claim.beganDueSteps) failures \(claim.failures) seq \(claim.run.lastSequence)")
            words.append(try await pump(held.count - 1))
        }
        return words.joined(separator: "\n")
    }

    private mutating func answer(_ number: Int, _ call: Int, _ outcome: Int) async throws -> String {
        guard let index = number.place(in: held) else { return "-" }
        let calls = held[index].session.run.nextCommands.compactMap { command -> Command.Call? in
            if case .call(let call) = command { call } else { nil }
        }
        guard let place = call.place(in: calls) else { return "nothing in flight" }
        let result = Self.result(outcome)
        let call = calls[place]
        held[index].session.received(
            [.answered(step: call.step, action: call.action, attempt: call.attempt, result)])
        return "\(call.step) \(call.action) \(call.attempt): \(result.outcome)\n" + (try await pump(index))
    }

    private static func result(_ outcome: Int) -> CallResult {
        switch outcome {
        case 0..<60: CallResult(outcome: .succeeded, httpStatus: 200, duration: .milliseconds(3), output: ["n": 1])
        case 60..<72: failed(.unknown, 500)
        case 72..<82: failed(.busy, 429)
        case 82..<90: failed(.notSent, nil)
        default: failed(.rejected, 422)
        }
    }

    private static func failed(_ outcome: Outcome, _ status: Int?) -> CallResult {
        CallResult(
            outcome: outcome, httpStatus: status, duration: .milliseconds(5),
            failure: Failure(kind: outcome.rawValue, message: "It did not work.", httpStatus: status))
    }

    /// Has a session do what it wants, until it waits for calls or is over.
    private mutating func pump(_ index: Int) async throws -> String {
        var words: [String] = []
        var random = SeededGenerator(seed: 1)
        while true {
            var effort = Effort.full
            let now = try await store.now()
            switch held[index].session.next(now: now, isHeld: { true }, using: &random, effort: &effort) {
            case .readInbox:
                held[index].session.inboxRead(try await store.inbox(of: held[index].lease.runID))
            case .recountInbox: return "the inbox's count is wrong"
            case .commit(let commit):
                let committed = try await store.commit(commit, engine: held[index].engine)
                sent.append((commit, held[index].engine))
                words.append("\(committed)")
                held[index].session.stored(CommitVerdict(committed), now: now)
            case .think: return "no effort is too much"
            case .execute(let commands):
                let calls = commands.compactMap { command -> String? in
                    if case .call(let call) = command { "\(call.step) \(call.action) \(call.attempt)" } else { nil }
                }
                words.append("calls \(calls)")
                return words.joined(separator: ", ")
            case .end(let end):
                if case .giveBack = end { try await store.release(held[index].lease, engine: held[index].engine) }
                held.remove(at: index)
                words.append("\(end)")
                return words.joined(separator: ", ")
            }
        }
    }
}

extension Int {
    /// One of them, whatever the number; nil when there are none.
    fileprivate func place(in items: [some Any]) -> Int? { items.isEmpty ? nil : self % items.count }
}

extension CommitVerdict {
    fileprivate init(_ committed: MemoryStore.Committed) {
        switch committed {
        case .written(let unread): self = .written(unread: unread)
        case .inboxFirst: self = .inboxFirst
        case .leaseLost: self = .leaseLost
        case .duplicate: self = .unavailable("its events are there already")
        }
    }
}

/// The store in memory. Its clock moves on with every look at it.
package struct ConformingMemoryStore: ConformingStore {
    private var store = MemoryStore()
    private var clock = Instant(microseconds: 1_767_225_600_000_000)

    package init() {}

    package mutating func now() -> Instant {
        clock += .milliseconds(1)
        return clock
    }

    private func engine(_ number: Int) -> EngineID { EngineID(high: 0xE, low: UInt64(number)) }

    package mutating func start(_ run: Run, key: String?) -> RunID { store.start(run, key: key) }

    package mutating func claim(engine number: Int) -> [ClaimFacts] {
        let now = now()
        let claimed = store.claim(
            engine: engine(number), limit: 100, length: .seconds(3600), now: now, suspects: false)
        return claimed.sorted { $0.lease.runID < $1.lease.runID }.map {
            ClaimFacts(
                lease: $0.lease, run: $0.run, inboxCount: $0.inboxCount, isTakeover: $0.isTakeover,
                beganDueSteps: $0.beganDueSteps, failures: $0.failures, now: now)
        }
    }

    package mutating func commit(_ commit: SessionCommit, engine number: Int) -> MemoryStore.Committed {
        store.commit(commit, engine: engine(number), now: now())
    }

    package mutating func renew(_ leases: [Lease], engine number: Int) -> [RunID: Int] {
        store.renew(leases, engine: engine(number), length: .seconds(3600), now: now())
    }

    package mutating func release(_ lease: Lease, engine number: Int) {
        store.release([lease], engine: engine(number), after: .zero, now: now())
    }

    package mutating func inbox(of runID: RunID) -> [InboxRow] { store.inbox(of: runID) }

    package mutating func send(_ request: InboxRequest, to runID: RunID) -> Bool {
        store.send(request, to: runID, now: now())
    }

    package mutating func sendToFailed(_ request: InboxRequest, to runID: RunID) -> Bool {
        store.sendToFailed(request, to: runID, now: now())
    }

    package mutating func quarantine(_ lease: Lease, _ failure: Failure, engine number: Int) -> Bool {
        store.quarantine(lease, failure, engine: engine(number), now: now())
    }

    package mutating func expire(_ runID: RunID) { store.expire(runID, now: now()) }

    package mutating func makeDue(_ runID: RunID) { store.makeDue(runID, now: now()) }

    package mutating func standing(of runID: RunID) throws -> StoredRows {
        guard let row = store.rows[runID] else { throw UnknownRun() }
        return StoredRows(
            status: row.run.status, cause: row.run.cause, error: row.run.errorJSON, output: row.run.output,
            steps: row.run.steps, events: row.events.map { ($0.sequence, $0.event, $0.epoch) },
            outbox: row.outbox.map { ($0.epoch, $0.owner != nil, $0.failures, row.inbox.count, $0.lastSequence) },
            inbox: row.inbox.map(\.request))
    }

    private struct UnknownRun: Error {}
}
