/// A regular expression, read.
indirect enum PatternNode {
    /// One scalar of a class.
    case scalar(ScalarClass)
    /// `^` and `$`: the ends of the text, never of a line.
    case start, end
    /// `\b`, or with `isNegated` `\B`.
    case boundary(isNegated: Bool)
    /// One after the other; none is the empty text.
    case sequence([PatternNode])
    case alternatives([PatternNode])
    /// `most` is nil for without end.
    case repeated(PatternNode, least: Int, most: Int?)

    /// Instructions it compiles to; saturated, as `((a{1000}){1000}){1000}` may be any number.
    var size: Int {
        switch self {
        case .scalar, .start, .end, .boundary: 1
        case .sequence(let parts): parts.reduce(0) { Self.sum($0, $1.size) }
        case .alternatives(let parts): parts.reduce(2 * (parts.count - 1)) { Self.sum($0, $1.size) }
        case .repeated(let part, let least, let most):
            Self.sum(
                // Repetitions of nothing count, too, for they are written out one by one.
                Self.product(least, max(part.size, 1)),
                most.map { Self.product($0 - least, Self.sum(part.size, 1)) } ?? Self.sum(part.size, 2))
        }
    }

    /// It matches at the beginning of the text or nowhere.
    var isAnchored: Bool {
        switch self {
        case .start: true
        case .scalar, .end, .boundary: false
        case .sequence(let parts): parts.first?.isAnchored == true
        case .alternatives(let parts): parts.allSatisfy(\.isAnchored)
        case .repeated(let part, let least, _): least > 0 && part.isAnchored
        }
    }

    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, isTooLarge) = left.addingReportingOverflow(right)
        return isTooLarge ? .max : sum
    }

    private static func product(_ left: Int, _ right: Int) -> Int {
        let (product, isTooLarge) = left.multipliedReportingOverflow(by: right)
        return isTooLarge ? .max : product
    }
}
