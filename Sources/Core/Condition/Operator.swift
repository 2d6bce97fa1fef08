/// The operators of JsonLogic.
enum Operator: String, Sendable, CaseIterable {
    case variable = "var"
    case missing
    case missingSome = "missing_some"
    case choose = "if"
    case chooseShort = "?:"
    case equal = "=="
    case identical = "==="
    case notEqual = "!="
    case notIdentical = "!=="
    case not = "!"
    case truthy = "!!"
    case or
    case and
    case greater = ">"
    case greaterOrEqual = ">="
    case less = "<"
    case lessOrEqual = "<="
    case max
    case min
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case map
    case filter
    case reduce
    case all
    case none
    case some
    case merge
    case contains = "in"
    case concatenate = "cat"
    case substring = "substr"

    /// How many arguments it takes. Where the published implementation makes something up for a missing argument that a
    /// rule can hardly mean, it is required here.
    var argumentCount: ClosedRange<Int> {
        switch self {
        case .variable: 0...2
        case .missing, .choose, .chooseShort, .add, .merge, .concatenate: 0...Int.max
        case .or, .and, .max, .min, .multiply: 1...Int.max
        case .not, .truthy: 1...1
        case .subtract: 1...2
        case .missingSome, .equal, .identical, .notEqual, .notIdentical, .divide, .remainder, .map, .filter, .all,
            .none,
            .some, .contains:
            2...2
        case .greater, .greaterOrEqual, .less, .lessOrEqual, .reduce, .substring: 2...3
        }
    }

    /// Whether the second argument is evaluated once for each element of the first.
    var iterates: Bool {
        switch self {
        case .map, .filter, .reduce, .all, .none, .some: true
        default: false
        }
    }
}
