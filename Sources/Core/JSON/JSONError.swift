/// Why a text was refused as JSON: what, at which byte, and inside which member.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed list of reasons.
    package enum Kind: Hashable, Sendable {
        // Malformed: not JSON at all.
        case unexpectedEnd
        case unexpectedByte(UInt8)
        case invalidNumber
        case invalidEscape
        case controlCharacter
        case invalidUTF8
        case byteOrderMark
        case trailingContent
        case tooDeep(limit: Int)
        case duplicateKey
        // Well-formed, but not to be stored or passed on.
        case nullCharacter
        case loneSurrogate
        case keyTooLong(limit: Int)
        case numberTooLong(limit: Int)
        case exponentTooLarge(limit: Int)
    }

    package let kind: Kind
    /// The byte at which the trouble was seen, from 0.
    package let offset: Int
    /// The value (or, for a key, the object) it lies in.
    package private(set) var pointer: JSONPointer

    package init(_ kind: Kind, offset: Int, pointer: JSONPointer = .root) {
        self.kind = kind
        self.offset = offset
        self.pointer = pointer
    }

    /// True for what is malformed (HTTP 400), false for content that cannot be accepted (HTTP 422).
    package var isSyntax: Bool {
        switch kind {
        case .unexpectedEnd, .unexpectedByte, .invalidNumber, .invalidEscape, .controlCharacter, .invalidUTF8,
            .byteOrderMark, .trailingContent, .tooDeep, .duplicateKey:
            true
        case .nullCharacter, .loneSurrogate, .keyTooLong, .numberTooLong, .exponentTooLarge:
            false
        }
    }

    /// A sentence for the sender, without any of the sender's text.
    package var message: String {
        switch kind {
        case .unexpectedEnd: "The JSON ends too early."
        case .unexpectedByte(let byte): "Byte \(Self.name(byte)) is not expected here."
        case .invalidNumber: "This is not a JSON number."
        case .invalidEscape: "This is not a JSON escape sequence."
        case .controlCharacter: "Control characters in strings must be escaped."
        case .invalidUTF8: "The text is not valid UTF-8."
        case .byteOrderMark: "The JSON must not begin with a byte order mark."
        case .trailingContent: "Something follows the end of the JSON value."
        case .tooDeep(let limit): "The JSON is nested deeper than \(limit) levels."
        case .duplicateKey: "This key occurs twice in one object."
        case .nullCharacter: "Strings must not contain U+0000."
        case .loneSurrogate: "Strings must not contain half of a surrogate pair."
        case .keyTooLong(let limit): "A key is longer than \(limit) bytes."
        case .numberTooLong(let limit): "A number is longer than \(limit) characters."
        case .exponentTooLarge(let limit): "A number's exponent lies beyond ±\(limit)."
        }
    }

    package var description: String { "\(message) (byte \(offset), at \"\(pointer)\")" }

    /// The same error as seen from the enclosing object.
    func inside(_ key: String) -> JSONError {
        JSONError(kind, offset: offset, pointer: pointer.inside(key))
    }

    /// The same error as seen from the enclosing array.
    func inside(_ index: Int) -> JSONError {
        JSONError(kind, offset: offset, pointer: pointer.inside(String(index)))
    }

    private static func name(_ byte: UInt8) -> String {
        (0x21...0x7e).contains(byte) ? "'\(Character(Unicode.Scalar(byte)))'" : "0x" + String(byte, radix: 16)
    }
}
