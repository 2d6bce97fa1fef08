/// The members of an object's text, without taking their values apart: so that some of them can be passed on as they are.
///
/// For text that has been read as JSON before, as what Postgres keeps in a column of that type. Of anything else it says either
/// nil or something useless, but never more than was there.
package struct JSONMembers: Sequence, IteratorProtocol {
    /// The bytes between the quotes of the key, as they are written, and those of the value.
    package typealias Element = (key: String, value: ArraySlice<UInt8>)

    private var rest: ArraySlice<UInt8>
    private var isFirst = true

    /// Nil for what is no object.
    package init?(_ text: some Collection<UInt8>) {
        rest = ArraySlice(text)
        skipBlanks()
        guard rest.popFirst() == UInt8(ascii: "{") else { return nil }
    }

    package mutating func next() -> Element? {
        skipBlanks()
        if !isFirst {
            guard rest.popFirst() == UInt8(ascii: ",") else { return nil }
            skipBlanks()
        }
        isFirst = false
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        let key = takeString()
        skipBlanks()
        guard rest.popFirst() == UInt8(ascii: ":") else { return nil }
        skipBlanks()
        return (String(decoding: key.dropFirst().dropLast(), as: UTF8.self), takeValue())
    }

    private mutating func skipBlanks() { rest = rest.drop { $0 == 0x20 || (0x09...0x0D).contains($0) } }

    /// Up to its closing quote, both included.
    private mutating func takeString() -> ArraySlice<UInt8> {
        var index = rest.index(after: rest.startIndex)
        while index < rest.endIndex, rest[index] != UInt8(ascii: "\"") {
            index += rest[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return take(upTo: index + 1)
    }

    private mutating func takeValue() -> ArraySlice<UInt8> {
        switch rest.first {
        case UInt8(ascii: "\""): return takeString()
        case UInt8(ascii: "{"), UInt8(ascii: "["): return takeNested()
        default:
            let end = rest.firstIndex {
                $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") || $0 == 0x20 || (0x09...0x0D).contains($0)
            }
            return take(upTo: end ?? rest.endIndex)
        }
    }

    private mutating func takeNested() -> ArraySlice<UInt8> {
        var (index, depth) = (rest.startIndex, 0)
        while index < rest.endIndex {
            switch rest[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                index += 1
                while index < rest.endIndex, rest[index] != UInt8(ascii: "\"") {
                    index += rest[index] == UInt8(ascii: "\\") ? 2 : 1
                }
            default: break
            }
            index += 1
            if depth == 0 { break }
        }
        return take(upTo: index)
    }

    private mutating func take(upTo end: Int) -> ArraySlice<UInt8> {
        let end = Swift.min(end, rest.endIndex)
        defer { rest = rest[end...] }
        return rest[..<end]
    }
}
