import Core
import Testing

@Suite("Backoff and jitter")
struct BackoffTests {
    private let policy = RetryPolicy(
        maxAttempts: 100, initialInterval: .milliseconds(100), maxInterval: .seconds(10), multiplier: 2, jitter: 0.1)

    @Test(
        "the delay doubles up to the cap",
        arguments: [(1, 100), (2, 200), (3, 400), (7, 6400), (8, 10_000), (99, 10_000)])
    func exponential(attempt: Int, milliseconds: Int) {
        #expect(policy.delay(afterAttempt: attempt, jitter: 0.5) == .milliseconds(milliseconds))
    }

    @Test("jitter stays within its share, and never above the cap", arguments: [0.0, 0.25, 0.5, 0.75, 0.999_999])
    func jitter(_ unit: Double) {
        for attempt in 1...100 {
            let middle = policy.delay(afterAttempt: attempt, jitter: 0.5)
            let delay = policy.delay(afterAttempt: attempt, jitter: unit)
            #expect(delay >= middle * 0.9 - .microseconds(1))
            #expect(delay <= min(middle * 1.1, .seconds(10)))
        }
    }

    @Test("jitter really spreads: the ends differ by its share")
    func spread() {
        #expect(policy.delay(afterAttempt: 1, jitter: 0) == .milliseconds(90))
        #expect(policy.delay(afterAttempt: 1, jitter: 0.75) == .milliseconds(105))
    }

    @Test(
        "extreme policies neither overflow nor go below zero",
        arguments: [
            RetryPolicy(
                maxAttempts: 100, initialInterval: .seconds(86_400), maxInterval: .seconds(86_400), multiplier: 10,
                jitter: 1),
            RetryPolicy(
                maxAttempts: 100, initialInterval: .milliseconds(1), maxInterval: .milliseconds(1), multiplier: 1,
                jitter: 1),
            RetryPolicy(maxAttempts: 100, initialInterval: .seconds(60), maxInterval: .seconds(1)),
        ])
    func extremes(_ policy: RetryPolicy) {
        for attempt in [1, 2, 50, 100] {
            for unit in [0.0, 0.5, 0.999_999] {
                let delay = policy.delay(afterAttempt: attempt, jitter: unit)
                #expect(delay >= .zero)
                #expect(delay <= policy.maxInterval)
            }
        }
    }

    @Test("the decider passes the attempt and the dice on")
    func decided() throws {
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "retry": [
                "maxAttempts": 3, "initialInterval": "100ms", "maxInterval": "10s", "multiplier": 3, "jitter": 0.5,
            ],
            "steps": [["id": "a", "action": ["participant": "p", "path": "/do"]]],
        ])
        let now = Instant(microseconds: 0)
        var run = Run(id: RunID(high: 0, low: 1), definition: definition, input: [:], context: [:], createdAt: now)
        for event in start(run, now: now) { run.evolve(event, at: now) }
        for (attempt, delay) in [(1, Duration.milliseconds(50)), (2, .milliseconds(150))] {
            let due = try #require(run.wakeAt)
            for event in try decide(run, .woke, now: due, jitter: 0) { run.evolve(event, at: due) }
            let result = CallResult(outcome: .notSent)
            let failed = Happening.finished(step: 0, action: .execute, attempt: attempt, result)
            for event in try decide(run, failed, now: due, jitter: 0) { run.evolve(event, at: due) }
            #expect(run.steps[0].nextAttemptAt == due + delay)
        }
    }
}
