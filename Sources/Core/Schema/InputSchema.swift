// What a run may be started with: JSON Schema 2020-12, as much of it as services use. A schema is read once, at registration,
// where everything that is malformed, misspelt or not supported is refused with its place; what is left is a list of compiled
// schemas that name each other by number. Validating has no side effects, and is bounded in time and depth whatever the schema
// and the input: what would exceed the bounds is refused, never taken for valid.
//
// Files: SchemaReader (+Keywords, +References, +Values) reads, CompiledSchema is what it makes, SchemaEvaluator (+Values,
// +Arrays, +Objects, +Combinations) validates, Evaluated is what `unevaluated…` asks for, CanonicalWriter and Multiple are
// equality and division as JSON Schema has them. Pattern/ are regular expressions, Format/ is `format`.

/// An `inputSchema`: a JSON Schema of 2020-12.
///
/// What differs from the specification, all of it said in docs/definitions.md:
/// - `format` is a rule and not a hint; only formats that are known are accepted.
/// - Unknown keywords are refused: most likely they are misspelt, and would be ignored.
/// - `$ref` leads to a place in the same schema (`#/$defs/money`) and to nothing else.
/// - A schema that applies itself to the same value without end is refused.
package struct InputSchema: Sendable {
    /// Operations of one validation at most: every schema, keyword and element counts, and so do every 64 bytes that are
    /// compared or searched.
    package static let maxOperations = 1_000_000
    /// What an event loop may spend between two waits.
    package static let briefOperations = 5_000
    /// Schemas that are applied within each other at most, each to the same value or one inside of it.
    package static let maxDepth = 256
    /// Schemas in a schema at most.
    package static let maxSchemas = 5_000
    /// Instructions of all patterns of a schema together, at most.
    package static let maxPatternInstructions = 20_000
    /// Breaches that are listed at most.
    package static let maxBreaches = 20

    /// What came of a validation.
    package enum Verdict: Hashable, Sendable {
        case valid
        /// It breaks the schema here. With `isCut` it may do so in more places, which were not looked for.
        case invalid([Breach], isCut: Bool)
        /// It needs more operations than it may have.
        case tooCostly
        /// It needs more than `maxDepth` levels.
        case tooDeep
    }

    /// A place where an input breaks its schema.
    package struct Breach: Hashable, Sendable {
        /// The place in the input; of what is missing, the place where it should be.
        package let pointer: JSONPointer
        /// A sentence.
        package let detail: String
        /// The keyword in the schema.
        package let schema: JSONPointer
    }

    let schemas: [CompiledSchema]

    /// Reads a schema.
    ///
    /// - Throws: everything that is wrong with it, with places relative to it, in the order of the text as far as possible.
    package init(_ json: JSON) throws(SchemaErrors) {
        var reader = SchemaReader(json)
        schemas = try reader.whole()
    }

    /// Validates an input. What it costs is taken away from `operations`.
    package func verdict(on input: JSON, operations: inout Int) -> Verdict {
        let budget = min(operations, Self.maxOperations) * Cost.operation
        var evaluator = SchemaEvaluator(schemas, budget: budget)
        defer { operations = max(0, operations - (budget - max(0, evaluator.left)) / Cost.operation) }
        do {
            var evaluated = Evaluated()
            if try evaluator.holds(0, input, &evaluated) { return .valid }
            return .invalid(evaluator.breaches, isCut: false)
        } catch {
            switch error {
            case .enough: return .invalid(evaluator.breaches, isCut: true)
            // What was found stands, whatever else there may be.
            case .tooCostly, .tooDeep:
                if !evaluator.breaches.isEmpty { return .invalid(evaluator.breaches, isCut: true) }
                return error == .tooCostly ? .tooCostly : .tooDeep
            }
        }
    }
}

/// All that is wrong with a schema.
package struct SchemaErrors: Error, Hashable, Sendable {
    /// At least one, at most as many as a definition may have. Pointers are relative to the schema.
    package let errors: [DefinitionError]
}

/// Why a validation was given up.
enum SchemaGivenUp: Error {
    /// It has used up its budget.
    case tooCostly
    /// Schemas are applied within each other too often.
    case tooDeep
    /// There are as many breaches as are listed.
    case enough
}
