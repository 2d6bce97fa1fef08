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
        case reference(Target)
        /// A path into the element at hand; empty for the element itself.
        case element(Path)
        case computed(Expression, Names)
    }

    /// Names to follow one after the other.
    struct Path: Sendable {
        let elements: [Reference.Element]
        /// What following them costs, in bytes.
        let cost: Int

        init(_ elements: [Reference.Element]) {
            self.elements = elements
            cost = elements.reduce(0) {
                if case .name(let name) = $1 { $0 + Cost.ofName(name.utf8.count) } else { $0 + Cost.operation }
            }
        }
    }

    /// A reference, as what the scope is asked for and the way from there.
    struct Target: Sendable {
        let root: Reference.Root
        let path: Path

        init(_ reference: Reference) {
            root = reference.root
            path = Path(reference.path)
        }
    }

    /// How a name that is computed is resolved.
    enum Names: Sendable {
        /// Outside of lists: the references that are written in the rule, so that they could be checked; others lead
        /// nowhere. `longest` is the length of the longest, in bytes.
        case run([String: Target], longest: Int)
        /// Inside of lists: paths into the element.
        case element
    }

    var literal: JSON? {
        if case .literal(let value) = self { value } else { nil }
    }
}
