/// One validation of an input. Whatever takes longer the longer a value is, is charged for its bytes.
///
/// It goes on after a breach, so that all are told of, except where it only has to know whether a schema holds: within
/// `anyOf`, `oneOf`, `not`, `if`, `contains` and `propertyNames` (`isQuiet`).
struct SchemaEvaluator {
    private enum Token {
        case member(String)
        case element(Int)
    }

    private let schemas: [CompiledSchema]
    /// What is left of the budget, in bytes.
    var left: Int
    private(set) var breaches: [InputSchema.Breach] = []
    /// The way from the input to the value at hand, while breaches are told of.
    private var place: [Token] = []
    private var quietLevels = 0
    private var depth = 0

    init(_ schemas: [CompiledSchema], budget: Int) {
        self.schemas = schemas
        left = budget
    }

    var isQuiet: Bool { quietLevels > 0 }

    /// Charges operations.
    mutating func charge(_ operations: Int = 1) throws(SchemaGivenUp) {
        try charge(bytes: operations * Cost.operation)
    }

    /// Charges bytes that are compared or searched.
    mutating func charge(bytes: Int) throws(SchemaGivenUp) {
        left -= bytes
        if left < 0 { throw .tooCostly }
    }

    // MARK: Schemas

    /// Whether a value keeps to a schema; what the schema has looked at is added to `evaluated`.
    mutating func holds(
        _ index: Int, _ value: JSON, _ evaluated: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        let schema = schemas[index]
        try charge()
        if let always = schema.always { return always ? true : try refuseAny(schema) }
        guard depth < InputSchema.maxDepth else { throw .tooDeep }
        depth += 1
        defer { depth -= 1 }
        var own = Evaluated(isWanted: evaluated.isWanted || schema.needsEvaluated)
        if own.isWanted { try charge(bytes: value.count / 8) }
        var isKept = true
        if let reference = schema.reference { isKept = try holds(reference, value, &own) }
        for rule in schema.rules {
            if !isKept, isQuiet { return false }
            if try check(rule, of: schema, value, isKept, &own) { continue }
            isKept = false
            // What else is wrong with a value of another type is no help.
            if case .type = rule { return false }
        }
        if isKept, evaluated.isWanted {
            try charge(bytes: own.cost)
            evaluated.merge(own)
        }
        return isKept
    }

    private mutating func check(
        _ rule: CompiledSchema.Rule, of schema: CompiledSchema, _ value: JSON, _ isKept: Bool,
        _ own: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        switch rule {
        case .type(let types): return try check(types, of: schema, value)
        case .oneOf(let values):
            return try isAmong(values, value)
                ? true : tell(schema, "enum", "This must be one of: \(values.examples).")
        case .constant(let values):
            return try isAmong(values, value) ? true : tell(schema, "const", "This must be \(values.examples).")
        case .number(let rule):
            guard case .number(let number) = value else { return true }
            return try check(rule, of: schema, number)
        case .text(let rule):
            guard case .string(let text) = value else { return true }
            return try check(rule, of: schema, text)
        case .array(let rule):
            guard case .array(let elements) = value else { return true }
            // Of a value that is refused already, nobody knows what would have been looked at.
            if case .unevaluated = rule, !isKept { return true }
            return try check(rule, of: schema, elements, &own)
        case .object(let rule):
            guard case .object(let object) = value else { return true }
            if case .unevaluated = rule, !isKept { return true }
            return try check(rule, of: schema, value, object, &own)
        case .combined(let combination): return try check(combination, of: schema, value, &own)
        }
    }

    /// The same without a word about it.
    mutating func holdsQuietly(
        _ index: Int, _ value: JSON, _ evaluated: inout Evaluated
    ) throws(SchemaGivenUp) -> Bool {
        quietLevels += 1
        defer { quietLevels -= 1 }
        return try holds(index, value, &evaluated)
    }

    /// Whether a member's value keeps to a schema.
    mutating func holds(_ index: Int, member name: String, _ value: JSON) throws(SchemaGivenUp) -> Bool {
        try holds(index, at: .member(name), value)
    }

    /// Whether an element keeps to a schema.
    mutating func holds(_ index: Int, element: Int, _ value: JSON) throws(SchemaGivenUp) -> Bool {
        try holds(index, at: .element(element), value)
    }

    private mutating func holds(_ index: Int, at token: Token, _ value: JSON) throws(SchemaGivenUp) -> Bool {
        var evaluated = Evaluated()
        if isQuiet { return try holds(index, value, &evaluated) }
        place.append(token)
        defer { place.removeLast() }
        return try holds(index, value, &evaluated)
    }

    // MARK: Breaches

    /// Notes a breach of a keyword; always false.
    ///
    /// - Parameter member: the member it is about, when that is missing or has the wrong name.
    mutating func tell(
        _ schema: CompiledSchema, _ keyword: String, member: String? = nil, element: Int? = nil,
        _ detail: @autoclosure () -> String
    ) throws(SchemaGivenUp) -> Bool {
        if isQuiet { return false }
        var pointer = pointer
        if let member { pointer = pointer.appending(member) }
        if let element { pointer = pointer.appending(element) }
        return try tell(.init(pointer: pointer, detail: detail(), schema: schema.pointer.appending(keyword)))
    }

    private mutating func refuseAny(_ schema: CompiledSchema) throws(SchemaGivenUp) -> Bool {
        if isQuiet { return false }
        let detail =
            switch place.last {
            case .member?: "This member is not allowed."
            case .element?: "This element is not allowed."
            case nil: "No value is allowed here."
            }
        return try tell(.init(pointer: pointer, detail: detail, schema: schema.pointer))
    }

    /// Notes a breach; always false.
    mutating func tell(_ breach: InputSchema.Breach) throws(SchemaGivenUp) -> Bool {
        guard breaches.count < InputSchema.maxBreaches else { throw .enough }
        breaches.append(breach)
        return false
    }

    /// The breaches of one schema, which count for nothing yet.
    mutating func breaches(of index: Int, _ value: JSON) throws(SchemaGivenUp) -> [InputSchema.Breach] {
        let others = breaches
        defer { breaches = others }
        breaches = []
        var evaluated = Evaluated()
        do { _ = try holds(index, value, &evaluated) } catch {
            guard error == .enough else { throw error }
        }
        return breaches
    }

    /// The place of the value at hand.
    var pointer: JSONPointer {
        JSONPointer(
            place.map { token in
                switch token {
                case .member(let name): name
                case .element(let index): String(index)
                }
            })
    }
}

extension JSON {
    /// How many members or elements it has.
    fileprivate var count: Int {
        switch self {
        case .array(let elements): elements.count
        case .object(let object): object.count
        case .null, .bool, .number, .string: 0
        }
    }
}
