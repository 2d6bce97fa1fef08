import Core
import Testing

@Suite("Templates of bodies")
struct TemplateTests {
    @Test(
        "a reference that is the whole string keeps its type; inside a longer one it is text",
        arguments: [
            ("${input.amount}", 12.50), ("${input.big}", 9_007_199_254_740_993), ("${input.ok}", true),
            ("${input.none}", nil),
            ("${input.lines.1}", ["sku": "d"]), ("${input.lines.0.sku}", "a b/c"), ("${input.a-b_C9}", "dashed"),
            ("${input.missing}", nil), ("${input.id.deeper}", nil), ("${input.lines.2}", nil),
            ("${input.lines.01}", nil),
            ("${input.lines.x}", nil), ("${input.0}", "zero"), ("${context.tenantId}", "t1"),
            ("${context}", ["tenantId": "t1"]),
            ("${run.id}", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), ("${steps.charge-payment.output.paymentId}", "p-9"),
            ("${steps.charge-payment.output.parts.1}", 2), ("${steps.charge-payment.status}", "SUCCEEDED"),
            ("${steps.two_words.output}", "plain"), ("${steps.nothing.output}", nil),
            ("${steps.nothing.output.x}", nil),
            ("${steps.unknown.output}", nil), ("${steps.unknown.status}", nil),
            ("id=${input.id}", "id=o-1"), ("${input.id}${input.id}", "o-1o-1"), ("${input.amount} EUR", "12.5 EUR"),
            ("is ${input.ok}!", "is true!"), ("<${input.empty}>", "<>"), ("${input.text}.", "ümläut & more."),
            ("#${input.big}", "#9007199254740993"), (" ${input.id}", " o-1"),
            ("$${input.id}", "${input.id}"), ("$$${input.id}", "$${input.id}"), ("a$${b}${input.id}", "a${b}o-1"),
            ("$", "$"), ("$$", "$$"), ("$x {y} }", "$x {y} }"), ("$ {input.id}", "$ {input.id}"), ("", ""),
            ("100 $", "100 $"),
            ("${input.fake}", "${input.id}"), ("x${input.fake}", "x${input.id}"),
        ] as [(String, JSON)])
    func renders(_ text: String, _ expected: JSON) throws {
        #expect(try Template(.string(text)).render(TestScope.order) == expected)
        let nested = try Template(["a": [1, ["b": .string(text)], "k"], "c": nil, "d": .string(text)])
        #expect(
            try nested.render(TestScope.order) == ["a": [1, ["b": expected], "k"], "c": nil, "d": expected])
        #expect(try nested.bytes(TestScope.order) == nested.render(TestScope.order).bytes)
    }

    @Test("numbers come out as they were written")
    func keepsNumbers() throws {
        let input = try JSON(parsing: #"{"n":1.10,"e":1E5,"long":1.000000000000000005}"#)
        let template = try Template(["n": "${input.n}", "t": "${input.e}/${input.long}", "own": 1])
        #expect(
            try template.render(TestScope(input: input)).text == #"{"n":1.10,"t":"1E5/1.000000000000000005","own":1}"#)
    }

    @Test("a template without references is taken as it is, members in order")
    func constants() throws {
        let json: JSON = ["z": 1, "a": ["$${x}", true, nil], "m": [:]]
        let template = try Template(json)
        #expect(template.references.isEmpty)
        #expect(try template.render(TestScope()).text == #"{"z":1,"a":["${x}",true,null],"m":{}}"#)
    }

    @Test(
        "what cannot be text inside a longer string is an error with its place",
        arguments: [
            ("x${input.missing}", TemplateError.Kind.missing(Reference(.input, [.name("missing")]))),
            ("x${input.none}", .missing(Reference(.input, [.name("none")]))),
            ("x${input.lines}", .notText(Reference(.input, [.name("lines")]), "an array")),
            ("x${input}", .notText(Reference(.input), "an object")),
            ("x${steps.nothing.output}", .missing(Reference(.step("nothing", .output)))),
            ("x${steps.unknown.status}", .missing(Reference(.step("unknown", .status)))),
        ])
    func refusesToRender(_ text: String, _ kind: TemplateError.Kind) throws {
        let template = try Template(["a/b": ["ok", .string(text)]])
        let error = #expect(throws: TemplateError.self) { try template.render(TestScope.order) }
        #expect(error?.kind == kind)
        #expect(error?.pointer.description == "/a~1b/1")
    }

    @Test(
        "what is no reference is refused at registration, with its place",
        arguments: [
            "${}", "${ input.id }", "${inputs.id}", "${input.}", "${input..a}", "${.input}", "${input.a b}",
            "${input.é}",
            "${input[-1]}", "${input[01]}", "${input['a'}", "${input.*x}", "${*}", "${run}", "${run.state}",
            "${run.id.x}", "${steps}", "${steps.a}", "${steps.a.input}",
            "${steps.a.status.x}", "${steps..output}", "${env.HOME}", "${secrets.key}", "${Input.id}", "a ${x} b",
            "${input.id|trim}",
            "${${input.id}}", "${input.\"a\"}",
        ])
    func refusesReferences(_ text: String) {
        let error = #expect(throws: TemplateError.self) { try Template(["x": [.string(text)]]) }
        guard case .invalidReference? = error?.kind else {
            Issue.record("\(text): \(String(describing: error))")
            return
        }
        #expect(error?.pointer.description == "/x/0")
    }

    @Test("an unclosed reference, one in a key and too many of them are refused")
    func refusesOthers() {
        #expect((#expect(throws: TemplateError.self) { try Template("a ${input.id") })?.kind == .unterminated)
        #expect((#expect(throws: TemplateError.self) { try Template("a ${input['id}") })?.kind == .unterminated)
        #expect((#expect(throws: TemplateError.self) { try Template(["${input.id}": 1]) })?.kind == .referenceInKey)
        let many = JSON.array(Array(repeating: "${input}", count: 257))
        #expect((#expect(throws: TemplateError.self) { try Template(many) })?.kind == .tooManyReferences(limit: 256))
    }

    @Test("a text that grows beyond a mebibyte is an error, not a full memory")
    func limitsText() throws {
        let scope = TestScope(input: .string(String(repeating: "x", count: 600_000)))
        let error = #expect(throws: TemplateError.self) { try Template("${input}${input}").render(scope) }
        #expect(error?.kind == .tooLong(limit: 1 << 20))
    }

    @Test("values that multiply are an error with its place, not a full memory")
    func limitsSize() throws {
        let scope = TestScope(input: [
            "big": .array(Array(repeating: "0123456789", count: 80_000)),
            "text": .string(String(repeating: "\u{1}", count: 900_000)),
        ])
        let many = try Template(["n": "${input.big.0}", "list": .array(Array(repeating: "${input.big}", count: 200))])
        for render in [{ _ = try many.render(scope) }, { _ = try many.bytes(scope) }] as [() throws -> Void] {
            let error = #expect(throws: TemplateError.self) { try render() }
            #expect(error?.kind == .tooLarge(limit: 4 << 20) && error?.pointer.description == "/list/4")
        }
        // A short text may be long once it is written as JSON.
        let escaped = try Template("<${input.text}>")
        #expect((#expect(throws: TemplateError.self) { try escaped.bytes(scope) })?.kind == .tooLarge(limit: 4 << 20))
        #expect(try Template(["a": "${input.big}", "b": "${input.big}"]).bytes(scope).count > 1 << 20)
    }

    @Test(
        "what fails in a call is named from the call's root, which the definition's root can be put before",
        arguments: [
            (["path": "/x/${input.empty}"], "/path"),
            (["path": "/x", "headers": ["X-Tenant": "${input.missing}"]], "/headers/X-Tenant"),
            (["path": "/x", "body": ["a": ["${input.id}", "<${input.none}>"]]], "/body/a/1"),
            (["path": "/x", "body": "x${input.none}"], "/body"),
        ] as [(JSON, String)])
    func callPointers(_ members: JSON, _ pointer: String) throws {
        var call = members
        call["participant"] = "p"
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "steps": [["id": "a", "action": call]],
        ])
        let run = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: TestScope.order.input, context: [:],
            createdAt: Instant(microseconds: 0))
        let action = definition.steps[0].madeCall
        var headers: [(String, String)] = []
        let error = #expect(throws: TemplateError.self) {
            _ = try action.renderedPath(run)
            try action.appendHeaders(run, to: &headers)
            _ = try action.renderedBody(run, of: run)
        }
        let place = error?.below(JSONPointer(["steps", "0", "action"]))
        #expect(place?.pointer.description == "/steps/0/action" + pointer)
        #expect(place?.description.hasSuffix("(at /steps/0/action\(pointer))") == true)
    }

    @Test(
        "an optional value that is missing or null takes the member or element that holds it along, and nothing else",
        arguments: [
            (#"{"a":"${input.missing?}","b":1}"#, #"{"b":1}"#), (#"{"a":1,"b":"x${input.none?}y"}"#, #"{"a":1}"#),
            (#"{"a":"${input.missing?}"}"#, "{}"), (#"["${input.none?}",1,"${input.missing?}"]"#, "[1]"),
            (
                #"{"a":"${input.id?}","b":"<${input.ok?}>","c":["${input.lines.1?}"]}"#,
                #"{"a":"o-1","b":"<true>","c":[{"sku":"d"}]}"#
            ),
            (#"{"a":{"b":"${input.missing?}"},"c":"${input.empty?}"}"#, #"{"a":{},"c":""}"#),
            (#"{"a":"${input.id}-${input.missing?}","z":"${input.none}"}"#, #"{"z":null}"#),
            (#""${input.missing?}""#, "null"), (#"{"a":"$${input.missing?}"}"#, #"{"a":"${input.missing?}"}"#),
        ])
    func leavesOut(_ text: String, _ expected: String) throws {
        let template = try Template(JSON(parsing: text))
        #expect(try template.render(TestScope.order).text == expected)
        #expect(try template.bytes(TestScope.order) == Array(expected.utf8))
    }

    @Test("an optional value that is there but no text is still an error, and its reference is checked as any other")
    func optionalErrors() throws {
        let template = try Template(["a": "x${input.lines?}"])
        #expect(throws: TemplateError.self) { try template.render(TestScope.order) }
        #expect(template.references == [Reference(.input, [.name("lines")])])
        #expect(throws: TemplateError.self) { try Template("${nope?}") }
        #expect(throws: TemplateError.self) { try Template("${input.a??}") }
    }

    @Test("references are listed once, uses with their places")
    func lists() throws {
        let template = try Template(["a": "${input.x} ${run.id}", "b": ["${input.x}", "${steps.s.status}"]])
        #expect(template.references.map(\.description) == ["input.x", "run.id", "steps.s.status"])
        #expect(template.uses.map(\.pointer.description) == ["/a", "/a", "/b/0", "/b/1"])
        #expect(template.references.map(\.step) == [nil, nil, "s"])
    }

    @Test(
        "a reference is written as it was read",
        arguments: [
            "input", "input.a.0.b-c_D", "context", "context.tenantId", "run.id", "steps.a-b_c.output",
            "steps.a.output.x.1",
            "steps.a.status",
        ])
    func roundTrips(_ text: String) {
        #expect(Reference(text)?.description == text)
    }
}
