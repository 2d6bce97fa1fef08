import Testing

@testable import Mocks

@Suite("The participants' databases")
struct ParticipantDatabaseTests {
    @Test("Processes that start at once on an empty server do not trip over each other")
    func together() async throws {
        let database = try ParticipantUnderTest.database()
        let participants = [Participant.payments, .payments, .payments, .orders, .orders]
        try await withThrowingTaskGroup { group in
            for participant in participants { group.addTask { _ = try await database.prepare(participant) } }
            try await group.waitForAll()
        }
        for participant in [Participant.payments, .orders] {
            try await ParticipantUnderTest.drop(participant, of: database)
        }
    }
}
