import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

/// What each statement knows of tenants. One that is not listed here is missing a decision, and fails a test.
private enum TenantReach {
    /// Asked for whom it is: shows and changes what that one may see, and no more.
    static let scoped: Set<String> = [
        "ListRuns", "ListRunsInWindow", "ListLiveRuns", "ListWaitingRuns", "ListCorrelatedRuns", "ListChildren",
        "ListFailedRuns", "ListAuditEntries", "ExportAuditEntries", "ListAPIKeys", "RevokeAPIKey", "ListTenants",
        "ListWorkflows", "ListVersions", "FindSeenDefinition", "FindDefinition", "FindReleases",
        "DeprecateDefinition", "RestoreDefinition", "PauseWorkflow", "ResumeWorkflow", "FindParticipants",
        "FindVisibleParticipants", "PauseParticipant", "ResumeParticipant", "DeleteParticipant",
        "FindIdempotencyKeys", "IsKeyTaken", "FindSlowRuns", "GroupFailedRuns", "ReadMinutes",
        "FindVersionStatistics",
    ]

    /// Reads one thing by its id, which the API's gate has looked at before: whose it is never changes. A reader of the database finds
    /// row security in its way.
    static let byID: Set<String> = [
        "FindRun", "FindSnapshot", "FindRunStatus", "FindEvents", "FindJournalHeads", "FindShownRun", "FindPayload",
        "FindRunsWithPayloads", "FindEventPage", "WatchRuns", "FindLiveRuns", "ListInbox", "ReadInbox",
        "FindStatuses", "FindCallbacks", "IsAsRead", "ListRunHeads", "FindRunOwner", "FindRunLane", "FindRuns",
    ]

    /// Writes to one run or thing by its id, behind the same gate, or names the owner that the gate has settled on.
    static let writesByID: Set<String> = [
        "SendToRun", "SendCallback", "SendSignal", "SendToEndedRuns", "MarkRestarted", "LockRun", "StartRuns",
        "RegisterDefinition", "PutParticipant", "PutTenant", "CreateAPIKey",
    ]

    /// Tells who calls, before anybody is known.
    static let credentials: Set<String> = [
        "FindAPIKey", "TouchAPIKey", "CreateConsoleSession", "FindConsoleSession", "ProlongConsoleSession",
        "EndConsoleSessions", "ListCallbackKeys", "ListSigningKeys",
    ]

    /// Never answers a caller with rows: engines, upkeep, migrations, gauges, what a process keeps in memory for all tenants, and the
    /// place up to which a list has looked.
    static let machinery: Set<String> = [
        "FindMigrationTables", "ListMigrations", "DigestMigrations", "RecordMigration", "ForgetMigration",
        "ListRepeatables", "RecordRepeatable", "ForgetRepeatables", "Notify", "Ping", "ListNewestDefinitions",
        "ReadAuditHeads", "ListHeadless", "ReadAuditPage", "RetainAudit", "WriteRefusals", "LockCallLimits",
        "FindCallShares", "PutCallShares", "DeleteCallShares", "PublishSigningKey", "FindUnrotatedSecrets",
        "ReplaceSecrets", "BeginLanes", "ReadTenants", "CountTenantRuns", "ReadStoredSize", "MeasureTenants",
        "FindDueLanes", "ClaimOldest", "ClaimShares", "StartHeldRuns", "WakeHeldStarts", "ListOwnParticipants",
        "FindLockedKeys", "FindLocked", "ClaimRuns", "ClaimSuspect", "IsSuspectDue", "ClearSuspect",
        "PutOffOrphans", "CommitDecisions", "CommitResults", "CommitFamily", "StartChildren", "TellRun",
        "FindCommitted", "RenewLeases", "ReleaseLeases", "NextDue", "RecountInbox", "FindWindowEnd",
        "FindLiveWindowEnd", "FindWaitingWindowEnd",
        "AddMinuteCounts", "DeleteOldMinutes",
        "CountWaitingRuns", "ListPauses", "BeatEngine", "DeleteExpiredKeys", "ForgetEngine", "ReadBacklog",
        "ListEngines", "ReadClock", "FindQuietRuns", "FindForsakenRuns", "FreeRuns", "ListPartitions",
        "CreatePartition", "DropPartition", "DeleteLeftovers", "QuarantineRun",
    ]

    static let all = [scoped, byID, writesByID, credentials, machinery]
}

@Suite("Every statement, asked by one tenant over the rows of another", .timeLimit(.minutes(2)))
struct ForeignRowTests {
    @Test("Of each statement it is known what it has to do with tenants")
    func everyStatement() throws {
        let listed = TenantReach.all.flatMap { $0 }
        #expect(Set(listed) == (try StatementTests.declared()), "a new statement needs a place in TenantReach")
        #expect(listed.count == Set(listed).count, "it stands in one place")
    }

    @Test(
        "A statement that is asked for somebody gives the owner its rows, and the other tenant none; nor does it change one"
    )
    func scoped() async throws {
        try await World.with { world in
            let (others, owners) = (world.scoped(as: "ant"), world.scoped(as: "bee"))
            #expect(Set(owners.map(Self.name)) == TenantReach.scoped)
            let before = try await world.rows()
            for statement in others {
                #expect(
                    try await Self.rows(statement, world.test.database) == 0, "\(Self.name(statement)) of the other")
            }
            #expect(try await world.rows() == before, "nothing was changed")
            for statement in owners {
                #expect(
                    try await Self.rows(statement, world.test.database) > 0, "\(Self.name(statement)) of the owner")
            }
        }
    }

    @Test(
        "What is read by an id is there for a reader of its tenant at most; another's reads nothing, whatever ids it knows"
    )
    func byID() async throws {
        try await World.with { world in
            let statements = world.byID()
            #expect(Set(statements.map(Self.name)) == TenantReach.byID)
            for statement in statements {
                #expect(
                    try await Self.rows(statement, world.test.database) > 0, "\(Self.name(statement)) of the owner")
            }
            var seen: Set<String> = []
            try await ReaderRole.with(world.test, tenant: "bee") { role in
                let database = role.database()
                for statement in statements {
                    guard let rows = try await Self.readable(statement, database) else { continue }
                    #expect(rows > 0, "\(Self.name(statement)) by a reader of its tenant")
                    seen.insert(Self.name(statement))
                }
                await database.close()
            }
            #expect(seen.count > TenantReach.byID.count / 2, "\(seen)")
            try await ReaderRole.with(world.test, tenant: "ant") { role in
                let database = role.database()
                for statement in statements {
                    let rows = try await Self.readable(statement, database)
                    #expect(rows ?? 0 == 0, "\(Self.name(statement)) by a reader of another")
                }
                await database.close()
            }
        }
    }

    private static func name(_ statement: any Statement) -> String { "\(type(of: statement))" }

    /// How many rows; of a single truth, how often that is `true`; of figures, over how many runs.
    private static func rows<S: Statement>(_ statement: S, _ database: Database) async throws -> Int {
        let rows = try await database.writes.execute(statement)
        if let slow = rows as? [FindSlowRuns.Row] {
            return slow.reduce(0) { $0 + $1.attempts.count + $1.retrying.count + $1.due.count + $1.overdue.count }
        }
        if let figures = rows as? [VersionFigure] {
            return figures.reduce(0) { if case .runs(let runs) = $1 { $0 + runs.count } else { $0 + 1 } }
        }
        return (rows as? [Bool])?.count(where: { $0 }) ?? rows.count
    }

    /// Nil where readers have no right to the table at all.
    private static func readable<S: Statement>(_ statement: S, _ database: Database) async throws -> Int? {
        do {
            return try await rows(statement, database)
        } catch {
            guard (error as? PostgresError)?.state == ReaderRole.denied else { throw error }
            return nil
        }
    }
}

/// What belongs to the tenant `bee`.
private struct World {
    let test: TestDatabase
    let definition: WorkflowDefinition
    /// Live, waiting for a signal; has sent nothing.
    let live: RunID
    /// FAILED, and the live run's child, with its correlation id.
    let failed: RunID
    /// The number of its last event.
    let failedSequence: Int

    static let keyID = "bees-key"
    static let correlationID = "bees-order"
    static let idempotency = NewRun.Idempotency(
        key: "bees-start", requestHash: Array(repeating: 1, count: 32), lifetime: .seconds(3600))

    static func with(_ body: (World) async throws -> Void) async throws {
        try await TestDatabase.with { test in try await body(World(test)) }
    }

    private init(_ test: TestDatabase) async throws {
        self.test = test
        definition = try WorkflowDefinition.sampleChain(2, name: "bees").owned(by: "bee")
        let engine = TestEngine(test, definition)
        let (writes, bee) = (test.database.writes, TenantScope.one("bee"))
        _ = try await writes.execute(
            PutTenant(tenantID: "bee", state: .active, weight: 100, limits: TenantLimits(), by: "tests"))
        try await engine.start([
            .sample(definition, tenantID: "bee", correlationID: Self.correlationID, idempotency: Self.idempotency)
        ])
        var held = try await engine.claimOne()
        _ = try await engine.work(&held) { _, call in call.action == .execute && call.step == 0 ? .yes : .no }
        try #require(held.run.status == .failed)
        failed = held.run.id
        try await engine.start([.sample(definition, tenantID: "bee", correlationID: Self.correlationID)])
        held = try await engine.claimOne()
        _ = try await engine.work(&held) { _, call in call.step == 0 ? .yes : nil }
        try await engine.leases.release([held.lease])
        live = held.run.id
        _ = try await writes.execute(
            SendToRun(runID: live, request: InboxRequest(.cancel(reason: nil), sentBy: "tests")))
        try await test.execute(
            """
            UPDATE outbox SET waits_for = \(WaitKinds.signal.rawValue), lease_owner = NULL WHERE run_id = '\(live)';
            UPDATE workflow_runs SET parent_run_id = '\(live)' WHERE run_id = '\(failed)';
            UPDATE workflow_runs SET deadline_at = now() - interval '1 hour' WHERE run_id = '\(live)'
            """)
        // As the history of a step that was called back.
        try await test.execute(
            """
            INSERT INTO run_journal SELECT run_id, max(seq + event_count), 1, max(at), max(epoch), NULL,
                '[{"kind": "callback_received", "stepId": "step-1", "action": "execute", "data": {"digest": "d"}}]'
            FROM run_journal WHERE run_id = '\(failed)' GROUP BY run_id
            """)
        let last = try await test.value("SELECT max(seq) FROM run_journal WHERE run_id = '\(failed)'")
        failedSequence = try #require(Int(last ?? ""))
        _ = try await writes.execute(
            CreateAPIKey(
                keyID: Self.keyID, name: "bees", scope: RunScope(tenants: bee, workflows: .all),
                digest: Array(repeating: 1, count: 32), roles: ["viewer"], expiresAt: nil, by: "tests"))
        let minute = MinuteKey(.now, tenantID: "bee", workflowName: definition.name)
        _ = try await writes.execute(AddMinuteCounts([(minute, MinuteTally())]))
        _ = try await writes.execute(
            PutParticipant(
                ParticipantID("hive", of: .tenant("bee")), url: "http://localhost", maxConcurrent: nil, headers: [:],
                breaker: nil, updatedBy: "tests"))
    }

    /// All that a statement of the other tenant could have changed.
    func rows() async throws -> [[String?]] {
        var rows: [[String?]] = []
        for table in ["api_keys", "tenants", "workflow_definitions", "workflow_pauses", "participants", "audit_trail"] {
            rows += try await test.query("SELECT t::text FROM \(table) t ORDER BY 1")
        }
        return rows
    }

    private func query(_ scope: RunScope, _ change: (inout RunQuery) -> Void = { _ in }) -> RunQuery {
        var query = RunQuery(scope: scope, limit: 10)
        query.workflowName = definition.name
        change(&query)
        return query
    }

    /// Each names the bee's things outright.
    func scoped(as tenantID: String) -> [any Statement] {
        let (tenants, owner) = (TenantScope.one(tenantID), Owner.tenant(tenantID))
        let scope = RunScope(tenants: tenants, workflows: .all)
        let participant = ParticipantID("hive", of: owner)
        let id = DefinitionID(owner: owner, name: definition.name, version: definition.version.description)
        let audit = AuditQuery(tenants: tenants)
        var failures = FailedRunQuery(scope: scope, limit: 10)
        failures.runs.workflowName = definition.name
        return [
            ListRuns(query: query(scope)), ListRunsInWindow(query: query(scope)),
            ListLiveRuns(query: query(scope) { $0.status = .running }),
            ListWaitingRuns(query: query(scope), kind: .signal),
            ListCorrelatedRuns(query: query(scope), correlationID: Self.correlationID),
            ListChildren(query: query(scope), parent: live), ListFailedRuns(failures),
            ListAuditEntries(audit, limit: 100), ExportAuditEntries(audit, limit: 100),
            ListAPIKeys(tenants: tenants, after: nil, limit: 10),
            RevokeAPIKey(keyID: Self.keyID, tenants: tenants, by: "tests"),
            ListTenants(tenants: tenants, after: nil, limit: 10),
            ListWorkflows(seenBy: owner, scope: .all, limit: 10), ListVersions(name: definition.name, seenBy: owner),
            FindSeenDefinition(name: id.name, version: id.version, seenBy: owner), FindDefinition(id),
            FindReleases(name: id.name, owner: owner),
            DeprecateDefinition(id, by: "tests", reason: nil), RestoreDefinition(id, by: "tests"),
            PauseWorkflow(name: id.name, of: owner, by: "tests", reason: "why", starts: .wait),
            ResumeWorkflow(name: id.name, of: owner, by: "tests", reason: nil),
            FindParticipants(participant), FindVisibleParticipants(to: owner),
            PauseParticipant(participant, by: "tests", reason: "why"),
            ResumeParticipant(participant, by: "tests", reason: nil),
            DeleteParticipant(participant, deletedBy: "tests"),
            FindSlowRuns(scope: scope, minAttempts: 3, limit: 5),
            GroupFailedRuns(scope: scope, workflowName: definition.name),
            ReadMinutes(scope: scope, since: Instant(microseconds: 0), workflowName: definition.name),
            FindVersionStatistics(VersionRuns(of: definition.id, tenantID: tenantID)),
            FindIdempotencyKeys(KeyID(tenantID: tenantID, key: Self.idempotency.key)),
            IsKeyTaken(KeyID(tenantID: tenantID, key: Self.idempotency.key)),
        ]
    }

    func byID() -> [any Statement] {
        [
            FindRun(live), FindSnapshot(live), FindRunStatus(live), FindEvents(live), FindJournalHeads(runID: live),
            FindShownRun(runID: live), FindPayload(runID: live, payload: .stepOutput(0)),
            FindRunsWithPayloads(runIDs: [live], maxBytes: 1000),
            FindEventPage(live, after: 0, limit: 2, maxBytes: 1000), WatchRuns(runIDs: [live]),
            FindLiveRuns(runIDs: [live]), ListInbox(runID: live, after: 0, limit: 3), ReadInbox(runID: live),
            FindStatuses(runIDs: [live]), FindCallbacks(runID: failed, stepID: "step-1", action: .execute),
            IsAsRead(runID: failed, sequence: failedSequence), FindRunOwner(live), FindRunLane(runID: live),
            FindRuns(runIDs: [live]),
            ListRunHeads(runIDs: [live]),
        ]
    }
}
