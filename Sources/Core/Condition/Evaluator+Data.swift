extension Evaluator {
    /// The value a variable names; nil when there is none (null is one).
    mutating func lookup(_ variable: Expression.Variable, with element: JSON?) throws(Exhausted) -> JSON? {
        switch variable {
        case .reference(let reference): return scope.value(reference)
        case .element(let path): return element?.value(at: path)
        case .computed(let expression, let names):
            return lookup(name: try value(of: expression, with: element), names, with: element)
        }
    }

    private func lookup(name: JSON, _ names: Expression.Names, with element: JSON?) -> JSON? {
        switch names {
        case .run(let references): references[Coercion.text(name)].flatMap { scope.value($0) }
        case .element: element?.value(at: ConditionParser.path(name))
        }
    }

    /// The names that lead nowhere, to null or to an empty string. A list as the first argument is the list of names.
    mutating func missing(
        _ arguments: [JSON], _ names: Expression.Names, with element: JSON?
    ) throws(Exhausted) -> [JSON] {
        var missing: [JSON] = []
        for name in arguments.first?.array ?? arguments {
            try charge(1 + Coercion.cost(name))
            switch lookup(name: name, names, with: element) {
            case nil, .null, .string(""): missing.append(name)
            default: continue
            }
        }
        return missing
    }

    mutating func missingSome(
        _ needed: JSON, _ options: JSON, _ names: Expression.Names, with element: JSON?
    ) throws(Exhausted) -> JSON {
        let options = options.array ?? [options]
        let missing = try missing([.array(options)], names, with: element)
        let found = JSONNumber(options.count - missing.count)
        guard let needed = try number(needed) else { return .array(missing) }
        return .array(JSONNumber.compare(found, needed) == .less ? missing : [])
    }
}
