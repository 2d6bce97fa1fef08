import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("A definite refusal means that nothing was written")
struct InDoubtTests {
    /// Makes looks for what was written fail: the first so many of them.
    private func failLooks(_ test: TestDatabase, first count: Int) async throws {
        try await test.execute(
            """
            CREATE SEQUENCE looks;
            CREATE FUNCTION pg_logical_emit_message(boolean, text, text) RETURNS pg_lsn LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('looks') <= \(count) THEN RAISE EXCEPTION 'no' USING ERRCODE = 'query_canceled'; END IF;
                RETURN pg_catalog.pg_logical_emit_message($1, $2, $3);
            END $$
            """)
    }

    /// A pool behind a proxy that loses answers; what was planted above is found there before what Postgres has.
    private func withPool(_ test: TestDatabase, _ body: (CuttingProxy, Pool) async throws -> Void) async throws {
        var (proxy, configuration) = try await CuttingProxy.before(test)
        configuration.settings["search_path"] = "public, pg_catalog"
        let database = Database(configuration, writes: 1, reads: 1)
        do { try await body(proxy, database.writes) } catch { Issue.record(error) }
        await database.close()
        proxy.stop()
    }

    private func isUnavailable<Value>(_ result: Result<Value, StoreError>) -> Bool {
        if case .failure(.unavailable) = result { true } else { false }
    }

    @Test("Starts written stay so when the look-up of other keys fails, twice or for good", arguments: [2, 999])
    func failedLookUp(failures: Int) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let first = NewRun.sample(definition, idempotency: .sample("taken"))
            try await failLooks(test, first: failures)
            try await withPool(test) { (_: CuttingProxy, pool: Pool) async throws in
                let writer = StartWriter(pool: pool, deadline: .seconds(1))
                #expect(try await writer.write([first])[0].get() == .started)
                let results = await writer.write([
                    .sample(definition), .sample(definition, idempotency: .sample("taken")),
                    .sample(definition, idempotency: .sample("new")),
                ])
                #expect(try results[0].get() == .started)
                #expect(try results[2].get() == .started)
                if failures == 2 {
                    #expect(try results[1].get() == .replayed(first.run.id))
                } else {
                    #expect(isUnavailable(results[1]))
                }
            }
            #expect(try await test.value("SELECT count(*) FROM workflow_runs") == "3")
        }
    }

    @Test("A start whose answer was lost is looked for, and not refused while nobody can tell", arguments: [0, 2, 999])
    func lostStart(failures: Int) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            try await failLooks(test, first: failures)
            try await withPool(test) { (proxy: CuttingProxy, pool: Pool) async throws in
                let writer = StartWriter(pool: pool, deadline: .seconds(1))
                #expect(try await writer.write([.sample(definition)])[0].get() == .started)
                proxy.cutNextAnswer()
                for result in await writer.write([
                    .sample(definition), .sample(definition, idempotency: .sample("key")),
                ]) {
                    if failures < 999 { #expect(try result.get() == .started) } else { #expect(isUnavailable(result)) }
                }
            }
            #expect(try await test.value("SELECT count(*) FROM workflow_runs") == "3")
        }
    }

    @Test("A start that meets its own row has been started, with a key and without")
    func ownRow() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let batch = [NewRun.sample(definition), .sample(definition, idempotency: .sample("key"))]
            let writer = StartWriter(pool: test.database.writes, deadline: .seconds(1))
            for new in batch { #expect(try await writer.write([new])[0].get() == .started) }
            for result in await writer.write(batch + [.sample(definition)]) { #expect(try result.get() == .started) }
            #expect(try await test.value("SELECT count(*) FROM workflow_runs") == "3")
        }
    }

    @Test("A decision whose answer was lost is looked for, and not refused while nobody can tell", arguments: [2, 999])
    func lostDecision(failures: Int) async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            try await engine.start((0..<3).map { _ in .sample(definition) })
            let commits = try await engine.claim().map { try $0.decide([try $0.answered(.yes)]) }
            try await failLooks(test, first: failures)
            try await withPool(test) { (proxy: CuttingProxy, pool: Pool) async throws in
                let writer = CommitWriter(pool: pool, engine: engine.id, patience: .seconds(1))
                #expect(try await writer.write([commits[0]])[0].get().unread == 0)
                proxy.cutNextAnswer()
                for result in await writer.write(Array(commits[1...])) {
                    if failures < 999 {
                        #expect(try result.get().unread == 0)
                    } else {
                        #expect(isUnavailable(result))
                    }
                }
            }
            for commit in commits { #expect(try await test.fold(commit.lease.runID, definition).differences == []) }
        }
    }

    @Test("What follows from an error: only a data error of one row that was never sent in doubt refuses it")
    func next() throws {
        func next(
            _ error: PostgresError, of size: Int, isInDoubt: Bool = false, itself: Bool = false,
            in step: Attempts.Step = .store
        ) -> String {
            var attempts = Attempts(until: .now + .seconds(60), meetsOnlyItself: itself, isSuspect: isInDoubt)
            let next = attempts.next(after: error, in: step, of: size)
            #expect(attempts.isTroubled)
            let doubt = attempts.isInDoubt ? ", in doubt" : ""
            switch next {
            case .again: return "again" + doubt
            case .split: return "split" + doubt
            case .locked: return "locked" + doubt
            case .giveUp(.refused): return "refused" + doubt
            case .giveUp: return "unavailable" + doubt
            }
        }
        func server(_ state: SQLState, constraint: String? = "named") -> PostgresError {
            .server(ServerError(state: state, message: "no", constraint: constraint, statement: "tests"))
        }
        #expect(next(server(.numericValueOutOfRange), of: 2) == "split")
        #expect(next(server(.numericValueOutOfRange), of: 1) == "refused")
        #expect(next(server(.numericValueOutOfRange), of: 1, isInDoubt: true) == "unavailable, in doubt")
        #expect(next(server(.checkViolation), of: 1) == "refused")
        #expect(next(server(.checkViolation, constraint: nil), of: 1) == "again")
        #expect(next(server(.uniqueViolation), of: 1) == "refused")
        #expect(next(server(.uniqueViolation), of: 1, itself: true) == "again, in doubt")
        #expect(next(server(.uniqueViolation), of: 1, isInDoubt: true) == "again, in doubt")
        #expect(next(server(.uniqueViolation), of: 1, itself: true, in: .findStored) == "refused")
        #expect(next(server(.undefinedTable), of: 1) == "unavailable")
        #expect(next(server(.undefinedTable), of: 2) == "split")
        #expect(next(server(.queryCanceled), of: 1) == "again")
        #expect(next(.decoding("no"), of: 1) == "again, in doubt")
        #expect(next(.connectionLost("no", mayHaveCommitted: true), of: 2) == "again, in doubt")
        #expect(next(.connectionLost("no", mayHaveCommitted: false), of: 2) == "again")
        #expect(next(.poolClosed, of: 2) == "unavailable")
        #expect(next(.poolClosed, of: 2, isInDoubt: true) == "unavailable, in doubt")
        #expect(next(server(.undefinedTable), of: 2, in: .lookUp) == "unavailable", "a look is not about one bad row")
        #expect(next(server(.numericValueOutOfRange), of: 1, in: .lookUp) == "unavailable")
        #expect(next(server(.queryCanceled), of: 2, in: .lookUp) == "again")
        var late = Attempts(until: .now)
        guard case .giveUp(.unavailable) = late.next(after: .decoding("no"), in: .store, of: 1) else {
            Issue.record("what took effect is refused when its time is over")
            return
        }
    }
}
