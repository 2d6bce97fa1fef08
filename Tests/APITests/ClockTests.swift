import Core
import Postgres
import Storage
import Testing

@testable import API

@Suite("The ids of runs are dated by the database, not by the machine of the API")
struct ClockTests {
    /// Ids that sort and fall into partitions by what the database's clock shows; here it is so many days ahead.
    private func planted(_ database: TestDatabase, days: Int) async throws -> TestDatabase {
        try await database.query(
            """
            CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
            'SELECT pg_catalog.clock_timestamp() + interval ''\(days) days'''
            """)
        let path = "options=-csearch_path%3Dpublic,pg_catalog"
        return TestDatabase(
            url: database.url + (database.url.contains("?") ? "&" : "?") + path, connection: database.connection)
    }

    @Test("An API whose machine is days off makes ids of the database's time, and tells how far", arguments: [-40, 2])
    func ids(days: Int) async throws {
        try await TestDatabase.with { database in
            try await TestAPI.with(on: try await planted(database, days: days)) { api in
                try await api.register()
                let run = try #require(RunID(try await api.start()))
                let off = Instant(microseconds: Int64(run.milliseconds) * 1000) - Instant.now - .seconds(days * 86_400)
                #expect(off > .seconds(-5) && off < .seconds(5))
                let cluster = try await api.client.send("GET", "/health/cluster").json
                let shown = try #require(cluster["clockOffsetMs"]?.int)
                #expect(abs(shown - days * 86_400_000) < 5000)
                let metrics = try await api.client.send("GET", "/metrics").text
                #expect(metrics.contains("\nclock_offset_seconds "))
            }
        }
    }

    @Test("Ids only grow while the clock goes back a little; one that was far ahead is not kept up with")
    func order() async throws {
        let clock = DatabaseClock(logger: TestAPI.quiet)
        let source = RunIDSource(
            clock: clock, pool: Pool(try ConnectionConfiguration("host=127.0.0.1 port=1"), maximumSize: 1))
        let time = Instant(microseconds: 1_790_000_000_000_000)
        func next(at time: Instant) async throws -> RunID {
            clock.saw(time, asked: .now)
            return try await source.next().id
        }
        let first = try await next(at: time)
        let second = try await next(at: time - .seconds(2))
        #expect(second > first)
        let third = try await next(at: time - .seconds(86_400))
        #expect(third < first && third.milliseconds / 1000 == 1_790_000_000 - 86_400)
    }

    @Test("No id is made before the database's time is known, and a start learns why")
    func unknown() async throws {
        let source = RunIDSource(
            clock: DatabaseClock(logger: TestAPI.quiet),
            pool: Pool(try ConnectionConfiguration("host=127.0.0.1 port=1"), maximumSize: 1, logger: TestAPI.quiet))
        let error = await #expect(throws: StoreError.self) { _ = try await source.next() }
        guard case .unavailable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
