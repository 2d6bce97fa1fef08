import Core
import Postgres
import Simulation
@testable import Storage
import TestSupport

/// Postgres, as the conformance suite drives it: the product's own statements, one at a time.
struct ConformingPostgresStore: ConformingStore {
    let test: TestDatabase
    let definitions: [WorkflowDefinition]
    private let engines = [EngineID.sample(), EngineID.sample()]

    init(_ test: TestDatabase, _ definitions: [WorkflowDefinition]) {
        self.test = test
        self.definitions = definitions
    }

    private var pool: Pool { test.database.writes }
    private var inbox: RunInbox { RunInbox(database: test.database) }

    private func leases(_ engine: Int) -> LeaseStore {
        LeaseStore(database: test.database, engine: engines[engine], length: .seconds(3600))
    }

    func now() -> Instant { .now }

    func start(_ run: Run, key: String?) async throws -> RunID {
        let idempotency = key.map {
            NewRun.Idempotency(key: $0, requestHash: Array(repeating: 1, count: 32), lifetime: .seconds(3600))
        }
        let new = NewRun(
            run: run, tenantID: "default", correlationID: nil, traceparent: nil, idempotency: idempotency)
        switch try await StartWriter(pool: pool, deadline: .seconds(5)).write([new])[0].get() {
        case .started: return run.id
        case .replayed(let known): return known
        case .keyReused: throw Unexpected()
        }
    }

    func claim(engine: Int) async throws -> [ClaimFacts] {
        try await leases(engine).claim(limit: 100).map { claimed in
            let definition = try definition(claimed.workflowName)
            return ClaimFacts(
                lease: claimed.lease, run: try claimed.run(of: definition), inboxCount: claimed.inboxCount,
                isTakeover: claimed.isTakeover, beganDueSteps: claimed.beganDueSteps, failures: claimed.failures,
                now: claimed.now)
        }
    }

    private func definition(_ name: String) throws -> WorkflowDefinition {
        let registered = WorkflowDefinition.registered(name)
        guard let known = definitions.first(where: { $0.name == registered ?? name }),
            let definition = registered == nil ? known : known.onEnd
        else { throw Unexpected() }
        return definition
    }

    func commit(
        _ commit: SessionCommit, children: [MemoryStore.Child], engine: Int
    ) async throws -> MemoryStore.Committed {
        let started = children.map { child in
            NewChild(
                NewRun(
                    run: child.fresh, tenantID: "default", correlationID: nil, traceparent: nil, idempotency: nil,
                    parent: child.link), link: child.link)
        }
        let writer = CommitWriter(pool: pool, engine: engines[engine], patience: .zero)
        do throws(PostgresError) {
            switch try await writer.store([RunCommit(commit, children: started)])[0] {
            case .success(.written(let unread, let at)): return .written(unread: unread, at: at)
            case .success(.inboxFirst): return .inboxFirst
            case .success(.leaseLost): return .leaseLost
            case .failure, nil: throw PostgresError.decoding("nobody else is here to lock a row")
            }
        } catch {
            guard error.state == .uniqueViolation else { throw error }
            return .duplicate
        }
    }

    func renew(_ leases: [Lease], engine: Int) async throws -> [RunID: Int] {
        try await self.leases(engine).renew(leases).held
    }

    func release(_ lease: Lease, engine: Int) async throws { try await leases(engine).release([lease]) }

    func inbox(of runID: RunID) async throws -> [InboxRow] { try await leases(0).inbox(of: runID) }

    func send(_ request: InboxRequest, to runID: RunID) async throws -> Bool {
        let answer =
            if case .signal = request.kind {
                try await pool.execute(SendSignal(runID: runID, request: request, bytes: 8, waiting: (0, 0))).first
            } else {
                try await pool.execute(SendToRun(runID: runID, request: request)).first
            }
        switch answer {
        case .asked: return true
        case nil: return false
        case .locked, .full: throw Unexpected()
        }
    }

    func sendToEnded(_ request: InboxRequest, to runID: RunID, as status: RunStatus) async throws -> Bool {
        !(try await pool.execute(SendToEndedRuns(runIDs: [runID], status: status, request: request))).isEmpty
    }

    func quarantine(_ lease: Lease, _ failure: Failure, engine: Int) async throws -> Bool {
        try await leases(engine).quarantine(lease, failure)
    }

    func expire(_ runID: RunID) async throws {
        try await test.execute(
            "UPDATE outbox SET available_at = now() - interval '1 s' WHERE run_id = '\(runID)' AND lease_owner IS NOT NULL"
        )
    }

    func makeDue(_ runID: RunID) async throws {
        try await test.execute(
            """
            WITH free AS (
                UPDATE outbox SET available_at = now() - interval '1 s'
                WHERE run_id = '\(runID)' AND lease_owner IS NULL RETURNING run_id
            )
            UPDATE workflow_runs SET due_at = now() - interval '1 s' WHERE run_id IN (SELECT run_id FROM free)
            """)
    }

    func standing(of runID: RunID) async throws -> StoredRows {
        let reader = RunReader(pool: test.database.reads)
        guard let (run, steps) = try await reader.find(runID) else { throw Unexpected() }
        let definition = try definition(run.workflowName)
        let events = try await reader.events(of: runID).map { stored in
            guard let event = stored.row.event(of: StepNumbering(definition)) else { throw Unexpected() }
            return (stored.sequence, event, stored.epoch)
        }
        let outbox = try await test.query(
            """
            SELECT epoch, (lease_owner IS NOT NULL)::int, failures, inbox_count, last_seq FROM outbox
            WHERE run_id = '\(runID)'
            """
        ).first.map { $0.compactMap { $0.flatMap { Int($0) } } }
        return StoredRows(
            status: run.status, cause: run.cause, error: run.error, output: run.output, steps: steps.map(\.step),
            events: events, outbox: outbox.map { (Int64($0[0]), $0[1] == 1, $0[2], $0[3], $0[4]) },
            inbox: try await leases(0).inbox(of: runID).map(\.request))
    }

    private struct Unexpected: Error {}
}
