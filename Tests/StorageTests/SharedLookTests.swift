import Postgres
@testable import Storage
import Synchronization
import Telemetry
import TestSupport
import Testing

@Suite("Probes and scrapes of a database that hangs")
struct SharedLookTests {
    @Test("Nobody waits longer than its limit, all share one look, and who comes in time has what it saw")
    func shared() async throws {
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let looks = Mutex(0)
        let shared = SharedLook<Int> {
            let number = looks.withLock { looks in
                looks += 1
                return looks
            }
            await gate.first { _ in true }
            return number
        }
        let elapsed = await ContinuousClock().measure {
            await withTaskGroup(of: Int?.self) { group in
                for _ in 0..<20 { group.addTask { await shared.value(within: .milliseconds(100)) } }
                for await value in group { #expect(value == nil) }
            }
        }
        #expect(elapsed < .seconds(5))
        #expect(looks.withLock { $0 } == 1)
        async let patient = shared.value(within: .seconds(30))
        opener.finish()
        #expect(await patient != nil)
        // The next who asks has a new look.
        #expect(await shared.value(within: .seconds(30)) ?? 0 > 1)
    }

    @Test("A scrape does not wait for a table that is locked: its numbers are left out, all others are there")
    func lockedOutbox() async throws {
        try await TestDatabase.with { test in
            let registry = MetricsRegistry()
            DatabaseMetrics.register(test.database, in: registry)
            #expect(await Self.scrape(registry).contains("\noutbox_backlog_total 0\n"))
            try await Task.sleep(for: .seconds(1))
            try await test.database.writes.withConnection { connection throws(PostgresError) in
                try await connection.simpleQuery("BEGIN; LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
                let begun = ContinuousClock.now
                let text = await Self.scrape(registry)
                let elapsed = ContinuousClock.now - begun
                try await connection.simpleQuery("ROLLBACK")
                #expect(elapsed < .seconds(4), "Prometheus gives up after five seconds")
                #expect(!text.contains("\noutbox_backlog_total "))
                #expect(text.contains("\npostgres_pool_maximum"))
            }
        }
    }

    private static func scrape(_ registry: MetricsRegistry) async -> String {
        String(decoding: await registry.exposition(), as: UTF8.self)
    }
}
