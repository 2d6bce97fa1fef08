import Core
import Postgres
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Shares of limits that hold over all engines", .timeLimit(.minutes(2)))
struct CallShareTests {
    private static func with(
        calls: Int? = nil, rate: String? = nil, _ body: @Sendable @escaping (TestDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.with { test in
            try await test.execute(
                """
                INSERT INTO participants (participant_name, url, updated_by, max_concurrent, rate)
                VALUES ('p', 'http://p', 'tests', \(calls.map { "\($0)" } ?? "NULL"), \(rate.map { "'\($0)'" } ?? "NULL"))
                """)
            try await body(test)
        }
    }

    private static func take(
        _ test: TestDatabase, _ engine: EngineID, calls: Int = 0, rate: Int = 0, inFlight: Int = 0
    ) async throws -> CallGrant? {
        try await test.database.writes.withConnection { connection throws(PostgresError) in
            try await connection.takeCallShares(
                [CallDemand(participant: "p", calls: calls, rate: rate)], of: engine
            ) { _ in ["p": inFlight] }
        }.first
    }

    /// What engines may use, as they know it.
    private final class Granted: Sendable {
        private let calls = Mutex<[EngineID: Int]>([:])

        /// Answers how many all may use together.
        @discardableResult
        func set(_ engine: EngineID, _ change: (Int) -> Int) -> Int {
            calls.withLock { calls in
                calls[engine] = change(calls[engine] ?? 0)
                return calls.values.reduce(0, +)
            }
        }
    }

    /// An engine that wants now more, now less.
    private static func takeAgain(_ test: TestDatabase, _ granted: Granted) async throws {
        let engine = EngineID.sample()
        for _ in 0..<25 {
            let wanted = Int.random(in: 0...9)
            let demand = CallDemand(participant: "p", calls: wanted, rate: wanted * 1000)
            let grants = try await test.database.writes.withConnection { connection throws(PostgresError) in
                try await connection.takeCallShares([demand], of: engine) { grants in
                    granted.set(engine) { min($0, grants.first?.calls ?? 0) }
                    return [:]
                }
            }
            #expect(granted.set(engine) { _ in grants.first?.calls ?? 0 } <= 7)
            let isWithin = try await test.value(
                "SELECT sum(rate_taken) <= 5000 AND sum(calls_taken) <= 7 FROM call_shares")
            #expect(isWithin == "t")
        }
    }

    private static func calls(
        _ test: TestDatabase, _ engine: EngineID, calls: Int, inFlight: Int = 0
    ) async throws -> Int? { try await take(test, engine, calls: calls, inFlight: inFlight)?.calls }

    @Test("engines that take at the same time never have more than the limit together")
    func atOnce() async throws {
        try await Self.with(calls: 7, rate: #"{"perSecond": 5, "burst": 2}"#) { test in
            let granted = Granted()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 { group.addTask { try await Self.takeAgain(test, granted) } }
                try await group.waitForAll()
            }
            #expect(try await test.value("SELECT count(*) FROM call_shares") == "6")
        }
    }

    @Test("what an engine still has in flight is not free for others")
    func inFlight() async throws {
        try await Self.with(calls: 10) { test in
            let (one, other) = (EngineID.sample(), EngineID.sample())
            let alone = try await Self.take(test, one, calls: 50)
            #expect(alone?.calls == 10 && alone?.isAlone == true)
            #expect(try await Self.calls(test, other, calls: 50) == 0)
            #expect(try await Self.calls(test, one, calls: 50, inFlight: 8) == 5)
            #expect(try await Self.calls(test, other, calls: 50) == 2)
            #expect(try await Self.calls(test, one, calls: 50, inFlight: 3) == 5)
            #expect(try await Self.calls(test, other, calls: 50) == 5)
        }
    }

    @Test("the share of an engine that is silent for 15 s comes free, not before, and of one that stops at once")
    func silent() async throws {
        try await Self.with(calls: 4, rate: #"{"perSecond": 8, "burst": 4}"#) { test in
            let (dead, other) = (EngineID.sample(), EngineID.sample())
            #expect(
                try await Self.take(test, dead, calls: 9, rate: 9000)?.rate == CallRate(thousandths: 8000, burst: 4))
            try await test.execute("UPDATE call_shares SET seen_at = seen_at - interval '13 s'")
            let early = try await Self.take(test, other, calls: 9, rate: 9000)
            #expect(early?.calls == 0 && early?.rate?.thousandths == 0 && early?.isAlone == false)
            try await test.execute("UPDATE call_shares SET seen_at = seen_at - interval '2 s'")
            let late = try await Self.take(test, other, calls: 9, rate: 9000)
            #expect(late?.calls == 4 && late?.rate == CallRate(thousandths: 8000, burst: 4) && late?.isAlone == true)
            #expect(try await test.value("SELECT count(*) FROM call_shares") == "1")
            let third = EngineID.sample()
            #expect(try await Self.calls(test, third, calls: 1) == 0)
            _ = try await test.database.writes.execute(DeleteCallShares(engine: other))
            #expect(try await Self.calls(test, third, calls: 1) == 4)
        }
    }

    @Test("a limit that is lowered holds at once for who takes, and one that is gone gives no grant and leaves no rows")
    func changed() async throws {
        try await Self.with(calls: 10) { test in
            let (one, other) = (EngineID.sample(), EngineID.sample())
            _ = try await Self.take(test, one, calls: 5)
            _ = try await Self.take(test, other, calls: 5)
            try await test.execute("UPDATE participants SET max_concurrent = 2")
            #expect(try await Self.calls(test, one, calls: 5, inFlight: 5) == 1)
            _ = try await Self.take(test, other, calls: 5)
            _ = try await Self.take(test, one, calls: 5)
            _ = try await Self.take(test, other, calls: 5)
            #expect(try await test.value("SELECT sum(calls_taken) FROM call_shares") == "2")
            try await test.execute("UPDATE participants SET max_concurrent = NULL")
            let none = try await Self.take(test, one, calls: 5)
            #expect(none == nil)
            try await test.execute("DELETE FROM participants")
            #expect(try await test.value("SELECT count(*) FROM call_shares") == "0")
        }
    }
}
