import Core
import Testing

@Suite("Policies by what an attempt came to")
struct RetryRulesTests {
    private struct Actions {
        var run: Run
        var now = Instant(microseconds: 0)

        init(retry: JSON, compensationRetry: JSON = ["maxAttempts": 1]) throws {
            let definition = try WorkflowDefinition([
                "name": "w", "version": "1.0.0", "retry": ["jitter": 0, "maxAttempts": 3, "initialInterval": "100ms"],
                "compensationRetry": compensationRetry,
                "steps": [
                    [
                        "id": "a", "action": ["participant": "p", "path": "/a", "retry": retry],
                        "compensation": ["participant": "p", "path": "/undo"],
                    ],
                    ["id": "b", "action": ["participant": "p", "path": "/b"]],
                ],
            ])
            run = Run(
                id: RunID(high: 1, low: 2), definition: definition, input: .null, context: .null, createdAt: now)
            apply(start(run, now: now))
        }

        mutating func apply(_ events: [RunEvent]) { for event in events { run.evolve(event, at: now) } }

        /// Begins what is due and ends it so, the call taking so long; how long the next attempt waits, nil for none.
        mutating func attempt(_ status: Int, _ body: String = "", retryAfter: Duration? = nil, takes: Duration = .zero)
            throws
            -> Duration?
        {
            if let wakeAt = run.wakeAt {
                now = wakeAt
                apply(try decide(run, .woke, now: now, jitter: 0.5))
            }
            now += takes
            let index = try #require(run.steps.firstIndex { $0.callInFlight != nil })
            let flight = try #require(run.steps[index].callInFlight)
            let call = Command.Call(step: index, action: flight.action, attempt: flight.attempt)
            var effort = Effort.full
            let result = CallResult(
                .response(Response(status: status, retryAfter: retryAfter, body: Array(body.utf8))),
                of: CallScope(run, call), isAmbiguous: false, duration: takes, effort: &effort)
            apply(
                try decide(
                    run, .finished(step: index, action: flight.action, attempt: flight.attempt, result), now: now,
                    jitter: 0.5))
            return run.steps[index].nextAttemptAt.map { $0 - now }
        }
    }

    @Test("the first policy that is for an outcome, a status or a condition counts, then the one for the rest")
    func first() throws {
        let retry: JSON = [
            ["on": [503, "busy"], "initialInterval": "1s", "maxAttempts": 100],
            ["on": ["==": [["var": "response.body.code"], "LOCKED"]], "initialInterval": "2s", "maxAttempts": 100],
            ["on": "unknown", "initialInterval": "3s", "maxAttempts": 100], ["maxAttempts": 1],
        ]
        for (status, body, wait) in [
            (503, "", Duration.seconds(1)), (429, "", .seconds(1)), (500, #"{"code":"LOCKED"}"#, .seconds(2)),
            (500, #"{"code":"X"}"#, .seconds(3)), (502, "", .seconds(3)),
        ] {
            var actions = try Actions(retry: retry)
            #expect(try actions.attempt(status, body) == wait)
        }
        var rejected = try Actions(retry: retry)
        #expect(try rejected.attempt(422) == nil)
    }

    @Test("what no policy in the list is for has the inherited one")
    func inherited() throws {
        var actions = try Actions(retry: [["on": 503, "maxAttempts": 1]])
        #expect(try actions.attempt(500) == .milliseconds(100))
        var once = try Actions(retry: [["on": 503, "maxAttempts": 1]])
        #expect(try once.attempt(503) == nil && once.run.cause == .stepFailed)
    }

    @Test("attempts count together, whichever policy they had")
    func together() throws {
        var actions = try Actions(retry: [["on": 503, "maxAttempts": 3], ["maxAttempts": 2]])
        #expect(try actions.attempt(503) != nil)
        #expect(try actions.attempt(500) == nil)
    }

    @Test("no attempt begins later than maxElapsed after the first")
    func elapsed() throws {
        var actions = try Actions(
            retry: ["maxAttempts": "unlimited", "initialInterval": "10s", "maxInterval": "10s", "maxElapsed": "25s"])
        #expect(try actions.attempt(500, takes: .seconds(1)) == .seconds(10))
        #expect(try actions.attempt(500, takes: .seconds(1)) == .seconds(10))
        #expect(try actions.attempt(500, takes: .seconds(1)) == nil, "at 23 s, the next would be at 33")
        #expect(actions.run.status == .compensating || actions.run.cause == .stepFailed)
    }

    @Test("an undo without end goes on, and one with a bound ends at it, counted from its own first attempt")
    func undo() throws {
        var endless = try Actions(
            retry: ["maxAttempts": 1],
            compensationRetry: ["maxAttempts": "unlimited", "initialInterval": "1s", "maxInterval": "1s", "jitter": 0])
        #expect(try endless.attempt(500) == nil)
        for _ in 0..<300 { #expect(try endless.attempt(500) == .seconds(1)) }
        #expect(endless.run.status == .compensating && endless.run.steps[0].undoingSince == nil)

        var bounded = try Actions(
            retry: ["maxAttempts": 1],
            compensationRetry: [
                "maxAttempts": "unlimited", "initialInterval": "10s", "maxInterval": "10s", "jitter": 0,
                "maxElapsed": "25s",
            ])
        #expect(try bounded.attempt(500, takes: .seconds(100)) == nil)
        #expect(try bounded.attempt(500) == .seconds(10) && bounded.run.steps[0].undoingSince != nil)
        #expect(try bounded.attempt(500) == .seconds(10))
        #expect(try bounded.attempt(500) == nil && bounded.run.status == .failed)
    }

    @Test("who says when to come back uses up no attempts: three 429s undo nothing")
    func patience() throws {
        var actions = try Actions(retry: ["maxAttempts": 2, "initialInterval": "10ms"])
        for _ in 0..<20 { #expect(try actions.attempt(429, retryAfter: .seconds(60)) == .seconds(60)) }
        #expect(try actions.attempt(503, retryAfter: .seconds(10)) == .seconds(10))
        #expect(actions.run.steps[0].error?.patientAttempts == 21)
        #expect(Failure(try #require(actions.run.steps[0].error?.json)) == actions.run.steps[0].error)
        #expect(try actions.attempt(500) != nil, "the first of two")
        #expect(try actions.attempt(429) == nil, "without a time it is an attempt as any other")

        var impatient = try Actions(retry: ["maxAttempts": 2, "initialInterval": "10ms"])
        for _ in 0..<12 { #expect(try impatient.attempt(429, retryAfter: .seconds(300)) != nil) }
        #expect(try impatient.attempt(429, retryAfter: .seconds(300)) != nil, "after an hour they count")
        #expect(try impatient.attempt(429, retryAfter: .seconds(300)) == nil)
    }

    @Test("maxElapsed bounds that waiting, too")
    func patienceBounded() throws {
        var actions = try Actions(retry: ["maxAttempts": 2, "maxElapsed": "100s"])
        #expect(try actions.attempt(429, retryAfter: .seconds(60)) == .seconds(60))
        #expect(try actions.attempt(429, retryAfter: .seconds(60)) == nil)
    }
}
