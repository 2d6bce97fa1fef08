import Core
import Postgres
@testable import Storage
import Synchronization
import Testing
import TestSupport

/// An engine without processes and participants: claims, decides, commits, and is told what every call came to.
struct TestEngine {
    let id = EngineID.sample()
    let database: Database
    let leases: LeaseStore
    let writer: CommitWriter
    let definitions: [String: WorkflowDefinition]

    init(_ test: TestDatabase, _ definitions: WorkflowDefinition..., lease: Duration = .seconds(60)) {
        self.init(test, definitions, lease: lease)
    }

    init(_ test: TestDatabase, _ definitions: [WorkflowDefinition], lease: Duration = .seconds(60)) {
        database = test.database
        leases = LeaseStore(database: test.database, engine: id, length: lease)
        writer = CommitWriter(pool: test.database.writes, engine: id, patience: .seconds(5))
        self.definitions = Dictionary(uniqueKeysWithValues: definitions.map { ($0.name, $0) })
    }

    /// Starts runs, all of which must be new.
    func start(_ runs: [NewRun]) async throws {
        for name in Set(runs.map(\.run.definition.name)) {
            if let definition = definitions[name] { try await TestDatabase.register(definition, database) }
        }
        for result in await StartWriter(pool: database.writes, deadline: .seconds(5)).write(runs) {
            try #require(try result.get() == .started)
        }
    }

    /// Claims what is due.
    func claim(_ limit: Int = 100) async throws -> [Held] {
        try await leases.claim(limit: limit).map { claimed in
            let definition = try #require(definitions[claimed.workflowName])
            return Held(claimed: claimed, run: try claimed.run(of: definition), claimedAt: .now)
        }
    }

    /// Claims the only run that is due.
    func claimOne() async throws -> Held {
        let held = try await claim()
        try #require(held.count == 1)
        return held[0]
    }

    /// Starts a run and claims it.
    func begin(_ definition: WorkflowDefinition, input: JSON = ["orderId": "o-1"]) async throws -> Held {
        try await start([.sample(definition, input: input)])
        return try await claimOne()
    }

    /// Decides and commits; the run changes only if it is written.
    func settle(
        _ held: inout Held, _ happenings: [Happening], consuming inbox: [InboxRow] = []
    ) async throws -> CommitOutcome {
        let commit = try held.decide(happenings, consuming: inbox)
        let outcome = try await write(commit)
        if case .written(_, let at) = outcome { held.run = commit.decision.stored(at: at) }
        return outcome
    }

    /// Commits one decision, again and again while somebody has the run locked.
    func write(_ commit: RunCommit) async throws -> CommitOutcome {
        var wasLocked = false
        while true {
            let results = await writer.write([commit], wereLocked: wasLocked)
            try #require(results.count == 1)
            do { return try results[0].get() } catch { guard error.isRowLocked else { throw error } }
            wasLocked = true
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Executes the run's session, answering calls one after the other, until the run is over or waits. False when the lease
    /// is lost; an `answer` of nil leaves it with its calls in flight.
    func work(_ held: inout Held, _ answer: (Run, Call) -> CallResult?) async throws -> Bool {
        var session = RunSession(
            held.run, lease: held.lease, inboxCount: held.claimed.inboxCount,
            beganDueSteps: held.claimed.beganDueSteps)
        var random = SystemRandomNumberGenerator()
        while true {
            var effort = Effort.full
            let task = session.next(now: held.now, isHeld: { true }, using: &random, effort: &effort)
            held.run = session.run
            switch task {
            case .readInbox: session.inboxRead(try await leases.inbox(of: held.run.id))
            case .recountInbox: session.inboxRecounted(excess: try await leases.recountInbox(held.lease))
            case .commit(let commit):
                session.stored(CommitVerdict(try await write(RunCommit(commit))))
            case .execute:
                guard let call = held.calls.randomElement(), let result = answer(held.run, call) else { return true }
                session.received([.answered(step: call.step, action: call.action, attempt: call.attempt, result)])
            case .think: preconditionFailure("no effort is too much")
            case .end(let end): return end == .settled
            }
        }
    }

    /// Claims and works until no run lives; an `answer` of nil lets the engine forget the run under its lease, as if it
    /// had died, and the lease end at once.
    func drive(_ answer: (Run, Call) -> CallResult?) async throws {
        while let wait = try await leases.nextDue().wait {
            if wait > .zero { try await Task.sleep(for: wait) }
            for var held in try await claim() {
                guard try await work(&held, answer), held.run.hasCallInFlight else { continue }
                try await leases.release([held.lease])
            }
        }
    }
}

extension BatchWriter {
    /// Writes one batch, and waits for all of it.
    ///
    /// - Parameter wereLocked: all of it was tried before, and somebody had it locked.
    func write(_ rows: [Row], wereLocked: Bool = false) async -> [Result<Output, StoreError>] {
        let answers = Mutex<[Result<Output, StoreError>?]>(rows.map { _ in nil })
        var work = BatchWork(
            self, rows.map { Submission(row: $0, wasLocked: wereLocked) },
            answer: { place, answer in
                answers.withLock {
                    #expect($0[place] == nil, "each is answered once")
                    $0[place] = answer
                }
            }, holdUp: {})
        await work.run()
        return answers.withLock { $0.map { $0 ?? .failure(.shuttingDown) } }
    }
}

/// A call in flight.
struct Call: Hashable {
    let step: Int
    let action: CallAction
    let attempt: Int
}

/// A run under a lease.
struct Held {
    let claimed: ClaimedRun
    var run: Run
    let claimedAt: ContinuousClock.Instant

    var lease: Lease { claimed.lease }
    var now: Instant { claimed.now + (ContinuousClock.now - claimedAt) }

    var calls: [Call] {
        run.steps.enumerated().compactMap { index, step in
            step.callInFlight.map { Call(step: index, action: $0.action, attempt: $0.attempt) }
        }
    }

    /// The answer to the only call in flight.
    func answered(_ result: CallResult) throws -> Happening {
        try #require(calls.count == 1)
        return .finished(step: calls[0].step, action: calls[0].action, attempt: calls[0].attempt, result)
    }

    func happening(_ row: InboxRow) -> Happening? {
        switch row.request?.kind {
        case .cancel(let reason): .cancel(by: "tests", reason: reason)
        case .retry(nil, let reason): .retry(step: nil, by: "tests", reason: reason)
        case .retry(let stepID?, let reason):
            run.definition.step(stepID).map { .retry(step: $0.index, by: "tests", reason: reason) }
        case .resolve(let stepIDs, let reason):
            .resolve(
                steps: stepIDs.compactMap { run.definition.step($0)?.index }, by: "tests", reason: reason)
        case .settle(let stepID, let settlement, let output, let reason):
            run.definition.step(stepID).map {
                .settle(step: $0.index, settlement, output: output, by: "tests", reason: reason)
            }
        case .pause(let reason, let holds): .pause(by: "tests", reason: reason, holdsDeadline: holds)
        case .resume(let reason): .resume(by: "tests", reason: reason)
        case .undo(let reason): .undo(by: "tests", reason: reason)
        case .childEnded(let stepID, let end):
            run.definition.step(stepID).map { .childEnded(step: $0.index, end) }
        case .callback(let stepID, let action, let callback):
            run.definition.step(stepID).map { .calledBack(step: $0.index, action, callback) }
        case .heartbeat(let stepID, let action):
            run.definition.step(stepID).map { .beat(step: $0.index, action) }
        case .signal(let name, let payload, let key):
            .signal(ReceivedSignal(name: name, payload: payload, by: "tests", key: key))
        case nil: nil
        }
    }

    /// What the happenings lead to. One that came too late leads to nothing.
    func decide(_ happenings: [Happening], consuming inbox: [InboxRow] = []) throws -> RunCommit {
        let now = now
        var after = run
        var events: [RunEvent] = []
        for happening in happenings {
            let decided: [RunEvent]
            do { decided = try Core.decide(after, happening, now: now, jitter: 0.5) } catch { continue }
            for event in decided { after.evolve(event, at: now) }
            events += decided
        }
        var copy = run
        return RunCommit(lease: lease, run: &copy, events: events, consumedInbox: inbox.map(\.inboxID), now: now)
    }
}

extension RunCommit {
    /// `run` becomes the run after the events.
    convenience init(
        lease: Lease, run: inout Run, events: [RunEvent], consumedInbox: [Int64] = [], now: Instant
    ) {
        let commit = SessionCommit(lease: lease, run: run, events: events, consumedInbox: consumedInbox, now: now)
        run = commit.after
        self.init(commit)
    }
}

extension CommitOutcome {
    /// Inbox rows that are left; nil when nothing was written.
    var unread: Int? { if case .written(let unread, _) = self { unread } else { nil } }
}

extension CommitVerdict {
    init(_ outcome: CommitOutcome) {
        switch outcome {
        case .written(let unread, let at): self = .written(unread: unread, at: at)
        case .inboxFirst: self = .inboxFirst
        case .leaseLost: self = .leaseLost
        }
    }
}

extension CallResult {
    static let yes = CallResult(
        outcome: .succeeded, httpStatus: 200, duration: .milliseconds(3), output: ["paymentId": "p-1"])
    static let no = failed(.rejected, 422)
    static let lost = failed(.unknown, nil)
    static let busy = failed(.busy, 503)

    private static func failed(_ outcome: Outcome, _ status: Int?) -> CallResult {
        CallResult(
            outcome: outcome, httpStatus: status, duration: .milliseconds(5),
            failure: Failure(
                kind: outcome.rawValue, message: "It did not work.", httpStatus: status, response: ["why": "tests"]))
    }
}

extension Sequence<Step> {
    /// What has to be the same: where an output stands is only known of one that is not held.
    var compared: [Step] {
        map { step in
            var step = step
            step.outputSequence = 0
            return step
        }
    }
}

extension TestDatabase {
    /// Every row of every table that a run has, as text: equal before and after means that nothing was written.
    func snapshot() async throws -> [[String?]] {
        try await query(
            """
            SELECT 'run', to_jsonb(t)::text FROM workflow_runs t
            UNION ALL SELECT 'journal', to_jsonb(t)::text FROM run_journal t
            UNION ALL SELECT 'outbox', to_jsonb(t)::text FROM outbox t
            UNION ALL SELECT 'inbox', to_jsonb(t)::text FROM run_inbox t ORDER BY 1, 2
            """)
    }

    /// Ends every lease now, as if its time had passed.
    func expireLeases() async throws {
        try await execute("UPDATE outbox SET available_at = now() - interval '1 second' WHERE lease_owner IS NOT NULL")
    }

    /// The folded history of a run and how the rows differ from it.
    func fold(_ runID: RunID, _ definition: WorkflowDefinition) async throws -> (run: Run, differences: [String]) {
        let reader = RunReader(pool: database.reads)
        let found: (row: RunRow, steps: [StepRow])?
        do { found = try await reader.find(runID).map { ($0.run, $0.steps) } } catch let error as UnreadableRun {
            let row = try #require(try await database.reads.execute(FindRun(runID)).first)
            let run = try HistoryFold.fold(try await reader.events(of: runID), of: row, definition: definition)
            return (run, ["\(error)"])
        }
        let (row, steps) = try #require(found)
        let run = try HistoryFold.fold(try await reader.events(of: runID), of: row, definition: definition)
        return (run, HistoryFold.differences(run, row: row, steps: steps))
    }
}
