/// The operators of JsonLogic, and below them those that are ours.
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

    /// The first value that is not null.
    case coalesce = "??"
    /// An object of names and values, by turns.
    case object
    /// Text as it is, numbers as written, anything else as JSON.
    case text
    /// A number out of a text; null for what is none.
    case number
    /// The compact JSON text of a value.
    case json
    /// The value of a JSON text; null for what is none.
    case parse
    case join
    case split
    case round
    case floor
    case ceil
    case abs
    /// A time (RFC 3339) so much later, or earlier: `["2026-01-31T12:00:00Z", "-36h"]`.
    case dateAdd
    /// From the first time to the second, in whole units: `s`, or as the third argument says `ms`, `m`, `h` or `d`.
    case dateDiff
    /// The day of a time, in UTC: `2026-01-31`.
    case day
    /// Seconds since 1970 of a time.
    case unix
    /// The time so many seconds after 1970.
    case fromUnix
    /// In lower-case hexadecimal digits, of the text's UTF-8.
    case sha256
    /// HMAC-SHA-256 with the secret that the first argument names, of the second, in hexadecimal digits.
    case hmacSHA256 = "hmacSha256"
    /// Of the text's UTF-8.
    case base64

    /// How many arguments it takes. Where the published implementation makes something up for a missing argument that a
    /// rule can hardly mean, it is required here.
    var argumentCount: ClosedRange<Int> {
        switch self {
        case .variable: 0...2
        case .missing, .choose, .chooseShort, .add, .merge, .concatenate, .object: 0...Int.max
        case .or, .and, .max, .min, .multiply, .coalesce: 1...Int.max
        case .not, .truthy, .text, .number, .json, .parse, .floor, .ceil, .abs, .day, .unix, .fromUnix, .sha256,
            .base64:
            1...1
        case .subtract, .round: 1...2
        case .missingSome, .equal, .identical, .notEqual, .notIdentical, .divide, .remainder, .map, .filter, .all,
            .none,
            .some, .contains, .join, .split, .dateAdd, .hmacSHA256:
            2...2
        case .greater, .greaterOrEqual, .less, .lessOrEqual, .reduce, .substring, .dateDiff: 2...3
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
