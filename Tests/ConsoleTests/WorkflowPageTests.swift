import Console
import Core
import Testing

/// Pages of workflows, over definitions and people that mean no good, or nothing at all.
@Suite struct WorkflowPageTests {
    private static let evil = PageTests.evil
    private static let all: Set<String> = [
        "runs:read", "runs:start", "payloads:read", "workflows:read", "workflows:write", "workflows:operate",
        "participants:read",
    ]

    private static func definition(_ version: String, _ steps: [String], note: String = evil) -> JSON {
        let list = steps.map { step -> JSON in
            [
                "id": .string(step),
                "action": ["participant": "pay", "path": "/x", "body": ["note": .string("${input.note}")]],
                "compensation": ["participant": "bank", "path": "/y"],
            ]
        }
        return [
            "name": "w", "version": .string(version), "description": .string(note),
            "inputSchema": ["type": "object", "required": ["note"], "properties": ["note": ["type": "string"]]],
            "steps": .array(list),
        ]
    }

    private static func version(_ version: String, _ steps: [String] = ["a", "b"]) throws -> VersionView {
        let text = JSON.string(evil)
        var view = try #require(
            VersionView([
                "name": "w", "tenant": text, "version": .string(version), "createdAt": "2026-01-31T12:00:00Z",
                "createdBy": text, "deprecation": ["at": "2026-01-31T12:00:00Z", "by": text, "reason": text],
                "definition": definition(version, steps),
            ]))
        view.findings = Finding.Severity.allCases.map {
            Finding("rule", $0, at: JSONPointer(["steps", evil]), evil)
        }
        view.before = "0.9.0"
        view.statistics = VersionStatistics([
            "runs": [
                "count": 1234, "since": "2026-01-31T12:00:00Z", "all": false, "p50Ms": 1500, "p99Ms": 61000.5,
                "statuses": ["COMPLETED": 1200, "FAILED": 1, "RUNNING": 33],
            ],
            "calls": [
                [
                    "stepId": text, "action": "execute", "runs": 1234, "attempts": 2000, "retries": 700, "gaveUp": 1,
                    "outcomes": ["succeeded": 1200, "rejected": 1, "unknown": 799], "p50Ms": 1.234, "p99Ms": 900,
                ],
                [
                    "stepId": "a", "action": "compensate", "runs": 1, "attempts": 1, "retries": 0, "gaveUp": 1,
                    "outcomes": ["rejected": 1], "p50Ms": .null, "p99Ms": .null,
                ],
            ],
        ])
        return view
    }

    private static func workflow(isPaused: Bool = true, owner: String = evil) throws -> WorkflowView {
        let text = JSON.string(evil)
        let pause: JSON = ["since": "2026-01-31T12:00:00Z", "by": text, "reason": text, "starts": "refuse"]
        return try #require(
            WorkflowView([
                "name": "w", "tenant": .string(owner), "latest": "1.0.0", "versionCount": 2,
                "paused": isPaused ? pause : .null,
                "versions": [
                    [
                        "version": "1.1.0-beta", "createdAt": "2026-01-31T12:00:00Z", "createdBy": text,
                        "deprecation": ["at": "2026-01-31T12:00:00Z", "by": text, "reason": text],
                    ],
                    ["version": "1.0.0", "createdAt": "2026-01-31T12:00:00Z", "createdBy": text, "deprecation": .null],
                ],
            ]))
    }

    private static let fault = StartDraft.Fault(JSONPointer(["input", evil]), evil)

    private static func pages(_ permissions: Set<String> = all) throws -> [(name: String, html: HTML)] {
        let (frame, sight) = (PageTests.frame(permissions), WorkflowSight(tenant: evil))
        let run = RunSummary([
            "runId": "0190a1b2-0000-7000-8000-000000000000", "workflowName": "w", "workflowVersion": "1.0.0",
            "status": "FAILED", "createdAt": "2026-01-31T12:00:00Z",
        ])
        let recent = RecentRuns([try #require(run)], isAll: false)
        var draft = StartDraft(key: evil) { $0 == "version" ? "1.0.0" : evil }
        draft.input = "\n" + evil
        let refusal = StartPage.Refusal(
            evil, evil,
            [fault] + ["context", "delay", "startAt", "priority", "version"].map { .init(JSONPointer([$0]), evil) }
                + ["correlationId", "tenantId"].map { .init(JSONPointer(["context", $0]), evil) })
        let (old, new) = (try version("1.0.0"), try version("1.1.0", ["a", "c"]))
        return [
            (
                "list",
                WorkflowsPage(
                    [try workflow(), try workflow(isPaused: false)], nextCursor: "c", isLater: false, recent: recent,
                    sight,
                    frame
                ).html
            ),
            ("first", WorkflowsPage([], nextCursor: nil, isLater: false, recent: nil, WorkflowSight(), frame).html),
            ("last", WorkflowsPage([], nextCursor: nil, isLater: true, recent: nil, sight, frame).html),
            ("paused", WorkflowPage(try workflow(), sight, frame).html),
            ("workflow", WorkflowPage(try workflow(isPaused: false, owner: "*"), sight, frame).html),
            ("version", VersionPage(old, sight, frame).html),
            ("compare", ComparePage(old, new, versions: ["1.1.0", "1.0.0"], isWhole: false, sight, frame).html),
            ("whole", ComparePage(old, new, versions: ["1.1.0", "1.0.0"], isWhole: true, sight, frame).html),
            ("same", ComparePage(old, old, versions: ["1.0.0"], isWhole: false, sight, frame).html),
            (
                "start",
                StartPage(try workflow(), old, StartDraft(key: "k"), refusal: nil, filling: .example, sight, frame).html
            ),
            ("refused", StartPage(try workflow(), nil, draft, refusal: refusal, filling: .nothing, sight, frame).html),
        ]
    }

    @Test func `Pages of workflows are well-formed, have nothing inline, and names for everything that can be used`()
        throws
    {
        for (name, html) in try Self.pages() {
            let checked = MarkupPage(html.markup)
            #expect(checked.faults.isEmpty, "\(name): \(checked.faults.prefix(3))")
            #expect(checked.hrefs.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("#") }, "\(name): \(checked.hrefs)")
            #expect(html.markup.utf8.count < 100_000, "\(name)")
        }
    }

    @Test func `Nobody sees a button for what they may not do, nor a tenant one for what is shared`() throws {
        for (name, html) in try Self.pages(["runs:read", "workflows:read"]) {
            #expect(
                !html.markup.contains(#"method="post" action="/console/workflows"#) || name.contains("start")
                    || name == "refused", "\(name)")
            for part in ["/edit", "/new", "act-pause", "act-resume", "act-deprecate", "act-restore"] {
                #expect(!html.markup.contains(part), "\(name) \(part)")
            }
        }
        func page(_ sight: WorkflowSight, owner: String) throws -> String {
            WorkflowPage(try Self.workflow(isPaused: false, owner: owner), sight, PageTests.frame(Self.all)).html.markup
        }
        #expect(try !page(WorkflowSight(ownTenant: "ant"), owner: "*").contains("act-pause"))
        #expect(try page(WorkflowSight(ownTenant: "ant"), owner: "ant").contains("act-pause"))
        #expect(try page(WorkflowSight(), owner: "*").contains("for all tenants"))
        #expect(try !page(WorkflowSight(ownTenant: "ant"), owner: "ant").contains("for all tenants"))
    }

    @Test func `What has changed is told by signs and words, not by colours alone`() throws {
        let page = try #require(try Self.pages().first { $0.name == "compare" }).html.markup
        #expect(page.contains(#"<span aria-hidden="true">+</span><span class="hidden">new</span>"#))
        #expect(page.contains(#"<span aria-hidden="true">−</span><span class="hidden">gone</span>"#))
        #expect(page.contains("step</span>") || page.contains("step new") || page.contains("steps"))
        #expect(page.contains("the same</td>"))
        let whole = try #require(try Self.pages().first { $0.name == "whole" }).html.markup
        #expect(!whole.contains("the same</td>"))
    }

    @Test func `A refused start keeps every text, and tells each fault where it is`() throws {
        let page = try #require(try Self.pages().first { $0.name == "refused" }).html.markup
        let kept = HTML(text: Self.evil).markup
        for name in ["correlationId", "tenantId", "delay", "startAt", "priority"] {
            #expect(page.contains(#"id="s-\#(name)" name="\#(name)" value="\#(kept)""#), "\(name)")
            #expect(page.contains(#"aria-describedby="s-\#(name)-faults"#), "\(name)")
        }
        // The first line feed of a text area is the browser's.
        #expect(page.contains("aria-invalid=\"true\" aria-describedby=\"s-input-faults\">\n\n\(kept)</textarea>"))
        #expect(page.contains(#"id="more" open"#))
    }

    @Test func `A draft is the body that was meant, with every digit, or a sentence that says where it is none`() throws
    {
        var draft = StartDraft(key: "k")
        #expect(try draft.body() == [:])
        draft.input = #"{"n": 12345678901234567890.10}"#
        draft.context = #"{"a": 1, "tenantId": "x"}"#
        draft.tenantID = "acme"
        draft.correlationID = "c"
        draft.priority = "7"
        draft.delay = "10m"
        draft.version = "1.0.0"
        let text = try draft.body().text
        #expect(text.contains("12345678901234567890.10") && text.contains(#""tenantId":"acme""#), "\(text)")
        #expect(try draft.body()["priority"] == 7 && (try draft.body())["context"]?["a"] == 1)
        #expect(try draft.body()["context"]?["correlationId"] == "c" && (try draft.body())["delay"] == "10m")
        draft.priority = "soon"
        #expect(try draft.body()["priority"] == "soon")
        draft.input = "{\n  \"a\": 1,\n  b\n}"
        draft.context = "["
        do {
            _ = try draft.body()
            Issue.record("no fault")
        } catch {
            #expect(error.faults.map(\.pointer.description) == ["/input", "/context"])
            #expect(error.faults.first?.detail.hasPrefix("Line 3, column 3") == true, "\(error.faults)")
        }
    }

    @Test func `An input to begin with is what a schema asks for, and keeps to it where types are all it asks`() throws
    {
        let schema: JSON = [
            "type": "object", "required": ["id", "lines", "kind", "to", "n"],
            "properties": [
                "id": ["type": "string"], "kind": ["enum": ["a", "b"]], "n": ["type": "integer", "minimum": 3],
                "to": ["$ref": "#/$defs/address"], "unasked": ["type": "string"],
                "lines": [
                    "type": "array", "minItems": 1,
                    "items": ["type": "object", "properties": ["sku": ["default": "x"]]],
                ],
            ],
            "$defs": ["address": ["type": "object", "required": ["city"], "properties": ["city": ["type": "string"]]]],
        ]
        let value = try #require(SchemaSample.value(of: schema))
        #expect(value == ["id": "", "kind": "a", "n": 3, "to": ["city": ""], "lines": [["sku": "x"]]])
        var operations = 10_000
        #expect(try InputSchema(schema).verdict(on: value, operations: &operations) == .valid)
        // Without end, and nothing.
        let endless: JSON = ["type": "object", "properties": ["a": ["$ref": "#"], "b": ["$ref": "#"]]]
        #expect(SchemaSample.value(of: endless) != nil)
        #expect(SchemaSample.value(of: [:]) == nil && SchemaSample.value(of: true) == nil)
    }
}

/// How one text became another.
@Suite struct LineDiffTests {
    private static func texts(_ diff: LineDiff) -> (old: [String], new: [String]) {
        (
            diff.lines.filter { $0.kind != .added }.map(\.text), diff.lines.filter { $0.kind != .removed }.map(\.text)
        )
    }

    /// The longest sequence of lines that both have, by trying.
    private static func longest(_ old: ArraySlice<String>, _ new: ArraySlice<String>) -> Int {
        guard let line = old.first, !new.isEmpty else { return 0 }
        let without = longest(old.dropFirst(), new)
        guard let place = new.firstIndex(of: line) else { return without }
        return max(without, 1 + longest(old.dropFirst(), new[(place + 1)...]))
    }

    @Test func `Random texts: both come back, numbers are theirs, and as much as can be is the same`() {
        var seed: UInt64 = 7
        func below(_ limit: UInt64) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((seed >> 33) % limit)
        }
        for _ in 0..<500 {
            let old = (0..<below(9)).map { _ in ["a", "b", "c", ""][below(4)] }
            let new = (0..<below(9)).map { _ in ["a", "b", "c", ""][below(4)] }
            let diff = LineDiff(old.joined(separator: "\n"), new.joined(separator: "\n"))
            let (olds, news) = (old.isEmpty ? [""] : old, new.isEmpty ? [""] : new)
            let back = Self.texts(diff)
            #expect(back.old == olds && back.new == news)
            #expect(diff.lines.compactMap(\.old) == Array(1...olds.count))
            #expect(diff.lines.compactMap(\.new) == Array(1...news.count))
            #expect(diff.lines.count { $0.kind == .same } == Self.longest(olds[...], news[...]), "\(olds) \(news)")
            #expect(diff.parts.flatMap(\.lines) == diff.lines)
        }
    }

    @Test func `Texts that have nothing in common are told as gone and new, however long they are`() {
        let old = (0..<30_000).map { "a\($0)" }, new = (0..<30_000).map { "b\($0)" }
        let diff = LineDiff(
            (["x"] + old + ["y"]).joined(separator: "\n"), (["x"] + new + ["y"]).joined(separator: "\n"))
        #expect(diff.removed == 30_000 && diff.added == 30_000)
        #expect(diff.lines.first?.kind == .same && diff.lines.last?.kind == .same)
    }

    @Test func `Far from any change lines are folded, and those beside one are shown`() {
        let old = (0..<20).map { "l\($0)" }
        var new = old
        new[10] = "other"
        let parts = LineDiff(old.joined(separator: "\n"), new.joined(separator: "\n")).parts
        #expect(parts.map(\.isShown) == [false, true, false])
        #expect(parts.map(\.lines.count) == [7, 8, 6])
    }
}
