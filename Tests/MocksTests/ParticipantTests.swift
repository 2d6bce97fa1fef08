import Core
import Foundation
import Testing

@testable import Mocks

@Suite("The participants", .serialized)
struct ParticipantTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let participant: Participant
        let path: String
        let undo: String
        let body: JSON
        /// Counts the rows that are in effect.
        let count: String
        var rows = "1"

        var testDescription: String { "\(participant.name) \(path)" }
    }

    static let cases = [
        Case(
            participant: .payments, path: "/charge", undo: "/refund", body: ["amount": 5],
            count: "SELECT count(*) FROM payments WHERE status = 'captured'"),
        Case(
            participant: .payments, path: "/refund", undo: "/charge", body: ["amount": 5],
            count: "SELECT count(*) FROM refunds WHERE status = 'refunded'"),
        Case(
            participant: .inventory, path: "/reserve", undo: "/release", body: ["sku": "s", "quantity": 3],
            count: "SELECT coalesce(sum(quantity), 0) FROM reservations WHERE status = 'reserved'", rows: "3"),
        Case(
            participant: .notifications, path: "/send", undo: "/cancel", body: ["to": "x"],
            count: "SELECT count(*) FROM messages WHERE status = 'sent'"),
        Case(
            participant: .orders, path: "/orders", undo: "/orders/cancel", body: ["reference": "x"],
            count: "SELECT count(*) FROM orders WHERE status = 'created'"),
        Case(
            participant: .dispatch, path: "/slots/reserve", undo: "/slots/release", body: ["orderId": "x"],
            count: "SELECT count(*) FROM slots WHERE status = 'reserved'"),
        Case(
            participant: .dispatch, path: "/agents/assign", undo: "/agents/unassign", body: ["count": 3],
            count: "SELECT count(DISTINCT agent_id) FROM assignments WHERE status = 'assigned'", rows: "3"),
        Case(
            participant: .invoicing, path: "/invoices", undo: "/invoices/cancel", body: ["amount": 5],
            count: "SELECT count(*) FROM invoices WHERE status = 'issued'"),
        Case(
            participant: .invoicing, path: "/fiscal-docs", undo: "/fiscal-docs/void", body: [:],
            count: "SELECT count(*) FROM fiscal_docs WHERE status = 'emitted'"),
        Case(
            participant: .invoicing, path: "/archive", undo: "/archive/remove", body: [:],
            count: "SELECT count(*) FROM archive WHERE status = 'archived'"),
    ]

    @Test("Every action leaves rows and its compensation takes them back", arguments: cases)
    func doAndUndo(_ example: Case) async throws {
        try await ParticipantUnderTest.with(example.participant) { participant async throws in
            #expect(try await participant.call(example.path, "r:a:execute", example.body).status == 200)
            #expect(try await participant.values(example.count) == [example.rows])
            #expect(try await participant.net("r") == 1)
            #expect(try await participant.call(example.undo, "r:a:compensate").status == 200)
            #expect(try await participant.values(example.count) == ["0"])
            #expect(try await participant.net("r") == 0)
        }
    }

    @Test("An order is confirmed once, and a withdrawn confirmation leaves the order as it was")
    func confirmation() async throws {
        try await ParticipantUnderTest.with(.orders) { orders async throws in
            let order = try await orders.call("/orders", "r:create:execute")
            let body: JSON = ["orderId": order.body["orderId"] ?? nil]
            #expect(try await orders.call("/orders/confirm", "r:confirm:execute", body).status == 200)
            #expect(try await orders.call("/orders/confirm", "r:again:execute", body).status == 409)
            #expect(try await orders.call("/orders/cancel", "r:confirm:compensate", body).status == 200)
            #expect(try await orders.values("SELECT status FROM orders") == ["created"])
            #expect(try await orders.call("/orders/cancel", "r:create:compensate", body).status == 200)
            #expect(try await orders.values("SELECT status FROM orders") == ["cancelled"])
        }
    }

    @Test("Reading is no effect")
    func reading() async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            #expect(try await payments.call("/validate-refund", "r:a:execute", ["amount": 5]).status == 200)
            #expect(try await payments.net("r") == 0)
        }
    }

    @Test(
        "What cannot be done is declined for good and leaves nothing",
        arguments: [
            (Participant.payments, "/charge", #"{"amount": 500.000000000000000001}"#, 422),
            (.payments, "/charge", #"{"amount": -1}"#, 422), (.payments, "/charge", #"{"amount": "5"}"#, 422),
            (.payments, "/validate-refund", #"{"amount": 501}"#, 422),
            (.inventory, "/reserve", #"{"sku": "out-of-stock"}"#, 409),
            (.inventory, "/reserve", #"{"quantity": 0}"#, 422), (.inventory, "/reserve", #"{"sku": 5}"#, 422),
            (.dispatch, "/agents/assign", #"{"count": 1}"#, 422),
            (.dispatch, "/agents/assign", #"{"count": 21}"#, 409),
            (.orders, "/orders/confirm", #"{"orderId": "unknown"}"#, 409),
        ])
    func declined(participant: Participant, path: String, body: String, status: Int) async throws {
        try await ParticipantUnderTest.with(participant) { participant async throws in
            let answer = try await participant.call(path, "r:a:execute", try JSON(parsing: body))
            #expect(answer.status == status && answer.body["status"]?.int == status)
            #expect(try await participant.entries("r").map(\.kind) == ["received", "rejected"])
            #expect(try await participant.net("r") == 0)
        }
    }

    @Test("An amount of 500, and no amount at all, is accepted", arguments: [#"{"amount": 5.00e2}"#, "{}", "null"])
    func accepted(body: String) async throws {
        try await ParticipantUnderTest.with(.payments) { payments async throws in
            #expect(try await payments.call("/charge", "r:a:execute", try JSON(parsing: body)).status == 200)
        }
    }
}

extension Participant: CustomTestStringConvertible {
    public var testDescription: String { name }
}
