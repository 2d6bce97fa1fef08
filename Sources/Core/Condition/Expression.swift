/// A rule, read.
indirect enum Expression: Sendable {
    /// Data, taken as it is.
    case literal(JSON)
    /// A list of which some elements are computed.
    case list([Expression])
    /// A variable, and what it is when it leads nowhere (nil: null).
    case variable(Variable, fallback: Expression?)
    case call(Operator, [Expression])
    /// The names, out of those computed, that lead nowhere.
    case missing([Expression], Names)
    /// Those names, unless as many as the first says are there.
    case missingSome(Expression, Expression, Names)

    /// What a variable names.
    enum Variable: Sendable {
        case reference(Reference)
        /// A path into the element at hand; empty for the element itself.
        case element([String])
        case computed(Expression, Names)
    }

    /// How a name that is computed is resolved.
    enum Names: Sendable {
        /// Outside of lists: the references that are written in the rule, so that they could be checked; others lead nowhere.
        case run([String: Reference])
        /// Inside of lists: paths into the element.
        case element
    }

    var literal: JSON? {
        if case .literal(let value) = self { value } else { nil }
    }
}
