import Core
import Rehearsal
import Testing

@Suite("What is told of cases")
struct RehearsalReportTests {
    private static let paid = Response(
        status: 200, body: (["id": "p-1"] as JSON).bytes, contentType: "application/json")

    private static func report(explores: Bool = false) throws -> RehearsalReport {
        let definition = try CaseTests.definition()
        var report = RehearsalReport("order 1.0.0")
        let cases: JSON = [
            [
                "name": "good", "input": ["amount": 0], "answers": ["charge": [["body": ["id": "p"]]]],
                "expect": ["status": "COMPLETED"],
            ],
            [
                "name": "a <bad> & \"odd\" one", "input": ["amount": 0], "answers": ["charge": [422]],
                "expect": ["status": "COMPLETED"],
            ],
        ]
        for given in try TestCase.all(cases, of: definition, at: .root) { report.play(given) }
        if explores {
            report.add(Exploration(definition, input: ["amount": 5], answers: ["charge": [Self.paid]]))
        }
        return report
    }

    @Test("as text: each case, what failed, and what had happened")
    func text() throws {
        let text = try Self.report(explores: true).text
        #expect(
            text.contains(
                "ok   good\nFAIL a <bad> & \"odd\" one\n       status is \"COMPENSATED\", expected \"COMPLETED\"."))
        #expect(text.contains("attempt_failed charge #1 rejected 422 – The participant answered 422."))
        #expect(text.contains("2 cases of order 1.0.0, 1 failed"))
        #expect(text.contains("FOUND The effect of ship stands"))
        #expect(text.contains("  end COMPLETED\n       after: charge succeeded, ship succeeded"))
    }

    @Test("as JSON, and for CI servers, where names can't break the file")
    func forPrograms() throws {
        let report = try Self.report(explores: true)
        #expect(
            report.hasFailed
                && report.json["cases"]?[0] == ["name": "good", "passed": true, "failures": [], "history": []])
        #expect(
            report.json["cases"]?[1]?["passed"] == false
                && report.json["exploration"]?["findings"]?[0]?["status"] == "COMPENSATED")
        let junit = report.junit
        #expect(junit.contains("tests=\"3\" failures=\"2\""))
        #expect(junit.contains("name=\"a &lt;bad&gt; &amp; &quot;odd&quot; one\">"))
        #expect(!(try Self.report()).junit.contains("<bad>"))
    }
}
