@testable import Core
import Testing

@Suite("What conditions may cost")
struct CostTests {
    /// A million bytes that somebody sends to keep an engine busy, in shapes that rules run into.
    private static let hostile = TestScope(input: [
        "text": .string(String(repeating: "a", count: 1_000_000)),
        "other": .string(String(repeating: "a", count: 999_999) + "b"),
        "unicode": .string(String(repeating: "é", count: 500_000)),
        "points": .string(String(repeating: ".", count: 1_000_000)),
        "space": .string(String(repeating: " ", count: 1_000_000)),
        "key": .string(String(repeating: "é", count: 2000)),
        "digits": .string(String(repeating: "7", count: 1000)),
        "number": .number(JSONNumber(checked: String(repeating: "7", count: 1000))),
        "list": .array(Array(repeating: "x", count: 250_000)),
        "wide": .object(JSONObject((0..<100).map { ("é\($0)", 1) })),
    ])

    /// Rules that touch many bytes with few operations, each done for every element of a list.
    @Test(
        "no operation is free of charge for the bytes it touches",
        arguments: [
            #"{"var":{"var":"name"}}"#, #"{"missing":[{"var":"name"}]}"#, #"{"missing_some":[1,[{"var":"name"}]]}"#,
            #"{"==":[{"var":"text"},{"var":"other"}]}"#, #"{"===":[{"var":"text"},{"var":"other"}]}"#,
            #"{"<":[{"var":"text"},{"var":"other"}]}"#, #"{"==":[{"var":"unicode"},1]}"#,
            #"{"in":["b",{"var":"text"}]}"#, #"{"cat":[{"var":"text"}]}"#, #"{"substr":[{"var":"unicode"},-1]}"#,
            #"{"+":[{"var":"space"},1]}"#, #"{"-":[{"var":"space"},1]}"#, #"{"<":[{"var":"digits"},{"var":"number"}]}"#,
            #"{"max":[{"var":"digits"},{"var":"number"}]}"#, #"{"*":[{"var":"digits"},{"var":"number"}]}"#,
            #"{"var":"text.length"}"#, #"{"var":"unicode.499999"}"#, #"{"==":[{"var":"list"},{"var":"list"}]}"#,
            #"{"in":["y",{"var":"list"}]}"#, #"{"merge":[{"var":"list"},1]}"#, #"{"var":["KEY",1]}"#,
        ])
    func charges(_ once: String) throws {
        var element = try #require(Self.hostile.input.object)
        element["name"] = Self.hostile.input["unicode"]
        let rule = once.replacing("KEY", with: String(repeating: "é", count: 2000))
        let condition = try Condition(
            JSON(parsing: #"{"none":[{"var":"input"},{"and":[RULE,false]}]}"#.replacing("RULE", with: rule)))
        func verdict(elements: Int) -> Condition.Verdict {
            condition.verdict(TestScope(input: .array(Array(repeating: .object(element), count: elements))))
        }
        // So few that their number alone would cost a tenth of what is allowed: it is their bytes.
        try #require(verdict(elements: 1000) == .tooCostly)
        let elapsed = ContinuousClock().measure { #expect(verdict(elements: 20_000) == .tooCostly) }
        #expect(elapsed < .seconds(60))
    }

    @Test(
        "a name that is computed is followed no further than it leads, however long it is",
        arguments: ["text", "unicode", "points", "space"])
    func longNames(_ name: String) throws {
        let rules = [
            // Twice, which is more than may be spent on names of such a length.
            #"{"missing":[{"var":"input.NAME"},{"var":"input.NAME"}]}"#, #"{"!":{"var":{"var":"input.NAME"}}}"#,
            #"{"all":[{"merge":[{"var":"input.NAME"}]},{"missing":[{"var":""}]}]}"#,
            #"{"some":[[1],{"missing":[{"cat":["b",{"var":""}]}]}]}"#,
            #"{"map":[[1,2,3],{"var":{"if":[false,"input.NAME","b.c"]}}]}"#,
        ]
        for rule in rules {
            let condition = try Condition(JSON(parsing: rule.replacing("NAME", with: name)))
            #expect(condition.verdict(Self.hostile) == .yes, "\(rule)")
        }
    }

    @Test("what a condition costs does not depend on the machine: the same effort decides the same")
    func repeats() throws {
        let condition = try Condition(JSON(parsing: #"{"some":[{"var":"input.list"},{"==":[{"var":""},"y"]}]}"#))
        func left(_ scope: TestScope) -> Int {
            var effort = Effort(left: 5_000_000)
            _ = condition.verdict(scope, &effort)
            return effort.left
        }
        let scope = TestScope(input: ["list": ["x", "x", "y"]])
        #expect(left(scope) == left(scope) && left(scope) < 5_000_000)
    }

    @Test("a little effort is shared by all that one decision evaluates, and says when it did not suffice")
    func brief() throws {
        let condition = try Condition(JSON(parsing: #"{"all":[{"var":"input"},{">":[{"var":""},0]}]}"#))
        let scope = TestScope(input: .array(Array(repeating: 1, count: 1000)))
        var effort = Effort.brief
        #expect(condition.verdict(scope, &effort) == .yes && !effort.isSpent)
        #expect(condition.verdict(scope, &effort) == .tooCostly && effort.isSpent)
        var full = Effort.full
        for _ in 0..<100 { #expect(condition.verdict(scope, &full) == .yes) }
        #expect(!full.isSpent)
    }

    @Test("more than a condition may cost at all is no want of effort")
    func tooCostly() throws {
        let condition = try Condition(JSON(parsing: #"{"all":[{"var":"input"},{">":[{"var":""},0]}]}"#))
        var effort = Effort.full
        let scope = TestScope(input: .array(Array(repeating: 1, count: 40_000)))
        #expect(condition.verdict(scope, &effort) == .tooCostly && !effort.isSpent)
    }
}
