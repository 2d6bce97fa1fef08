extension Evaluator {
    /// An operator whose second argument is evaluated for each element of the first. What is no list has no elements.
    mutating func iterate(
        _ symbol: Operator, _ arguments: [Expression], with element: JSON?
    ) throws(GivenUp) -> JSON {
        let list = try value(of: arguments[0], with: element).array ?? []
        let body = arguments[1]
        switch symbol {
        case .reduce:
            let initial = arguments.count > 2 ? try value(of: arguments[2], with: element) : .null
            return try reduce(list, initial, body)
        case .map:
            var mapped: [JSON] = []
            for item in list { mapped.append(try value(of: body, with: item)) }
            return .array(mapped)
        case .filter:
            var kept: [JSON] = []
            for item in list where try holds(body, with: item) { kept.append(item) }
            return .array(kept)
        case .all:
            for item in list where try !holds(body, with: item) { return .bool(false) }
            return .bool(!list.isEmpty)
        default:
            for item in list where try holds(body, with: item) { return .bool(symbol == .some) }
            return .bool(symbol == .none)
        }
    }

    private mutating func reduce(_ list: [JSON], _ initial: JSON, _ body: Expression) throws(GivenUp) -> JSON {
        var accumulator = initial
        for item in list {
            try charge(4)
            accumulator = try value(of: body, with: ["current": item, "accumulator": accumulator])
            try checkDepth(of: accumulator, Condition.maxLevels)
        }
        return accumulator
    }

    private mutating func checkDepth(of value: JSON, _ depth: Int) throws(GivenUp) {
        try charge()
        if depth == 0 { throw .tooDeep }
        switch value {
        case .null, .bool, .number, .string: return
        case .array(let elements): for element in elements { try checkDepth(of: element, depth - 1) }
        case .object(let object): for (_, member) in object.members { try checkDepth(of: member, depth - 1) }
        }
    }

    /// One list of all elements; what is no list counts as a list of itself.
    mutating func merged(_ values: [JSON]) throws(GivenUp) -> [JSON] {
        var merged: [JSON] = []
        for value in values {
            switch value {
            case .array(let elements):
                try charge(elements.count)
                merged.append(contentsOf: elements)
            case .null, .bool, .number, .string, .object: merged.append(value)
            }
        }
        return merged
    }

    /// Whether a list has an element that is strictly equal, or a string has a part.
    mutating func contains(_ whole: JSON, _ part: JSON) throws(GivenUp) -> Bool {
        switch whole {
        case .array(let elements):
            for element in elements where try isEqual(element, part, strictly: true) { return true }
            return false
        case .string(let text):
            if text.isEmpty { return false }
            let part = try self.text(part)
            try charge(bytes: 2 * text.utf8.count + 8 * part.utf8.count)
            return Coercion.contains(text, part)
        case .null, .bool, .number, .object: return false
        }
    }

    /// The text of a value as JavaScript's `String()` has it.
    mutating func text(_ value: JSON) throws(GivenUp) -> String {
        if case .array(let elements) = value { return try concatenated(elements, separator: ",") }
        return Coercion.text(value)
    }

    /// The texts of all values, null being empty.
    mutating func concatenated(_ values: [JSON], separator: String) throws(GivenUp) -> String {
        var joined = ""
        for (index, value) in values.enumerated() {
            try charge()
            if index > 0 { joined += separator }
            if value.isNull { continue }
            let text = try text(value)
            try charge(bytes: text.utf8.count)
            joined += text
        }
        return joined
    }

    /// From a start (from the end when negative), a number of characters (up to the end less so many when negative).
    mutating func substring(_ values: [JSON]) throws(GivenUp) -> String {
        let text = try text(values[0])
        try charge(bytes: 4 * text.utf8.count)
        let scalars = text.unicodeScalars
        func offset(_ number: JSONNumber) -> Int {
            let value = number.computable
            return value.isNaN ? 0 : Int(min(max(value, -1e9), 1e9))
        }
        var start = offset(try number(values[1]))
        if start < 0 { start = max(0, scalars.count + start) }
        let rest = scalars.dropFirst(start)
        guard values.count > 2 else { return String(rest) }
        let length = offset(try number(values[2]))
        return String(length < 0 ? rest.dropLast(-length) : rest.prefix(length))
    }
}
