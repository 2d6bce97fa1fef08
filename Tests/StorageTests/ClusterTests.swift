import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("What the cluster view says is true, however long the outbox")
struct ClusterTests {
    @Test("Nothing waits, nobody works: zeros")
    func empty() async throws {
        try await TestDatabase.with { test in
            #expect(try await backlog(test) == .init(backlog: 0, lag: .zero, liveEngines: 0))
            let engines = try await test.database.reads.execute(ListEngines())
            #expect(engines.isEmpty)
        }
    }

    @Test("Runs that are held or wait for later are no backlog; the lag is that of the run longest due")
    func onlyDueRuns() async throws {
        try await TestDatabase.with { test in
            try await test.execute(
                """
                INSERT INTO outbox (run_id, available_at, lease_owner)
                SELECT gen_random_uuid(), now() + t.seconds * interval '1 second', t.owner::uuid
                FROM (VALUES (-90, NULL), (-1, NULL), (60, NULL), (60, gen_random_uuid()::text)) AS t (seconds, owner)
                """)
            let row = try await backlog(test)
            #expect(row.backlog == 2)
            #expect(row.lag >= .seconds(90) && row.lag < .seconds(120))
        }
    }

    @Test("A backlog of 1,000 is exact; a longer one is said from statistics and never smaller than what was seen")
    func longOutbox() async throws {
        try await TestDatabase.with { test in
            let fill = "INSERT INTO outbox (run_id, available_at) SELECT gen_random_uuid(), now() FROM generate_series"
            try await test.execute("\(fill) (1, 1000)")
            #expect(try await backlog(test).backlog == 1000)
            try await test.execute("\(fill) (1, 1)")
            #expect(try await backlog(test).backlog >= 1001)
            try await test.execute("\(fill) (1, 8999)")
            try await test.execute("ANALYZE outbox")
            try await test.execute("SELECT pg_stat_clear_snapshot()")
            let long = try await backlog(test).backlog
            #expect(long >= 1001 && long <= 20_000)
        }
    }

    @Test("No more of a long outbox is read than it takes to know that it is long")
    func boundedCost() async throws {
        try await TestDatabase.with { test in
            try await test.execute(
                """
                INSERT INTO outbox (run_id, available_at)
                SELECT gen_random_uuid(), now() - n * interval '1 millisecond' FROM generate_series(1, 20000) n
                """)
            try await test.execute("VACUUM ANALYZE outbox")
            let plan = try await test.query("EXPLAIN (ANALYZE, FORMAT TEXT) \(ReadBacklog.sql)").compactMap {
                $0.first ?? nil
            }
            let scan = try #require(plan.first { $0.contains("outbox_available") }, "no scan of the index: \(plan)")
            #expect(scan.contains("rows=1001"), "\(scan)")
        }
    }

    @Test("An engine silent for 15 s is shown but not counted")
    func silentEngine() async throws {
        try await TestDatabase.with { test in
            let (loud, silent) = (EngineID.sample(), EngineID.sample())
            for engine in [loud, silent] {
                _ = try await test.database.writes.execute(BeatEngine(engine: engine, host: "here", inFlight: 7))
            }
            try await test.execute(
                "UPDATE engines SET heartbeat_at = now() - interval '16 seconds' WHERE engine_id = '\(silent)'")
            #expect(try await backlog(test).liveEngines == 1)
            let others = { (engine: EngineID) in
                try await test.database.writes.execute(BeatEngine(engine: engine, host: "here", inFlight: 7)).first?
                    .others
            }
            #expect(try await others(loud) == 0, "the silent one does not count, nor does who asks")
            #expect(try await others(EngineID.sample()) == 1)
            let engines = try await test.database.reads.execute(ListEngines())
            #expect(engines.count == 3)
            #expect(engines.first { $0.engineID == loud }?.isAlive == true)
            #expect(engines.first { $0.engineID == silent }?.isAlive == false)
            #expect(engines.allSatisfy { $0.host == "here" && $0.inFlight == 7 && $0.version == sagaflowVersion })
        }
    }

    private func backlog(_ test: TestDatabase) async throws -> ReadBacklog.Row {
        try #require(try await test.database.reads.execute(ReadBacklog()).first)
    }
}
