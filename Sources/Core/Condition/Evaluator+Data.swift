extension Evaluator {
    /// The value a variable names; nil when there is none (null is one).
    mutating func lookup(_ variable: Expression.Variable, with element: JSON?) throws(GivenUp) -> JSON? {
        switch variable {
        case .reference(let target): return try follow(target)
        case .element(let path): return try follow(path, from: element)
        case .computed(let expression, let names):
            return try lookup(name: try value(of: expression, with: element), names, with: element)
        }
    }

    private mutating func lookup(name: JSON, _ names: Expression.Names, with element: JSON?) throws(GivenUp) -> JSON? {
        if name.isNull, case .element = names { return element }
        let name = try text(name)
        switch names {
        case .run(let targets, let longest):
            guard name.utf8.count <= longest else { return nil }
            try charge(bytes: Cost.ofName(name.utf8.count))
            guard let target = targets[name] else { return nil }
            return try follow(target)
        case .element: return try follow(name, from: element)
        }
    }

    private mutating func follow(_ target: Expression.Target) throws(GivenUp) -> JSON? {
        try follow(target.path, from: scope.value(target.root))
    }

    private mutating func follow(_ path: Expression.Path, from start: JSON?) throws(GivenUp) -> JSON? {
        guard let start else { return nil }
        try charge(bytes: path.cost)
        return try follow(path.elements[...], from: start)
    }

    private mutating func follow(
        _ path: ArraySlice<Reference.Element>, from start: JSON
    ) throws(GivenUp) -> JSON? {
        var value = start
        for (index, element) in zip(path.indices, path) {
            switch element {
            case .name(let name):
                guard let next = try member(name, of: value) else { return nil }
                value = next
            case .each:
                guard let elements = value.array else { return nil }
                let rest = path[(index + 1)...]
                if rest.isEmpty { return value }
                var found: [JSON] = []
                for element in elements {
                    try charge(rest.count)
                    found.append(try follow(rest, from: element) ?? .null)
                }
                return .array(found)
            }
        }
        return value
    }

    /// Follows a name that was computed: members separated by points. Never further than to the first that is not there,
    /// however long the name.
    private mutating func follow(_ name: String, from start: JSON?) throws(GivenUp) -> JSON? {
        guard var value = start else { return nil }
        if name.isEmpty { return value }
        var rest = name[...]
        while true {
            let end = rest.utf8.firstIndex(of: UInt8(ascii: ".")) ?? rest.endIndex
            let count = rest.utf8.distance(from: rest.startIndex, to: end)
            try charge(bytes: Cost.operation + 2 * count)
            if count > JSON.Limits.default.keyBytes { return nil }
            try charge(bytes: Cost.ofName(count))
            guard let next = try member(String(rest[..<end]), of: value) else { return nil }
            value = next
            if end == rest.endIndex { return value }
            rest = rest[rest.utf8.index(after: end)...]
        }
    }

    /// What JavaScript has under a name: a member; an element by its index, from 0; a character of a text; the length of
    /// a text or a list.
    private mutating func member(_ name: String, of value: JSON) throws(GivenUp) -> JSON? {
        switch value {
        case .object(let members): return members[name]
        case .array(let elements):
            if name == "length" { return JSON(elements.count) }
            guard let index = Int(name), String(index) == name, elements.indices.contains(index) else { return nil }
            return elements[index]
        case .string(let text):
            try charge(bytes: 2 * text.utf8.count)
            let characters = text.unicodeScalars
            if name == "length" { return JSON(characters.count) }
            guard let index = Int(name), String(index) == name, index >= 0 else { return nil }
            return characters.dropFirst(index).first.map { .string(String($0)) }
        case .null, .bool, .number: return nil
        }
    }

    /// The names that lead nowhere, to null or to an empty string. A list as the first argument is the list of names.
    mutating func missing(
        _ arguments: [JSON], _ names: Expression.Names, with element: JSON?
    ) throws(GivenUp) -> [JSON] {
        var missing: [JSON] = []
        for name in arguments.first?.array ?? arguments {
            try charge()
            switch try lookup(name: name, names, with: element) {
            case nil, .null, .string(""): missing.append(name)
            default: continue
            }
        }
        return missing
    }

    mutating func missingSome(
        _ needed: JSON, _ options: JSON, _ names: Expression.Names, with element: JSON?
    ) throws(GivenUp) -> JSON {
        let options = options.array ?? [options]
        let missing = try missing([.array(options)], names, with: element)
        let found = JSONNumber(options.count - missing.count)
        let order = try order(.number(found), .number(try number(needed)))
        return .array(order == .equal || order == .greater ? [] : missing)
    }
}
