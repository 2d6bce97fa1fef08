import Core
import Testing

@Suite("References")
struct ReferenceTests {
    @Test(
        "names of any kind, indices and every element",
        arguments: [
            ("input['@id']", "\"x\""), ("input[\"@id\"]", "\"x\""), ("input['it\\'s']", "1"),
            ("input['a.b']['c']", "true"),
            ("input.items[0].sku", "\"s0\""), ("input.items.1.sku", "\"s1\""),
            ("input.items.*.sku", #"["s0","s1",null]"#),
            ("input.items.*", #"[{"sku":"s0"},{"sku":"s1"},{}]"#), ("input.nested.*.list.*.n", "[[1,2],null,[]]"),
            ("input['']", "0"), ("input['*']", "\"star\""), ("input.@id", nil), ("input.items[3]", nil),
            ("input.items[*]", nil), ("input.missing.*.a", nil), ("input.items.*.*", #"[null,null,null]"#),
        ] as [(String, String?)])
    func values(_ path: String, _ expected: String?) throws {
        let scope = TestScope(
            input: try JSON(
                parsing: #"""
                    {"@id":"x","it's":1,"a.b":{"c":true},"items":[{"sku":"s0"},{"sku":"s1"},{}],"":0,"*":"star",
                     "nested":[{"list":[{"n":1},{"n":2}]},{},{"list":[]}]}
                    """#))
        #expect(Reference(path).flatMap { scope.value($0) }?.text == expected)
    }

    @Test(
        "the shortest form of a path reads back as the same",
        arguments: [
            "input", "input.a.0.b", "input['@id'].x", "input['a\\'b\\\\c']", "input.a.*.b", "run.startedAt",
            "run.error.kind",
            "steps.a.output['x y']", "steps.a_b-c.response.status", "steps.a.response.headers.location", "step.key",
            "response.body.x[0]", "response.headers['x-id']", "steps.a.error.message",
        ])
    func description(_ path: String) throws {
        let reference = try #require(Reference(path))
        #expect(Reference(reference.description) == reference)
    }

    @Test("headers are the same in any case")
    func headers() {
        #expect(Reference("steps.a.response.headers.Location") == Reference("steps.a.response.headers['location']"))
    }

    @Test(
        "what is no reference",
        arguments: [
            "run.state", "run.id.x", "step", "step.attempt.x", "response", "response.headers", "response.headers.a.b",
            "response.status.x", "steps.a.response", "steps.a.response.headers", "steps.a.response.headers['a b']",
            "steps.a.response.status.x", "steps.*.output", "input.a[b]", "input.a[1", "input.a[]", "input.a['b\\n']",
            "input[1.5]", "input.a." + String(repeating: "b.", count: 70) + "c",
        ])
    func refused(_ path: String) { #expect(Reference(path) == nil) }
}

@Suite("Values that may be missing")
struct ChoiceTests {
    @Test(
        "the first reference that has a value counts, then what is given for none",
        arguments: [
            (#""${input.missing ?? "none"}""#, "\"none\""), (#""${input.missing ?? 'no ne'}""#, "\"no ne\""),
            (#""${input.none ?? input.id}""#, "\"o-1\""), (#""${input.missing ?? input.amount ?? 3}""#, "12.5"),
            (#""${input.missing ?? 7}""#, "7"), (#""<${input.missing ?? true}>""#, "\"<true>\""),
            (#""${input.missing ?? null}""#, "null"), (#"["${input.missing ?? omit}",1]"#, "[1]"),
            (#"{"a":"${input.missing??omit}","b":"x${input.id??omit}"}"#, #"{"b":"xo-1"}"#),
            (#"{"a":"${input.missing ?? input.none ?? omit}"}"#, "{}"), (#""${input.lines ?? []}""#, nil),
            (#""${input.missing ?? "a}b"}""#, "\"a}b\""), (#""${input.missing ?? 'a ?? b'}""#, "\"a ?? b\""),
            (#""${input.missing ?? -1.50}""#, "-1.50"),
        ] as [(String, String?)])
    func values(_ text: String, _ expected: String?) throws {
        // Quotes inside of the JSON text's string have to be escaped there.
        let escaped = text.replacing(#"?? "none""#, with: #"?? \"none\""#).replacing(#"?? "a}b""#, with: #"?? \"a}b\""#)
        let template = try? Template(try JSON(parsing: escaped))
        #expect(try template?.render(TestScope.order).text == expected)
        if let template { #expect(String(decoding: try template.bytes(TestScope.order), as: UTF8.self) == expected) }
    }

    @Test(
        "what is neither a reference nor a scalar is refused",
        arguments: [
            "${input.a ?? b}", "${?? 1}", "${1 ?? input.a}", "${omit}", "${input.a ?? omit ?? 1}", "${input.a ??}",
        ])
    func refused(_ text: String) {
        #expect(throws: TemplateError.self) { try Template(.string(text)) }
    }

    @Test("in a path and a header a value stands in as well")
    func paths() throws {
        #expect(try PathTemplate("/a/${input.missing ?? 'x/y'}").render(TestScope.order) == "/a/x%2Fy")
        #expect(
            try PathTemplate("/a?b=${input.missing ?? omit}&c=${input.none ?? \"?&\"}").render(TestScope.order)
                == "/a?c=%3F%26")
        let header = try HeaderTemplate("${input.missing ?? omit}")
        #expect(header.isLeftOut(TestScope.order))
    }
}
