@testable import Core
import Testing

@Suite("What validating may cost")
struct SchemaBoundsTests {
    private func verdict(
        _ schema: String, _ input: JSON, _ operations: Int = InputSchema.maxOperations
    ) throws -> InputSchema.Verdict {
        var operations = operations
        return try InputSchema(JSON(parsing: schema)).verdict(on: input, operations: &operations)
    }

    private static let text = String(repeating: "a", count: 1_000_000)

    /// Schemas that are small and inputs of a megabyte, made for each other.
    @Test(
        "what needs more than it may have is given up, and is never taken for valid",
        arguments: [
            // Each of many elements costs little, and there are as many as there can be.
            #"{"items": {"pattern": "(x+x+)+y"}}"#, #"{"items": {"anyOf": [false, false, false, true]}}"#,
            ##"{"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/b"}]}, "b": {"allOf": [{"$ref": "#/$defs/c"}, {"$ref": "#/$defs/c"}]}, "c": {"allOf": [true, true]}}}"##,
            #"{"uniqueItems": true, "items": {"uniqueItems": true}, "contains": false, "minContains": 0}"#,
            #"{"contains": {"not": {"enum": ["b", 1]}}, "maxContains": 0, "minContains": 0, "not": {"contains": {"enum": ["b"]}}}"#,
        ])
    func manyElements(_ schema: String) throws {
        let element = JSON.string("aaaaaaaaa")
        let many = JSON.array((0..<150_000).map { .array([element, .number(JSONNumber($0))]) })
        let flat = JSON.array(Array(repeating: element, count: 250_000))
        let clock = ContinuousClock()
        for input in [many, flat] {
            let elapsed = try clock.measure {
                let verdict = try verdict(schema, input)
                if case .invalid(let breaches, _) = verdict { #expect(!breaches.isEmpty) }
            }
            #expect(elapsed < .seconds(20), "\(elapsed)")
        }
        #expect(try verdict(schema, flat, 5000) != .valid)
    }

    @Test("doubling with every level is given up, however small the schema")
    func doubling() throws {
        var definitions = JSONObject()
        for level in 0..<60 {
            let next: JSON = ["$ref": .string("#/$defs/d\(level + 1)")]
            definitions["d\(level)"] = ["allOf": [next, next]]
        }
        definitions["d60"] = ["type": "string"]
        let schema = try InputSchema(["$ref": "#/$defs/d0", "$defs": .object(definitions)])
        var operations = InputSchema.maxOperations
        #expect(schema.verdict(on: "a", operations: &operations) == .tooCostly)
        #expect(operations == 0)
        // Where a breach was found before, it is told.
        var few = 2000
        guard case .invalid(let breaches, true) = schema.verdict(on: 1, operations: &few) else {
            Issue.record("it is refused")
            return
        }
        #expect(breaches.count == InputSchema.maxBreaches)
    }

    @Test("schemas within each other are followed so far and no further")
    func depth() throws {
        var chain = JSONObject()
        let limit = InputSchema.maxDepth
        for level in 0..<limit { chain["d\(level)"] = ["$ref": .string("#/$defs/d\(level + 1)")] }
        chain["d\(limit)"] = true
        chain["d\(limit - 1)"] = ["type": "string"]
        let definitions = JSON.object(chain)
        var operations = InputSchema.maxOperations
        let just = try InputSchema(["$ref": "#/$defs/d1", "$defs": definitions])
        #expect(just.verdict(on: "a", operations: &operations) == .valid)
        let more = try InputSchema(["allOf": [["$ref": "#/$defs/d0"]], "$defs": definitions])
        #expect(more.verdict(on: "a", operations: &operations) == .tooDeep)
        // A tree as deep as JSON can be.
        var tree: JSON = ["value": 1]
        for _ in 0..<31 { tree = ["children": [tree]] }
        let recursive = ##"{"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}"##
        #expect(try verdict(recursive, tree) == .valid)
    }

    @Test("every byte of a long text, name or number is paid for")
    func bytes() throws {
        let long = Self.text
        let digits = JSON.number(JSONNumber(checked: String(repeating: "7", count: 1000)))
        let cases: [(String, JSON)] = [
            (#"{"minLength": 2000000}"#, .string(long)), (#"{"maxLength": 500000}"#, .string(long)),
            (#"{"format": "email"}"#, .string(long)), (#"{"format": "uri-reference"}"#, .string(long)),
            (#"{"pattern": "b$"}"#, .string(long)), (#"{"uniqueItems": true}"#, [.string(long), .string(long)]),
            (#"{"items": {"not": {"enum": [1, 2]}}}"#, .array(Array(repeating: digits, count: 1000))),
            (#"{"items": {"minimum": 1}}"#, .array(Array(repeating: digits, count: 1000))),
            (#"{"items": {"type": "integer"}}"#, .array(Array(repeating: digits, count: 1000))),
            (#"{"patternProperties": {"b$": true}}"#, .object([String(repeating: "a", count: 4000): 1])),
        ]
        for (schema, input) in cases {
            // So few that the number of operations alone would suffice: it is their bytes.
            let few = input.array?.count == 1000 ? 4000 : schema.contains("patternProperties") ? 50 : 1000
            #expect(try verdict(schema, input, few) == .tooCostly, "\(schema)")
        }
    }

    @Test("what is compared with few values is read no further than those are long")
    func shortValues() throws {
        var operations = 100
        let schema = try InputSchema(["enum": ["a", ["b"], ["c": 1]]])
        let wide = JSON.object(JSONObject((0..<50_000).map { (key: "m\($0)", value: 1) }))
        for input: JSON in [.string(Self.text), wide, .array(Array(repeating: "b", count: 100_000))] {
            guard case .invalid = schema.verdict(on: input, operations: &operations) else {
                Issue.record("it is no value of the enum, and that costs little")
                return
            }
        }
        #expect(operations > 50)
    }

    @Test("what validating costs does not depend on the machine")
    func repeats() throws {
        let schema = try InputSchema(JSON(parsing: #"{"items": {"type": "string", "pattern": "^a+$"}}"#))
        func left() -> Int {
            var operations = 10_000
            #expect(schema.verdict(on: .array(Array(repeating: "aaa", count: 100)), operations: &operations) == .valid)
            return operations
        }
        #expect(left() == left() && left() < 9_800)
    }

    @Test("a schema has so many schemas, and so many instructions of patterns, and no more")
    func sizes() throws {
        func schema(of count: Int) -> JSON { ["anyOf": .array(Array(repeating: true, count: count - 1))] }
        _ = try InputSchema(schema(of: InputSchema.maxSchemas))
        let error = #expect(throws: SchemaErrors.self) { try InputSchema(schema(of: InputSchema.maxSchemas + 100)) }
        #expect(error?.errors.map(\.pointer.description) == ["/anyOf/4999"])
        func patterns(_ count: Int) -> JSON {
            ["allOf": .array(Array(repeating: ["pattern": "^a{997}$"], count: count))]
        }
        _ = try InputSchema(patterns(20))
        let large = #expect(throws: SchemaErrors.self) { try InputSchema(patterns(40)) }
        #expect(large?.errors.map(\.pointer.description) == ["/allOf/20/pattern"])
    }
}
