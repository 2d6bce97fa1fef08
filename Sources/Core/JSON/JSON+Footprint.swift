extension JSON {
    /// Bytes the value takes in memory, about: itself, and what its allocations were asked for.
    ///
    /// Budgets count these and not the text: `{"a":1},` is 8 bytes of text and 100 of memory. A value parsed from a text of
    /// more than `compactFrom` bytes takes at most `maxFootprint` times its text.
    package var footprint: Int { MemoryLayout<JSON>.stride + heapBytes }

    /// So many times its text a value takes at the most, when the text is longer than `compactFrom`. The worst are
    /// arrays of one array: two brackets are 56 bytes.
    package static let maxFootprint = 28

    /// What is parsed from longer texts is kept without spare room.
    package static let compactFrom = 1024

    /// What a value may take at the most that is parsed from so many bytes of text; 0 for little, which is not worth
    /// counting.
    package static func mostMemory(ofText bytes: Int) -> Int { bytes > compactFrom ? bytes * maxFootprint : 0 }

    /// Beside the value itself.
    fileprivate var heapBytes: Int {
        switch self {
        case .null, .bool: 0
        case .number(let number): number.text.heapBytes
        case .string(let text): text.heapBytes
        case .array(let elements):
            elements.isEmpty
                ? 0
                : elements.reduce(JSON.arrayHeader + elements.capacity * MemoryLayout<JSON>.stride) {
                    $0 + $1.heapBytes
                }
        case .object(let object): object.heapBytes
        }
    }

    /// What an array's elements are preceded by.
    fileprivate static let arrayHeader = 32
}

extension JSONObject {
    fileprivate var heapBytes: Int {
        if isEmpty { return 0 }
        let own = JSON.arrayHeader + members.capacity * MemoryLayout<(key: String, value: JSON)>.stride
        return members.reduce(own + indexBytes) { $0 + $1.key.heapBytes + $1.value.heapBytes }
    }
}

extension String {
    /// Up to 15 bytes stand in the string itself; others in an allocation with a header, rounded up.
    fileprivate var heapBytes: Int { utf8.count <= 15 ? 0 : (32 + utf8.count + 15) & ~15 }
}

extension JSON {
    /// Arrays and objects in each other, at most so many.
    package func isWithin(levels: Int) -> Bool {
        switch self {
        case .null, .bool, .number, .string: true
        case .array(let elements): levels > 0 && elements.allSatisfy { $0.isWithin(levels: levels - 1) }
        case .object(let object): levels > 0 && object.members.allSatisfy { $0.value.isWithin(levels: levels - 1) }
        }
    }
}
