import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("How a version does is what the histories of its runs say, and costs no more than it is told to")
struct VersionStatisticsTests {
    private static func find(
        _ test: TestDatabase, _ definition: WorkflowDefinition, tenantID: String? = nil,
        _ bounds: VersionRuns.Bounds = .init()
    ) async throws -> (runs: VersionFigure.Runs, calls: [VersionFigure.Calls]) {
        let statement = FindVersionStatistics(VersionRuns(of: definition.id, tenantID: tenantID, bounds: bounds))
        var (runs, calls): (VersionFigure.Runs?, [VersionFigure.Calls]) = (nil, [])
        for figure in try await test.database.reads.execute(statement) {
            switch figure {
            case .runs(let all): runs = all
            case .calls(let some): calls.append(some)
            }
        }
        return (try #require(runs), calls.sorted { ($0.stepID, $0.action) < ($1.stepID, $1.action) })
    }

    /// The same, event by event.
    private static func counted(_ histories: [[StoredEvent]]) -> [VersionFigure.Calls] {
        struct Key: Hashable {
            let step: String
            let action: String
        }
        var found: [Key: [(run: Int, event: EventRow)]] = [:]
        for (run, history) in histories.enumerated() {
            for stored in history {
                switch stored.row.kind {
                case .attemptSucceeded, .attemptFailed, .attemptAccepted:
                    let key = Key(
                        step: StepID.step(stored.row.stepID ?? ""), action: stored.row.action?.rawValue ?? "")
                    found[key, default: []].append((run, stored.row))
                default: break
                }
            }
        }
        return found.map { key, all in
            let ended = all.map(\.event).filter { $0.kind != .attemptAccepted }
            let times = all.compactMap(\.event.duration).filter { $0 > .zero }.sorted()
            func percentile(_ percent: Int) -> Duration { times[max(0, (times.count * percent + 99) / 100 - 1)] }
            var outcomes = Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0.rawValue, 0) })
            for event in ended { outcomes[event.outcome?.rawValue ?? "", default: 0] += 1 }
            return VersionFigure.Calls(
                stepID: key.step, action: key.action, runs: Set(all.map(\.run)).count, attempts: ended.count,
                retries: ended.count { ($0.attempt ?? 1) > 1 },
                gaveUp: ended.count { $0.kind == .attemptFailed && $0.retryIn == nil }, outcomes: outcomes,
                times: times.isEmpty ? nil : .init(half: percentile(50), most: percentile(99)))
        }.sorted { ($0.stepID, $0.action) < ($1.stepID, $1.action) }
    }

    @Test(
        "Of random histories, lists among them, every figure is what counting event by event gives", arguments: [1, 2])
    func histories(seed: UInt64) async throws {
        try await TestDatabase.with { test in
            let list: JSON = [
                "id": "each", "forEach": ["in": "${input.items}"],
                "action": ["participant": "demo", "path": "/e"],
                "compensation": ["participant": "demo", "path": "/u"],
            ]
            let definition = try WorkflowDefinition.sample(
                name: "w", steps: [WorkflowDefinition.sampleStep("a"), list, WorkflowDefinition.sampleStep("z")])
            let other = try WorkflowDefinition.sampleChain(2, name: "other")
            let engine = TestEngine(test, definition, other)
            let runs = (0..<30).map { _ in NewRun.sample(definition, input: ["items": [1, 2, 3]]) }
            try await engine.start(runs + (0..<5).map { _ in .sample(other) })
            var dice = Dice(seed: seed)
            try await engine.drive { _, _ in
                var result = dice.answer()
                result?.duration = .microseconds(dice.below(50_000))
                return result
            }
            let reader = RunReader(pool: test.database.reads)
            var histories: [[StoredEvent]] = []
            for run in runs { histories.append(try await reader.events(of: run.run.id)) }
            let figures = try await Self.find(test, definition)
            #expect(figures.calls == Self.counted(histories))
            #expect(figures.calls.map(\.stepID).contains("each") && !figures.calls.contains { $0.stepID.contains("[") })
            #expect(figures.runs.count == 30 && !figures.runs.isCut && figures.runs.since != nil)
            var statuses: [String: Int] = [:]
            for run in runs {
                statuses[try #require(try await reader.status(of: run.run.id)).rawValue, default: 0] += 1
            }
            #expect(figures.runs.statuses == statuses)
        }
    }

    @Test("Another's version of the same name is not counted, nor another tenant's runs for whoever is of one")
    func owners() async throws {
        try await TestDatabase.with { test in
            let shared = try WorkflowDefinition.sampleChain(1, name: "w")
            let own = try shared.owned(by: "ant")
            let engine = TestEngine(test, shared)
            try await engine.start([.sample(shared), .sample(shared, tenantID: "bee"), .sample(own, tenantID: "ant")])
            try await test.execute("UPDATE workflow_runs SET definition_owner = 'ant' WHERE tenant_id = 'ant'")
            func count(_ definition: WorkflowDefinition, _ tenantID: String? = nil) async throws -> Int {
                try await Self.find(test, definition, tenantID: tenantID).runs.count
            }
            #expect(try await count(shared) == 2)
            #expect(try await count(shared, "bee") == 1)
            #expect(try await count(shared, "ant") == 0)
            #expect(try await count(own, "ant") == 1)
        }
    }

    @Test("No more is looked at than it is told to, the newest first and whole, and it says so")
    func bounds() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2, name: "w")
            let engine = TestEngine(test, definition)
            for _ in 0..<6 {
                try await engine.start([.sample(definition)])
                try await engine.drive { _, _ in .yes }
            }
            let events = try #require(
                Int(
                    try await test.value(
                        "SELECT max(sum) FROM (SELECT sum(event_count) FROM run_journal GROUP BY run_id) s") ?? ""))
            func look(_ change: (inout VersionRuns.Bounds) -> Void) async throws -> (Int, Bool) {
                var bounds = VersionRuns.Bounds()
                change(&bounds)
                let found = try await Self.find(test, definition, bounds)
                // All calls of those that were taken, and of no others.
                #expect(found.calls.allSatisfy { $0.attempts == found.runs.count && $0.runs == found.runs.count })
                return (found.runs.count, found.runs.isCut)
            }
            #expect(try await look { _ in } == (6, false))
            #expect(try await look { $0.runs = 4 } == (4, true))
            #expect(try await look { $0.window = 3 } == (3, true))
            #expect(try await look { $0.events = events * 2 } == (2, true))
            // The newest is looked at whatever it has.
            #expect(try await look { $0.events = 1 } == (1, true))
            #expect(try await look { $0.bytes = 1 } == (1, true))
            let newest = try await test.value("SELECT created_at FROM workflow_runs ORDER BY run_id DESC LIMIT 1")
            var bounds = VersionRuns.Bounds()
            bounds.runs = 1
            let since = try await Self.find(test, definition, bounds).runs.since
            #expect(since == newest.flatMap { Instant($0.replacing(" ", with: "T").replacing("+00", with: "Z")) })
        }
    }

    @Test("It reads the newest runs down their key, and of the journal just those runs, however much others have left")
    func plan() async throws {
        try await TestDatabase.with { test in
            try await test.execute(
                """
                INSERT INTO workflow_runs (run_id, tenant_id, workflow_name, workflow_version, status, input, context,
                    created_at, updated_at, snapshot_seq, snapshot_at)
                SELECT (lpad(to_hex(n), 12, '0') || '70008000000000000001')::uuid, 'default',
                    CASE WHEN n % 10 = 0 THEN 'w' ELSE 'loud' END, '1.0.0', 'COMPLETED', '{}', '{}', now(), now(), 1, now()
                FROM generate_series(1, 30000) n
                """)
            try await test.execute(
                """
                INSERT INTO run_journal (run_id, seq, event_count, at, epoch, events)
                SELECT run_id, s * 10 + 1, 1, now(), 1, '[{"kind":"attempt_succeeded","stepId":"a","durationUs":7}]'
                FROM workflow_runs, generate_series(0, 2) s
                """)
            try await test.execute("VACUUM ANALYZE workflow_runs")
            try await test.execute("VACUUM ANALYZE run_journal")
            let rows = try await test.database.reads.withConnection { connection throws(PostgresError) in
                _ = try await connection.simpleQuery("DEALLOCATE ALL")
                return try await connection.simpleQuery(
                    """
                    PREPARE planned (text, text, text, text, int8, int8, int8, int8) AS \(FindVersionStatistics.sql);
                    EXPLAIN (ANALYZE, TIMING OFF) EXECUTE planned ('w', '1.0.0', NULL, NULL, 10000, 500, 50000, 8388608)
                    """)
            }
            let plan = rows.compactMap { $0.first ?? nil }
            let text = plan.joined(separator: "\n")
            // Of a partition that is empty there is nothing to be looked up.
            for (line, next) in zip(plan, plan.dropFirst() + [""])
            where line.contains(/Scan .*on \w*(workflow_runs|run_journal)/) && !line.contains("never executed") {
                guard line.contains("run_journal") else {
                    #expect(line.contains("Index Scan Backward"), "\(text)")
                    let read = line.firstMatch(of: /actual rows=(\d+)/).flatMap { Int($0.output.1) }
                    #expect(read ?? 0 <= 10_000, "\(text)")
                    continue
                }
                #expect(line.contains("Index") && next.contains("Index Cond"), "\(text)")
            }
            #expect(
                plan.contains { $0.contains("run_journal") } && plan.contains { $0.contains("loops=500") }, "\(text)")
        }
    }
}
