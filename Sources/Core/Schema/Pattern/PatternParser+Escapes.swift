internal import Basics

extension PatternParser {
    /// What stands for one scalar of several, or for one.
    private enum Member {
        case one(UInt32)
        case several(ScalarClass)
        case property(ScalarProperty, isNegated: Bool)
    }

    /// What follows a backslash outside of brackets.
    mutating func escape() throws(PatternError) -> PatternNode {
        switch next {
        case "b":
            at += 1
            return .boundary(isNegated: false)
        case "B":
            at += 1
            return .boundary(isNegated: true)
        case let digit? where ("1"..."9").contains(digit): throw error(.backReference)
        case "k": throw error(.backReference)
        default: break
        }
        var wanted = ScalarClass()
        switch try escaped() {
        case .one(let value): wanted = ScalarClass([value...value])
        case .several(let several): wanted = several
        case .property(let property, let isNegated):
            wanted.insert(property, isNegated: isNegated)
            wanted.settle()
        }
        return .scalar(wanted)
    }

    /// What follows an opening bracket.
    mutating func scalarClass() throws(PatternError) -> ScalarClass {
        var wanted = ScalarClass()
        wanted.isNegated = take("^")
        while !take("]") {
            let start = at
            let first = try member()
            guard next == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
                insert(first, into: &wanted)
                continue
            }
            at += 1
            guard case .one(let low) = first, case .one(let high) = try member(), low <= high else {
                throw PatternError(kind: .badRange, offset: start)
            }
            wanted.insert(low...high)
        }
        wanted.settle()
        return wanted
    }

    private func insert(_ member: Member, into wanted: inout ScalarClass) {
        switch member {
        case .one(let value): wanted.insert(value...value)
        case .several(let several): wanted.insert(several)
        case .property(let property, let isNegated): wanted.insert(property, isNegated: isNegated)
        }
    }

    /// One member of a class in brackets.
    private mutating func member() throws(PatternError) -> Member {
        let scalar = try taken()
        guard scalar == "\\" else { return .one(scalar.value) }
        if take("b") { return .one(0x08) }
        return try escaped()
    }

    /// What follows a backslash wherever it is.
    private mutating func escaped() throws(PatternError) -> Member {
        let start = at
        let scalar = try taken()
        switch scalar {
        case "d": return .several(.digit)
        case "D": return .several(ScalarClass.digit.inverted)
        case "w": return .several(.word)
        case "W": return .several(ScalarClass.word.inverted)
        case "s": return .several(.space)
        case "S": return .several(ScalarClass.space.inverted)
        case "t": return .one(0x09)
        case "n": return .one(0x0A)
        case "v": return .one(0x0B)
        case "f": return .one(0x0C)
        case "r": return .one(0x0D)
        case "0":
            if let digit = next, ("0"..."9").contains(digit) { break }
            return .one(0)
        case "c":
            let letter = try taken()
            if letter.isASCII, UInt8(truncatingIfNeeded: letter.value).isLetter { return .one(letter.value % 32) }
        case "x": return .one(try hexadecimal(digits: 2))
        case "u": return .one(try codePoint())
        case "p", "P":
            guard take("{"), let property = ScalarProperty(try propertyName()) else {
                throw PatternError(kind: .unknownProperty, offset: start)
            }
            return .property(property, isNegated: scalar == "P")
        default:
            // Signs mean themselves; letters without a meaning are most likely a mistake.
            let isSign = (0x21...0x7E).contains(scalar.value) && !UInt8(truncatingIfNeeded: scalar.value).isAlphanumeric
            if isSign { return .one(scalar.value) }
        }
        throw PatternError(kind: .unknownEscape, offset: start)
    }

    private mutating func propertyName() throws(PatternError) -> String {
        var name = String.UnicodeScalarView()
        while true {
            let scalar = try taken()
            if scalar == "}" { return String(name) }
            name.append(scalar)
        }
    }

    /// What follows `\u`: four digits, two of which may be a surrogate pair, or any number of them in braces.
    private mutating func codePoint() throws(PatternError) -> UInt32 {
        let start = at
        if take("{") {
            var value: UInt32 = 0
            while !take("}") {
                let digit = try taken()
                guard digit.isASCII, let four = UInt8(truncatingIfNeeded: digit.value).hexValue else {
                    throw PatternError(kind: .unknownEscape, offset: start)
                }
                value = min(value << 4 | UInt32(four), 0x11_0000)
            }
            guard at > start + 2, Unicode.Scalar(value) != nil else {
                throw PatternError(kind: .unknownEscape, offset: start)
            }
            return value
        }
        let high = try hexadecimal(digits: 4)
        guard (0xD800...0xDBFF).contains(high) else {
            // A half of a pair stands in no text.
            if Unicode.Scalar(high) == nil { throw PatternError(kind: .unknownEscape, offset: start) }
            return high
        }
        guard take("\\"), take("u") else { throw PatternError(kind: .unknownEscape, offset: start) }
        let low = try hexadecimal(digits: 4)
        guard (0xDC00...0xDFFF).contains(low) else { throw PatternError(kind: .unknownEscape, offset: start) }
        return 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
    }

    private mutating func hexadecimal(digits: Int) throws(PatternError) -> UInt32 {
        let start = at
        var value: UInt32 = 0
        for _ in 0..<digits {
            let scalar = try taken()
            guard scalar.isASCII, let digit = UInt8(truncatingIfNeeded: scalar.value).hexValue else {
                throw PatternError(kind: .unknownEscape, offset: start)
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
