package import Core

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
        return claimed.map {
            ClaimFacts(
                lease: $0.lease, run: $0.run, inboxCount: $0.inboxCount, isTakeover: $0.isTakeover,
                beganDueSteps: $0.beganDueSteps, failures: $0.failures, now: now)
        }
    }

    package mutating func commit(
        _ commit: SessionCommit, children: [MemoryStore.Child], engine number: Int
    ) -> MemoryStore.Committed {
        store.commit(commit, engine: engine(number), now: now(), children: children)
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

    package mutating func sendToEnded(_ request: InboxRequest, to runID: RunID, as status: RunStatus) -> Bool {
        store.sendToEnded(request, to: runID, as: status, now: now())
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
            steps: Array(row.run.steps), events: row.events.map { ($0.sequence, $0.event, $0.epoch) },
            outbox: row.outbox.map { ($0.epoch, $0.owner != nil, $0.failures, row.inbox.count, $0.lastSequence) },
            inbox: row.inbox.map(\.request))
    }

    private struct UnknownRun: Error {}
}
