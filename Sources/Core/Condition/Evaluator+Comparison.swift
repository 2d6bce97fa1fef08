extension Evaluator {
    /// Equality: with `strictly` as `===`, else as `==`, which converts.
    mutating func isEqual(_ left: JSON, _ right: JSON, strictly: Bool) throws(Exhausted) -> Bool {
        try charge()
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.number(let left), .number(let right)): return JSONNumber.compare(left, right) == .equal
        case (.string(let left), .string(let right)):
            try charge(left.utf8.count / 1024)
            return left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)):
            guard left.count == right.count else { return false }
            for (left, right) in zip(left, right) where try !isEqual(left, right, strictly: true) { return false }
            return true
        case (.object(let left), .object(let right)):
            guard left.count == right.count else { return false }
            for (key, value) in left.members {
                guard let other = right[key], try isEqual(value, other, strictly: true) else { return false }
            }
            return true
        default: return strictly ? false : try isEqualConverted(left, right)
        }
    }

    /// `==` of different types: booleans are numbers, null equals nothing else, lists and objects become text.
    private mutating func isEqualConverted(_ left: JSON, _ right: JSON) throws(Exhausted) -> Bool {
        switch (left, right) {
        case (.null, _), (_, .null): return false
        case (.bool(let left), _): return try isEqual(JSON(left ? 1 : 0), right, strictly: false)
        case (_, .bool(let right)): return try isEqual(left, JSON(right ? 1 : 0), strictly: false)
        case (.number, .string), (.string, .number):
            guard let left = try number(left), let right = try number(right) else { return false }
            return JSONNumber.compare(left, right) == .equal
        case (.array, .object), (.object, .array): return false
        case (.array, _), (.object, _): return try isEqual(.string(try text(left)), right, strictly: false)
        default: return try isEqual(left, .string(try text(right)), strictly: false)
        }
    }

    /// Whether each value stands to the next as asked: two of them, or three for "between".
    mutating func isOrdered(_ values: [JSON], by holds: (JSONNumber.Order) -> Bool) throws(Exhausted) -> Bool {
        for (left, right) in zip(values, values.dropFirst()) {
            guard let order = try order(left, right), holds(order) else { return false }
        }
        return true
    }

    /// Strings by their text, everything else by number; nil when there is no number.
    private mutating func order(_ left: JSON, _ right: JSON) throws(Exhausted) -> JSONNumber.Order? {
        if case .number(let left) = left, case .number(let right) = right { return JSONNumber.compare(left, right) }
        if let left = try textForOrder(left), let right = try textForOrder(right) {
            try charge(left.utf8.count / 1024)
            if left.hasSameBytes(as: right) { return .equal }
            return left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
        }
        guard let left = try number(left), let right = try number(right) else { return nil }
        return JSONNumber.compare(left, right)
    }

    private mutating func textForOrder(_ value: JSON) throws(Exhausted) -> String? {
        switch value {
        case .string(let text): text
        case .array, .object: try text(value)
        case .null, .bool, .number: nil
        }
    }

    /// The greatest or least number; null when there is one that is no number.
    mutating func extreme(_ values: [JSON], keeping order: JSONNumber.Order) throws(Exhausted) -> JSON {
        var extreme: JSONNumber?
        for value in values {
            guard let number = try number(value) else { return .null }
            if let current = extreme, JSONNumber.compare(number, current) != order { continue }
            extreme = number
        }
        return extreme.map { .number($0) } ?? .null
    }

    /// The number a value converts to; lists by their text.
    mutating func number(_ value: JSON) throws(Exhausted) -> JSONNumber? {
        switch value {
        case .array: Coercion.number(.string(try text(value)))
        case .null, .bool, .number, .string, .object: Coercion.number(value)
        }
    }

    /// `+` and `*` read numbers at the beginning of texts (`parseFloat`); the others convert (`Number`).
    mutating func compute(_ symbol: Operator, _ values: [JSON]) throws(Exhausted) -> JSON {
        var operands: [JSONNumber] = []
        for value in values {
            let isLenient = symbol == .add || symbol == .multiply
            guard let operand = isLenient ? Coercion.leadingNumber(.string(try text(value))) : try number(value) else {
                return .null
            }
            operands.append(operand)
        }
        if symbol == .remainder { try charge(100) }
        return Arithmetic.compute(symbol, operands).map { .number($0) } ?? .null
    }
}
