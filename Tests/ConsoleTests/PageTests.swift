import Console
import Core
import Testing

/// Whole pages, made of what a hostile or unlucky world may hold.
@Suite struct PageTests {
    static let evil =
        "</script><img src=x onerror=alert(1)> \" ' ${x} \u{202E}evil\u{202C} " + String(repeating: "long", count: 200)

    static func frame(_ permissions: Set<String> = ["runs:read", "runs:operate"]) -> Frame {
        Frame(
            paths: Paths(base: "/console"), reader: evil, permissions: permissions, formToken: "t", origin: "https://h",
            notice: Notice(evil, isProblem: true))
    }

    private static func run(_ status: String) throws -> JSON {
        let text = JSON.string(evil)
        var steps: [JSON] = []
        for (index, status) in ["SUCCEEDED", "FAILED", "WAITING", "PENDING", "EXECUTING", "SKIPPED", "MOONLIT"]
            .enumerated()
        {
            steps.append([
                "stepId": .string("s\(index)"), "kind": "action", "status": .string(status), "attempts": 2,
                "compensationStatus": .string(["NOT_REQUIRED", "FAILED", "COMPENSATED"][index % 3]),
                "compensationAttempts": 1,
                "nextAttemptAt": "2026-01-31T12:00:00Z", "output": ["a": text],
                "error": ["kind": "rejected", "message": text, "httpStatus": 402, "response": ["b": text]],
                "child": ["runId": "x", "workflow": text, "status": "RUNNING"],
            ])
        }
        return [
            "run": [
                "runId": "0190a1b2-0000-7000-8000-000000000000", "workflowName": text, "workflowVersion": "1.0.0",
                "status": .string(status),
                "correlationId": text,
                "error": [
                    "kind": "compensation", "message": text, "before": ["kind": "x", "message": text, "stepId": text],
                ],
                "waitingFor": ["kind": "signal", "name": text, "stepId": "s2"], "createdAt": "2026-01-31T12:00:00Z",
                "completedAt": "2026-01-31T12:00:05Z", "input": ["t": text], "context": text, "output": .null,
            ],
            "steps": .array(steps),
        ]
    }

    static func pages() throws -> [(name: String, html: HTML)] {
        var pages: [(String, HTML)] = []
        let event: JSON = [
            "seq": 1, "at": "2026-01-31T12:00:00Z", "kind": "attempt_failed", "stepId": "s1", "action": "compensate",
            "attempt": 2,
            "outcome": "unknown", "durationMs": 12.5, "retryInMs": 1000,
            "error": ["kind": "unknown", "message": .string(evil)],
            "data": ["by": .string(evil), "reason": .string(evil), "more": .string(evil)],
        ]
        for status in [
            "PENDING", "RUNNING", "COMPENSATING", "COMPLETED", "COMPENSATED", "CANCELLED", "FAILED", "MOONLIT",
        ] {
            var view = try #require(RunView(try run(status)))
            view.events = [try #require(EventView(event))]
            view.possible = try everything()
            pages.append(("run \(status)", RunPage(view, frame()).html))
        }
        let whole = try run("FAILED")
        let summary = try #require(RunSummary(whole["run"]))
        var filter = RunFilter()
        var choices = RunsPage.Choices()
        (choices.workflows, choices.versions, choices.steps) = ([evil], [evil], [evil])
        filter.workflow = evil
        filter.tenantID = evil
        pages.append(("runs", RunsPage([summary], filter, nextCursor: "c", choices: choices, frame()).html))
        filter.columns = RunColumn.allCases
        (filter.step, filter.error, filter.isOverdue, filter.minAttempts) = (evil, evil, true, evil)
        let looked = try #require(Instant("2026-01-31T12:00:00Z"))
        pages.append(
            ("all columns", RunsPage([summary], filter, nextCursor: "c", lookedSince: looked, frame()).html))
        pages.append(("none yet", RunsPage([], filter, nextCursor: "c", lookedSince: looked, frame()).html))
        pages.append(("no runs", RunsPage([], RunFilter(), nextCursor: nil, frame()).html))
        pages.append(("no match", RunsPage([], filter, nextCursor: nil, frame()).html))
        let json = try #require(try run("FAILED")["run"])
        let failed = try #require(FailedRun(json))
        let group = try #require(
            FailedGroup([
                "workflow": .string(evil), "stepId": "s1", "error": .string(evil), "count": 1234,
                "newestAt": "2026-01-31T12:00:00Z", "runIds": [.string(summary.id)],
            ]))
        pages.append(("failed", FailedPage([group], count: 1234, isMore: true, frame()).html))
        pages.append(("group", FailedGroupPage([failed], key: failed.group, nextCursor: "c", frame()).html))
        pages.append(("nothing failed", FailedPage([], count: 0, isMore: false, frame()).html))
        var now = NowView()
        now.failed = [group]
        now.stuck = [summary]
        now.paused = [summary]
        let slow = NowView.Slow([
            "count": 1000, "isMore": true, "runs": .array([json]),
        ])
        (now.overdue, now.attempts, now.retrying, now.due) = (slow, slow, slow, slow)
        now.minutes = (0..<61).compactMap { minute in
            RunMinute([
                "at": .string("2026-01-31T12:\(minute < 10 ? "0" : "")\(minute % 60):00Z"),
                "started": JSON(minute * 1000),
                "completed": JSON(minute), "compensated": 1, "cancelled": 2, "failed": JSON(minute % 2),
            ])
        }
        now.isMinutesComplete = false
        now.cluster = NowView.Cluster([
            "liveEngines": 0, "backlog": 1234, "backlogIsEstimate": true, "lagMs": 61000,
            "settingsThatDiffer": [.string(evil)],
            "engines": [["id": "e", "host": .string(evil), "version": "1", "inFlight": 2, "alive": false]],
        ])
        now.participants = [
            try #require(
                NowView.Participant([
                    "name": .string(evil),
                    "paused": ["since": "2026-01-31T12:00:00Z", "by": .string(evil), "reason": .string(evil)],
                    "engines": [["breaker": "open", "lastError": .string(evil)]],
                ]))
        ]
        pages.append(("now", NowPage(now, frame()).html))
        pages.append(("all is well", NowPage(NowView(), frame()).html))
        now.isEmpty = true
        pages.append(("first", NowPage(now, frame()).html))
        pages.append(("login", LoginPage(frame(), target: evil, isInsecure: true).html))
        pages.append(("message", MessagePage(evil, evil, back: ("/console/runs", evil), frame()).html))
        let bulk = BulkPage(
            "Cancel", evil, count: 1, isMore: true, samples: [summary], path: "/x", fields: [("a", evil)], back: "/y",
            needsReason: true, frame())
        pages.append(("bulk", bulk.html))
        for isOver in [false, true] {
            let progress = BulkProgressPage.Progress(
                title: evil, total: 10, done: 3, failed: [(summary.id, .gone)], failedCount: 2, isOver: isOver,
                isMore: true)
            pages.append(("progress", BulkProgressPage(progress, state: evil, back: "/y", frame()).html))
        }
        return pages
    }

    @Test(arguments: [
        ("RUNNING", "EXECUTING", false), ("COMPLETED", "SUCCEEDED", true), ("COMPENSATED", "FAILED", false),
    ])
    func `The undo of a child that has completed is told as what would happen`(
        child: String, step: String, isTold: Bool
    ) throws {
        let id = "0190a1b2-0000-7000-8000-00000000000"
        var view = try #require(
            RunView([
                "run": [
                    "runId": .string("\(id)0"), "workflowName": "w", "workflowVersion": "1.0.0", "status": "RUNNING",
                    "correlationId": "c", "createdAt": "2026-01-31T12:00:00Z",
                ],
                "steps": [
                    [
                        "stepId": "pay", "kind": "run", "status": .string(step),
                        "attempts": 1, "compensationStatus": "NOT_REQUIRED", "compensationAttempts": 0,
                        "child": ["runId": .string("\(id)1"), "workflow": "payment", "status": .string(child)],
                    ]
                ],
            ]))
        view.definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "steps": [["id": "pay", "run": ["workflow": "payment"]]],
        ])
        let page = "\(RunPage(view, Self.frame()).html)"
        #expect(page.contains("would be undone") == isTold)
    }

    /// Reads markup as strictly as it is written: each element that is opened is closed, attributes are quoted, ids are given once,
    /// and labels and buttons say what they are of.
    @Test func `Pages are well-formed, have nothing inline, and names for everything that can be used`() throws {
        for (name, html) in try Self.pages() {
            let checked = MarkupPage(html.markup)
            #expect(checked.faults.isEmpty, "\(name): \(checked.faults.prefix(3))")
            #expect(checked.hrefs.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("#") }, "\(name): \(checked.hrefs)")
        }
    }

    /// All that can be asked of a run and of a step.
    private static func everything() throws -> PossibleActions {
        try RunActionTests.possible(
            ["cancel", "undo", "pause", "resume", "restart", "retry"], ["s1 retry resolve complete skip fail"],
            signals: ["go", "stop"], undoes: ["charge"])
    }

    @Test func `Whoever may only look sees no button for a run`() throws {
        var view = try #require(RunView(try Self.run("FAILED")))
        view.possible = try Self.everything()
        view.events = []
        #expect(!RunPage(view, Self.frame(["runs:read"])).html.markup.contains("/actions\""))
        #expect(RunPage(view, Self.frame()).html.markup.contains("/actions\""))
    }
}
