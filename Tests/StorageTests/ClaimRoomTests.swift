import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("Claims have room for so many bytes")
struct ClaimRoomTests {
    private static func input(_ bytes: Int) -> JSON { ["text": .string(String(repeating: "x", count: bytes))] }

    @Test("What does not fit stays due, but for the run with which the room is full; small runs count nothing")
    func room() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let engine = TestEngine(test, definition)
            let (light, heavy) = (try await engine.start(8, 100), try await engine.start(6, 100_000))
            #expect(light.allSatisfy { $0.weight == 0 } && heavy.allSatisfy { (100_000...101_000).contains($0.weight) })
            let first = try await engine.leases.claim(limit: 100, room: 250_000)
            #expect(Set(first.map(\.lease.runID)) == Set((light + heavy[..<3]).map(\.run.id)))
            #expect(first.reduce(0) { $0 + $1.weight } == heavy[..<3].reduce(0) { $0 + $1.weight })
            // Those beyond the room are as they were: nobody holds them, nothing of them has begun.
            #expect(try await test.value("SELECT count(*) FROM outbox WHERE epoch = 0 AND lease_owner IS NULL") == "3")
            #expect(try await engine.leases.nextDue().wait.map { $0 <= .zero } == true)
            #expect(try await engine.leases.claim(limit: 100, room: 1).map(\.lease.runID) == [heavy[3].run.id])
            #expect(try await engine.leases.claim(limit: 100).count == 2)
        }
    }

    @Test("A large output counts from its commit on, so that who takes the run over reckons with it; small ones do not")
    func growth() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(3)
            let engine = TestEngine(test, definition)
            var held = try await engine.begin(definition)
            func weight() async throws -> Int { Int(try await test.value("SELECT weight FROM outbox") ?? "") ?? -1 }
            #expect(try await weight() == 0)
            #expect(try await engine.settle(&held, [try held.answered(.yes)]).unread == 0)
            #expect(try await weight() == 0)
            var large = CallResult.yes
            large.output = Self.input(50_000)
            #expect(try await engine.settle(&held, [try held.answered(large)]).unread == 0)
            #expect((50_000...52_000).contains(try await weight()))
            #expect(try await test.value("SELECT lease_owner IS NOT NULL FROM outbox") == "t", "it is held")
            try await test.expireLeases()
            let taken = try await engine.claimOne()
            #expect(taken.claimed.weight == (try await weight()))
            #expect(taken.run.steps[1].output == large.output)
        }
    }

    @Test("Rows without a run keep claims from nothing once they are put off, and are not lost")
    func orphans() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let engine = TestEngine(test, definition)
            try await test.execute(
                """
                INSERT INTO outbox (run_id, available_at)
                SELECT gen_random_uuid(), now() - interval '1 minute' FROM generate_series(1, 5)
                """)
            let run = try await engine.start(1, 10)[0].run.id
            #expect(try await engine.leases.claim(limit: 5).isEmpty, "they fill the claim")
            #expect(try await engine.leases.putOffOrphans(for: .seconds(60)).count == 5)
            #expect(try await engine.leases.claim(limit: 5).map(\.lease.runID) == [run])
            #expect(try await test.value("SELECT count(*) FROM outbox WHERE available_at > now()") == "6")
        }
    }
}

@Suite("A run is suspected for what happens while it is alone")
struct SuspicionTests {
    private func loseInCompany(_ engine: TestEngine, _ test: TestDatabase) async throws {
        for failures in 0...Suspicion.begins {
            #expect(try await engine.leases.claim(limit: 100).allSatisfy { $0.failures == failures })
            try await test.expireLeases()
        }
    }

    @Test("Who was lost three times among others is claimed with them no more, and holds nobody up")
    func begins() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let engine = TestEngine(test, definition)
            _ = try await engine.start(2, 10)
            #expect(try await !engine.leases.isSuspectDue())
            try await loseInCompany(engine, test)
            #expect(try await engine.leases.isSuspectDue())
            let other = try await engine.start(1, 10)[0].run.id
            #expect(try await engine.leases.claim(limit: 100).map(\.lease.runID) == [other])
            #expect(try await engine.leases.nextDue().wait.map { $0 > .zero } == true, "nothing else is due")
            let suspect = try #require(try await engine.leases.claimSuspect())
            #expect(suspect.failures == Suspicion.begins + 1)
            #expect(suspect.lease.runID != other)
        }
    }

    @Test("Each loss while it is alone counts, a lease given back does not, and what it did sets the count back")
    func counts() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let engine = TestEngine(test, definition)
            _ = try await engine.start(1, 10)
            try await loseInCompany(engine, test)
            var suspect = try #require(try await engine.leases.claimSuspect())
            try await engine.leases.release([suspect.lease])
            suspect = try #require(try await engine.leases.claimSuspect())
            #expect(suspect.failures == Suspicion.begins + 1)
            for failures in Suspicion.begins + 2...Suspicion.isCertain {
                try await test.expireLeases()
                suspect = try #require(try await engine.leases.claimSuspect())
                #expect(suspect.failures == failures)
            }
            var held = Held(claimed: suspect, run: try suspect.run(of: definition), claimedAt: .now)
            #expect(try await engine.settle(&held, [try held.answered(.yes)]).unread == 0)
            try await test.expireLeases()
            // The row still says what it said: it is claimed alone once more, and then it is as others.
            #expect(try await engine.leases.claimSuspect()?.failures == 0)
            try await test.expireLeases()
            #expect(try await engine.leases.claim(limit: 1).count == 1)
        }
    }

    @Test("Whose engine has outlived it is claimed with others again; who lost the lease clears nobody")
    func cleared() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let engine = TestEngine(test, definition)
            _ = try await engine.start(1, 10)
            try await loseInCompany(engine, test)
            let suspect = try #require(try await engine.leases.claimSuspect())
            try await TestEngine(test, definition).leases.clear(suspect.lease)
            try await test.expireLeases()
            #expect(try await engine.leases.isSuspectDue())
            let again = try #require(try await engine.leases.claimSuspect())
            try await engine.leases.clear(again.lease)
            try await engine.leases.release([again.lease])
            #expect(try await engine.leases.claim(limit: 1).map(\.failures) == [1])
        }
    }
}

extension TestEngine {
    /// Starts runs with an input of so many bytes, one after the other.
    fileprivate func start(_ count: Int, _ bytes: Int) async throws -> [NewRun] {
        let definition = try #require(definitions.values.first)
        var runs: [NewRun] = []
        for _ in 0..<count {
            runs.append(.sample(definition, input: ["text": .string(String(repeating: "x", count: bytes))]))
            try await start([runs[runs.count - 1]])
        }
        return runs
    }
}
