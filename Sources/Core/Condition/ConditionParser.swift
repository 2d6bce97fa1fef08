/// Reads a rule into an expression, collecting the references it may use.
struct ConditionParser {
    /// Where an expression stands: its variables are references, or paths into an element.
    enum Place { case run, element }

    /// Levels of a rule at most; evaluation is recursive.
    static let maxDepth = 64

    /// See `Reference`.
    let item: String?

    private(set) var uses: [ReferenceUse] = []
    /// The secrets that are named.
    private(set) var secrets: Set<String> = []
    /// What is read now may be missing: something stands in for it.
    private var isGuarded = false

    init(item: String?) { self.item = item }

    mutating func expression(_ json: JSON, at pointer: JSONPointer, in place: Place) throws(ConditionError)
        -> Expression
    {
        guard pointer.tokens.count <= Self.maxDepth else {
            throw ConditionError(kind: .tooDeep(limit: Self.maxDepth), pointer: pointer)
        }
        switch json {
        case .null, .bool, .number, .string: return .literal(json)
        case .array(let elements):
            var list: [Expression] = []
            for (index, element) in elements.enumerated() {
                list.append(try expression(element, at: pointer.appending(index), in: place))
            }
            let literals = list.compactMap(\.literal)
            return literals.count == list.count ? .literal(.array(literals)) : .list(list)
        case .object(let object):
            guard let (name, arguments) = object.members.first else { return .literal(json) }
            guard object.count == 1 else {
                // An object of several members is data, but one of them being an operator is a mistake.
                if object.members.contains(where: { Operator(rawValue: $0.key) != nil }) {
                    throw ConditionError(kind: .severalOperators, pointer: pointer)
                }
                return .literal(json)
            }
            guard let symbol = Operator(rawValue: name) else {
                throw ConditionError(
                    kind: .unknownOperator(String(name.prefix(40))), pointer: pointer.appending(name))
            }
            return try call(symbol, arguments, at: pointer.appending(name), in: place)
        }
    }

    /// An operation; a single argument may stand without brackets.
    private mutating func call(
        _ symbol: Operator, _ json: JSON, at pointer: JSONPointer, in place: Place
    ) throws(ConditionError) -> Expression {
        let wasGuarded = isGuarded
        defer { isGuarded = wasGuarded }
        if symbol == .coalesce || symbol == .missing || symbol == .missingSome { isGuarded = true }
        let arguments =
            json.array.map { array in array.indices.map { (array[$0], pointer.appending($0)) } }
            ?? [(json, pointer)]
        guard symbol.argumentCount.contains(arguments.count) else {
            throw ConditionError(kind: .argumentCount(symbol.rawValue, symbol.argumentCount), pointer: pointer)
        }
        if symbol == .variable { return try variable(arguments, at: pointer, in: place) }
        var expressions: [Expression] = []
        for (index, argument) in arguments.enumerated() {
            let isBody = symbol.iterates && index == 1
            expressions.append(try expression(argument.0, at: argument.1, in: isBody ? .element : place))
        }
        if symbol == .hmacSHA256 {
            guard let name = expressions[0].literal?.string, Name.isValid(name) else {
                throw ConditionError(kind: .secretName, pointer: arguments[0].1)
            }
            secrets.insert(name)
        }
        switch symbol {
        case .missing: return .missing(expressions, try names(in: arguments, in: place))
        case .missingSome: return .missingSome(expressions[0], expressions[1], try names(in: [arguments[1]], in: place))
        default: return .call(symbol, expressions)
        }
    }

    private mutating func variable(
        _ arguments: [(JSON, JSONPointer)], at pointer: JSONPointer, in place: Place
    ) throws(ConditionError) -> Expression {
        var fallback: Expression?
        if arguments.count == 2 { fallback = try expression(arguments[1].0, at: arguments[1].1, in: place) }
        if fallback != nil { isGuarded = true }
        let (name, namePointer) = arguments.first ?? (.null, pointer)
        let computed = try expression(name, at: namePointer, in: place)
        guard let literal = computed.literal else {
            return .variable(.computed(computed, try names(in: [(name, namePointer)], in: place)), fallback: fallback)
        }
        switch place {
        case .element:
            guard let path = Self.path(literal) else {
                throw ConditionError(kind: .invalidReference(literal.typeName), pointer: namePointer)
            }
            return .variable(.element(Expression.Path(path.map { .name($0) })), fallback: fallback)
        case .run:
            if literal.isNull || literal.string == "" { throw ConditionError(kind: .wholeData, pointer: namePointer) }
            let target = Expression.Target(try reference(literal, at: namePointer))
            return .variable(.reference(target), fallback: fallback)
        }
    }

    /// The names that `missing` (or a computed `var`) may come to.
    ///
    /// Written out they must be references. Where an operator computes them, every string in its arguments that reads as
    /// a reference is one it may come to, and is checked like those written as variables.
    private mutating func names(
        in arguments: [(JSON, JSONPointer)], in place: Place
    ) throws(ConditionError) -> Expression.Names {
        guard place == .run else { return .element }
        var found: [String: Expression.Target] = [:]
        for (json, pointer) in arguments { try collect(json, at: pointer, isComputed: false, into: &found) }
        return .run(found, longest: found.keys.map(\.utf8.count).max() ?? 0)
    }

    private mutating func collect(
        _ json: JSON, at pointer: JSONPointer, isComputed: Bool, into found: inout [String: Expression.Target]
    ) throws(ConditionError) {
        switch json {
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                try collect(element, at: pointer.appending(index), isComputed: isComputed, into: &found)
            }
        case .object(let object):
            for (key, value) in object.members where key != Operator.variable.rawValue {
                try collect(value, at: pointer.appending(key), isComputed: true, into: &found)
            }
        case .string(let name) where isComputed:
            guard let reference = Reference(name, item: item) else { return }
            found[name] = Expression.Target(reference)
            uses.append(ReferenceUse(pointer, reference, isGuarded: isGuarded))
        case .null, .bool, .number, .string:
            if isComputed { return }
            let reference = try reference(json, at: pointer)
            found[reference.description] = Expression.Target(reference)
        }
    }

    private mutating func reference(_ json: JSON, at pointer: JSONPointer) throws(ConditionError) -> Reference {
        guard let name = json.string, let reference = Reference(name, item: item) else {
            let text = json.string ?? json.typeName
            throw ConditionError(kind: .invalidReference(String(text.prefix(80))), pointer: pointer)
        }
        uses.append(ReferenceUse(pointer, reference, isGuarded: isGuarded))
        return reference
    }

    /// The path a literal stands for inside a list: members separated by points, or an index. Nil for a list or an object.
    private static func path(_ name: JSON) -> [String]? {
        switch name {
        case .null, .string(""): return []
        case .bool, .number, .string:
            return Coercion.text(name).split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        case .array, .object: return nil
        }
    }
}
