/// Reads a regular expression of ECMA-262 with the flag `u`.
struct PatternParser {
    /// Groups inside one another; reading is recursive.
    static let maxDepth = 32

    let scalars: [Unicode.Scalar]
    var at = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func whole() throws(PatternError) -> PatternNode {
        let node = try alternatives(depth: 0)
        guard at == scalars.count else { throw error(.strayBracket(")")) }
        return node
    }

    // MARK: What stands where

    /// The scalar at the place; nil at the end.
    var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    func error(_ kind: PatternError.Kind) -> PatternError { PatternError(kind: kind, offset: at) }

    /// Moves on if this scalar stands here.
    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        at += 1
        return true
    }

    /// The scalar at the place, having moved on.
    mutating func taken() throws(PatternError) -> Unicode.Scalar {
        guard let scalar = next else { throw error(.endsEarly) }
        at += 1
        return scalar
    }

    // MARK: The grammar

    private mutating func alternatives(depth: Int) throws(PatternError) -> PatternNode {
        guard depth <= Self.maxDepth else { throw error(.tooDeep(limit: Self.maxDepth)) }
        var parts = [try sequence(depth: depth)]
        while take("|") { parts.append(try sequence(depth: depth)) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence(depth: Int) throws(PatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let start = at
            let part = try term(depth: depth)
            guard let (least, most) = try repetition() else {
                parts.append(part)
                continue
            }
            switch part {
            case .start, .end, .boundary: throw PatternError(kind: .nothingToRepeat, offset: start)
            case .scalar, .sequence, .alternatives, .repeated:
                parts.append(.repeated(part, least: least, most: most))
            }
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func term(depth: Int) throws(PatternError) -> PatternNode {
        let start = at
        let scalar = try taken()
        switch scalar {
        case "^": return .start
        case "$": return .end
        case ".": return .scalar(.anyButLineEnd)
        case "(": return try group(depth: depth)
        case "[": return .scalar(try scalarClass())
        case "\\": return try escape()
        case "*", "+", "?", "{": throw PatternError(kind: .nothingToRepeat, offset: start)
        case "]", "}": throw PatternError(kind: .strayBracket(Character(scalar)), offset: start)
        default: return .scalar(ScalarClass([scalar.value...scalar.value]))
        }
    }

    /// What follows an opening parenthesis. Nobody asks what a group held, so all groups are alike.
    private mutating func group(depth: Int) throws(PatternError) -> PatternNode {
        if take("?") {
            switch next {
            case ":": at += 1
            case "=", "!": throw error(.lookaround)
            case "<":
                at += 1
                if next == "=" || next == "!" { throw error(.lookaround) }
                try groupName()
            case nil: throw error(.endsEarly)
            default: throw error(.unknownGroup)
            }
        }
        let node = try alternatives(depth: depth + 1)
        guard take(")") else { throw error(.endsEarly) }
        // A sequence of its own, so that a repetition of `(^)` repeats a group and not an assertion.
        return .sequence([node])
    }

    private mutating func groupName() throws(PatternError) {
        let start = at
        while let scalar = next, scalar == "_" || scalar == "$" || scalar.properties.isIDContinue { at += 1 }
        guard at > start, !("0"..."9").contains(scalars[start]) else {
            throw PatternError(kind: .unknownGroup, offset: start)
        }
        guard take(">") else { throw error(next == nil ? .endsEarly : .unknownGroup) }
    }

    /// `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`; a `?` after them says which match is preferred, and there is one or none.
    private mutating func repetition() throws(PatternError) -> (least: Int, most: Int?)? {
        let found: (least: Int, most: Int?)
        switch next {
        case "*": found = (0, nil)
        case "+": found = (1, nil)
        case "?": found = (0, 1)
        case "{":
            found = try bounds()
            _ = take("?")
            return found
        default: return nil
        }
        at += 1
        _ = take("?")
        return found
    }

    private mutating func bounds() throws(PatternError) -> (least: Int, most: Int?) {
        let start = at
        at += 1
        guard let least = number() else { throw PatternError(kind: .strayBracket("{"), offset: start) }
        var most: Int? = least
        if take(",") { most = number() }
        guard take("}") else { throw PatternError(kind: .strayBracket("{"), offset: start) }
        if let most, most < least { throw PatternError(kind: .badRepetition, offset: start) }
        return (least, most)
    }

    /// A number in decimal digits, saturated; nil when there is none.
    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, ("0"..."9").contains(scalar) {
            value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), 1_000_000_000)
            at += 1
        }
        return value
    }
}
