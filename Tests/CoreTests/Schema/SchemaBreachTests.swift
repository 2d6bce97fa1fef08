import Core
import Testing

@Suite("What is told of an input that breaks its schema")
struct SchemaBreachTests {
    private func breaches(_ schema: String, _ input: JSON) throws -> (list: [InputSchema.Breach], isCut: Bool) {
        var operations = InputSchema.maxOperations
        switch try InputSchema(JSON(parsing: schema)).verdict(on: input, operations: &operations) {
        case .valid: return ([], false)
        case .invalid(let breaches, let isCut): return (breaches, isCut)
        case let verdict: throw Unexpected(verdict: verdict)
        }
    }

    private struct Unexpected: Error {
        let verdict: InputSchema.Verdict
    }

    private static let order = ##"""
        {"type": "object", "required": ["orderId", "amount"], "additionalProperties": false,
         "properties": {
            "orderId": {"type": "string", "pattern": "^o-[0-9]+$"}, "amount": {"$ref": "#/$defs/money"},
            "lines": {"type": "array", "maxItems": 2, "items": {"required": ["sku"], "properties": {"price": {"$ref": "#/$defs/money"}}}},
            "email": {"format": "email"}, "kind": {"enum": ["new", 1.0, null]}, "tags": {"uniqueItems": true}},
         "dependentRequired": {"email": ["lines"]},
         "$defs": {"money": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.01}}}
        """##

    @Test("all breaches are told, each with its place in the input, a sentence, and the keyword")
    func all() throws {
        let input: JSON = [
            "orderId": "7", "lines": [["sku": "a", "price": 1.005], [:], ["sku": "b"]], "email": "ann", "kind": "old",
            "tags": [1, "a", 1.0], "a/b~": 1,
        ]
        let found = try breaches(Self.order, input)
        #expect(!found.isCut)
        let told = found.list.map { "\($0.pointer) \($0.schema) \($0.detail)" }
        #expect(
            told == [
                "/amount /required This member is required.",
                "/orderId /properties/orderId/pattern This does not match the pattern.",
                "/lines /properties/lines/maxItems This must have at most 2 elements.",
                "/lines/0/price /$defs/money/multipleOf This must be a multiple of 0.01.",
                "/lines/1/sku /properties/lines/items/required This member is required.",
                "/email /properties/email/format This must be an e-mail address.",
                #"/kind /properties/kind/enum This must be one of: "new", 1.0, null."#,
                "/tags/2 /properties/tags/uniqueItems This equals element 0; each must differ.",
                "/a~1b~0 /additionalProperties This member is not allowed.",
            ])
        #expect(try breaches(Self.order, ["orderId": "o-1", "amount": 10.10]).list.isEmpty)
        let whole = try breaches(Self.order, nil).list
        #expect(whole.map(\.detail) == ["This must be an object, not null."] && whole[0].pointer == .root)
        let alone = try breaches(Self.order, ["orderId": "o-1", "amount": 1, "email": "a@b.example"]).list
        #expect(alone.map { "\($0.pointer) \($0.detail)" } == [#"/lines This member is required beside "email"."#])
    }

    @Test("twenty are listed, and that there may be more is said")
    func cut() throws {
        let schema = #"{"items": {"type": "integer"}}"#
        let twenty = try breaches(schema, .array(Array(repeating: "x", count: 20)))
        #expect(twenty.list.count == 20 && !twenty.isCut)
        let more = try breaches(schema, .array(Array(repeating: "x", count: 21)))
        #expect(more.list.count == 20 && more.isCut)
        #expect(more.list.map(\.pointer.description) == (0..<20).map { "/\($0)" })
        let half = try breaches(schema, [1.5]).list
        #expect(half.map(\.detail) == ["This must be an integer, not a number with a fraction."])
    }

    @Test(
        "what is tried out leaves no breaches behind",
        arguments: [
            (#"{"anyOf": [{"type": "string"}, {"type": "number"}]}"#, true),
            (#"{"oneOf": [{"minimum": 2}, {"maximum": 1}]}"#, true), (#"{"not": {"type": "string"}}"#, true),
            (#"{"if": {"type": "string"}, "else": {"maximum": 1}}"#, true),
            (#"{"anyOf": [{"properties": {"a": false}, "type": "string"}, {"type": "null"}]}"#, false),
            (#"{"oneOf": [{"type": "string"}, {"type": "null"}]}"#, false),
            (#"{"oneOf": [true, {"minimum": 1}]}"#, false),
            (#"{"not": {"minimum": 1}}"#, false), (#"{"if": {"minimum": 1}, "then": {"maximum": 0}}"#, false),
        ])
    func quiet(_ schema: String, _ isValid: Bool) throws {
        let found = try breaches(schema, 1).list
        #expect(found.count == (isValid ? 0 : 1), "\(found)")
    }

    @Test(
        "of several things a value may be, what is wrong is told of the one that it was meant to be, if that is clear")
    func likely() throws {
        let schema = #"""
            {"oneOf": [
                {"properties": {"kind": {"const": "card"}, "number": {"type": "string"}}, "required": ["number"]},
                {"properties": {"kind": {"const": "iban"}, "iban": {"minLength": 15}}}, {"type": "null"}]}
            """#
        func told(_ input: JSON) throws -> [String] {
            try breaches(schema, input).list.map { "\($0.pointer) \($0.schema)" }
        }
        #expect(try told(["kind": "card", "number": 7]) == [" /oneOf", "/number /oneOf/0/properties/number/type"])
        #expect(try told(["kind": "card"]) == [" /oneOf", "/number /oneOf/0/required"])
        #expect(try told(["kind": "iban", "iban": "DE"]) == [" /oneOf", "/iban /oneOf/1/properties/iban/minLength"])
        // It may be either, or none at all.
        #expect(try told(["iban": "DE"]) == [" /oneOf"])
        #expect(try told(["kind": "cash"]) == [" /oneOf"])
        #expect(try breaches(#"{"anyOf": [{"minimum": 5}, {"type": "string"}]}"#, 1).list.count == 2)
    }

    @Test("what a schema only looks for is told as a whole: contained elements, names of members")
    func wholes() throws {
        let contains = try breaches(#"{"contains": {"const": 1}, "minContains": 2}"#, [1, 2, 3]).list
        #expect(contains.map { "\($0.pointer) \($0.schema)" } == [" /minContains"])
        let names = try breaches(#"{"propertyNames": {"maxLength": 2}}"#, ["ab": 1, "abc": 2]).list
        #expect(names.map { "\($0.pointer) \($0.schema)" } == ["/abc /propertyNames"])
        let rest = try breaches(
            #"{"allOf": [{"properties": {"a": {"type": "null"}}}], "unevaluatedProperties": false}"#,
            ["a": nil, "b": 1])
        #expect(rest.list.map { "\($0.pointer) \($0.schema)" } == ["/b /unevaluatedProperties"])
        // Of a value that is refused already nothing more is guessed.
        let noise = try breaches(
            #"{"allOf": [{"properties": {"a": {"type": "null"}}}], "unevaluatedProperties": false}"#, ["a": 1])
        #expect(noise.list.map { "\($0.pointer) \($0.schema)" } == ["/a /allOf/0/properties/a/type"])
    }

    @Test("numbers are compared exactly, however they are written")
    func numbers() throws {
        let large = #"{"maximum": 9007199254740992}"#
        #expect(try breaches(large, 9_007_199_254_740_993).list.count == 1)
        #expect(try breaches(#"{"const": 100}"#, JSON(parsing: "1.00e2")).list.isEmpty)
        #expect(try breaches(#"{"const": 0}"#, JSON(parsing: "-0.0")).list.isEmpty)
        #expect(try breaches(#"{"const": 0.1}"#, JSON(parsing: "0.10000000000000000001")).list.count == 1)
        #expect(
            try breaches(#"{"uniqueItems": true}"#, JSON(parsing: "[1, [1], {\"a\": 1}, true, \"1\"]")).list.isEmpty)
        #expect(
            try breaches(#"{"uniqueItems": true}"#, JSON(parsing: "[{\"a\":1,\"b\":2},{\"b\":2.0,\"a\":1e0}]")).list
                .count == 1)
        #expect(try breaches(#"{"type": "integer"}"#, JSON(parsing: "1e3")).list.isEmpty)
        #expect(try breaches(#"{"multipleOf": 0.3}"#, JSON(parsing: "0.9")).list.isEmpty)
        #expect(try breaches(#"{"multipleOf": 1e-300}"#, JSON(parsing: "7e300")).list.isEmpty)
        #expect(try breaches(#"{"multipleOf": 3}"#, JSON(parsing: "1e400")).list.count == 1)
        #expect(try breaches(#"{"multipleOf": 3}"#, JSON(parsing: "3e400")).list.isEmpty)
    }

    @Test("names that only look alike are different members")
    func names() throws {
        let composed = try breaches("{\"required\": [\"\u{E9}\"], \"additionalProperties\": false}", ["e\u{301}": 1])
            .list
        #expect(composed.count == 2)
        let property = try breaches("{\"properties\": {\"\u{E9}\": false}}", ["e\u{301}": 1]).list
        #expect(property.isEmpty)
        #expect(try breaches("{\"const\": \"\u{E9}\"}", "e\u{301}").list.count == 1)
    }
}
