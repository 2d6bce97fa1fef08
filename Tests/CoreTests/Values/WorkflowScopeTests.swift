import Core
import Testing

@Suite("Patterns of workflows' names")
struct WorkflowScopeTests {
    @Test(
        "a pattern matches names as a whole, and * any run of characters",
        arguments: [
            ("refund", ["refund"], ["refunds", "a-refund", "refun", ""]),
            ("orders-*", ["orders-", "orders-eu", "orders-eu-2"], ["orders", "xorders-a", "order-a"]),
            ("*-eu", ["orders-eu", "-eu", "a-eu-eu"], ["orders-eu2", "eu"]),
            ("*", ["a", "anything-at-all"], []),
            ("a*b*c", ["abc", "a-b-c", "axxbyybzzc"], ["abcd", "acb", "ab"]),
            ("**a**", ["a", "ba", "ab", "bab"], ["b"]),
        ] as [(String, [String], [String])])
    func matching(_ text: String, _ matched: [String], _ others: [String]) throws {
        let pattern = try #require(WorkflowPattern(text))
        for name in matched { #expect(pattern.matches(name), "\(name)") }
        for name in others { #expect(!pattern.matches(name), "\(name)") }
    }

    @Test(
        "what no name can match is no pattern",
        arguments: ["", "Orders", "a_b", "a%", "a b", "a:onEnd", "a.b", "é", "a\\"])
    func refused(_ text: String) { #expect(WorkflowPattern(text) == nil) }

    @Test("a hard pattern takes no longer than its length times the name's")
    func hard() throws {
        let pattern = try #require(WorkflowPattern(String(repeating: "a*", count: 63) + "b"))
        #expect(!pattern.matches(String(repeating: "a", count: 60)))
    }

    @Test("the calls after the end belong to their workflow, and a scope that can't be read sees nothing")
    func scopes() throws {
        let scope = WorkflowScope(stored: ["*d", "refund"])
        #expect(scope.sees("refund:onEnd") && scope.sees("sold") && !scope.sees("orders:onEnd"))
        #expect(WorkflowScope(stored: nil) == .all && WorkflowScope.all.sees("anything"))
        #expect(!WorkflowScope(stored: ["refund", "A later form"]).sees("refund"))
        #expect(!WorkflowScope(stored: []).sees("refund"))
    }
}
