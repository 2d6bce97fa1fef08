import Core
import Postgres
@testable import Storage
import Testing
import TestSupport

@Suite("What a run says that can be asked of it is what is let in, and nothing else", .timeLimit(.minutes(2)))
struct PossibleRequestTests {
    /// A run as it may stand.
    enum Stand: String, CaseIterable {
        case begins, calls, waitsForRetry, waitsForRetryUnknown, paused, waitsForSignal, turnedBack, undoGaveUp,
            completed, pastPivot,
            completedPastPivot, awaitsPerson, undone, quarantined
    }

    @Test("in every state, of the run and of each of its steps", arguments: Stand.allCases)
    func agrees(_ stand: Stand) async throws {
        try await TestDatabase.with { test in
            let definition = try Self.definition(
                pivot: [.pastPivot, .completedPastPivot, .awaitsPerson].contains(stand))
            let engine = TestEngine(test, definition)
            let runID = try await Self.bring(engine, definition, to: stand)
            let reader = RunReader(pool: test.database.reads)
            let possible = try #require(try await reader.possibleRequests(of: runID))
            let inbox = RunInbox(database: test.database)
            let before = try await test.query("SELECT status, snapshot::text FROM workflow_runs")
            func isLetIn(_ kind: InboxRequest.Kind) async throws -> Bool {
                let outcome = try await inbox.ask(runID, InboxRequest(kind, sentBy: "tests"))
                // Nobody has read it, so the run stands as before.
                try await test.execute(
                    """
                    DELETE FROM run_inbox; UPDATE outbox SET inbox_count = 0;
                    DELETE FROM outbox o USING workflow_runs r WHERE r.run_id = o.run_id AND r.completed_at IS NOT NULL
                    """)
                return outcome == .accepted
            }
            func isListed(_ request: PossibleRequests.OfRun) -> Bool { possible.ofRun.contains(request) }
            // Who asks twice for what is under way is not refused, but has nothing to ask.
            let isForward = ![.turnedBack, .undoGaveUp, .quarantined].contains(stand)
            if isForward { #expect(try await isLetIn(.cancel(reason: nil)) == isListed(.cancel), "cancel") }
            #expect(try await isLetIn(.undo(reason: "r")) == isListed(.undo), "undo")
            // A run is paused again with another reason, for instance.
            if stand != .paused {
                #expect(try await isLetIn(.pause(reason: nil, holdsDeadline: false)) == isListed(.pause), "pause")
            }
            #expect(try await isLetIn(.resume(reason: nil)) == isListed(.resume), "resume")
            #expect(try await isLetIn(.retry(stepID: nil, reason: nil)) == isListed(.retry), "retry")
            let takesSignal = try await isLetIn(.signal(name: "go", payload: 1, key: nil))
            #expect(takesSignal == possible.signals.contains("go"), "signal")
            for step in definition.steps.map(\.id) {
                let requests = possible.ofSteps.first { $0.stepID == step }?.requests ?? []
                let all: [(PossibleRequests.OfStep, InboxRequest.Kind)] = [
                    (.retry, .retry(stepID: step, reason: nil)), (.resolve, .resolve(stepIDs: [step], reason: "r")),
                    (.complete, .settle(stepID: step, .complete, output: 1, reason: "r")),
                    (.skip, .settle(stepID: step, .skip, output: nil, reason: "r")),
                    (.fail, .settle(stepID: step, .fail, output: nil, reason: "r")),
                ]
                for (request, kind) in all {
                    #expect(try await isLetIn(kind) == requests.contains(request), "\(request) of \(step)")
                }
            }
            #expect(try await test.query("SELECT status, snapshot::text FROM workflow_runs") == before)
            #expect(Self.expected[stand].map { $0 == Self.text(possible) } ?? true, "\(Self.text(possible))")
        }
    }

    @Test("A run that there is not is told from one of which nothing can be asked")
    func unknown() async throws {
        try await TestDatabase.with { test in
            let found = try await RunReader(pool: test.database.reads).possibleRequests(of: .sample())
            #expect(found == nil)
        }
    }

    private static func text(_ possible: PossibleRequests) -> String {
        let steps = possible.ofSteps.map { "\($0.stepID): " + $0.requests.map(\.rawValue).joined(separator: " ") }
        let all = [possible.ofRun.map(\.rawValue).joined(separator: " ")] + steps
        return all.joined(separator: "; ") + " | " + (possible.undoes ?? ["?"]).joined(separator: " ")
    }

    /// Some, so that two mistakes that agree don't pass: of the run, of its steps, and what would be undone.
    private static let expected: [Stand: String] = [
        .begins: "cancel pause | ", .calls: "cancel pause | first",
        .waitsForRetry: "cancel pause; second: retry complete skip fail | first",
        .waitsForRetryUnknown: "cancel pause; second: retry complete skip fail | first second",
        .waitsForSignal: "cancel pause; ask: complete skip fail | first second",
        .undoGaveUp: "retry restart; first: retry resolve | ", .completed: "undo restart | first second third",
        .pastPivot: "pause; third: retry complete skip fail | ",
        .awaitsPerson: "pause; third: retry complete skip | ",
        .completedPastPivot: "restart | ", .undone: "restart | ",
    ]

    /// `first`, `second` (a pivot), a signal, `third`.
    private static func definition(pivot: Bool) throws -> WorkflowDefinition {
        func step(_ id: String, _ more: JSONObject = [:]) -> JSON {
            var members = WorkflowDefinition.sampleStep(id).object ?? [:]
            for (name, value) in more.members { members[name] = value }
            return .object(members)
        }
        let ask: JSON = ["id": "ask", "await": ["signal": "go"]]
        return try WorkflowDefinition.sample(
            name: "stands",
            steps: [step("first"), step("second", pivot ? ["pivot": true] : [:])]
                + (pivot ? [] : [ask]) + [step("third")], backoff: "1h")
    }

    /// - Returns: the run that stands so.
    private static func bring(
        _ engine: TestEngine, _ definition: WorkflowDefinition, to stand: Stand
    ) async throws -> RunID {
        if stand == .begins {
            let new = NewRun.sample(definition)
            try await engine.start([new])
            return new.run.id
        }
        var held = try await engine.begin(definition)
        let runID = held.run.id
        func isForward(_ call: Call, _ step: Int) -> Bool { call.action == .execute && call.step == step }
        switch stand {
        case .begins: break
        case .calls: _ = try await engine.work(&held) { _, call in isForward(call, 0) ? .yes : nil }
        case .waitsForRetry: _ = try await engine.work(&held) { _, call in isForward(call, 0) ? .yes : .busy }
        case .waitsForRetryUnknown: _ = try await engine.work(&held) { _, call in isForward(call, 0) ? .yes : .lost }
        case .paused:
            _ = try await engine.work(&held) { _, _ in .busy }
            let inbox = RunInbox(database: engine.database)
            _ = try await inbox.ask(
                runID, InboxRequest(.pause(reason: nil, holdsDeadline: false), sentBy: "tests"))
            held = try await engine.claimOne()
            _ = try await engine.work(&held) { _, _ in nil }
        case .waitsForSignal: _ = try await engine.work(&held) { _, _ in .yes }
        case .turnedBack:
            _ = try await engine.work(&held) { _, call in
                call.action == .compensate ? .busy : call.step == 0 ? .yes : .no
            }
        case .undoGaveUp:
            _ = try await engine.work(&held) { _, call in isForward(call, 0) ? .yes : .no }
        case .completed:
            _ = try await engine.work(&held) { _, _ in .yes }
            _ = try await RunInbox(database: engine.database).ask(
                runID, InboxRequest(.signal(name: "go", payload: 1, key: nil), sentBy: "tests"))
            held = try await engine.claimOne()
            _ = try await engine.work(&held) { _, _ in .yes }
            try #require(held.run.status == .completed)
        case .pastPivot: _ = try await engine.work(&held) { _, call in call.step < 2 ? .yes : .busy }
        case .awaitsPerson: _ = try await engine.work(&held) { _, call in call.step < 2 ? .yes : .no }
        case .completedPastPivot: _ = try await engine.work(&held) { _, _ in .yes }
        case .undone:
            _ = try await engine.work(&held) { _, call in call.action == .execute && call.step > 0 ? .no : .yes }
            try #require(held.run.status == .compensated)
        case .quarantined:
            _ = try await engine.work(&held) { _, call in isForward(call, 0) ? .yes : nil }
            _ = try await engine.leases.quarantine(held.lease, Failure(kind: "quarantined", message: "It is poison."))
        }
        return runID
    }
}
