import Core
import Testing

@Suite("A call that an engine may not make spends no attempt")
struct NotAllowedTests {
    private static func run() throws -> Run {
        let retry: JSON = ["maxAttempts": 2, "initialInterval": "10ms", "maxInterval": "20s", "jitter": 0]
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": [["id": "a", "action": ["participant": "p", "path": "/a", "retry": retry]]],
        ])
        var run = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: .null, context: .null,
            createdAt: .init(microseconds: 0))
        for event in start(run, now: run.createdAt) { run.evolve(event, at: run.createdAt) }
        return run
    }

    /// Begins the attempt that is due and ends it so; how long the next one waits, nil when there is none.
    private static func attempt(_ run: inout Run, _ answer: Answer) throws -> Duration? {
        let now = try #require(run.wakeAt)
        for event in try decide(run, .woke, now: now, jitter: 0) { run.evolve(event, at: now) }
        let call = try #require(run.steps[0].callInFlight)
        let result = CallResult(
            answer, of: run.stepDefinition(0).madeCall, isAmbiguous: run.steps[0].isAmbiguous, duration: .zero)
        let finished = Happening.finished(step: 0, action: call.action, attempt: call.attempt, result)
        for event in try decide(run, finished, now: now, jitter: 0) { run.evolve(event, at: now) }
        return run.steps[0].nextAttemptAt.map { $0 - now }
    }

    @Test("it is given back ever longer, up to five minutes, for as long as none may; then the whole policy is left")
    func spendsNothing() throws {
        var run = try Self.run()
        var waits: [Duration] = []
        for _ in 0..<12 {
            waits.append(try #require(try Self.attempt(&run, .notAllowed("It is an address of this machine."))))
        }
        #expect(waits.prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(waits.suffix(4) == [.seconds(256), .seconds(300), .seconds(300), .seconds(300)])
        let error = try #require(run.steps[0].error)
        #expect(error.kind == "notAllowed" && error.message.contains("an address of this machine"))
        #expect(Failure(error.json) == error)
        #expect(!run.steps[0].mayHaveEffect)
        #expect(try Self.attempt(&run, .unknown("reset")) != nil, "one of two is left")
        #expect(try Self.attempt(&run, .notAllowed("It is one.")) != nil)
        #expect(try Self.attempt(&run, .unknown("reset")) == nil)
        #expect(run.cause == .stepFailed)
    }

    @Test("a run that has turned back waits for no engine that may")
    func turnedBack() throws {
        var run = try Self.run()
        let now = run.createdAt
        for event in try decide(run, .woke, now: now, jitter: 0) { run.evolve(event, at: now) }
        for event in try decide(run, .cancel(by: "ann", reason: nil), now: now, jitter: 0) {
            run.evolve(event, at: now)
        }
        let result = CallResult(
            .notAllowed("It is one."), of: run.stepDefinition(0).madeCall, isAmbiguous: false, duration: .zero)
        let finished = Happening.finished(step: 0, action: .execute, attempt: 1, result)
        for event in try decide(run, finished, now: now, jitter: 0) { run.evolve(event, at: now) }
        #expect(run.status == .cancelled)
    }
}
