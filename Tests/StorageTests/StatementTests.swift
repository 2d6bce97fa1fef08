import Core
import Foundation
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Every statement fits the schema")
struct StatementTests {
    @Test("Every statement prepares, binds and runs on a migrated database")
    func allRun() async throws {
        try await TestDatabase.with { test in
            for statement in try samples() {
                try await run(statement, on: test.database.writes)
            }
        }
    }

    @Test("No statement is missing from the list above")
    func listIsComplete() throws {
        let declared = try Self.declared()
        let listed = Set(try samples().map { "\(type(of: $0))" })
        #expect(declared == listed)
    }

    /// The names of all statements that the sources declare.
    static func declared() throws -> Set<String> {
        let sources = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/Storage")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var declared: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /struct (\w+): Statement\b/) { declared.insert(String(match.output.1)) }
        }
        try #require(declared.count > 20)
        return declared
    }

    private func run<S: Statement>(_ statement: S, on pool: Pool) async throws {
        do {
            _ = try await pool.execute(statement)
        } catch {
            Issue.record("\(S.self): \(error)")
        }
    }

    private func samples() throws -> [any Statement] {
        let definition = try WorkflowDefinition.sampleChain(2)
        let new = NewRun.sample(definition)
        let (engine, runID) = (EngineID.sample(), new.run.id)
        let lease = Lease(runID: runID, epoch: 1)
        var run = new.run
        let commit = RunCommit(lease: lease, run: &run, events: [], now: .now)
        var ended = new.run
        let last = RunCommit(
            lease: lease, run: &ended, events: [.runCompleted(output: .null, failure: nil)], now: .now)
        let results = try #require(CommitResults(CommitDecisions(engine: engine, commits: [last])))
        #expect(
            CommitResults(CommitDecisions(engine: engine, commits: [last, commit])) == nil, "it gives its lease back")
        let query = RunQuery(scope: .all)
        let partition = RunPartition(
            table: .journal, lower: .init(microseconds: 4_102_444_800_000_000),
            upper: .init(microseconds: 4_102_531_200_000_000))
        let migration = Migration(version: 7, title: "sample", up: "SELECT 1", down: "SELECT 1")
        let secrets = StoredSecrets(id: "demo", headers: [:], auth: ["oauth2": [:]], key: "k")
        let repeatable = RepeatableMigration(title: "70_sample", sql: "SELECT 1")
        return [
            FindMigrationTables(), ListMigrations(), DigestMigrations([migration.up]), RecordMigration(migration),
            ForgetMigration(version: 7), ListRepeatables(), RecordRepeatable(repeatable), ForgetRepeatables(),
            Notify("tests"), Ping(),
            RegisterDefinition(definition, specHash: Array(repeating: 1, count: 32), createdBy: "tests"),
            FindDefinition(definition.id), ListVersions(name: "a", seenBy: .tenant("t")),
            FindSeenDefinition(name: "a", version: "1.0.0", seenBy: .tenant("t")),
            FindReleases(name: "a", owner: .shared), ListNewestDefinitions(limit: 3),
            ListWorkflows(seenBy: .shared, scope: .all, limit: 3),
            FindVersionStatistics(VersionRuns(of: definition.id)),
            DeprecateDefinition(.shared("a", "1.0.0"), by: "tests", reason: nil),
            RestoreDefinition(.shared("a", "1.0.0"), by: "tests"),
            ListAuditEntries(
                .about("runs/1"), before: AuditPlace(at: .now, tenantID: "t", number: 7), limit: 3),
            ExportAuditEntries(.about("runs/1"), limit: 3), ReadAuditHeads(after: nil, limit: 3), ListHeadless(),
            ReadAuditPage(tenantID: "t", after: 0, through: 3, limit: 3), RetainAudit(age: .seconds(1), limit: 3),
            WriteRefusals([.sample()]), ListInbox(runID: runID, after: 0, limit: 3),
            ListFailedRuns(FailedRunQuery(scope: .all)),
            PutParticipant(
                "demo", url: "http://localhost", maxConcurrent: 3, headers: [:], breaker: .standard,
                updatedBy: "tests"),
            LockCallLimits(["demo"]), FindCallShares(["demo"], engine: engine),
            PutCallShares(engine: engine, shares: [("demo", .init(wanted: 3, taken: 2), .init(wanted: 0, taken: 0))]),
            DeleteCallShares(engine: engine),
            PublishSigningKey(keyID: "k", publicKey: "x"), ListSigningKeys(),
            FindUnrotatedSecrets(key: "k", after: nil, limit: 3),
            ReplaceSecrets(secrets, with: secrets, by: "tests"),
            CreateAPIKey(
                keyID: "k", name: "ann", scope: .all, digest: Array(repeating: 1, count: 32), roles: ["viewer"],
                expiresAt: nil,
                by: "tests"),
            PutTenant(tenantID: "t", state: .active, weight: 100, limits: TenantLimits(), by: "tests"), BeginLanes(),
            ListTenants(tenants: .all, after: nil, limit: 10), ReadTenants(since: nil),
            ReadTenants(since: Instant(microseconds: 0)), CountTenantRuns(number: 1, mostLive: 10, mostSleeping: nil),
            ReadStoredSize(age: .seconds(1)), MeasureTenants(percent: 50, total: 1000), FindDueLanes(),
            FindRunLane(runID: runID),
            ClaimOldest(engine: engine, limit: 3, lease: .seconds(10), since: .now, room: 1),
            ClaimShares(
                engine: engine, shares: [LaneShare(lane: Lane(tenant: 1, priority: 5), since: .now, quota: 3)],
                limit: 3,
                lease: .seconds(10), room: 1),
            CreateConsoleSession(sessionID: [1], actor: "a", sealed: [2], lifetime: .seconds(60)),
            FindConsoleSession(sessionID: [1]), ProlongConsoleSession(sessionID: [1], until: Instant(microseconds: 1)),
            EndConsoleSessions(sessionID: [1]), EndConsoleSessions(sessionID: [1], actor: "a"),
            FindAPIKey(keyID: "k"), ListAPIKeys(tenants: .all, after: nil, limit: 10),
            ListAPIKeys(tenants: .all, after: (Instant(microseconds: 0), "k"), limit: 10), TouchAPIKey(keyID: "k"),
            RevokeAPIKey(keyID: "k", tenants: .one("t"), by: "tests"),
            PauseParticipant("demo", by: "tests", reason: "why"),
            ResumeParticipant("demo", by: "tests", reason: nil),
            PauseWorkflow(name: definition.name, of: .shared, by: "tests", reason: "why", starts: .wait),
            ResumeWorkflow(name: definition.name, of: .shared, by: "tests", reason: nil),
            StartHeldRuns(runs: [.sample(definition)]), WakeHeldStarts(limit: 3),
            FindParticipants(), FindVisibleParticipants(to: .tenant("t")), ListOwnParticipants(),
            DeleteParticipant("demo", deletedBy: "tests"), StartRuns(runs: [new]),
            FindIdempotencyKeys([new]), FindLockedKeys([new]), IsKeyTaken(KeyID(tenantID: "t", key: "k")),
            FindRuns(runIDs: [runID]), FindLocked(runIDs: [runID]),
            ClaimRuns(engine: engine, limit: 10, lease: .seconds(1)),
            ClaimSuspect(engine: engine, lease: .seconds(1)),
            IsSuspectDue(), ClearSuspect(engine: engine, lease: lease), PutOffOrphans(delay: .seconds(1), limit: 3),
            CommitDecisions(engine: engine, commits: [commit]), results,
            CommitFamily(engine: engine, commit: commit),
            StartChildren(
                engine: engine,
                commit: RunCommit(
                    commit.decision,
                    children: [NewChild(new, link: ParentLink(runID: runID, stepID: "a", depth: 1, isDetached: false))])
            ),
            TellRun(
                engine: engine, commit: commit,
                message: RunMessage(
                    runID: runID, request: InboxRequest(.cancel(reason: nil), sentBy: "tests"), takesUp: false)),
            FindCommitted(engine: engine, commits: [commit]),
            RenewLeases(engine: engine, leases: [lease], length: .seconds(1)),
            ReleaseLeases(engine: engine, leases: [lease], delay: .zero), NextDue(),
            SendToRun(runID: runID, request: InboxRequest(.cancel(reason: nil), sentBy: "tests")),
            SendCallback(
                runID: runID,
                request: InboxRequest(
                    .callback(
                        stepID: "a", .execute, Callback(outcome: .succeeded, output: 1, error: nil, digest: "d")),
                    sentBy: "tests")), ListCallbackKeys(),
            FindCallbacks(runID: runID, stepID: "a", action: .execute),
            SendSignal(
                runID: runID, request: InboxRequest(.signal(name: "go", payload: 1, key: "k"), sentBy: "tests"),
                bytes: 1,
                waiting: (0, 0)),
            SendToEndedRuns(runIDs: [runID], request: InboxRequest(.retry(stepID: "step-1"), sentBy: "tests")),
            ReadInbox(runID: runID), RecountInbox(engine: engine, lease: lease),
            FindRun(runID), FindSnapshot(runID), FindRunStatus(runID), FindRunOwner(runID), FindEvents(runID),
            FindJournalHeads(runID: runID),
            FindShownRun(runID: runID),
            FindPayload(runID: runID, payload: .stepOutput(0)), FindRunsWithPayloads(runIDs: [runID], maxBytes: 1),
            FindEventPage(runID, after: 0, limit: 2, maxBytes: 1), WatchRuns(runIDs: [runID]),
            FindLiveRuns(runIDs: [runID]),
            AddMinuteCounts([(MinuteKey(.now, tenantID: "t", workflowName: "w"), MinuteTally())]),
            ReadMinutes(scope: .all, since: .now), DeleteOldMinutes(),
            FindSlowRuns(scope: .all, minAttempts: 3, limit: 8), ListRunHeads(runIDs: [runID]),
            GroupFailedRuns(scope: .all, workflowName: nil), FindLiveWindowEnd(query: query),
            FindWaitingWindowEnd(query: query, kind: .retry),
            ListRunsInWindow(query: query), FindWindowEnd(query: query), ListRuns(query: query),
            ListLiveRuns(query: query), ListWaitingRuns(query: query, kind: .signal),
            CountWaitingRuns(), ListPauses(), LockRun(runID: runID), IsAsRead(runID: runID, sequence: 1),
            MarkRestarted(
                new, Restart(run: runID, fromStep: nil, by: "tests", reason: "why", kept: []),
                of: NewRun.sample(definition).run, detail: [:]),
            ListCorrelatedRuns(query: query, correlationID: "c"),
            ListChildren(query: query, parent: runID), FindStatuses(runIDs: [runID]),
            BeatEngine(engine: engine, host: "here", inFlight: 0), DeleteExpiredKeys(limit: 10),
            ForgetEngine(engine: engine), ReadBacklog(), ListEngines(), ReadClock(),
            FindQuietRuns(quietFor: .zero, limit: 10), FindForsakenRuns(quietFor: .zero, limit: 10),
            FreeRuns(seen: [(lease, 1)]),
            ListPartitions(), CreatePartition(partition),
            DropPartition(.journal, name: "run_journal_p21000101t0000", age: .zero),
            DeleteLeftovers(age: .seconds(86_400), limit: 10),
            QuarantineRun(engine: engine, lease: lease, failure: Failure(kind: "quarantined", message: "no")),
        ]
    }
}
