@testable import Core
import Testing

@Suite("Conditions")
struct ConditionTests {
    @Test("JsonLogic's operators give JsonLogic's values", arguments: conditionCases)
    func evaluates(_ rule: String, _ expected: String) throws {
        let condition = try Condition(JSON(parsing: rule))
        #expect(condition.value(TestScope.rules)?.text == expected, "\(rule)")
    }

    @Test(
        "truthy rules hold, falsy ones do not",
        arguments: [
            ("true", true), ("1", true), ("-1", true), ("0.5", true), (#""0""#, true), (#""a""#, true), ("[0]", true),
            ("{}", true),
            ("false", false), ("null", false), ("0", false), ("-0.0", false), ("0e5", false), (#""""#, false),
            ("[]", false),
            (#"{"var":"input.nothing"}"#, false), (#"{"==":[{"var":"input.one"},1]}"#, true),
        ])
    func truthiness(_ rule: String, _ expected: Bool) throws {
        let condition = try Condition(JSON(parsing: rule))
        #expect(condition.verdict(TestScope.rules) == (expected ? .yes : .no))
    }

    @Test(
        "a rule that cannot be meant is refused with its place",
        arguments: [
            (#"{"log":"x"}"#, "/log", ConditionError.Kind.unknownOperator("log")),
            (#"{"and":[true,{"xor":[1,2]}]}"#, "/and/1/xor", .unknownOperator("xor")),
            (#"{"=":[1,1]}"#, "/=", .unknownOperator("=")),
            (#"{"method":["x","y"]}"#, "/method", .unknownOperator("method")),
            (#"{"if":[true,{"map":[[1],{"nope":1}]}]}"#, "/if/1/map/1/nope", .unknownOperator("nope")),
            (#"{"==":[1,1],"!=":[1,2]}"#, "", .severalOperators),
            (#"{"and":[{"==":[1,1],"x":1}]}"#, "/and/0", .severalOperators),
            (#"{"==":[1]}"#, "/==", .argumentCount("==", 2...2)), (#"{"==":1}"#, "/==", .argumentCount("==", 2...2)),
            (#"{"==":[1,2,3]}"#, "/==", .argumentCount("==", 2...2)), (#"{"!":[]}"#, "/!", .argumentCount("!", 1...1)),
            (#"{"!":[1,2]}"#, "/!", .argumentCount("!", 1...1)), (#"{"<":[1]}"#, "/<", .argumentCount("<", 2...3)),
            (#"{"and":[]}"#, "/and", .argumentCount("and", 1...Int.max)),
            (#"{"max":[]}"#, "/max", .argumentCount("max", 1...Int.max)),
            (#"{"map":[[1]]}"#, "/map", .argumentCount("map", 2...2)),
            (#"{"-":[1,2,3]}"#, "/-", .argumentCount("-", 1...2)),
            (#"{"var":["input.a",1,2]}"#, "/var", .argumentCount("var", 0...2)),
            (#"{"var":"a"}"#, "/var", .invalidReference("a")),
            (#"{"var":["input..a"]}"#, "/var/0", .invalidReference("input..a")),
            (#"{"var":1}"#, "/var", .invalidReference("a number")), (#"{"var":""}"#, "/var", .wholeData),
            (#"{"var":[]}"#, "/var", .wholeData), (#"{"var":null}"#, "/var", .wholeData),
            (#"{"==":[{"var":"steps.x"},1]}"#, "/==/0/var", .invalidReference("steps.x")),
            (#"{"missing":["input.a","b"]}"#, "/missing/1", .invalidReference("b")),
            (#"{"missing_some":[1,["b"]]}"#, "/missing_some/1/0", .invalidReference("b")),
            (#"{"map":[{"var":"x"},{"var":"x"}]}"#, "/map/0/var", .invalidReference("x")),
            (#"{"reduce":[[],1,{"var":"x"}]}"#, "/reduce/2/var", .invalidReference("x")),
            (#"{"map":[[[5]],{"var":[[0]]}]}"#, "/map/1/var/0", .invalidReference("an array")),
            (#"{"map":[[[5]],{"var":{"a":1,"b":2}}]}"#, "/map/1/var", .invalidReference("an object")),
        ])
    func refuses(_ rule: String, _ pointer: String, _ kind: ConditionError.Kind) throws {
        let json = try JSON(parsing: rule)
        let error = #expect(throws: ConditionError.self) { try Condition(json) }
        #expect(error?.kind == kind)
        #expect(error?.pointer.description == pointer)
    }

    @Test("a rule nested beyond reason is refused")
    func limitsDepth() {
        var rule: JSON = true
        for _ in 0..<200 { rule = ["!": [rule]] }
        #expect((#expect(throws: ConditionError.self) { try Condition(rule) })?.kind == .tooDeep(limit: 64))
    }

    @Test(
        "references are known, with their places, also those that are computed or asked for with missing",
        arguments: [
            (
                #"{"==":[{"var":"input.a"},{"var":["steps.s.output.x",{"var":"context.c"}]}]}"#,
                ["/==/0/var input.a", "/==/1/var/1/var context.c", "/==/1/var/0 steps.s.output.x"]
            ),
            (#"{"missing":["input.a","steps.s.status"]}"#, ["/missing/0 input.a", "/missing/1 steps.s.status"]),
            (#"{"missing":"input.a"}"#, ["/missing input.a"]),
            (#"{"missing_some":[1,["input.a","run.id"]]}"#, ["/missing_some/1/0 input.a", "/missing_some/1/1 run.id"]),
            (
                #"{"var":{"if":[{"var":"input.q"},"steps.s.output","nothing"]}}"#,
                ["/var/if/0/var input.q", "/var/if/1 steps.s.output"]
            ),
            (#"{"map":[{"var":"input.list"},{"var":"steps.s.output"}]}"#, ["/map/0/var input.list"]),
        ] as [(String, [String])])
    func collectsReferences(_ rule: String, _ expected: [String]) throws {
        let condition = try Condition(JSON(parsing: rule))
        #expect(condition.uses.map { "\($0.pointer) \($0.reference)" } == expected)
    }

    @Test("a computed name reaches no reference that is not written in the rule")
    func confinesComputedNames() throws {
        let rule = #"{"var":{"cat":["steps.secret",".output"]}}"#
        let scope = TestScope(outputs: ["secret": "leaked"])
        #expect(try Condition(JSON(parsing: rule)).value(scope) == .null)
        let written = #"{"var":{"if":[true,"steps.secret.output"]}}"#
        #expect(try Condition(JSON(parsing: written)).value(scope) == "leaked")
    }

    @Test(
        "a rule made to run for ever or to fill the memory is given up",
        arguments: [
            // 1000 x 1000 operations
            #"{"map":[{"var":"input.many"},{"reduce":[MANY,{"+":[{"var":"accumulator"},1]},0]}]}"#,
            // doubles a text with every element
            #"{"reduce":[{"var":"input.many"},{"cat":[{"var":"accumulator"},{"var":"accumulator"}]},"xxxxxxxx"]}"#,
            // doubles a list
            #"{"reduce":[{"var":"input.many"},{"merge":[{"var":"accumulator"},{"var":"accumulator"}]},[1,2]]}"#,
            // one level deeper with every element, as a list and as an object
            #"{"reduce":[{"var":"input.many"},[{"var":"accumulator"}],0]}"#,
            #"{"reduce":[{"var":"input.many"},{"var":""},0]}"#,
            #"{"reduce":[{"var":"input.many"},[{"var":"accumulator"},{"var":"accumulator"}],0]}"#,
        ])
    func givesUp(_ rule: String) throws {
        let many = JSON.array((0..<1000).map { JSON($0) })
        let condition = try Condition(JSON(parsing: rule.replacing("MANY", with: many.text)))
        let clock = ContinuousClock()
        let elapsed = clock.measure {
            let verdict = condition.verdict(TestScope(input: ["many": many]))
            #expect(verdict == .tooCostly || verdict == .tooDeep)
        }
        #expect(elapsed < .seconds(60))
    }

    @Test(
        "a value that grows one level with every element is given up long before it could overflow a stack",
        arguments: [
            #"{"reduce":[{"var":"input"},[{"var":"accumulator"}],0]}"#, #"{"reduce":[{"var":"input"},{"var":""},0]}"#,
        ])
    func limitsNesting(_ rule: String) throws {
        let condition = try Condition(JSON(parsing: rule))
        func list(_ count: Int) -> TestScope { TestScope(input: .array(Array(repeating: 1, count: count))) }
        #expect(condition.verdict(list(100)) == .yes)
        #expect(condition.verdict(list(150)) == .tooDeep)
    }

    @Test("ordinary rules over a thousand elements are not given up")
    func finishes() throws {
        let many = JSON.array((0..<1000).map { JSON($0) })
        let rule = #"{"==":[499500,{"reduce":[{"var":"input"},{"+":[{"var":"current"},{"var":"accumulator"}]},0]}]}"#
        #expect(try Condition(JSON(parsing: rule)).verdict(TestScope(input: many)) == .yes)
    }

    @Test("searching a long text for a long part takes time in proportion")
    func searches() throws {
        let scope = TestScope(input: [
            "text": .string(String(repeating: "a", count: 500_000)),
            "part": .string(String(repeating: "a", count: 250_000) + "b"),
        ])
        let clock = ContinuousClock()
        let condition = try Condition(["in": [["var": "input.part"], ["var": "input.text"]]])
        let elapsed = clock.measure { #expect(condition.verdict(scope) == .no) }
        #expect(elapsed < .seconds(60))
    }
}

extension Condition {
    /// With all the effort that a condition may take.
    func verdict(_ scope: some Scope) -> Verdict {
        var effort = Effort.full
        return verdict(scope, &effort)
    }
}

extension TestScope {
    /// The data of the table of rules.
    static let rules = TestScope(
        input: [
            "one": 1, "zero": 0, "text": "apple", "empty": "", "nothing": nil, "list": [1, 2, 3, 4],
            "nested": ["a": ["b": 7]],
            "items": [["sku": "x", "qty": 1, "tags": ["a"]], ["sku": "y", "qty": 3, "tags": []]],
            "big": 9_007_199_254_740_993,
            "none": [], "flag": true,
        ],
        context: ["tenantId": "t1"],
        outputs: ["pay": ["ok": true, "id": "p1"]], statuses: ["pay": "SUCCEEDED", "mail": "SKIPPED"])
}
