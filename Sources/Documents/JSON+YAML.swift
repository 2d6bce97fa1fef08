// Definitions as people write them: YAML with comments becomes the same JSON that a program would have sent, and from
// there on nobody knows the difference. What YAML has beyond JSON (anchors, tags, several documents) is refused, so that a
// text of a kilobyte stays a value of a kilobyte and means what it looks like.

package import Core

extension JSON {
    /// Reads one YAML document: YAML 1.2, plain scalars by its core schema (§10.3), within the limits that JSON has.
    ///
    /// Refused: anchors, aliases, tags, merge keys, directives other than `%YAML 1.2`, several documents, keys that are no
    /// scalars or occur twice, numbers that JSON does not have (`.inf`), and whatever JSON may not hold. Numbers keep their
    /// text where JSON would write it so; others (`0x1F`, `+1`, `.5`) are written as JSON has them. A byte order mark at the
    /// beginning is skipped. Keys are their text, whatever it would mean as a value.
    package init(yaml bytes: some Collection<UInt8>, limits: Limits = .default) throws(YAMLError) {
        self = try YAMLDocument(bytes, limits: limits, keepsPlaces: false).json
    }
}

/// A value and where each part of it stands in the text it was read from.
package struct YAMLDocument: Sendable {
    package let json: JSON
    private let places: PlaceTree?

    /// Reads one YAML document, which a JSON text is, too.
    ///
    /// - Parameter keepsPlaces: whether `place(of:)` is to be asked.
    package init(
        _ bytes: some Collection<UInt8>, limits: JSON.Limits = .default, keepsPlaces: Bool = true
    ) throws(YAMLError) {
        let text = try YAMLText(bytes)
        var reader = YAMLReader(text, limits: limits, keepsPlaces: keepsPlaces)
        (json, places) = try reader.document()
    }

    /// Where a part of the value begins, a member with its key. Of what is not there, such as a member that is missed,
    /// the place of the innermost part that is.
    package func place(of pointer: JSONPointer) -> TextPlace? { places?.place(of: pointer.tokens[...]) }
}

/// A place in a text, both counted from 1.
package struct TextPlace: Hashable, Sendable, CustomStringConvertible {
    package let line: Int
    /// In Unicode scalars.
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Where a byte of a text in UTF-8 stands.
    package init(ofByte offset: Int, in bytes: [UInt8]) {
        let before = bytes.prefix(offset)
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // All that does not go on with a scalar begins one.
        let column = before[lineStart...].count { $0 & 0xC0 != 0x80 }
        self.init(line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: column + 1)
    }

    package var description: String { "line \(line), column \(column)" }
}

/// Places by the structure of the value.
struct PlaceTree: Sendable {
    let place: TextPlace
    /// Of an object's members, each at its key.
    var members: [String: PlaceTree] = [:]
    /// Of an array's elements.
    var elements: [PlaceTree] = []

    func place(of tokens: ArraySlice<String>) -> TextPlace {
        guard let token = tokens.first else { return place }
        if let member = members[token] { return member.place(of: tokens.dropFirst()) }
        if let index = Int(token), elements.indices.contains(index) {
            return elements[index].place(of: tokens.dropFirst())
        }
        return place
    }
}
