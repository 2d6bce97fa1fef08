import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("An error that passes is waited for, and no proof of bad data")
struct PassingErrorTests {
    private static let states = [
        "08000", "08006", "23514", "25006", "25P03", "40000", "40001", "40003", "40P01", "53000", "53100", "53200",
        "53300",
        "53400", "55006", "55P03", "57014", "57P01", "57P02", "57P03", "57P05", "58030",
    ]

    @Test("Each of them, met once, neither refuses a start nor fails a decision")
    func once() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await test.execute(
                """
                CREATE SEQUENCE writes;
                CREATE TABLE fault (state text);
                CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF (SELECT count(*) FROM fault) > 0 AND nextval('writes') = 1 THEN
                        RAISE EXCEPTION 'once' USING ERRCODE = (SELECT state FROM fault);
                    END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER fail_once BEFORE INSERT ON run_journal FOR EACH ROW EXECUTE FUNCTION fail_once()
                """)
            for state in Self.states {
                let plant = "TRUNCATE fault; INSERT INTO fault VALUES ('\(state)'); ALTER SEQUENCE writes RESTART"
                try await test.execute(plant)
                let results = await StartWriter(pool: test.database.writes, deadline: .seconds(5))
                    .write([.sample(definition)])
                #expect(throws: Never.self, "a start that meets \(state)") { try results[0].get() }
                #expect(try await test.value("SELECT last_value > 1 FROM writes") == "t")
                try await test.execute("TRUNCATE fault")
                let held = try await engine.claimOne()
                try await test.execute(plant)
                let commit = try held.decide([try held.answered(.yes)])
                let outcome = try await DecisionCommitter.submitting(commit, engine, test)
                #expect(outcome.unread == 0, "a decision that meets \(state)")
            }
        }
    }

    /// Ids of then have no partition yet.
    private static let lead = Duration.seconds(86_400 * 60)

    private func begin(_ test: TestDatabase, partitionOf table: String) async throws -> Connection {
        let maker = try await Connection.connect(test.configuration)
        try await maker.simpleQuery(
            """
            BEGIN; SELECT create_run_partition('\(table)', t - interval '1 day', t + interval '1 day')
            FROM (SELECT date_trunc('day', now()) + \(Self.lead.microseconds) * interval '1 microsecond' AS t) x
            """)
        return maker
    }

    private func waitForLock(_ test: TestDatabase) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(5)
        let waiting = """
            SELECT count(*) FROM pg_locks WHERE NOT granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """
        while try await test.value(waiting) == "0" {
            try #require(ContinuousClock.now < giveUpAt)
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func laterRun(_ definition: WorkflowDefinition) -> NewRun {
        let then = Instant.now + Self.lead
        return .sample(definition, id: .v7(milliseconds: UInt64(then.microseconds / 1000), random: (1, 2)))
    }

    @Test(
        "A start on its way into the default partition while its own is attached is started",
        arguments: ["workflow_runs", "run_journal"])
    func attachedUnderStart(table: String) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let new = laterRun(definition)
            try await test.register(definition)
            let maker = try await begin(test, partitionOf: table)
            async let outcome = RunStarter.submitting(new, test)
            try await waitForLock(test)
            try await maker.simpleQuery("COMMIT")
            #expect(try await outcome == .started)
            #expect(try await test.value("SELECT count(*) FROM \(table)_default") == "0")
            #expect(try await test.fold(new.run.id, definition).differences == [])
            await maker.close()
        }
    }

    @Test("A decision on its way into the default partition while another one is attached is written")
    func attachedUnderDecision() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            let new = laterRun(definition)
            try await engine.start([new])
            let held = try await engine.claimOne()
            let commit = try held.decide([try held.answered(.yes)])
            let maker = try await begin(test, partitionOf: "run_journal")
            async let outcome = engine.write(commit)
            try await waitForLock(test)
            try await maker.simpleQuery("COMMIT")
            #expect(try await outcome.unread == 0)
            #expect(try await test.fold(new.run.id, definition).differences == [])
            await maker.close()
        }
    }
}

extension RunStarter {
    /// Submits one start to a starter of its own.
    static func submitting(_ run: NewRun, _ test: TestDatabase) async throws -> StartOutcome {
        let starter = RunStarter(pool: test.database.writes)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await starter.run() }
            defer { starter.close() }
            return try await starter.submit(run)
        }
    }
}

extension DecisionCommitter {
    /// Submits one decision to a committer of its own.
    static func submitting(
        _ commit: RunCommit, _ engine: TestEngine, _ test: TestDatabase
    ) async throws -> CommitOutcome {
        let committer = DecisionCommitter(pool: test.database.writes, engine: engine.id, patience: .seconds(5))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await committer.run() }
            defer { committer.close() }
            return try await committer.submit(commit)
        }
    }
}
