package import Core

/// Why a text was refused as YAML: what, at which line, and inside which member.
package struct YAMLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed list of reasons.
    package enum Kind: Hashable, Sendable {
        // Malformed, or YAML that is not taken.
        /// What the parser says: a clause that holds nothing of the text.
        case syntax(String)
        case invalidUTF8
        case controlCharacter
        case lineSeparator
        case empty
        case severalDocuments
        case directive
        case anchor
        case alias
        case tag
        case mergeKey
        case keyNotScalar
        case duplicateKey
        case tooDeep(limit: Int)
        // Well-formed, but not to be stored or passed on.
        case nullCharacter
        case keyTooLong(limit: Int)
        case numberTooLong(limit: Int)
        case exponentTooLarge(limit: Int)
        case integerTooLarge
        case notFinite
    }

    package let kind: Kind
    /// Where the trouble was seen.
    package let place: TextPlace
    /// The value (or, for a key, the object) it lies in.
    package private(set) var pointer: JSONPointer

    init(_ kind: Kind, at place: TextPlace, pointer: JSONPointer = .root) {
        self.kind = kind
        self.place = place
        self.pointer = pointer
    }

    /// True for what is malformed or not taken (HTTP 400), false for content that cannot be accepted (HTTP 422).
    package var isSyntax: Bool {
        switch kind {
        case .syntax, .invalidUTF8, .controlCharacter, .lineSeparator, .empty, .severalDocuments, .directive, .anchor,
            .alias, .tag, .mergeKey, .keyNotScalar, .duplicateKey, .tooDeep:
            true
        case .nullCharacter, .keyTooLong, .numberTooLong, .exponentTooLarge, .integerTooLarge, .notFinite: false
        }
    }

    /// A sentence for the sender, without any of the sender's text.
    package var message: String {
        switch kind {
        case .syntax(let clause): "This is not YAML: \(clause)."
        case .invalidUTF8: "The text is not valid UTF-8."
        case .controlCharacter: "Control characters must be escaped, in double quotes."
        case .lineSeparator: "U+0085, U+2028 and U+2029 must be escaped, in double quotes."
        case .empty: "The text holds no YAML document."
        case .severalDocuments: "The text holds more than one YAML document."
        case .directive: "The only directive that is taken is %YAML 1.2."
        case .anchor: "Anchors are not taken: write it out."
        case .alias: "Aliases are not taken: write it out."
        case .tag: "Tags are not taken: quotes make a text of a value."
        case .mergeKey: "Merge keys are not taken: write the members out, or quote the key."
        case .keyNotScalar: "A key must be a text."
        case .duplicateKey: "This key occurs twice in one object."
        case .tooDeep(let limit): "The YAML is nested deeper than \(limit) levels."
        case .nullCharacter: "Strings must not contain U+0000."
        case .keyTooLong(let limit): "A key is longer than \(limit) bytes."
        case .numberTooLong(let limit): "A number is longer than \(limit) characters."
        case .exponentTooLarge(let limit): "A number's exponent lies beyond ±\(limit)."
        case .integerTooLarge: "A hexadecimal or octal number has at most 64 bits."
        case .notFinite: "JSON has no infinity and no NaN: quotes make a text of it."
        }
    }

    package var description: String { "\(message) (\(place), at \"\(pointer)\")" }

    /// The same error as seen from the enclosing object or array.
    func inside(_ token: String) -> YAMLError {
        YAMLError(kind, at: place, pointer: JSONPointer([token]).appending(pointer))
    }
}
