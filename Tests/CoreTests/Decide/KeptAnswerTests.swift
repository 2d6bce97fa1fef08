import Core
import Testing

@Suite("What of an answer is kept beside its output")
struct KeptAnswerTests {
    private static func definition() throws -> WorkflowDefinition {
        try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "output": ["status": "${steps.b.response.status}"],
            "steps": [
                [
                    "id": "a", "action": ["participant": "p", "path": "/a"],
                    "compensation": [
                        "participant": "p", "path": "${steps.a.response.headers.location}",
                        "body": [
                            "cause": "${run.cause}", "why": "${run.error.message}", "b": "${steps.b.status}",
                            "error": "${steps.b.error.httpStatus}", "own": "${steps.a.error ?? 'none'}",
                        ],
                    ],
                ],
                [
                    "id": "b",
                    "action": [
                        "participant": "p", "path": "/b", "headers": ["x-at": "${steps.a.response.headers.location}"],
                    ],
                    "compensation": ["participant": "p", "path": "/undo", "retry": ["maxAttempts": 2]],
                ],
            ],
        ])
    }

    private static func run(
        _ definition: WorkflowDefinition, answers: [(action: CallAction, CallResult)]
    ) throws -> (run: Run, events: [RunEvent]) {
        let now = Instant(microseconds: 5)
        var run = Run(id: RunID(high: 1, low: 2), definition: definition, input: .null, context: .null, createdAt: now)
        var all: [RunEvent] = []
        func apply(_ events: [RunEvent]) {
            for event in events { run.evolve(event, at: now) }
            all += events
        }
        apply(start(run, now: now))
        for (action, result) in answers {
            apply(try decide(run, .woke, now: run.wakeAt ?? now, jitter: 0))
            let step = try #require(run.steps.firstIndex { $0.callInFlight?.action == action })
            let attempt = try #require(run.steps[step].callInFlight?.attempt)
            apply(
                try decide(
                    run, .finished(step: step, action: action, attempt: attempt, result), now: now, jitter: 0))
        }
        return (run, all)
    }

    private static let created: CallResult = {
        var result = CallResult(outcome: .succeeded, httpStatus: 201, output: ["x": 1])
        result.headers = ["location": "/things/7", "x-other": "1"]
        return result
    }()

    @Test("status and headers that something names, and no others, go into the event, the journal and the snapshot")
    func kept() throws {
        let definition = try Self.definition()
        #expect(
            definition.steps[0].keptAnswer?.headers == ["location"]
                && definition.steps[0].keptAnswer?.keepsStatus == false)
        let (run, events) = try Self.run(
            definition,
            answers: [(.execute, Self.created), (.execute, CallResult(outcome: .succeeded, httpStatus: 202))])
        #expect(run.status == .completed && run.output == ["status": 202])
        #expect(run.value(try #require(Reference("steps.a.response.headers.location"))) == "/things/7")
        #expect(run.value(try #require(Reference("steps.a.response.headers.x-other"))) == nil)
        let row = try JSON(parsing: EventRow.encode(events.map { EventRow($0, of: StepNumbering(definition)) }))
        #expect(row[2]?["data"] == ["output": ["x": 1], "headers": ["location": "/things/7"]])
        #expect(
            row.array?.compactMap { EventRow($0, output: run.output).event(of: StepNumbering(definition)) } == events)
        let before = Run(id: run.id, definition: definition, input: .null, context: .null, createdAt: run.createdAt)
        let snapshot = try JSON(parsing: Snapshot.encode(run, since: before, at: run.createdAt).bytes)
        #expect(snapshot[0]?["answer"] == ["headers": ["location": "/things/7"]])
        let steps = try #require(snapshot.array).map { SnapshotStep($0, at: run.createdAt)?.step() }
        #expect(steps.map { $0?.answer } == run.steps.map(\.answer))
    }

    @Test("nothing is kept where nothing is named")
    func nothing() throws {
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "steps": [["id": "a", "action": ["participant": "p", "path": "/a"]]],
        ])
        let (run, events) = try Self.run(definition, answers: [(.execute, Self.created)])
        #expect(run.steps[0].answer == nil)
        #expect(
            !String(
                decoding: EventRow.encode(events.map { EventRow($0, of: StepNumbering(definition)) }), as: UTF8.self
            ).contains(
                "headers"))
    }

    @Test("a compensation can say why it is called: the cause, the error, and how other steps stand")
    func why() throws {
        var refusal = CallResult(outcome: .rejected, httpStatus: 422)
        refusal.failure = Failure(kind: "rejected", message: "No stock.", httpStatus: 422)
        let (run, _) = try Self.run(try Self.definition(), answers: [(.execute, Self.created), (.execute, refusal)])
        #expect(run.status == .compensating)
        let call = Command.Call(step: 0, action: .compensate, attempt: 1)
        let scope = CallScope(run, call)
        let body = try #require(try run.definition(of: call).renderedBody(scope, of: run))
        #expect(
            try JSON(parsing: body.bytes) == [
                "cause": "STEP_FAILED", "why": "No stock.", "b": "FAILED", "error": 422, "own": "none",
            ])
        #expect(try run.definition(of: call).renderedPath(scope) == "/things/7")
        #expect(run.definition(of: call).path.isLocation)
    }

    @Test("why an action failed stays the same while its compensation fails, and is in the snapshot")
    func forwardError() throws {
        var unknown = CallResult(outcome: .unknown, httpStatus: 500)
        unknown.failure = Failure(kind: "unknown", message: "First.", httpStatus: 500)
        var undo = CallResult(outcome: .unknown, httpStatus: 502)
        undo.failure = Failure(kind: "unknown", message: "Second.", httpStatus: 502)
        let definition = try Self.definition()
        let (run, _) = try Self.run(
            definition,
            answers: [
                (.execute, Self.created), (.execute, unknown), (.execute, unknown), (.execute, unknown),
                (.compensate, undo),
            ])
        let step = run.steps[1]
        #expect(step.error?.message == "Second." && step.forwardError?.message == "First.")
        #expect(run.value(try #require(Reference("steps.b.error.message"))) == "First.")
        let before = Run(id: run.id, definition: definition, input: .null, context: .null, createdAt: run.createdAt)
        let snapshot = try JSON(parsing: Snapshot.encode(run, since: before, at: run.createdAt).bytes)
        #expect(SnapshotStep(try #require(snapshot[1]), at: run.createdAt)?.step()?.forwardError?.message == "First.")
    }
}
