import Core
import Testing

@testable import Mocks

@Suite("The barrier", .serialized)
struct BarrierTests {
    typealias Entry = ParticipantUnderTest.Entry

    @Test("A call that comes twice has one effect and the same answer")
    func replay() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            let body: JSON = ["orderId": "o", "amount": 9.50]
            let first = try await payments.call("/charge", "r:a:execute", body)
            let second = try await payments.call("/charge", "r:a:execute", body, attempt: 2)
            #expect(first.status == 200 && !first.isReplay)
            #expect(second.status == 200 && second.isReplay && second.body == first.body)
            #expect(try await payments.values("SELECT status FROM payments") == ["captured"])
            let expected = [Entry("received"), Entry("effect", 200, 1), Entry("received"), Entry("replayed", 200)]
            #expect(try await payments.entries("r") == expected)
        }
    }

    @Test("A refusal is kept: the same call is refused again though the stock is there by then")
    func replayedRefusal() async throws {
        try await ParticipantUnderTest.with(.inventory) { inventory async throws in
            _ = try await inventory.values("INSERT INTO stock VALUES ('rare', 0) RETURNING sku")
            let first = try await inventory.call("/reserve", "r:a:execute", ["sku": "rare"])
            _ = try await inventory.values("UPDATE stock SET available = 5 RETURNING sku")
            let second = try await inventory.call("/reserve", "r:a:execute", ["sku": "rare"])
            #expect(first.status == 409 && second.status == 409 && second.isReplay)
            #expect(try await inventory.values("SELECT available FROM stock") == ["5"])
            #expect(try await inventory.call("/release", "r:a:compensate").status == 200)
            #expect(try await inventory.values("SELECT available FROM stock") == ["5"], "nothing was reserved")
        }
    }

    @Test("One key with two bodies is a conflict and is on record", arguments: ["execute", "compensate"])
    func conflict(action: String) async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            _ = try await payments.call("/charge", "r:a:\(action)", ["amount": 1])
            let other = try await payments.call("/charge", "r:a:\(action)", ["amount": 2])
            #expect(other.status == 422)
            #expect(try await payments.entries("r").last == Entry("conflict", 422))
        }
    }

    @Test("A compensation undoes its action once, however often it comes")
    func compensation() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            _ = try await payments.call("/charge", "r:a:execute", ["amount": 1])
            let first = try await payments.call("/refund", "r:a:compensate")
            let second = try await payments.call("/refund", "r:a:compensate")
            #expect(first.status == 200 && second.isReplay && second.body == first.body)
            #expect(try await payments.values("SELECT status FROM payments") == ["refunded"])
            #expect(try await payments.values("SELECT amount FROM refunds") == ["1"])
            #expect(try await payments.net("r") == 0)
        }
    }

    @Test("An action that arrives after its compensation has no effect")
    func lateAction() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            let null = try await payments.call("/refund", "r:a:compensate")
            let late = try await payments.call("/charge", "r:a:execute", ["amount": 1])
            #expect(null.status == 200 && late.status == 409)
            #expect(try await payments.values("SELECT status FROM payments") == [])
            let expected = [
                Entry("received"), Entry("null_compensation", 200), Entry("received"), Entry("refused_late", 409),
            ]
            #expect(try await payments.entries("r") == expected)
        }
    }

    @Test("An action that comes again after it was undone stays undone")
    func repeatedAfterUndo() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            _ = try await payments.call("/charge", "r:a:execute", ["amount": 1])
            _ = try await payments.call("/refund", "r:a:compensate")
            #expect(try await payments.call("/charge", "r:a:execute", ["amount": 1]).status == 409)
            #expect(try await payments.net("r") == 0)
        }
    }

    @Test("The same call from twelve sides at once has one effect, and all get the answer")
    func concurrentDuplicates() async throws {
        try await ParticipantUnderTest.with(.inventory) { inventory async throws in
            let answers = try await withThrowingTaskGroup { group in
                for attempt in 1...12 {
                    group.addTask {
                        try await inventory.call("/reserve", "r:a:execute", ["sku": "s"], attempt: attempt)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 200 && $0.body == answers[0].body })
            #expect(answers.count { !$0.isReplay } == 1)
            #expect(try await inventory.values("SELECT available FROM stock") == ["999999"])
        }
    }

    @Test("Whichever of action and compensation wins a race, nothing remains")
    func race() async throws {
        try await ParticipantUnderTest.with(.inventory) { inventory async throws in
            try await withThrowingTaskGroup { group in
                for run in 0..<40 {
                    for (path, action) in [("/reserve", "execute"), ("/release", "compensate")].shuffled() {
                        group.addTask {
                            _ = try await inventory.call(path, "r\(run):a:\(action)", ["sku": "s"])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let summary = try await inventory.send("GET", "/ledger/summary").body.array ?? []
            #expect(summary.count == 40 && summary.allSatisfy { $0["net"] == 0 })
            #expect(try await inventory.values("SELECT 1 FROM reservations WHERE status = 'reserved'") == [])
            #expect(try await inventory.values("SELECT 1 FROM stock WHERE available <> 1000000") == [])
        }
    }

    @Test("A call that dies halfway is on record, leaves nothing, and may come again")
    func failedHalfway() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            _ = try await payments.values("ALTER TABLE payments RENAME TO gone")
            #expect(try await payments.call("/charge", "r:a:execute", ["amount": 1]).status == 500)
            #expect(try await payments.entries("r") == [Entry("received")])
            #expect(try await payments.values("SELECT 1 FROM barrier") == [])
            _ = try await payments.values("ALTER TABLE gone RENAME TO payments")
            #expect(try await payments.call("/charge", "r:a:execute", ["amount": 1]).status == 200)
            #expect(try await payments.net("r") == 1)
        }
    }

    @Test("The ledger cannot be changed afterwards")
    func appendOnly() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            await #expect(throws: (any Error).self) { _ = try await payments.values("DELETE FROM ledger") }
            await #expect(throws: (any Error).self) { _ = try await payments.values("UPDATE ledger SET effect = 0") }
        }
    }
}
