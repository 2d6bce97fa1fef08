import Console
import Core
import Testing

@Suite struct FailedGroupTests {
    private static func key(_ workflow: String, _ step: String?, _ message: String) -> FailedGroup.Key {
        var error: JSONObject = ["kind": "compensation", "message": .string(message)]
        if let step { error["stepId"] = .string(step) }
        return FailedGroup.Key(of: RunSummary.Problem(.object(error)), workflow: workflow)
    }

    @Test func `Runs that fail at the same place for the same reason are of one group`() {
        func gaveUp(_ step: String, _ why: String) -> FailedGroup.Key {
            Self.key("w", step, "The compensation of \(step) gave up, its effect may still stand: \(why)")
        }
        let one = gaveUp("a", "no connection to 10.0.0.1:80")
        #expect(one == gaveUp("a", "no connection to 10.0.0.2:80") && one.error == "no connection to …")
        #expect(gaveUp("b", "HTTP 500") == gaveUp("b[7]", "HTTP 500"), "elements are their step")
        #expect(gaveUp("b", "HTTP 500") != gaveUp("b", "HTTP 404"))
        #expect(gaveUp("b", "HTTP 500") != gaveUp("a", "HTTP 500"))
        #expect(Self.key("w", "b", "HTTP 500") != Self.key("v", "b", "HTTP 500"))
        #expect(Self.key("w", nil, "lost").stepID == nil)
    }

    @Test(arguments: [
        ("order 0190a-77 is gone", "order … is gone"), ("answered 503", "answered 503"),
        ("It answered 400.", "It answered 400."),
        ("after 12345 ms", "after … ms"), ("", ""),
    ])
    func `What differs from run to run does not tell groups apart`(_ message: String, _ pattern: String) {
        #expect(FailedGroup.pattern(message) == pattern)
    }
}
