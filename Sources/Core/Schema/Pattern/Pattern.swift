// Regular expressions of schemas: those of ECMA-262 with the flag `u`, as far as they can be matched in a time that grows with
// the length of the text and of the expression and with nothing else. Matching never goes back: all places of the program
// that a text may have led to are followed at once, scalar by scalar (Thompson's way, by Pike's loop).
//
// Files: PatternParser reads, PatternNode is what it makes, PatternProgram compiles, PatternMatcher runs, ScalarClass and
// ScalarProperty say which characters are meant.

/// A regular expression that is looked for anywhere in a text.
///
/// What is not of ECMA-262's `u` grammar is refused, except that every ASCII sign may be escaped. Refused, too, are
/// lookaround, back references, scripts (`\p{Script=…}`) and modifiers.
package struct Pattern: Sendable {
    /// Instructions of one expression at most, bounded repetitions written out: `[a-z]{1,100}` is 200.
    package static let maxInstructions = 5000

    let program: PatternProgram

    /// Reads and compiles an expression.
    package init(_ text: String) throws(PatternError) {
        var parser = PatternParser(text)
        program = try PatternProgram(parser.whole())
    }

    /// Instructions, which is what it costs to begin a match.
    var size: Int { program.instructions.count }

    /// Whether some part of the text matches.
    ///
    /// - Throws: `tooCostly` when `left`, bytes as `Cost` has them, does not suffice.
    func matches(_ text: String, left: inout Int) throws(SchemaGivenUp) -> Bool {
        var matcher = PatternMatcher(program, left: left)
        defer { left = matcher.left }
        return try matcher.search(text)
    }
}

/// Why a regular expression is refused.
package struct PatternError: Error, Hashable, Sendable {
    /// The closed list of reasons.
    package enum Kind: Hashable, Sendable {
        case endsEarly
        case strayBracket(Character)
        case nothingToRepeat
        case badRepetition
        case lookaround
        case backReference
        case unknownGroup
        case unknownEscape
        case badRange
        case unknownProperty
        case tooDeep(limit: Int)
        case tooLarge(limit: Int)
    }

    package let kind: Kind
    /// Unicode scalars before the place.
    package let offset: Int

    /// A sentence.
    package var message: String { "\(reason) (after \(offset) characters of the pattern)" }

    private var reason: String {
        switch kind {
        case .endsEarly: "The pattern ends in the middle of something."
        case .strayBracket(let bracket): "\"\(bracket)\" stands alone here; the character itself is \"\\\(bracket)\"."
        case .nothingToRepeat: "There is nothing to repeat here."
        case .badRepetition: "The second number of a repetition is not smaller than the first."
        case .lookaround: "Lookahead and lookbehind are not supported: their work is not bounded by the text's length."
        case .backReference: "Back references are not supported: their work is not bounded by the text's length."
        case .unknownGroup: "A group is (…), (?:…) or (?<name>…)."
        case .unknownEscape: "ECMA-262 has no such escape with the flag u."
        case .badRange: "A range goes from a character to one that is not before it."
        case .unknownProperty:
            "Only general categories and Any, ASCII, Alphabetic, Lowercase, Uppercase, White_Space and Emoji are "
                + "supported as \\p{…}."
        case .tooDeep(let limit): "Groups are nested at most \(limit) levels."
        case .tooLarge(let limit):
            "Written out, with its repetitions, the pattern has more than \(limit) instructions."
        }
    }
}
