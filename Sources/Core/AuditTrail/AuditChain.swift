/// The chain of one tenant, verified row after row: nothing but the last hash is kept.
package struct AuditChain: Sendable {
    package let tenantID: String
    /// The last row that was seen, or the anchor.
    package private(set) var number: Int64
    /// Its hash as it is stored; nil after a gap behind which nothing can be compared.
    private var hash: [UInt8]?
    /// Heads that were noted elsewhere and are still to come.
    private var expected: [Int64: [UInt8]]

    /// - Parameters:
    ///   - anchor: after which row the chain begins: 0 and zeros, or the last row that retention has removed.
    ///   - expected: heads of this tenant that were noted elsewhere.
    package init(after anchor: AuditHead, expected: [AuditHead] = []) {
        tenantID = anchor.tenantID
        number = anchor.number
        hash = anchor.hash
        self.expected = Dictionary(
            expected.filter { $0.tenantID == anchor.tenantID }.map { ($0.number, $0.hash) }, uniquingKeysWith: { $1 })
    }

    /// What is wrong with heads that were noted before the chain begins. Asked once, before the first row.
    package mutating func begin() -> [AuditFlaw] {
        var flaws: [AuditFlaw] = []
        for (noted, expectedHash) in expected.sorted(by: { $0.key < $1.key }) where noted <= number {
            expected[noted] = nil
            if noted < number {
                flaws.append(.notedRemoved(tenantID, number: noted))
            } else if expectedHash != hash {
                flaws.append(.notedDiffers(tenantID, number: noted))
            }
        }
        return flaws
    }

    /// Retention has removed rows up to this one meanwhile.
    package mutating func skip(to anchor: AuditHead) {
        guard anchor.number > number else { return }
        (number, hash) = (anchor.number, anchor.hash)
    }

    /// Takes the next row there is, and says what is wrong with it and before it.
    package mutating func append(_ entry: AuditEntry) -> [AuditFlaw] {
        var flaws: [AuditFlaw] = []
        if entry.number > number + 1 {
            flaws.append(.missing(tenantID, number: number + 1, through: entry.number - 1))
            hash = nil
        }
        if entry.computedHash != entry.hash {
            flaws.append(.changed(tenantID, number: entry.number))
        } else if let hash, entry.previousHash != hash {
            flaws.append(.misplaced(tenantID, number: entry.number))
        }
        if let noted = expected.removeValue(forKey: entry.number), noted != entry.hash {
            flaws.append(.notedDiffers(tenantID, number: entry.number))
        }
        (number, hash) = (entry.number, entry.hash)
        return flaws
    }

    /// What is wrong when this was the last row.
    package func end(at head: AuditHead) -> [AuditFlaw] {
        var flaws: [AuditFlaw] = []
        if number < head.number {
            flaws.append(.missing(tenantID, number: number + 1, through: head.number))
        } else if let hash, hash != head.hash {
            flaws.append(.headDiffers(tenantID, number: head.number))
        }
        for noted in expected.keys.sorted() { flaws.append(.cut(tenantID, number: noted, last: head.number)) }
        return flaws
    }
}

/// Something that is wrong with the audit trail, and where.
package enum AuditFlaw: Sendable, Hashable {
    /// Rows are not there, although others after them are, or the head says so.
    case missing(String, number: Int64, through: Int64)
    /// A row says something else than when it was written.
    case changed(String, number: Int64)
    /// A row does not follow the one before it: one of the two is not what was written there.
    case misplaced(String, number: Int64)
    /// The head has another hash than the last row.
    case headDiffers(String, number: Int64)
    /// A row is not where rows can be: behind the head, or before the anchor.
    case outside(String, number: Int64)
    /// There are rows of a tenant, and no head.
    case headless(String)
    /// The row of a head that was noted elsewhere has another hash: the chain was written anew.
    case notedDiffers(String, number: Int64)
    /// The row of a head that was noted elsewhere was removed by retention, or by somebody who made it look so.
    case notedRemoved(String, number: Int64)
    /// The chain ends before a head that was noted elsewhere.
    case cut(String, number: Int64, last: Int64)
    /// A head was noted of a tenant that has no rows and no head any more.
    case gone(String, number: Int64)

    package var tenantID: String {
        switch self {
        case .missing(let tenantID, _, _), .changed(let tenantID, _), .misplaced(let tenantID, _),
            .headDiffers(let tenantID, _), .outside(let tenantID, _), .headless(let tenantID),
            .notedDiffers(let tenantID, _), .notedRemoved(let tenantID, _), .cut(let tenantID, _, _),
            .gone(let tenantID, _):
            tenantID
        }
    }

    /// The row it is about; nil for a whole chain.
    package var number: Int64? {
        switch self {
        case .missing(_, let number, _), .changed(_, let number), .misplaced(_, let number),
            .headDiffers(_, let number), .outside(_, let number), .notedDiffers(_, let number),
            .notedRemoved(_, let number), .cut(_, let number, _), .gone(_, let number):
            number
        case .headless: nil
        }
    }

    /// Its name, for programs.
    package var name: String {
        switch self {
        case .missing: "missing"
        case .changed: "changed"
        case .misplaced: "misplaced"
        case .headDiffers: "headDiffers"
        case .outside: "outside"
        case .headless: "headless"
        case .notedDiffers: "notedDiffers"
        case .notedRemoved: "notedRemoved"
        case .cut: "cut"
        case .gone: "gone"
        }
    }

    /// A sentence.
    package var text: String {
        switch self {
        case .missing(_, let number, let through):
            number == through ? "row \(number) is missing" : "rows \(number) to \(through) are missing"
        case .changed(_, let number): "row \(number) was changed"
        case .misplaced(_, let number): "row \(number) does not follow row \(number - 1): one of them was put there"
        case .headDiffers(_, let number): "row \(number) is the last, and not the one the head knows"
        case .outside(_, let number): "row \(number) was put there: the chain does not reach it"
        case .headless: "there are rows, and no head"
        case .notedDiffers(_, let number): "row \(number) is not the one that was noted: the chain was written anew"
        case .notedRemoved(_, let number): "row \(number), which was noted, has been removed as past its time"
        case .cut(_, let number, let last): "row \(number), which was noted, is missing: the chain ends at row \(last)"
        case .gone(_, let number): "row \(number), which was noted, is missing: there is no chain"
        }
    }
}
