/// A text that may be YAML: UTF-8, without a byte order mark, and without what YAML 1.1 took for the ends of lines.
///
/// The parser behind this would fold those into blanks, where YAML 1.2 (§5.4) has ordinary characters.
struct YAMLText {
    let bytes: [UInt8]

    init(_ given: some Collection<UInt8>) throws(YAMLError) {
        let marked = given.starts(with: [0xEF, 0xBB, 0xBF])
        bytes = Array(given.dropFirst(marked ? 3 : 0))
        if let offset = Self.firstInvalid(bytes) { throw YAMLError(.invalidUTF8, at: place(at: offset)) }
        if let offset = Self.firstSeparator(bytes) { throw YAMLError(.lineSeparator, at: place(at: offset)) }
    }

    /// Where a byte stands.
    func place(at offset: Int) -> TextPlace { TextPlace(ofByte: offset, in: bytes) }

    private static func firstInvalid(_ bytes: [UInt8]) -> Int? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        var iterator = bytes.makeIterator()
        var decoder = Unicode.UTF8()
        var offset = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
        return offset
    }

    /// U+0085 is C2 85, U+2028 and U+2029 are E2 80 A8 and A9.
    private static func firstSeparator(_ bytes: [UInt8]) -> Int? {
        for (offset, byte) in bytes.enumerated() where byte == 0xC2 || byte == 0xE2 {
            let rest = Array(bytes[(offset + 1)...].prefix(2))
            let isSeparator = byte == 0xC2 ? rest.first == 0x85 : rest == [0x80, 0xA8] || rest == [0x80, 0xA9]
            if isSeparator { return offset }
        }
        return nil
    }
}
