@testable import Console
import Core
import Testing

@Suite struct RunSentenceTests {
    private static let definition = try! WorkflowDefinition(
        JSON(
            parsing: #"""
                {"name": "order", "version": "1.0.0", "steps": [
                    {"id": "reserve", "action": {"participant": "stock", "path": "/x"}, "compensation": {"participant": "stock", "path": "/y"}},
                    {"id": "price", "action": {"participant": "prices", "path": "/x"}, "compensation": "none"},
                    {"id": "charge", "action": {"participant": "payments", "path": "/x"}, "compensation": {"participant": "payments", "path": "/y"}},
                    {"id": "notify", "action": {"participant": "mail", "path": "/x"}},
                    {"id": "ship", "action": {"participant": "carrier", "path": "/x"}, "compensation": {"participant": "carrier", "path": "/y"}}
                ]}
                """#))

    private static let begun = "\"createdAt\":\"2026-01-31T12:00:00.000000Z\""

    /// - Parameters:
    ///   - run: members beside id, workflow, version and times.
    ///   - steps: `id status attempts compensationStatus compensationAttempts message`, the last words may be left out.
    ///   - undoes: what would be undone if it turned back; nil where nobody knows.
    private static func sentence(
        _ run: String, _ steps: [String] = [], undoes: [String]? = [], isPastPivot: Bool = false
    ) throws -> RunSentence {
        let list = steps.map { text -> String in
            let words = text.split(separator: " ", maxSplits: 5).map(String.init)
            let back = words.count > 3 ? words[3] : "NOT_REQUIRED"
            let error = words.count > 5 ? #","error":{"kind":"rejected","message":"\#(words[5])"}"# : ""
            return #"""
                {"stepId":"\#(words[0])","kind":"action","status":"\#(words[1])","attempts":\#(words[2]),"compensationStatus":"\#(back)","compensationAttempts":\#(words.count > 4 ? words[4] : "0")\#(error)}
                """#
        }
        let text =
            #"{"run":{"runId":"r","workflowName":"order","workflowVersion":"1.0.0",\#(begun),\#(run)},"steps":[\#(list.joined(separator: ","))]}"#
        var view = try #require(RunView(try JSON(parsing: text)))
        view.definition = definition
        view.possible = try RunActionTests.possible([], undoes: undoes, isPastPivot: isPastPivot)
        return RunSentence(view)
    }

    @Test(arguments: [
        (
            #""status":"RUNNING","waitingFor":{"kind":"breaker","stepId":"charge","action":"execute","participant":"payments","until":"2026-01-31T12:01:09Z"}"#,
            ["reserve SUCCEEDED 1", "price SUCCEEDED 1", "charge PENDING 3 NOT_REQUIRED 0 timed out."],
            "Waits for payments: fourth attempt to do charge at 2026-01-31 12:01:09 UTC; its breaker is open, so it may take longer. Last time: “timed out”. If it gives up, 1 step will be undone."
        ),
        (
            #""status":"RUNNING","waitingFor":{"kind":"call","stepId":"reserve","action":"execute","participant":"stock","since":"2026-01-31T12:00:00Z","until":"2026-01-31T12:00:10Z","queued":3}"#,
            ["reserve EXECUTING 1"],
            "Calls stock to do reserve, since 2026-01-31 12:00:00 UTC; it may take until 2026-01-31 12:00:10 UTC. The participant has as many calls as it may: this one may wait its turn. If it gives up, nothing that was done before has to be undone, but reserve itself, unless it was refused."
        ),
        (
            #""status":"RUNNING","cause":"CANCEL_REQUESTED","waitingFor":{"kind":"call","stepId":"charge","action":"execute","participant":"payments","since":"2026-01-31T12:00:00Z","until":"2026-01-31T12:00:10Z","isOverdue":true,"holdsUp":"cancel"}"#,
            ["reserve SUCCEEDED 1", "charge EXECUTING 2"],
            "Should have heard from payments to do charge, second attempt, since 2026-01-31 12:00:00 UTC; its time was over at 2026-01-31 12:00:10 UTC. Then its cancel begins. 1 step is going to be undone."
        ),
        (
            #""status":"PENDING","waitingFor":{"kind":"timer","until":"2026-02-01T00:00:00Z"}"#, [],
            "Begins at 2026-02-01 00:00:00 UTC."
        ),
        (
            #""status":"RUNNING","waitingFor":{"kind":"signal","stepId":"ask","name":"decision","since":"2026-01-31T12:00:00Z"}"#,
            [],
            "Waits for the signal decision in ask, since 2026-01-31 12:00:00 UTC."
        ),
        (
            #""status":"RUNNING","waitingFor":{"kind":"paused","by":"ann","since":"2026-01-31T12:00:00Z","reason":"stock-taking"}"#,
            [],
            "Paused by ann since 2026-01-31 12:00:00 UTC: “stock-taking”. Nothing begins until it is resumed."
        ),
        (
            #""status":"RUNNING","waitingFor":{"kind":"child","stepId":"pay","runId":"x","workflow":"payment","status":"RUNNING"}"#,
            [],
            "Waits for a run of payment, x in pay."
        ),
        (
            #""status":"RUNNING","waitingFor":{"kind":"poll","stepId":"rest","participant":"payments","nextLook":"2026-01-31T12:00:01Z","until":"2026-01-31T13:00:00Z","failedLooks":2}"#,
            [],
            "payments is at work in rest; it is asked again at 2026-01-31 12:00:01 UTC, at the latest until 2026-01-31 13:00:00 UTC. The last 2 looks failed. If it gives up, nothing that was done before has to be undone."
        ),
        (
            #""status":"RUNNING","waitingFor":{"kind":"takeover","engine":"e","until":"2026-01-31T12:00:09Z","liveEngines":1}"#,
            [],
            "Its engine gives no sign of life; another may take over from 2026-01-31 12:00:09 UTC on."
        ),
        (#""status":"RUNNING","waitingFor":null"#, [], "An engine is at work on it."),
        (
            #""status":"RUNNING","waitingFor":{"kind":"moonrise"}"#, [],
            "Waits for something that this release does not know (moonrise)."
        ),
        (
            #""status":"COMPENSATING","cause":"STEP_FAILED","error":{"kind":"rejected","message":"no funds","stepId":"charge"},"waitingFor":{"kind":"retry","stepId":"reserve","action":"compensate","participant":"stock","until":"2026-01-31T12:01:00Z"}"#,
            ["reserve SUCCEEDED 1 PENDING 10 busy", "ship SUCCEEDED 1 COMPENSATED 1", "charge FAILED 1"],
            "Turned back because charge failed: “no funds”. 1 of 2 steps are undone. Waits for stock: 11th attempt to undo reserve at 2026-01-31 12:01:00 UTC. Last time: “busy”."
        ),
        (
            #""status":"COMPLETED","completedAt":"2026-01-31T12:00:02.500000Z""#,
            ["reserve SUCCEEDED 1", "ship SKIPPED 0"],
            "Completed 2026-01-31 12:00:02 UTC after 2.5 s. 1 step was skipped."
        ),
        (
            #""status":"COMPLETED","completedAt":"2026-01-31T12:00:02Z","restartedAs":"other""#, ["reserve FAILED 1"],
            "Completed 2026-01-31 12:00:02 UTC after 2.0 s. It went on although reserve failed. It was done anew by other."
        ),
        (
            #""status":"COMPENSATED","cause":"STEP_FAILED","completedAt":"2026-01-31T12:03:00Z","error":{"kind":"rejected","message":"no funds","stepId":"charge"}"#,
            ["reserve SUCCEEDED 1 COMPENSATED 1", "charge FAILED 1"],
            "Undone 2026-01-31 12:03:00 UTC after 3 min. charge failed: “no funds”. The effect of 1 step was undone."
        ),
        (
            #""status":"CANCELLED","cause":"CANCEL_REQUESTED","completedAt":"2026-01-31T12:00:01Z""#,
            ["reserve PENDING 0"],
            "Cancelled 2026-01-31 12:00:01 UTC after 1.0 s. There was nothing to undo."
        ),
    ])
    func `It says where a run stands, why, and what comes next`(_ run: String, _ steps: [String], _ text: String) throws
    {
        let sentence = try Self.sentence(
            run, steps, undoes: steps.contains { $0.hasPrefix("charge") } ? ["reserve"] : [])
        #expect(sentence.text == text)
        #expect(!sentence.needsPerson)
    }

    @Test(arguments: [
        (
            #""status":"FAILED","cause":"STEP_FAILED","error":{"kind":"compensation","message":"gave up","stepId":"reserve","before":{"kind":"rejected","message":"no funds","stepId":"charge"}}"#,
            ["reserve SUCCEEDED 1 FAILED 5 HTTP 500", "ship SUCCEEDED 1 COMPENSATED 1", "charge FAILED 1"],
            "Needs a person: the undo of reserve gave up after 5 attempts: “HTTP 500”. It had turned back because charge failed: “no funds”. 1 other step is undone. Retry the undo, or put it right by hand and resolve it."
        ),
        (
            #""status":"FAILED","error":{"kind":"quarantined","message":"lost three times"}"#, ["reserve EXECUTING 1"],
            "Needs a person: it was set aside, because it can't be processed: “lost three times”. Retry it once the cause is gone, or resolve what you put right by hand."
        ),
        (
            #""status":"COMPENSATING","cause":"CANCEL_REQUESTED","error":{"kind":"cancelled","message":"by ann"},"waitingFor":null"#,
            ["reserve SUCCEEDED 1 FAILED 5", "charge SUCCEEDED 1 COMPENSATING 1"],
            "Is being cancelled: by ann. 0 of 2 steps are undone. The undo of reserve gave up: retry it, or put it right by hand and say so. An engine is at work on it."
        ),
        (
            #""status":"RUNNING","waitingFor":{"kind":"operator","stepId":"ship","reason":"no such address"}"#, [],
            "Needs a person: past the point of no return ship was refused: “no such address”. Retry it, say that it is done, or skip it."
        ),
        (
            #""status":"PENDING","waitingFor":{"kind":"engine","since":"2026-01-31T12:00:00Z","liveEngines":0}"#, [],
            "Waits for an engine to take it up, due since 2026-01-31 12:00:00 UTC. No engine is alive: start one, or nothing happens."
        ),
        (
            #""status":"RUNNING","waitingFor":{"kind":"child","stepId":"pay","runId":"x","workflow":"payment","status":"FAILED"}"#,
            [],
            "Waits for a run of payment, x in pay, which has failed and waits for a person."
        ),
    ])
    func `It says when a person has to do something, and what`(_ run: String, _ steps: [String], _ text: String) throws
    {
        let sentence = try Self.sentence(run, steps)
        #expect(sentence.text == text)
        #expect(sentence.needsPerson)
    }

    private static let waits =
        #""status":"RUNNING","deadlineAt":"2026-01-31T13:00:00Z","waitingFor":{"kind":"retry","stepId":"charge","action":"execute","participant":"payments"}"#

    @Test func `What would be undone is not guessed, and past the point of no return nobody speaks of it`() throws {
        let steps = ["reserve SUCCEEDED 1", "charge PENDING 1"]
        let waits = "Waits for payments: second attempt to do charge."
        let deadline = " It has until 2026-01-31 13:00:00 UTC."
        #expect(try Self.sentence(Self.waits, steps, undoes: nil).text == waits + deadline)
        #expect(
            try Self.sentence(Self.waits, steps, undoes: ["reserve", "charge"]).text
                == waits + " If it gives up, 2 steps will be undone." + deadline,
            "its last attempt may have had an effect")
        #expect(
            try Self.sentence(Self.waits, steps, undoes: ["reserve"], isPastPivot: true).text
                == waits + " It is past its point of no return: what is left is done, not undone.")
    }

    @Test
    func `An undo that was not tried yet has not failed, and one that gave up past the pivot is not called a refusal`()
        throws
    {
        let undo =
            #""status":"COMPENSATING","cause":"CANCEL_REQUESTED","waitingFor":{"kind":"retry","stepId":"charge","action":"compensate","participant":"payments"}"#
        let before = try Self.sentence(undo, ["charge FAILED 3 PENDING 0 timed out"]).text
        #expect(!before.contains("timed out"))
        #expect(try Self.sentence(undo, ["charge FAILED 3 PENDING 1 timed out"]).text.contains("timed out"))
        let person = #""status":"RUNNING","waitingFor":{"kind":"operator","stepId":"ship","reason":"HTTP 500"}"#
        #expect(
            try Self.sentence(person, ["ship FAILED 3 FAILED 5"]).text
                == "Needs a person: past the point of no return the undo of ship gave up: “HTTP 500”. Retry it, or put it right by hand and resolve it."
        )
    }

    @Test func `What stays after an undo is said`() throws {
        let run = #""status":"CANCELLED","cause":"CANCEL_REQUESTED""#
        #expect(
            try Self.sentence(run, ["notify SUCCEEDED 1", "price SUCCEEDED 1"]).text
                == "Cancelled. Nothing was undone. What notify did stays: nothing undoes it.")
    }

    @Test func `What may not be seen is not said`() throws {
        let sentence = try Self.sentence(
            #""status":"COMPENSATED","cause":"STEP_FAILED","error":{"kind":"rejected","message":{"redacted":true,"bytes":9},"stepId":"charge"}"#
        )
        #expect(sentence.text == "Undone. charge failed: “rejected”. There was nothing to undo.")
    }
}
