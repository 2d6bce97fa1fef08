/// Why an evaluation was given up.
enum GivenUp: Error {
    /// It has used up its budget.
    case tooCostly
    /// A reduced value has more than `maxLevels` levels.
    case tooDeep
}

/// One evaluation of a rule. Whatever takes longer the longer a value is, is charged for its bytes.
struct Evaluator<Data: Scope> {
    let scope: Data
    /// What is left of the cost allowed.
    private(set) var budget: Int

    init(scope: Data, budget: Int) {
        self.scope = scope
        self.budget = budget
    }

    /// Charges operations.
    mutating func charge(_ operations: Int = 1) throws(GivenUp) { try charge(bytes: operations * Cost.operation) }

    /// Charges bytes that are copied, compared or searched.
    mutating func charge(bytes: Int) throws(GivenUp) {
        budget -= bytes
        if budget < 0 { throw .tooCostly }
    }

    /// The value of an expression; `element` is the one at hand inside of lists.
    mutating func value(of expression: Expression, with element: JSON?) throws(GivenUp) -> JSON {
        try charge()
        switch expression {
        case .literal(let value): return value
        case .list(let expressions): return .array(try values(of: expressions, with: element))
        case .variable(let variable, let fallback):
            if let value = try lookup(variable, with: element) { return value }
            return try fallback.map { (fallback) throws(GivenUp) in try value(of: fallback, with: element) } ?? .null
        case .missing(let expressions, let names):
            return .array(try missing(try values(of: expressions, with: element), names, with: element))
        case .missingSome(let needed, let options, let names):
            return try missingSome(
                try value(of: needed, with: element), try value(of: options, with: element), names, with: element)
        case .call(let symbol, let arguments): return try call(symbol, arguments, with: element)
        }
    }

    mutating func values(of expressions: [Expression], with element: JSON?) throws(GivenUp) -> [JSON] {
        var values: [JSON] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try value(of: expression, with: element)) }
        return values
    }

    /// Whether the value of an expression is truthy.
    mutating func holds(_ expression: Expression, with element: JSON?) throws(GivenUp) -> Bool {
        try isTruthy(try value(of: expression, with: element))
    }

    private mutating func isTruthy(_ value: JSON) throws(GivenUp) -> Bool {
        if case .number(let number) = value { try charge(bytes: number.text.utf8.count) }
        return Coercion.isTruthy(value)
    }

    private mutating func call(
        _ symbol: Operator, _ arguments: [Expression], with element: JSON?
    ) throws(GivenUp) -> JSON {
        switch symbol {
        case .choose, .chooseShort: return try choose(arguments, with: element)
        case .and: return try firstValue(of: arguments, with: element, decidedBy: false)
        case .or: return try firstValue(of: arguments, with: element, decidedBy: true)
        case .coalesce:
            for argument in arguments {
                let value = try value(of: argument, with: element)
                if !value.isNull { return value }
            }
            return .null
        case .map, .filter, .reduce, .all, .none, .some: return try iterate(symbol, arguments, with: element)
        default: return try apply(symbol, to: try values(of: arguments, with: element))
        }
    }

    private mutating func choose(_ arguments: [Expression], with element: JSON?) throws(GivenUp) -> JSON {
        var index = 0
        while index + 1 < arguments.count {
            if try holds(arguments[index], with: element) {
                return try value(of: arguments[index + 1], with: element)
            }
            index += 2
        }
        return index < arguments.count ? try value(of: arguments[index], with: element) : .null
    }

    /// The first value that decides by being truthy or not, else the last one; the rest is not evaluated.
    private mutating func firstValue(
        of arguments: [Expression], with element: JSON?, decidedBy decides: Bool
    ) throws(GivenUp) -> JSON {
        var last = JSON.null
        for argument in arguments {
            last = try value(of: argument, with: element)
            if try isTruthy(last) == decides { break }
        }
        return last
    }

    /// An operator that takes its arguments evaluated.
    private mutating func apply(_ symbol: Operator, to values: [JSON]) throws(GivenUp) -> JSON {
        switch symbol {
        case .equal: return .bool(try isEqual(values[0], values[1], strictly: false))
        case .notEqual: return .bool(try !isEqual(values[0], values[1], strictly: false))
        case .identical: return .bool(try isEqual(values[0], values[1], strictly: true))
        case .notIdentical: return .bool(try !isEqual(values[0], values[1], strictly: true))
        case .not: return .bool(try !isTruthy(values[0]))
        case .truthy: return .bool(try isTruthy(values[0]))
        case .less: return .bool(try isOrdered(values) { $0 == .less })
        case .lessOrEqual: return .bool(try isOrdered(values) { $0 != .greater })
        case .greater: return .bool(try isOrdered(values) { $0 == .greater })
        case .greaterOrEqual: return .bool(try isOrdered(values) { $0 != .less })
        case .max: return .number(try extreme(values, keeping: .greater))
        case .min: return .number(try extreme(values, keeping: .less))
        // Of one factor JavaScript makes nothing, and does not convert it.
        case .multiply where values.count == 1: return values[0]
        case .add, .multiply, .subtract, .divide, .remainder: return .number(try compute(symbol, values))
        case .merge: return .array(try merged(values))
        case .contains: return .bool(try contains(values[1], values[0]))
        case .concatenate: return .string(try concatenated(values, separator: ""))
        case .substring: return .string(try substring(values))
        case .object, .text, .number, .json, .parse, .join, .split, .round, .floor, .ceil, .abs, .dateAdd, .dateDiff,
            .day,
            .unix, .fromUnix, .sha256, .hmacSHA256, .base64:
            return try convert(symbol, values)
        case .variable, .missing, .missingSome, .choose, .chooseShort, .or, .and, .coalesce, .map, .filter, .reduce,
            .all,
            .none, .some:
            preconditionFailure("\(symbol.rawValue) takes its arguments unevaluated")
        }
    }
}
