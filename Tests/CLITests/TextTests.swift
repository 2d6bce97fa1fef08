import ArgumentParser
@testable import CLI
import Core
@testable import Storage
import Testing

@Suite("What people read is right")
struct TextTests {
    @Test(
        "Durations read well at any length",
        arguments: [
            (Duration.zero, "0.0 ms"), (.microseconds(1234), "1.2 ms"), (.milliseconds(999), "999.0 ms"),
            (.milliseconds(1234), "1.23 s"), (.seconds(59), "59.00 s"), (.seconds(61), "1m 1s"),
            (.seconds(3600), "1h 0m"), (.seconds(90_000), "1d 1h"),
        ])
    func durations(duration: Duration, text: String) { #expect(duration.readable == text) }

    @Test("What a key may not see is said to be that, and not left out")
    func redacted() {
        let hidden: JSON = ["redacted": true, "bytes": 12]
        #expect(
            RunView.failure(["kind": "ended", "stepId": "a", "message": hidden])
                == "a: not shown: it takes payloads:read")
        #expect(RunView.failure(hidden) == "not shown: it takes payloads:read")
        #expect(RunView.failure(.null) == nil && RunView.failure(["kind": "x"]) == nil)
    }

    @Test("A timeline has a line for everything that happened but the starts of attempts, with times from the first")
    func timeline() throws {
        let events: [JSON] = [
            event("run_started", 0), event("attempt_started", 1, "pay", ["engine": "e-1"]),
            event(
                "attempt_failed", 250, "pay",
                [
                    "outcome": "unknown", "attempt": 1, "durationMs": 249.5, "retryInMs": 100, "action": "execute",
                    "error": ["message": "No answer."],
                ]),
            event("attempt_started", 350, "pay", ["engine": "e-1"]),
            event("attempt_succeeded", 400, "pay", ["attempt": 2, "durationMs": 12, "action": "execute"]),
            event("run_compensating", 500), event("attempt_started", 500, "pay", ["engine": "e-2"]),
            event("attempt_succeeded", 600, "pay", ["attempt": 1, "action": "compensate"]),
            event("run_compensated", 600), event("something_new", 700, "pay"),
            event("wait_started", 700, "rest", ["data": ["until": "2026-02-01T00:00:00.000000Z"]]),
            event("step_succeeded", 800, "rest"), event("step_skipped", 800, "ship"),
            event("step_failed", 900, "end", ["error": ["kind": "ended", "message": "Sold out."]]),
            event("step_undoing", 900, "pay"),
        ]
        var timeline = Timeline(stepWidth: 4, paint: Paint(isOn: false))
        let lines = events.compactMap { timeline.line($0) }
        #expect(
            lines == [
                "12:00:00.000    +0.000s  ● started",
                "12:00:00.001    +0.001s  · engine e-1",
                "12:00:00.250    +0.250s  ✗ pay   try 1    249.5 ms  unknown: No answer.; again in 100.0 ms",
                "12:00:00.400    +0.400s  ✓ pay   try 2     12.0 ms  succeeded",
                "12:00:00.500    +0.500s  ↩ compensating",
                "12:00:00.500    +0.500s  · engine e-2",
                "12:00:00.600    +0.600s  ↩ pay   undo 1             compensated",
                "12:00:00.600    +0.600s  ● COMPENSATED",
                "12:00:00.700    +0.700s  · pay   something_new",
                "12:00:00.700    +0.700s  ◷ rest  waits until 2026-02-01T00:00:00.000000Z",
                "12:00:00.800    +0.800s  ✓ rest  done",
                "12:00:00.800    +0.800s  ○ ship  skipped",
                "12:00:00.900    +0.900s  ✗ end   failed: Sold out.",
                "12:00:00.900    +0.900s  ↩ pay   undone before the run goes on",
            ])
    }

    @Test("A timeline tells of lists, children, restarts and what follows an end, and of other runs by their ids")
    func others() throws {
        let error: JSON = ["kind": "rejected", "message": "Sold out."]
        func asked(_ members: JSONObject) -> JSONObject {
            var data = members
            (data["by"], data["reason"]) = ("ann", "Mended.")
            return ["data": .object(data)]
        }
        let events: [(JSON, line: String)] = [
            (
                event("parent_linked", 0, nil, ["data": ["parent": ["runId": "r-0", "stepId": "ship", "depth": 1]]]),
                "· a child of r-0, step ship"
            ),
            (
                event("parent_linked", 0, nil, ["data": ["parent": ["runId": "r-0", "stepId": "onEnd", "depth": 1]]]),
                "· makes the calls after the end of r-0"
            ),
            (
                event("restarted_from", 0, nil, asked(["runId": "r-1", "fromStep": "ship"])),
                "↻ does r-1 anew, from ship on: Mended. (ann)"
            ),
            (
                event("restarted_from", 0, nil, asked(["runId": "r-1"])),
                "↻ does r-1 anew, all of it: Mended. (ann)"
            ),
            (
                event("step_kept", 0, "pay", ["data": ["output": 1, "effectOf": "r-1"]]),
                "○ pay   taken over: r-1 has done it"
            ),
            (event("step_kept", 0, "wait", ["data": ["output": .null]]), "○ wait  taken over"),
            (event("elements_started", 0, "send", ["data": ["count": 3]]), "≡ send  begins with 3 elements"),
            (event("elements_ended", 0, "send"), "✓ send  done, with all its elements"),
            (
                event("child_started", 0, "ship", ["data": ["runId": "r-2", "workflow": "shipping"]]),
                "▷ ship  started the run r-2 of shipping"
            ),
            (event("child_cancel_requested", 0, "ship"), "■ ship  its child is to turn back"),
            (
                event("child_cancel_requested", 0, "ship", ["error": ["kind": "timeout", "message": "Too late."]]),
                "■ ship  its child is to turn back: Too late."
            ),
            (
                event("child_ended", 0, "ship", ["data": ["runId": "r-2", "status": "COMPLETED"], "error": .null]),
                "✓ ship  its child ended COMPLETED"
            ),
            (
                event("child_ended", 0, "ship", ["data": ["runId": "r-2", "status": "COMPENSATED"], "error": error]),
                "✗ ship  its child ended COMPENSATED: Sold out."
            ),
            (event("child_undo_requested", 0, "ship"), "↩ ship  its child is to be undone"),
            (event("child_undo_failed", 0, "ship", ["error": error]), "✗ ship  its child stands: Sold out."),
            (
                event("end_calls_started", 0, nil, ["data": ["runId": "r-3"]]),
                "▷ calls follow the end, made by the run r-3"
            ),
            (
                event("restarted_as", 0, nil, asked(["runId": "r-4", "steps": ["pay", "wait"]])),
                "↻ done anew by r-4, which takes over pay, wait: Mended. (ann)"
            ),
            (
                event("restarted_as", 0, nil, asked(["runId": "r-4", "steps": []])),
                "↻ done anew by r-4: Mended. (ann)"
            ),
        ]
        var timeline = Timeline(stepWidth: 4, paint: Paint(isOn: false))
        for (event, line) in events { #expect(timeline.line(event) == "12:00:00.000    +0.000s  " + line) }
    }

    @Test("A timeline has words for every kind of event", arguments: RunEventKind.allCases)
    func words(kind: RunEventKind) {
        var timeline = Timeline(stepWidth: 4, paint: Paint(isOn: false))
        let line = timeline.line(event(kind.rawValue, 0, "pay", ["engine": "e-1"]))
        #expect(line?.contains(kind.rawValue) == false)
    }

    private func event(_ kind: String, _ milliseconds: Int64, _ step: String? = nil, _ more: JSONObject = [:]) -> JSON {
        let at = Instant(microseconds: 1_769_860_800_000_000 + milliseconds * 1000)
        var object: JSONObject = ["at": .string(at.description), "kind": .string(kind), "stepId": JSON(step)]
        for (key, value) in more.members { object[key] = value }
        return .object(object)
    }

    @Test("Nothing a participant answers can speak to the terminal or fill it")
    func clipped() {
        let text = "a\u{1B}[31mb\nc\r" + String(repeating: "x", count: 500)
        #expect(text.clipped.hasPrefix("a [31mb c "))
        #expect(text.clipped.count == 120)
        let view = RunView(["run": ["error": ["message": "\u{1B}[2J"], "status": "FAILED"]], paint: Paint(isOn: false))
        #expect(!view.text.contains("\u{1B}"))
    }

    @Test(
        "A run names those it belongs to, those that its steps have started, and those that make the calls after its ends"
    )
    func family() {
        func text(_ run: JSON, _ steps: [JSON] = []) -> [String] {
            RunView(["run": run, "steps": .array(steps)], paint: Paint(isOn: false)).text
                .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
        func step(_ id: String, _ child: JSON?) -> JSON {
            var step: JSONObject = ["stepId": .string(id), "status": "SUCCEEDED", "compensationStatus": "NOT_REQUIRED"]
            step["child"] = child
            return .object(step)
        }
        let ended = text(
            [
                "status": "COMPENSATED",
                "onEnd": [["runId": "r-1", "status": "COMPLETED"], ["runId": "r-2", "status": nil]],
            ])
        #expect(ended.suffix(4) == ["", "CALLS AFTER THE END", "r-1  COMPLETED", "r-2  ?"])
        #expect(!text(["status": "RUNNING", "onEnd": []]).contains("CALLS AFTER THE END"))
        let parent = text(
            ["status": "RUNNING", "onEnd": [["runId": "r-3", "status": "RUNNING"]]],
            [
                step("pay", nil), step("ship", ["runId": "r-1", "workflow": "shipping", "status": "FAILED"]),
                step("mail", ["runId": "r-2", "workflow": "mailing"]),
            ])
        #expect(
            parent.suffix(7) == [
                "", "CHILDREN", "ship └ r-1  shipping  FAILED", "mail └ r-2  mailing  ?", "", "CALLS AFTER THE END",
                "r-3  RUNNING",
            ])
        #expect(text(["parent": ["runId": "r-0", "stepId": "ship"]]).contains("parent      r-0, step ship"))
        #expect(
            text(["parent": ["runId": "r-0", "stepId": "onEnd"]])
                .contains("parent      r-0: these are the calls after its end"))
    }

    @Test("Elements stand below their step; of many, those that are not simply done, and how many more there are")
    func elements() {
        func element(_ index: Int, _ status: String) -> JSON {
            [
                "stepId": .string("ship[\(index)]"), "status": .string(status), "attempts": 1,
                "compensationStatus": "NOT_REQUIRED",
            ]
        }
        func text(_ elements: [JSON]) -> String {
            let step: JSON = [
                "stepId": "ship", "status": "EXECUTING", "attempts": 0, "compensationStatus": "NOT_REQUIRED",
                "elements": .array(elements),
            ]
            return RunView(["run": ["status": "RUNNING"], "steps": [step]], paint: Paint(isOn: false)).text
        }
        let few = text([element(0, "SUCCEEDED"), element(1, "FAILED")])
        #expect(few.contains("2 elements") && few.contains("  ship[0]  SUCCEEDED") && few.contains("  ship[1]  FAILED"))
        let many = text((0..<30).map { element($0, $0 == 29 ? "FAILED" : "SUCCEEDED") })
        #expect(many.contains("  ship[29]") && many.contains("  ship[18]") && !many.contains("  ship[19]"))
        #expect(many.contains("  and 10 more"))
    }

    @Test(
        "A segment of a path can't leave it",
        arguments: [("a b", "a%20b"), ("../x", "..%2Fx"), ("é?#", "%C3%A9%3F%23"), ("ok-1_2.3", "ok-1_2.3")])
    func segments(text: String, expected: String) { #expect(text.pathSegment == expected) }
}

@Suite("Simulated orders are what was asked for")
struct SimulationTests {
    @Test(
        "The share that is declined is exact and spread, half by amount and half by goods",
        arguments: [(100, 0.3, 30), (7, 0.5, 3), (10, 0.0, 0), (10, 1.0, 10), (1000, 0.001, 1), (3, 0.333, 0)])
    func share(count: Int, share: Double, declined: Int) {
        let orders = (0..<count).map { Orders(count: count, failureShare: share).input($0) }
        let byAmount = orders.count { ($0["amount"]?.int ?? 0) > 500 }
        let bySku = orders.count { $0["sku"] == "out-of-stock" }
        #expect(byAmount + bySku == declined)
        #expect((0...1).contains(byAmount - bySku))
        #expect(Set(orders.compactMap { $0["orderId"]?.string }).count == count)
    }

    @Test(
        "Percentiles are by nearest rank",
        arguments: [(50, 5), (90, 9), (99, 10), (100, 10), (1, 1)])
    func percentiles(percent: Int, expected: Int) {
        let durations = (1...10).shuffled().map { Duration.milliseconds($0) }
        #expect(SimulationReport.percentile(percent, of: durations) == .milliseconds(expected))
        #expect(SimulationReport.percentile(percent, of: []) == nil)
    }

    @Test("A run that was acknowledged and is not there, or not over, makes the simulation fail")
    func completeness() {
        let log = StartLog()
        let ids = (0..<3).compactMap { _ in log.take(3) }.map { "run-\($0)" }
        for id in ids { log.acknowledge(id, in: .milliseconds(1)) }
        #expect(log.take(3) == nil)
        log.finish()
        func report(_ statuses: [String: String]) -> SimulationReport {
            SimulationReport(
                workflow: "w", asked: 3, starts: log.summary, ends: Ends(statuses: statuses), begun: .now)
        }
        let all = ["run-0": "COMPLETED", "run-1": "COMPENSATED", "run-2": "FAILED"]
        #expect(report(all).isComplete)
        let lost = report(all.filter { $0.key != "run-1" })
        #expect(lost.lost == 1 && !lost.isComplete)
        let unfinished = report(all.merging(["run-0": "RUNNING"]) { $1 })
        #expect(unfinished.unfinished == 1 && !unfinished.isComplete)
        #expect(unfinished.json["unfinished"] == 1 && unfinished.json["lost"] == 0)
    }
}

@Suite("Arguments are checked before anything is done")
struct ArgumentTests {
    private static let id = "01a1fb0c-7f18-7419-939f-5e2b21007f37"

    @Test(
        "Wrong usage is refused",
        arguments: [
            ["run", "get", "no-id"], ["run", "start"], ["run", "start", "w", "--input", "{"],
            ["run", "start", "w", "--input", "@/no/such/file"], ["run", "start", "w", "--wait", "10"],
            ["run", "import", "file"], ["run", "import", "file", "--workflow", "w", "--from", "0"],
            ["simulate", "--num", "0"], ["simulate", "--failure-share", "1.5"], ["simulate", "--delay", "x"],
            ["simulate", "--concurrency", "0"], ["recover", "--timeout", "2"], ["seed", "--mocks-port", "0"],
            ["run", "get", id, "--url", "ftp://x"], ["seed", "--admin-token", "x"],
            ["run", "list", "--limit", "0"], ["run", "list", "-o", "xml"], ["run", "events", id, "--after=-1"],
            ["run", "retry"], ["run", "retry", "no-id"], ["run", "retry", id, "--where", "kind=quarantined"],
            ["run", "retry", id, "--dry-run"], ["run", "retry", "--where", "kind=x"],
            ["run", "retry", "--where", "nope=1"], ["run", "retry", "--where", "step"],
            ["run", "retry", "--limit", "5"],
            ["run", "retry", "--where", "step=a", "--where", "stepId=b"], ["run", "failed", "--where", "after=today"],
            ["run", "retry", "--all-failed", "--limit", "1001"], ["run", "resolve", id, "a"],
            ["run", "resolve", id, "--reason", "x"], ["workflow", "validate"], ["workflow", "apply"],
            ["workflow", "show", "@1.0.0"], ["workflow", "show", "w@"], ["workflow", "deprecate", "w"],
            ["workflow", "deprecate", "w@1", "--undo", "--reason", "x"], ["workflow", "diff", "w"],
            ["workflow", "init", "--name", "W"], ["participant", "set", "P", "http://x"],
            ["participant", "set", "p", "--no-breaker", "--open-for", "1s"],
            ["participant", "set", "p", "--max-concurrent", "many"], ["participant", "set", "p", "--header-from", "x"],
            ["participant", "set", "p", "--header-from", "x=y", "--drop-headers"],
            ["participant", "set", "p", "--header", "authorization=Bearer literal"],
            ["participant", "set", "p", "--header", "authorization=${secret:A}"],
            ["participant", "set", "p", "--header", "=${secret:a}"],
            ["participant", "set", "p", "--header", "a=${secret:a}", "--drop-headers"],
            ["participant", "set", "p", "--tls-ca", "a", "--no-tls"],
            ["participant", "set", "p", "--scope", "a", "--no-tokens"],
            ["participant", "set", "p", "--client-secret", "A b"],
            ["participant", "set", "p", "--client-secret", "a", "--client-secret-from", "f"],
            ["participant", "try", "p", "charge"],
            ["participant", "try", "p", "/x", "--method", "HEAD"],
            ["participant", "try", "p", "/x", "--timeout", "6m"],
            ["participant", "try", "p", "/x", "--body", "{"], ["completion", "tcsh"], ["completion"],
        ])
    func wrong(arguments: [String]) {
        #expect { try Saga.parseAsRoot(arguments) } throws: { Saga.exitCode(for: $0) == .validationFailure }
    }

    @Test("What the filters of FAILED runs are called here becomes what the API calls them")
    func filters() throws {
        let arguments = [
            "run", "retry", "--where", "workflow=a=b", "--where", "step=s", "--where", "kind=quarantined", "--where",
            "after=2026-01-31T12:00:00Z", "--where", "before=2026-02-01T00:00:00+01:00",
        ]
        let retry = try #require(try Saga.parseAsRoot(arguments) as? RunRetry)
        #expect(
            try JSON.object(retry.filter.body()) == [
                "workflow": "a=b", "stepId": "s", "kind": "quarantined", "createdAfter": "2026-01-31T12:00:00Z",
                "createdBefore": "2026-02-01T00:00:00+01:00",
            ])
        #expect(try retry.filter.query().map(\.0) == ["workflow", "stepId", "kind", "createdAfter", "createdBefore"])
        #expect(
            Paging.text([("a", "x y&"), ("b", nil), ("c", "+")]) == "?a=x%20y%26&c=%2B"
                && Paging.text([("a", nil)]) == "")
    }

    @Test(
        "JSON is taken as it is",
        arguments: [#"{"a":1.10}"#, "[1]", "null", #""x""#])
    func json(text: String) throws { #expect(try JSONArgument(text).json.text == text) }
}

@Suite("What saga recover tells")
struct RecoveryTextTests {
    @Test("many FAILED runs don't push what else there is off the screen")
    func many() {
        let runs = (1...25).map {
            ForsakenRun(
                runID: RunID(high: 0x7000, low: UInt64($0)), workflowName: "w",
                error: Failure(kind: Failure.compensationKind, message: "gave up"), failedAt: nil,
                now: Instant(microseconds: 0))
        }
        let report = RecoveryReport(
            quietFor: .seconds(60), findings: [], forsaken: runs, freed: [], clocks: [], mayFree: false, isCut: false)
        let lines = report.text(Paint(isOn: false)).split(separator: "\n")
        #expect(lines.count { $0.contains("FAILED") && !$0.contains("more") } == 20)
        #expect(lines.contains { $0.hasPrefix("… and 5 more FAILED runs") })
        #expect(lines.last == "0 not moving, 0 freed, 25 failed")
        #expect(!report.isAnythingStuck)
        #expect(report.json["failed"]?.array?.count == 25)
    }
}
