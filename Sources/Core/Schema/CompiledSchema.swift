/// A schema, read: the schemas in it are places in a list.
struct CompiledSchema: Sendable {
    /// The place in the whole.
    let pointer: JSONPointer
    /// For `true` and `false`.
    var always: Bool?
    /// Whether members or elements that nothing has looked at must be known: it has an `unevaluated…`.
    var needsEvaluated = false
    /// `$ref`
    var reference: Int?
    /// In the order in which they are checked: `unevaluated…` comes last.
    var rules: [Rule] = []

    init(pointer: JSONPointer) { self.pointer = pointer }

    enum Rule: Sendable {
        case type(Set<ValueType>)
        /// `enum`
        case oneOf(ValueSet)
        case constant(ValueSet)
        case number(NumberRule)
        case text(TextRule)
        case array(ArrayRule)
        case object(ObjectRule)
        case combined(Combination)
    }

    /// Checked for numbers only.
    enum NumberRule: Sendable {
        case multipleOf(Multiple)
        case maximum(JSONNumber), exclusiveMaximum(JSONNumber), minimum(JSONNumber), exclusiveMinimum(JSONNumber)
    }

    /// Checked for strings only. Lengths are in Unicode scalars.
    enum TextRule: Sendable {
        case maxLength(Int), minLength(Int)
        case pattern(Pattern)
        case format(TextFormat)
    }

    /// Checked for arrays only.
    enum ArrayRule: Sendable {
        case maxItems(Int), minItems(Int)
        case uniqueItems
        /// `prefixItems` and `items`
        case items(first: [Int], rest: Int?)
        case contains(Int, least: Int, most: Int?)
        case unevaluated(Int)
    }

    /// Checked for objects only.
    enum ObjectRule: Sendable {
        case maxProperties(Int), minProperties(Int)
        case required([String])
        case dependentRequired([(name: String, others: [String])])
        case members(Members)
        case names(Int)
        case dependentSchemas([(name: String, schema: Int)])
        case unevaluated(Int)
    }

    /// Schemas for the same value.
    enum Combination: Sendable {
        case all([Int]), any([Int]), one([Int]), not(Int)
        case choose(Int, then: Int?, otherwise: Int?)
    }

    /// `properties`, `patternProperties` and `additionalProperties`.
    struct Members: Sendable {
        var named: [JSONObject.ExactKey: Int] = [:]
        var patterns: [(pattern: Pattern, schema: Int)] = []
        var additional: Int?
    }
}

/// The values of `type`.
enum ValueType: String, Sendable, CaseIterable {
    case null, boolean, object, array, number, string, integer

    /// With its article.
    var phrase: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .object: "an object"
        case .array: "an array"
        case .number: "a number"
        case .string: "a string"
        case .integer: "an integer"
        }
    }

    /// A number without a fraction is an integer, however it is written: `1.0` and `1e3` are.
    func includes(_ value: JSON) -> Bool {
        switch (self, value) {
        case (.null, .null), (.boolean, .bool), (.object, .object), (.array, .array), (.number, .number),
            (.string, .string):
            true
        case (.integer, .number(let number)): number.isIntegral
        case (.null, _), (.boolean, _), (.object, _), (.array, _), (.number, _), (.string, _), (.integer, _): false
        }
    }
}

/// Values that one is compared with, by what JSON Schema calls equal.
struct ValueSet: Sendable {
    /// Their canonical texts.
    let texts: Set<[UInt8]>
    /// The length of the longest.
    let longest: Int
    /// A few of them, for messages.
    let examples: String

    init(_ values: [JSON]) {
        var texts: Set<[UInt8]> = []
        for value in values {
            var writer = CanonicalWriter(limit: .max, left: .max)
            // There is no limit that it could go beyond.
            if (try? writer.write(value)) == true { texts.insert(writer.bytes) }
        }
        self.texts = texts
        longest = texts.lazy.map(\.count).max() ?? 0
        var shown = values.prefix(10).map { value in
            let text = value.text
            return text.utf8.count <= 60 ? text : String(text.prefix(40)) + "…"
        }
        if values.count > 10 { shown.append("…") }
        examples = shown.joined(separator: ", ")
    }
}
