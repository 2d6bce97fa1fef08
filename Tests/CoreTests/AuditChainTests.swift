import Core
import Testing

@Suite("The hashes of the audit trail")
struct AuditChainTests {
    static let zeros = [UInt8](repeating: 0, count: 32)

    /// A row that is as it has to be, after another one.
    static func entry(
        after previous: AuditEntry?, actor: String = "ann", action: String = "cancel_run", subject: String? = "runs/1",
        reason: String? = nil, detail: String = "{}"
    ) -> AuditEntry {
        func make(_ hash: [UInt8]) -> AuditEntry {
            AuditEntry(
                tenantID: "acme", number: (previous?.number ?? 0) + 1, at: Instant(microseconds: 1_700_000_000_123_456),
                actor: actor, action: action, subject: subject, outcome: reason == nil ? "done" : "refused",
                reason: reason, clientAddress: "10.0.0.7", requestID: nil, traceID: nil, detail: Array(detail.utf8),
                previousHash: previous?.hash ?? zeros, hash: hash)
        }
        return make(make(zeros).computedHash)
    }

    static func chain(_ count: Int) -> [AuditEntry] {
        var entries: [AuditEntry] = []
        for index in 0..<count { entries.append(entry(after: entries.last, actor: "a\(index)")) }
        return entries
    }

    private static func head(_ entry: AuditEntry) -> AuditHead {
        AuditHead(tenantID: "acme", number: entry.number, hash: entry.hash)
    }

    private static func flaws(
        _ entries: [AuditEntry], upTo head: AuditHead, expected: [AuditHead] = [], after anchor: AuditHead? = nil
    ) -> [AuditFlaw] {
        var chain = AuditChain(after: anchor ?? AuditHead(tenantID: "acme", number: 0, hash: zeros), expected: expected)
        var flaws = chain.begin()
        for entry in entries { flaws += chain.append(entry) }
        return flaws + chain.end(at: head)
    }

    @Test("a hash is the one that the manual describes, also where a value is missing or has more bytes than letters")
    func form() {
        // SHA-256, by another program, of 32 zero bytes and 16:sagaflow-audit-1,4:acme,1:1,16:1700000000123456,3:än,10:cancel_run,
        // 6:runs/1,4:done,-,8:10.0.0.7,-,-,9:{"é": 1},
        let entry = Self.entry(after: nil, actor: "än", detail: #"{"é": 1}"#)
        #expect(
            AuditHead.text(of: entry.hash) == "0f6a64b7386e74d1353e5c71c3bd07afb58c2be59b3884f716fdc156acb2e9cd")
    }

    @Test("no two rows have the same text below their hash: a letter that moves from one value to the next changes it")
    func unambiguous() {
        let one = Self.entry(after: nil, actor: "ab", action: "c")
        let other = Self.entry(after: nil, actor: "a", action: "bc")
        let none = Self.entry(after: nil, subject: nil)
        let dash = Self.entry(after: nil, subject: "-,")
        #expect(Set([one.hash, other.hash, none.hash, dash.hash]).count == 4)
    }

    @Test("a whole chain has no flaw, whether it begins at its first row or after what retention removed")
    func whole() {
        let entries = Self.chain(5)
        #expect(Self.flaws(entries, upTo: Self.head(entries[4])) == [])
        let rest = Self.flaws(
            Array(entries[2...]), upTo: Self.head(entries[4]),
            expected: [Self.head(entries[1]), Self.head(entries[3])],
            after: Self.head(entries[1]))
        #expect(rest == [])
    }

    @Test("rows that retention removes while a chain is read are not missed")
    func removedMeanwhile() {
        let entries = Self.chain(5)
        var chain = AuditChain(after: AuditHead(tenantID: "acme", number: 0, hash: Self.zeros))
        #expect(chain.append(entries[0]) == [])
        chain.skip(to: Self.head(entries[2]))
        chain.skip(to: Self.head(entries[1]))
        #expect(chain.append(entries[3]) == [] && chain.append(entries[4]) == [])
        #expect(chain.end(at: Self.head(entries[4])) == [])
    }

    @Test("a row that was changed, removed, put in, exchanged or cut off is found, and named")
    func flaws() {
        let entries = Self.chain(5)
        let head = Self.head(entries[4])
        var changed = entries
        changed[2] = AuditEntry(
            tenantID: "acme", number: 3, at: entries[2].at, actor: "somebody else", action: entries[2].action,
            subject: entries[2].subject, outcome: "done", reason: nil, clientAddress: entries[2].clientAddress,
            requestID: nil, traceID: nil, detail: entries[2].detail, previousHash: entries[2].previousHash,
            hash: entries[2].hash)
        #expect(Self.flaws(changed, upTo: head) == [.changed("acme", number: 3)])
        // The same with a hash that fits: the row after it gives it away.
        var rehashed = entries
        rehashed[2] = Self.entry(after: entries[1], actor: "somebody else")
        #expect(Self.flaws(rehashed, upTo: head) == [.misplaced("acme", number: 4)])
        rehashed = entries
        rehashed[4] = Self.entry(after: entries[3], actor: "somebody else")
        #expect(Self.flaws(rehashed, upTo: head) == [.headDiffers("acme", number: 5)])
        var without = entries
        without.remove(at: 2)
        #expect(Self.flaws(without, upTo: head) == [.missing("acme", number: 3, through: 3)])
        without.removeFirst(2)
        #expect(Self.flaws(without, upTo: head) == [.missing("acme", number: 1, through: 3)])
        #expect(
            Self.flaws(Array(entries[..<3]), upTo: head) == [.missing("acme", number: 4, through: 5)], "a cut tail")
    }

    @Test("a chain that was written anew, or cut with its head, is whole by itself, and not what was noted elsewhere")
    func noted() {
        let entries = Self.chain(5)
        var other: [AuditEntry] = []
        for index in 0..<5 { other.append(Self.entry(after: other.last, actor: "b\(index)")) }
        let noted = [Self.head(entries[1]), Self.head(entries[4])]
        #expect(Self.flaws(other, upTo: Self.head(other[4])) == [])
        #expect(
            Self.flaws(other, upTo: Self.head(other[4]), expected: noted)
                == [.notedDiffers("acme", number: 2), .notedDiffers("acme", number: 5)])
        #expect(
            Self.flaws(Array(entries[..<3]), upTo: Self.head(entries[2]), expected: noted)
                == [.cut("acme", number: 5, last: 3)])
        let anchor = Self.head(entries[2])
        #expect(
            Self.flaws(Array(entries[3...]), upTo: Self.head(entries[4]), expected: noted, after: anchor)
                == [.notedRemoved("acme", number: 2)])
    }

    @Test(
        "a head is written and read again; nothing else is read as one",
        arguments: [
            ("acme:7:\(String(repeating: "ab", count: 32))", true), ("*:0:\(String(repeating: "00", count: 32))", true),
            ("a:b:7:\(String(repeating: "AB", count: 32))", true), ("acme:7:ab", false), ("acme:7", false),
            (":7:\(String(repeating: "ab", count: 32))", false),
            ("acme:-1:\(String(repeating: "ab", count: 32))", false),
            ("acme:7:\(String(repeating: "zz", count: 32))", false), ("", false),
        ])
    func head(_ text: String, _ isOne: Bool) {
        let head = AuditHead(text)
        #expect((head != nil) == isOne)
        if let head { #expect(head.text == text.lowercased() && AuditHead(head.text) == head) }
    }
}
