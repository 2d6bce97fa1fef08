import Core
import Postgres
import Storage
import TestSupport
import Testing

@Suite("Participants by their owners", .timeLimit(.minutes(2)))
struct OwnParticipantTests {
    private static let (a, b) = (Owner.tenant("a"), Owner.tenant("b"))

    @discardableResult
    private static func put(
        _ test: TestDatabase, _ participant: ParticipantID, calls: Int? = nil
    ) async throws -> Bool? {
        let name = participant.audience.replacing("/", with: "-")
        return try await test.database.writes.execute(
            PutParticipant(
                participant, url: "http://\(name).example", maxConcurrent: calls, headers: [:], breaker: nil,
                updatedBy: "tests")
        ).first
    }

    private static func visible(_ test: TestDatabase, to owner: Owner) async throws -> [ParticipantID] {
        try await test.database.reads.participants(visibleTo: owner).map(\.id)
    }

    @Test(
        "are three of one name, written, seen, paused and forgotten each by itself; a tenant's own hides the shared one"
    )
    func apart() async throws {
        try await TestDatabase.with { test in
            let (writes, own) = (test.database.writes, ParticipantID("p", of: Self.a))
            for id in ["p", "q", own, ParticipantID("p", of: Self.b)] { #expect(try await Self.put(test, id) == true) }
            #expect(try await Self.put(test, own) == false)
            #expect(try await Self.visible(test, to: .shared) == ["p", "q"])
            #expect(try await Self.visible(test, to: Self.a) == [own, "q"])
            #expect(try await Self.visible(test, to: .tenant("c")) == ["p", "q"])
            let all = try await test.database.reads.execute(FindParticipants())
            #expect(all.map(\.id) == ["p", "q", own, ParticipantID("p", of: Self.b)], "shared ones come first")
            #expect(try await test.database.reads.execute(FindParticipants(of: Self.a)).map(\.id) == [own])
            #expect(try await test.database.reads.execute(FindParticipants(own)).first?.url == "http://a-p.example")
            let listed = try await test.database.reads.execute(ListOwnParticipants())
            #expect(listed.sorted() == [own, ParticipantID("p", of: Self.b)])

            _ = try await writes.execute(PauseParticipant(own, by: "ann", reason: "x"))
            #expect(
                try await test.value(
                    "SELECT string_agg(tenant_id, ',') FROM participants WHERE paused_at IS NOT NULL") == "a")
            #expect(try await writes.execute(ResumeParticipant("p", by: "ann", reason: nil)) == [false])
            #expect(try await writes.execute(ResumeParticipant(own, by: "ann", reason: nil)) == [true])
            #expect(try await writes.execute(DeleteParticipant(own, deletedBy: "ann")) == ["p"])
            #expect(try await writes.execute(DeleteParticipant(own, deletedBy: "ann")).isEmpty)
            #expect(try await Self.visible(test, to: Self.a) == ["p", "q"])
            let chains = try await test.value(
                """
                SELECT string_agg(tenant_id || ' ' || action, ',' ORDER BY tenant_id, number) FROM audit_trail
                WHERE subject = 'participants/p' AND tenant_id IN ('*', 'a')
                """)
            #expect(
                chains
                    == "* put_participant,a put_participant,a put_participant,a pause_participant,a resume_participant,a delete_participant"
            )
        }
    }

    @Test("limits of one name are of each by itself, and go with it")
    func limits() async throws {
        try await TestDatabase.with { test in
            let own = ParticipantID("p", of: Self.a)
            for id in ["p", own] { try await Self.put(test, id, calls: 6) }
            func take(_ engine: EngineID, _ participants: [ParticipantID]) async throws -> [ParticipantID: Int] {
                let demands = participants.map { CallDemand(participant: $0, calls: 10, rate: 0) }
                let grants = try await test.database.writes.withConnection { connection throws(PostgresError) in
                    try await connection.takeCallShares(demands, of: engine) { _ in [:] }
                }
                return Dictionary(grants.map { ($0.participant, $0.calls ?? 0) }) { $1 }
            }
            let (one, two) = (EngineID.sample(), EngineID.sample())
            #expect(try await take(one, ["p"]) == ["p": 6])
            #expect(try await take(two, [own]) == [own: 6], "nothing of it is taken")
            #expect(try await take(one, [own, "p"]) == ["p": 6, own: 0])
            _ = try await test.database.writes.execute(DeleteCallShares(engine: one, of: ["p"]))
            #expect(try await test.value("SELECT string_agg(tenant_id, ',') FROM call_shares") == "a,a")
            _ = try await test.database.writes.execute(DeleteParticipant(own, deletedBy: "ann"))
            #expect(try await test.value("SELECT count(*) FROM call_shares") == "0")
        }
    }

    @Test(
        "a tenant has so many of its own, which takes no places from others; what is there can be changed all the same")
    func most() async throws {
        try await TestDatabase.with { test in
            try await test.execute(
                """
                INSERT INTO participants (tenant_id, participant_name, url, updated_by)
                SELECT 'a', 'p-' || n, 'http://p', 'tests' FROM generate_series(1, \(StoredParticipant.mostOfTenant)) n
                """)
            #expect(try await Self.put(test, ParticipantID("more", of: Self.a)) == nil)
            #expect(try await Self.put(test, ParticipantID("p-7", of: Self.a)) == false)
            #expect(try await Self.put(test, ParticipantID("p", of: Self.b)) == true)
            #expect(try await Self.put(test, "p") == true)
            let refused = try await test.value("SELECT count(*) FROM audit_trail WHERE subject = 'participants/more'")
            #expect(refused == "0")
            try await test.execute(
                """
                INSERT INTO participants (tenant_id, participant_name, url, updated_by)
                SELECT 'x-' || n % 100, 'p-' || n, 'http://p', 'tests' FROM generate_series(1, \(StoredParticipant.most)) n
                """)
            #expect(try await Self.put(test, "q") == nil)
            #expect(try await Self.put(test, "p") == false)
            let read = try await test.database.reads.execute(FindParticipants())
            #expect(read.count == StoredParticipant.most && read.first?.id == "p", "none takes a shared one's place")
        }
    }
}
