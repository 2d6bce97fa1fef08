import Console
import Core
import Testing

/// Links to where others keep traces and logs.
@Suite struct RunLinkTests {
    private static func page(_ links: RunLinks, _ change: JSONObject = [:]) throws -> String {
        var run: JSONObject = [
            "runId": "0190a1b2-0000-7000-8000-000000000000", "workflowName": "w", "workflowVersion": "1.0.0",
            "status": "COMPLETED", "correlationId": "a&b=\"c\"/%{x}", "createdAt": "2026-01-31T12:00:00Z",
            "updatedAt": "2026-01-31T12:00:05Z", "completedAt": "2026-01-31T12:00:05Z",
            "traceId": "0af7651916cd43dd8448eb211c80319c",
        ]
        for (name, value) in change.members { run[name] = value.isNull ? JSON?.none : value }
        var view = try #require(RunView(["run": .object(run), "steps": []]))
        view.links = links
        let html = RunPage(view, PageTests.frame()).html
        #expect(MarkupPage(html.markup).faults.isEmpty)
        return html.markup
    }

    @Test func `Whatever a run is called, it changes nothing of the address but its own place`() throws {
        let links = RunLinks(
            trace: try LinkTemplate(parsing: "https://tempo.example/trace/{traceId}?org=1"),
            logs: try LinkTemplate(
                parsing:
                    "http://logs.example/{workflow}/{version}?q={correlationId}&run={runId}&from={from}&to={to}&ms={fromMs}-{toMs}#x"
            ))
        let page = try Self.page(links)
        #expect(page.contains(#"href="https://tempo.example/trace/0af7651916cd43dd8448eb211c80319c?org=1""#))
        #expect(
            page.contains(
                #"href="http://logs.example/w/1.0.0?q=a%26b%3D%22c%22%2F%25%7Bx%7D&amp;run=0190a1b2-0000-7000-8000-000000000000&amp;from=2026-01-31T11%3A59%3A00Z&amp;to=2026-01-31T12%3A01%3A05Z&amp;ms=1769860740000-1769860865000#x""#
            ), "\(page.firstRange(of: "logs.example").map { page[$0.lowerBound...].prefix(400) } ?? "none")")
    }

    @Test func `What is not known of a run makes no link`() throws {
        let trace = RunLinks(trace: try LinkTemplate(parsing: "https://t.example/{traceId}"))
        #expect(try !Self.page(trace, ["traceId": nil]).contains("t.example"))
        #expect(try !Self.page(RunLinks()).contains("Elsewhere"))
        // One that goes on may write for a while yet.
        let logs = RunLinks(logs: try LinkTemplate(parsing: "https://l.example/{to}"))
        let live: JSONObject = ["status": "RUNNING", "completedAt": nil]
        #expect(try Self.page(logs, live).contains("https://l.example/2026-01-31T13%3A00%3A05Z"))
    }

    @Test(arguments: [
        "javascript:alert(1)//{traceId}", "data:text/html,{traceId}", "//h/{traceId}", "/x/{traceId}", "https://",
        "https:///{traceId}", "https://{runId}.example/", "https://h{traceId}/", "https://u@h/{traceId}",
        "https://h/{traceid}", "https://h/{traceId", "https://h/traceId}", "https://h/{{traceId}}", "https://h/{}",
        "https://h/\"{traceId}", "https://h/ {traceId}", "https://h/\u{202E}", "HTTPS://h\\{traceId}", "",
    ])
    func `An address that would lead elsewhere, or nowhere, is refused`(text: String) {
        #expect(throws: LinkTemplate.Fault.self) { try LinkTemplate(parsing: text) }
    }
}
