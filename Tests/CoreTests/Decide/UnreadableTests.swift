import Core
import Testing

@Suite("A step remembers that its answer could not be read")
struct UnreadableTests {
    private static func finished(_ run: inout Run, _ action: CallAction, _ attempt: Int, _ failure: Failure) {
        let report = CallReport(outcome: .unknown, httpStatus: failure.httpStatus, duration: .zero)
        run.evolve(.attemptStarted(step: 0, action: action, attempt: attempt), at: .init(microseconds: 0))
        run.evolve(
            .attemptFailed(step: 0, action: action, attempt: attempt, report, failure, retryIn: .zero),
            at: .init(microseconds: 0))
    }

    private static func run() throws -> Run {
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0",
            "steps": [
                [
                    "id": "a", "action": ["participant": "p", "path": "/a"],
                    "compensation": ["participant": "p", "path": "/undo"],
                ]
            ],
        ])
        return Run(
            id: RunID(high: 1, low: 2), definition: definition, input: .null, context: .null,
            createdAt: .init(microseconds: 0))
    }

    private let unreadable = Failure(kind: Failure.unreadableKind, message: "no JSON", httpStatus: 200)
    private let other = Failure(kind: "unknown", message: "timeout")

    @Test("through later attempts, its compensation's included, and through the database")
    func sticks() throws {
        var run = try Self.run()
        Self.finished(&run, .execute, 1, unreadable)
        #expect(run.steps[0].error?.hidesOutput == true)
        Self.finished(&run, .execute, 2, other)
        #expect(run.steps[0].error?.hidesOutput == true)
        Self.finished(&run, .compensate, 1, other)
        let error = try #require(run.steps[0].error)
        #expect(error.hidesOutput)
        #expect(Failure(error.json) == error)
    }

    @Test("but not once it has one that can be, and not for what its compensation was answered")
    func isForgotten() throws {
        var run = try Self.run()
        Self.finished(&run, .execute, 1, unreadable)
        let report = CallReport(outcome: .succeeded, httpStatus: 200, duration: .zero)
        run.evolve(
            .attemptSucceeded(step: 0, action: .execute, attempt: 2, report, output: ["id": 1]),
            at: .init(microseconds: 0))
        #expect(run.steps[0].error == nil)
        Self.finished(&run, .compensate, 1, unreadable)
        #expect(run.steps[0].error?.hidesOutput == false)
        #expect(run.steps[0].error?.json["hidesOutput"] == nil)
    }
}
