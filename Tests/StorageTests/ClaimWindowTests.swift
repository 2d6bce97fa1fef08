import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Claims pass over what is known to be taken, and find what was passed over wrongly")
struct ClaimWindowTests {
    private static let noon = Instant(microseconds: 1_800_000_000_000_000)

    @Test("The first claim, and the first after twenty times the length of a sweep, begin at the beginning")
    func sweeps() {
        var window = ClaimWindow()
        let begun = ContinuousClock.now
        #expect(window.open(at: begun) == ClaimWindow.beginning)
        window.claimed(upTo: nil, isFull: false, took: .seconds(30))
        window.looked(.init(next: nil, now: Self.noon))
        #expect(window.open(at: begun + .seconds(599)) == Self.noon - ClaimWindow.slack)
        #expect(window.open(at: begun + .seconds(660)) == ClaimWindow.beginning)
    }

    @Test("A full claim moves the window to its last run, a look to what is due next, and neither past now")
    func moves() {
        var window = ClaimWindow()
        _ = window.open(at: .now)
        window.claimed(upTo: Self.noon, isFull: true, took: .zero)
        #expect(window.since == Self.noon - ClaimWindow.slack)
        window.claimed(upTo: Self.noon + .seconds(1), isFull: false, took: .zero)
        #expect(window.since == Self.noon - ClaimWindow.slack, "what was not full is for the look to tell")
        window.looked(.init(next: Self.noon + .seconds(5), now: Self.noon + .seconds(9)))
        #expect(window.since == Self.noon + .seconds(5) - ClaimWindow.slack, "something due was left")
        window.looked(.init(next: Self.noon + .seconds(60), now: Self.noon + .seconds(10)))
        #expect(window.since == Self.noon + .seconds(10) - ClaimWindow.slack, "what waits may be woken to now")
    }

    @Test("A claim takes nothing that was due before its window; a sweep does")
    func bounds() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(2)
            let engine = TestEngine(test, definition)
            try await engine.start([.sample(definition), .sample(definition)])
            try await test.execute(
                """
                UPDATE outbox SET available_at = now() - interval '1 hour'
                WHERE run_id = (SELECT run_id FROM outbox ORDER BY run_id LIMIT 1)
                """)
            let now = try await engine.leases.nextDue().now
            let since = now - .seconds(60)
            #expect(try await engine.leases.nextDue(since: since).wait.map { $0 > .seconds(-60) } == true)
            let young = try await engine.leases.claim(limit: 10, since: since)
            #expect(young.count == 1)
            #expect(try #require(young.first).availableAt > since)
            #expect(try await engine.leases.nextDue(since: since).wait.map { $0 > .zero } ?? true)
            let old = try await engine.leases.claim(limit: 10)
            #expect(old.count == 1)
            #expect(try #require(old.first).availableAt < since)
        }
    }

    /// Shared buffers a statement with these parameters touches.
    private func buffers(_ test: TestDatabase, claimingSince since: String) async throws -> Int {
        let rows = try await test.query(
            """
            BEGIN; SET LOCAL enable_seqscan = off;
            EXPLAIN (ANALYZE, BUFFERS, FORMAT TEXT, COSTS OFF, TIMING OFF, SUMMARY OFF)
            SELECT run_id FROM outbox WHERE available_at >= \(since) AND available_at <= now()
            ORDER BY available_at LIMIT 200
            """)
        try await test.execute("ROLLBACK")
        let text = try #require(rows.compactMap { $0.first ?? nil }.first { $0.contains("Buffers: shared") })
        return text.matches(of: /(?:hit|read)=(\d+)/).compactMap { Int($0.output.1) }.reduce(0, +)
    }

    @Test("With an old snapshot held, what a claim reads does not grow with the runs that were finished meanwhile")
    func oldSnapshot() async throws {
        try await TestDatabase.with { test in
            let holder = try await Connection.connect(test.configuration)
            try await holder.simpleQuery("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM outbox")
            // Twenty thousand runs that came and went, one after the other.
            try await test.execute(
                """
                INSERT INTO outbox (run_id, available_at)
                SELECT gen_random_uuid(), now() - interval '1 hour' + i * interval '1 millisecond'
                FROM generate_series(1, 20000) i;
                DELETE FROM outbox;
                INSERT INTO outbox (run_id, available_at) SELECT gen_random_uuid(), now() FROM generate_series(1, 5)
                """)
            let swept = try await buffers(test, claimingSince: "to_timestamp(0)")
            let claimed = try await buffers(test, claimingSince: "now() - interval '250 milliseconds'")
            #expect(swept > 200, "nothing was in the way: the test proves nothing")
            #expect(claimed < 50)
            await holder.close()
        }
    }

    @Test("What a claim reads does not grow with the runs that wait for later")
    func waitingRuns() async throws {
        try await TestDatabase.with { test in
            try await test.execute(
                """
                INSERT INTO outbox (run_id, available_at) SELECT gen_random_uuid(), now() FROM generate_series(1, 5);
                INSERT INTO outbox (run_id, available_at)
                SELECT gen_random_uuid(), now() + interval '1 hour' FROM generate_series(1, 20000)
                """)
            #expect(try await buffers(test, claimingSince: "to_timestamp(0)") < 50)
        }
    }
}
