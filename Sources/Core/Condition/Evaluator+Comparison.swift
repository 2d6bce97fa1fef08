extension Evaluator {
    /// Equality: with `strictly` as `===`, else as `==`, which converts.
    mutating func isEqual(_ left: JSON, _ right: JSON, strictly: Bool) throws(GivenUp) -> Bool {
        try charge()
        switch (left, right) {
        case (.null, .null): return true
        case (.bool(let left), .bool(let right)): return left == right
        case (.number, .number): return try order(left, right) == .equal
        case (.string(let left), .string(let right)):
            guard left.utf8.count == right.utf8.count else { return false }
            try charge(bytes: left.utf8.count)
            return Coercion.isSame(left, right)
        case (.array(let left), .array(let right)):
            guard left.count == right.count else { return false }
            for (left, right) in zip(left, right) where try !isEqual(left, right, strictly: true) { return false }
            return true
        case (.object(let left), .object(let right)):
            guard left.count == right.count else { return false }
            for (key, value) in left.members {
                try charge(bytes: Cost.ofName(key.utf8.count))
                guard let other = right[key], try isEqual(value, other, strictly: true) else { return false }
            }
            return true
        default: return strictly ? false : try isEqualConverted(left, right)
        }
    }

    /// `==` of different types: booleans are numbers, null equals nothing else, lists and objects become text.
    private mutating func isEqualConverted(_ left: JSON, _ right: JSON) throws(GivenUp) -> Bool {
        switch (left, right) {
        case (.null, _), (_, .null): return false
        case (.bool(let left), _): return try isEqual(JSON(left ? 1 : 0), right, strictly: false)
        case (_, .bool(let right)): return try isEqual(left, JSON(right ? 1 : 0), strictly: false)
        case (.number, .string), (.string, .number):
            return try order(.number(try number(left)), .number(try number(right))) == .equal
        case (.array, .object), (.object, .array): return false
        case (.array, _), (.object, _): return try isEqual(.string(try text(left)), right, strictly: false)
        default: return try isEqual(left, .string(try text(right)), strictly: false)
        }
    }

    /// Whether each value stands to the next as asked: two of them, or three for "between".
    mutating func isOrdered(_ values: [JSON], by holds: (JSONNumber.Order) -> Bool) throws(GivenUp) -> Bool {
        for (left, right) in zip(values, values.dropFirst()) {
            guard let order = try order(left, right), holds(order) else { return false }
        }
        return true
    }

    /// Strings by their text, everything else by number; nil when one of them is no number.
    mutating func order(_ left: JSON, _ right: JSON) throws(GivenUp) -> JSONNumber.Order? {
        if case .number(let left) = left, case .number(let right) = right { return try order(left, right) }
        if let left = try textForOrder(left), let right = try textForOrder(right) {
            try charge(bytes: 2 * min(left.utf8.count, right.utf8.count))
            if Coercion.isSame(left, right) { return .equal }
            return left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
        }
        return try order(try number(left), try number(right))
    }

    private mutating func order(_ left: JSONNumber, _ right: JSONNumber) throws(GivenUp) -> JSONNumber.Order? {
        try charge(bytes: Cost.ofNumber(left.text.utf8.count) + Cost.ofNumber(right.text.utf8.count))
        return JSONNumber.order(left, right)
    }

    private mutating func textForOrder(_ value: JSON) throws(GivenUp) -> String? {
        switch value {
        case .string(let text): text
        case .array, .object: try text(value)
        case .null, .bool, .number: nil
        }
    }

    /// The greatest or least number; NaN when there is one that is no number.
    mutating func extreme(_ values: [JSON], keeping kept: JSONNumber.Order) throws(GivenUp) -> JSONNumber {
        var extreme: JSONNumber?
        for value in values {
            let number = try number(value)
            guard let current = extreme ?? (number == .notANumber ? nil : number) else { return .notANumber }
            guard let order = try order(number, current) else { return .notANumber }
            extreme = order == kept ? number : current
        }
        return extreme ?? .notANumber
    }

    /// The number a value converts to (`Number`); lists by their text.
    mutating func number(_ value: JSON) throws(GivenUp) -> JSONNumber {
        Coercion.number(try scalar(value))
    }

    /// `+` and `*` read numbers at the beginning of texts (`parseFloat`); the others convert (`Number`).
    mutating func compute(_ symbol: Operator, _ values: [JSON]) throws(GivenUp) -> JSONNumber {
        var operands: [JSONNumber] = []
        for value in values {
            let isLenient = symbol == .add || symbol == .multiply
            let operand = isLenient ? Coercion.leadingNumber(try scalar(value)) : try number(value)
            try charge(bytes: Cost.operation + Cost.ofNumber(operand.text.utf8.count))
            operands.append(operand)
        }
        if symbol == .remainder { try charge(100) }
        return Arithmetic.compute(symbol, operands)
    }

    /// A value to be converted to a number, which is charged: a list by its text.
    private mutating func scalar(_ value: JSON) throws(GivenUp) -> JSON {
        switch value {
        case .array: return try scalar(.string(try text(value)))
        case .string(let text):
            // White space may be all of it; of the rest no more is read than a number may have.
            try charge(2)
            try charge(bytes: 4 * text.utf8.count + 8 * min(text.utf8.count, Coercion.maxDigits))
            return value
        case .null, .bool, .number, .object: return value
        }
    }
}
