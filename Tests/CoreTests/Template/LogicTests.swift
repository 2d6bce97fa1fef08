import Core
import Testing

@Suite("JsonLogic in templates")
struct LogicTests {
    private func value(_ rule: String) throws -> JSON {
        try Template(["v": ["$logic": try JSON(parsing: rule)]]).render(TestScope.order)["v"] ?? "nothing"
    }

    @Test(
        "operators that are not JsonLogic's",
        arguments: [
            (#"{"??":[{"var":"input.missing"},{"var":"input.none"},"x"]}"#, "\"x\""), (#"{"??":[null]}"#, "null"),
            (#"{"text":[12.50]}"#, "\"12.50\""), (#"{"text":[true]}"#, "\"true\""), (#"{"text":[null]}"#, "null"),
            (#"{"text":[[1,"a"]]}"#, #""[1,\"a\"]""#), (#"{"number":["12.50"]}"#, "12.50"),
            (#"{"number":["12 "]}"#, "null"), (#"{"number":["0x1"]}"#, "null"), (#"{"number":[true]}"#, "null"),
            (#"{"number":["9007199254740993"]}"#, "9007199254740993"), (#"{"json":["a"]}"#, #""\"a\"""#),
            (#"{"json":[{"/":[1,0]}]}"#, "\"null\""), (#"{"parse":["{\"a\":[1.0]}"]}"#, #"{"a":[1.0]}"#),
            (#"{"parse":["{"]}"#, "null"), (#"{"parse":[5]}"#, "null"),
            (#"{"join":[["a",1,null,true],"-"]}"#, "\"a-1--true\""), (#"{"join":["a",","]}"#, "\"a\""),
            (#"{"split":["a,b,,c",","]}"#, #"["a","b","","c"]"#), (#"{"split":["abc",""]}"#, #"["abc"]"#),
            (#"{"split":["aXXXb","XX"]}"#, #"["a","Xb"]"#),
            (#"{"object":["a",1,"b",{"var":"input.id"}]}"#, #"{"a":1,"b":"o-1"}"#), (#"{"object":[]}"#, "{}"),
            (#"{"map":[{"var":"input.lines"},{"object":["s",{"var":"sku"}]}]}"#, #"[{"s":"a b/c"},{"s":"d"}]"#),
            (#"{"round":[2.5]}"#, "3"), (#"{"round":[-2.5]}"#, "-3"), (#"{"round":[1.005,2]}"#, "1.01"),
            (#"{"round":[9007199254740993]}"#, "9007199254740993"), (#"{"floor":[-1.2]}"#, "-2"),
            (#"{"ceil":[1.2]}"#, "2"), (#"{"abs":[-7]}"#, "7"), (#"{"abs":["-7.5"]}"#, "7.5"),
            (#"{"dateAdd":["2026-01-31T12:00:00Z","36h"]}"#, "\"2026-02-02T00:00:00Z\""),
            (#"{"dateAdd":["2026-01-31T12:00:00+02:00","-90m"]}"#, "\"2026-01-31T08:30:00Z\""),
            (#"{"dateAdd":["2026-01-31T12:00:00.250Z","1s"]}"#, "\"2026-01-31T12:00:01.25Z\""),
            (#"{"dateAdd":["yesterday","1s"]}"#, "null"), (#"{"dateAdd":["2026-01-31T12:00:00Z","1.5h"]}"#, "null"),
            (#"{"dateDiff":["2026-01-31T12:00:00Z","2026-02-01T00:00:30Z"]}"#, "43230"),
            (#"{"dateDiff":["2026-02-01T00:00:00Z","2026-01-31T12:00:00Z","h"]}"#, "-12"),
            (#"{"dateDiff":["2026-02-01T00:00:00Z","2026-01-31T12:00:00Z","y"]}"#, "null"),
            (#"{"day":["2026-01-31T23:30:00-02:00"]}"#, "\"2026-02-01\""),
            (#"{"unix":["1970-01-02T00:00:00.9Z"]}"#, "86400"),
            (#"{"unix":["1969-12-31T23:59:59.5Z"]}"#, "-1"), (#"{"fromUnix":[86400]}"#, "\"1970-01-02T00:00:00Z\""),
            // FIPS 180-4's "abc"; HMAC with the key "key".
            (
                #"{"sha256":["abc"]}"#, "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""
            ),
            (
                #"{"hmacSha256":["signing","The quick brown fox jumps over the lazy dog"]}"#,
                "\"f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8\""
            ),
            (#"{"base64":["a"]}"#, "\"YQ==\""), (#"{"base64":["ab"]}"#, "\"YWI=\""),
            (#"{"base64":["abc"]}"#, "\"YWJj\""),
            (#"{"base64":["ü"]}"#, "\"w7w=\""), (#"{"base64":[""]}"#, "\"\""),
        ])
    func operators(_ rule: String, _ expected: String) throws { #expect(try value(rule).text == expected) }

    @Test("a rule stands wherever a value does, beside constants and references, and in text it is none")
    func places() throws {
        let template = try Template([
            "total": ["$logic": ["+": [["var": "input.amount"], 1]]], "id": "${input.id}",
            "list": [["$logic": ["!": [true]]]],
        ])
        #expect(template.references.map(\.description) == ["input.amount", "input.id"])
        let expected = #"{"total":13.5,"id":"o-1","list":[false]}"#
        #expect(try template.render(TestScope.order).text == expected)
        #expect(String(decoding: try template.bytes(TestScope.order), as: UTF8.self) == expected)
    }

    @Test("what is wrong with a rule is refused at registration, at its place")
    func refused() throws {
        func error(_ json: JSON) -> TemplateError? { #expect(throws: TemplateError.self) { try Template(json) } }
        #expect(error(["a": ["$logic": ["nope": 1]]])?.pointer.description == "/a/$logic/nope")
        #expect(error(["a": ["$logic": 1, "b": 2]])?.kind == .logicBesideOthers)
        #expect(error([["$logic": ["+": [["var": "nothing"]]]]])?.pointer.description == "/0/$logic/+/0/var")
        #expect(
            error(["$logic": ["hmacSha256": [["var": "input.a"], "x"]]])?.pointer.description == "/$logic/hmacSha256/0")
    }

    @Test("numbers that JSON has not, and what grows beyond all bounds, are errors with their place")
    func bounds() throws {
        func error(_ rule: JSON, _ scope: TestScope = .order) -> TemplateError? {
            #expect(throws: TemplateError.self) { try Template(["a": ["$logic": rule]]).bytes(scope) }
        }
        #expect(error(["/": [1, 0]])?.kind == .logicNoNumber)
        #expect(error(["/": [1, 0]])?.pointer.description == "/a")
        #expect(error(["merge": [1, ["/": [1, 0]]]])?.kind == .logicNoNumber)
        // Each round doubles what the value is as text; as a value its parts are shared.
        let doubling: JSON = [
            "reduce": [["var": "input.list"], ["cat": [["var": "accumulator"], ["var": "accumulator"]]], "0123456789"]
        ]
        let list = TestScope(input: ["list": .array(Array(repeating: 1, count: 60))])
        #expect(error(doubling, list)?.kind == .logicTooCostly(limit: Template.maxOperations))
        let large = TestScope(input: [
            "all": .string(String(repeating: "x", count: 30_000))
        ])
        let many: JSON = ["merge": .array(Array(repeating: ["var": "input.all"], count: 200))]
        #expect(error(many, large)?.kind == .tooLarge(limit: Template.maxBytes))
    }

    @Test("all rules of a template share its operations")
    func shared() throws {
        let rule: JSON = ["$logic": ["some": [["var": "input.list"], [">": [["var": ""], 5]]]]]
        let scope = TestScope(input: ["list": .array(Array(repeating: 1, count: 5000))])
        #expect(try Template([rule]).render(scope) == [false])
        let error = #expect(throws: TemplateError.self) {
            try Template(.array([rule, rule, rule, rule])).render(scope)
        }
        #expect(error?.kind == .logicTooCostly(limit: Template.maxOperations))
    }
}
