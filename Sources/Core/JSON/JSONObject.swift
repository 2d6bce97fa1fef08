/// The members of a JSON object, in the order they were written, each key once.
///
/// Up to 16 members are searched one by one, which is faster than hashing; beyond, an index is kept, so that a payload of
/// 100,000 members costs time in proportion. Keys are compared by their bytes.
package struct JSONObject: Sendable {
    /// The members in order. Keys are unique.
    package private(set) var members: [(key: String, value: JSON)] = []

    /// Where each key is; empty as long as linear search does.
    private var positions: [ExactKey: Int] = [:]

    private static let linearLimit = 16

    /// No members.
    package init() {}

    /// The given members in order; a key given twice keeps the last value at the first place.
    package init(_ members: some Sequence<(key: String, value: JSON)>) {
        for (key, value) in members { self[key] = value }
    }

    package var count: Int { members.count }
    package var isEmpty: Bool { members.isEmpty }

    /// The keys in order.
    package var keys: some Sequence<String> & Sendable { members.map(\.key) }

    /// The member's value. Setting keeps the place of a key that exists, appends a new one, and removes with nil.
    package subscript(key: String) -> JSON? {
        get { position(of: key).map { members[$0].value } }
        set {
            switch (position(of: key), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): remove(at: position)
            case (nil, let value?): appendNew(key, value)
            case (nil, nil): break
            }
        }
    }

    /// Appends a member unless its key is taken; says whether it did.
    @discardableResult
    package mutating func append(_ key: String, _ value: JSON) -> Bool {
        guard position(of: key) == nil else { return false }
        appendNew(key, value)
        return true
    }

    mutating func reserveCapacity(_ capacity: Int) { members.reserveCapacity(capacity) }

    /// Gives up spare room.
    mutating func compact() { members.compact() }

    /// Bytes of the index: an entry of 24 bytes in tables that are three quarters full at the most.
    var indexBytes: Int { positions.isEmpty ? 0 : positions.capacity * 32 }

    /// Replaces the value of the member at `index`, keeping its key and place.
    mutating func replaceValue(at index: Int, with value: JSON) { members[index].value = value }

    /// Replaces every value, keeping keys and order.
    package func mapValues<E: Error>(_ transform: (JSON) throws(E) -> JSON) throws(E) -> JSONObject {
        var copy = self
        for index in members.indices { copy.members[index].value = try transform(members[index].value) }
        return copy
    }

    private func position(of key: String) -> Int? {
        if !positions.isEmpty { return positions[ExactKey(text: key)] }
        for index in members.indices where members[index].key.hasSameBytes(as: key) { return index }
        return nil
    }

    private mutating func appendNew(_ key: String, _ value: JSON) {
        members.append((key, value))
        if !positions.isEmpty {
            positions[ExactKey(text: key)] = members.count - 1
        } else if members.count > Self.linearLimit {
            buildIndex()
        }
    }

    private mutating func remove(at position: Int) {
        members.remove(at: position)
        positions = [:]
        if members.count > Self.linearLimit { buildIndex() }
    }

    private mutating func buildIndex() {
        for index in members.indices { positions[ExactKey(text: members[index].key)] = index }
    }

    /// A key compared by its bytes; equal bytes hash alike, so `String`'s own hash serves.
    struct ExactKey: Hashable, Sendable {
        let text: String
        static func == (left: ExactKey, right: ExactKey) -> Bool { left.text.hasSameBytes(as: right.text) }
        func hash(into hasher: inout Hasher) { hasher.combine(text) }
    }
}

extension Array {
    /// Gives up spare room.
    mutating func compact() {
        if capacity > count { self = withUnsafeBufferPointer { Array($0) } }
    }
}

extension JSONObject: Hashable {
    /// Equal when the same keys have equal values, in whatever order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else { return false }
        return left.members.indices.allSatisfy { index in
            let (key, value) = left.members[index]
            let other = right.members[index]
            return key.hasSameBytes(as: other.key) ? value == other.value : right[key] == value
        }
    }

    package func hash(into hasher: inout Hasher) {
        var sum = 0
        for (key, value) in members {
            var member = Hasher()
            member.combine(key)
            member.combine(value)
            sum ^= member.finalize()
        }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package typealias Key = String
    package typealias Value = JSON

    package init(dictionaryLiteral elements: (String, JSON)...) {
        for (key, value) in elements { self[key] = value }
    }
}
