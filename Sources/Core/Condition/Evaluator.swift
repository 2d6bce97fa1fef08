/// Thrown when an evaluation has used up its budget.
struct Exhausted: Error {}

/// One evaluation of a rule.
struct Evaluator<Data: Scope> {
    let scope: Data
    /// What is left of the operations allowed.
    private var budget: Int

    init(scope: Data, budget: Int) {
        self.scope = scope
        self.budget = budget
    }

    mutating func charge(_ cost: Int = 1) throws(Exhausted) {
        budget -= cost
        if budget < 0 { throw Exhausted() }
    }

    /// The value of an expression; `element` is the one at hand inside of lists.
    mutating func value(of expression: Expression, with element: JSON?) throws(Exhausted) -> JSON {
        try charge()
        switch expression {
        case .literal(let value): return value
        case .list(let expressions): return .array(try values(of: expressions, with: element))
        case .variable(let variable, let fallback):
            if let value = try lookup(variable, with: element) { return value }
            return try fallback.map { (fallback) throws(Exhausted) in try value(of: fallback, with: element) } ?? .null
        case .missing(let expressions, let names):
            return .array(try missing(try values(of: expressions, with: element), names, with: element))
        case .missingSome(let needed, let options, let names):
            return try missingSome(
                try value(of: needed, with: element), try value(of: options, with: element), names, with: element)
        case .call(let symbol, let arguments): return try call(symbol, arguments, with: element)
        }
    }

    mutating func values(of expressions: [Expression], with element: JSON?) throws(Exhausted) -> [JSON] {
        var values: [JSON] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try value(of: expression, with: element)) }
        return values
    }

    private mutating func call(
        _ symbol: Operator, _ arguments: [Expression], with element: JSON?
    ) throws(Exhausted) -> JSON {
        switch symbol {
        case .choose, .chooseShort: return try choose(arguments, with: element)
        case .and: return try firstValue(of: arguments, with: element) { !Coercion.isTruthy($0) }
        case .or: return try firstValue(of: arguments, with: element) { Coercion.isTruthy($0) }
        case .map, .filter, .reduce, .all, .none, .some: return try iterate(symbol, arguments, with: element)
        default: return try apply(symbol, to: try values(of: arguments, with: element))
        }
    }

    private mutating func choose(_ arguments: [Expression], with element: JSON?) throws(Exhausted) -> JSON {
        var index = 0
        while index + 1 < arguments.count {
            if Coercion.isTruthy(try value(of: arguments[index], with: element)) {
                return try value(of: arguments[index + 1], with: element)
            }
            index += 2
        }
        return index < arguments.count ? try value(of: arguments[index], with: element) : .null
    }

    /// The first value that decides, else the last one; the rest is not evaluated.
    private mutating func firstValue(
        of arguments: [Expression], with element: JSON?, where decides: (JSON) -> Bool
    ) throws(Exhausted) -> JSON {
        var last = JSON.null
        for argument in arguments {
            last = try value(of: argument, with: element)
            if decides(last) { break }
        }
        return last
    }

    /// An operator that takes its arguments evaluated.
    private mutating func apply(_ symbol: Operator, to values: [JSON]) throws(Exhausted) -> JSON {
        for value in values { try charge(Coercion.cost(value)) }
        switch symbol {
        case .equal: return .bool(try isEqual(values[0], values[1], strictly: false))
        case .notEqual: return .bool(try !isEqual(values[0], values[1], strictly: false))
        case .identical: return .bool(try isEqual(values[0], values[1], strictly: true))
        case .notIdentical: return .bool(try !isEqual(values[0], values[1], strictly: true))
        case .not: return .bool(!Coercion.isTruthy(values[0]))
        case .truthy: return .bool(Coercion.isTruthy(values[0]))
        case .less: return .bool(try isOrdered(values) { $0 == .less })
        case .lessOrEqual: return .bool(try isOrdered(values) { $0 != .greater })
        case .greater: return .bool(try isOrdered(values) { $0 == .greater })
        case .greaterOrEqual: return .bool(try isOrdered(values) { $0 != .less })
        case .max: return try extreme(values, keeping: .greater)
        case .min: return try extreme(values, keeping: .less)
        case .add, .multiply, .subtract, .divide, .remainder: return try compute(symbol, values)
        case .merge: return .array(try merged(values))
        case .contains: return .bool(try contains(values[1], values[0]))
        case .concatenate: return .string(try concatenated(values, separator: ""))
        case .substring: return .string(try substring(values))
        case .variable, .missing, .missingSome, .choose, .chooseShort, .or, .and, .map, .filter, .reduce, .all, .none,
            .some:
            preconditionFailure("\(symbol.rawValue) takes its arguments unevaluated")
        }
    }
}
