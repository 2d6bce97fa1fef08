import Core
import Testing

@Suite("Which participant a call finds")
struct ParticipantIDTests {
    private static let own = ParticipantID("p", of: .tenant("a"))
    private static let (p, q) = (ParticipantID("p", of: .shared), ParticipantID("q", of: .shared))

    @Test("a tenant's own of a name wins for that tenant alone, until it is gone")
    func found() {
        var book = ParticipantBook([(Self.p, "shared p"), (Self.q, "shared q"), (Self.own, "a's p")])
        #expect(book.found("p", by: "a") == "a's p")
        #expect(book.found("q", by: "a") == "shared q" && book.found("p", by: "b") == "shared p")
        #expect(book.found("x", by: "a") == nil)
        #expect(book.id(of: "p", for: "a") == Self.own && book.id(of: "p", for: "b") == Self.p)
        #expect(book.id(of: "x", for: "a") == ParticipantID("x", of: .shared))
        #expect(book[Self.p] == "shared p" && book[Self.own] == "a's p")
        #expect(book[ParticipantID("p", of: .tenant("b"))] == nil)
        #expect(book.all.map(\.id).sorted() == [Self.p, Self.q, Self.own])
        book[Self.own] = nil
        #expect(book.found("p", by: "a") == "shared p" && book.id(of: "p", for: "a") == Self.p)
    }

    @Test("whose a run is is asked only where some tenant has participants of its own")
    func unasked() {
        var asked = 0
        func tenant() -> String {
            asked += 1
            return "a"
        }
        var book = ParticipantBook<Int>([(Self.p, 1)])
        #expect(book.found("p", by: tenant()) == 1 && asked == 0)
        book[Self.own] = 2
        #expect(book.found("p", by: tenant()) == 2 && asked == 1)
        book[Self.own] = nil
        #expect(book.found("p", by: tenant()) == 1 && asked == 1)
    }

    @Test("no two participants are one audience, whatever tenants are called")
    func audiences() {
        let ids: [ParticipantID] = [
            Self.p, Self.own, ParticipantID("p", of: .tenant("a/p")), ParticipantID("p", of: .tenant("p")),
            ParticipantID("a", of: .tenant("p")),
        ]
        #expect(Set(ids.map(\.audience)).count == ids.count)
        #expect(ids[0].audience == "p" && ids[1].audience == "a/p")
    }
}
