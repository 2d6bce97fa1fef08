import Core
@testable import Engine
import Postgres
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Polls, end to end", .timeLimit(.minutes(3)))
struct PollTests {
    private static func definition(_ poll: [String: JSON] = [:], undo: Bool = false) throws -> WorkflowDefinition {
        var members: JSON = [
            "path": "/jobs/${response.body.job}", "every": "1s",
            "succeededWhen": ["==": [["var": "response.body.state"], "done"]],
            "failedWhen": ["==": [["var": "response.body.state"], "failed"]],
        ]
        for (name, value) in poll { members[name] = value }
        var compensation: JSON = ["participant": "demo", "path": "/stop", "body": "none"]
        if undo { compensation["completion"] = ["poll": members] }
        return try WorkflowDefinition.sample(
            name: "film",
            steps: [
                [
                    "id": "render",
                    "action": [
                        "participant": "demo", "path": "/render", "body": "none", "headers": ["X-Tenant": "t1"],
                        "output": ["url": "${response.body.url}"], "completion": ["poll": members],
                    ],
                    "compensation": compensation,
                ],
                [
                    "id": "show",
                    "action": ["participant": "demo", "path": "/show", "body": "${steps.render.output}"],
                    "compensation": "none",
                ],
            ])
    }

    /// A participant that accepts, and says at each look what comes next of this; the last again and again.
    private static func working(_ looks: (Int, String)...) -> @Sendable (SeenCall) -> (Int, String) {
        let count = Mutex(0)
        return { call in
            if call.path == "/render" || call.path == "/stop" { return (202, #"{"job":"7/8"}"#) }
            guard call.path.hasPrefix("/jobs") else { return (200, "{}") }
            return count.withLock { count in
                defer { count += 1 }
                return looks[min(count, looks.count - 1)]
            }
        }
    }

    @Test(
        "accepted work is looked at where its answer said, with the call's headers and without its key, holding no lease"
    )
    func looks() async throws {
        let definition = try Self.definition()
        let answer = Self.working(
            (200, #"{"state":"working"}"#), (500, ""), (200, #"{"state":"done","url":"u"}"#))
        try await Stage.with([definition], answer: { answer($0) }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                try await stage.wait(for: runID, "accepted and given back") { _, steps in
                    let isFree = try await stage.test.value("SELECT lease_owner IS NULL FROM outbox") == "t"
                    return steps[0].step.isAccepted && isFree
                }
                #expect(try await stage.end(of: runID) == .completed)
                let jobs = stage.participant.calls.filter { $0.path == "/jobs/7%2F8" }
                #expect(jobs.count == 3 && jobs.allSatisfy { $0.method == "GET" && $0.body.isEmpty })
                #expect(jobs.allSatisfy { $0.headers["x-tenant"] == "t1" && $0.headers["idempotency-key"] == nil })
                #expect(jobs.allSatisfy { $0.headers["x-saga-run-id"] == runID.description })
                #expect(jobs.allSatisfy { $0.headers["x-saga-callback-url"] == nil })
                #expect(stage.participant.calls.last?.body == #"{"url":"u"}"#)
                try await stage.expectConsistent(runID, definition)
                let kinds = try await stage.test.value(
                    "SELECT string_agg(kind, ' ' ORDER BY seq) FROM run_events WHERE step_id = 'render'")
                #expect(
                    kinds == "attempt_started attempt_accepted attempt_looked attempt_looked attempt_succeeded")
            }
        }
    }

    @Test("work that failed is undone; a compensation may be polled, too")
    func failed() async throws {
        let definition = try Self.definition(undo: true)
        let answer = Self.working((200, #"{"state":"failed","why":"no ink"}"#))
        try await Stage.with([definition], answer: { answer($0) }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let row = try #require(try await stage.reader.find(runID)).run
                #expect(row.error?["kind"] == "rejected" && row.error?["response"]?["why"] == "no ink")
                #expect(stage.participant.paths == ["/render", "/jobs/7%2F8"], "what was refused has no effect")
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("without an end an attempt is unknown in its time, repeated under its key, and undone, which is polled")
    func endless() async throws {
        let definition = try Self.definition(["timeout": "1500ms"], undo: true)
        let answer = Self.working((200, #"{"state":"working"}"#))
        let isUndone = Mutex(false)
        let all: @Sendable (SeenCall) -> (Int, String) = { call in
            if call.path == "/stop" { isUndone.withLock { $0 = true } }
            if call.path.hasPrefix("/jobs"), isUndone.withLock({ $0 }) { return (200, #"{"state":"done"}"#) }
            return answer(call)
        }
        try await Stage.with([definition], answer: { all($0) }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let renders = stage.participant.calls.filter { $0.path == "/render" }
                #expect(renders.count == 3 && Set(renders.map(\.key)).count == 1)
                #expect(Array(stage.participant.paths.suffix(2)) == ["/stop", "/jobs/7%2F8"])
                let row = try #require(try await stage.reader.find(runID)).run
                #expect(row.error?["kind"] == "timeout")
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("an engine that dies while it looks loses nothing: the look is made again")
    func killed() async throws {
        let definition = try Self.definition()
        let answer = Self.working((200, #"{"state":"done","url":"u"}"#))
        let gate = Gate()
        let isFirst = Mutex(true)
        try await Stage.with(
            [definition],
            answer: { call in
                if call.path.hasPrefix("/jobs"),
                    isFirst.withLock({ first in
                        defer { first = false }; return first
                    })
                {
                    await gate.wait()
                }
                return answer(call)
            }
        ) { stage in
            let runID = try await stage.start(definition)[0]
            try await stage.withEngine { _ in
                try await stage.wait(for: runID, "looked at") { _, _ in
                    stage.participant.paths.contains { $0.hasPrefix("/jobs") }
                }
                // The lease is taken from it, as if it had stood still for long.
                try await stage.test.execute(
                    "UPDATE outbox SET available_at = now(), lease_owner = gen_random_uuid()")
                let status = try await stage.end(of: runID)
                #expect(status == .completed)
                gate.open()
            }
            #expect(stage.participant.paths.filter { $0 == "/render" }.count == 1)
            try await stage.expectConsistent(runID, definition)
        }
    }

    @Test("a look waits for the resume of its participant, and uses up nothing")
    func paused() async throws {
        let definition = try Self.definition()
        let answer = Self.working((200, #"{"state":"done","url":"u"}"#))
        try await Stage.with([definition], answer: { answer($0) }) { stage in
            try await stage.withEngine { engine in
                let runID = try await stage.start(definition)[0]
                try await stage.wait(for: runID, "accepted") { _, steps in steps[0].step.isAccepted }
                let pause = PauseParticipant("demo", by: "ann", reason: "patch")
                #expect(try await stage.test.database.writes.execute(pause).count == 1)
                try await engine.participants.refresh()
                try await stage.wait(for: runID, "held") { _, _ in engine.participants.held.counts == ["demo": 1] }
                #expect(!stage.participant.paths.contains { $0.hasPrefix("/jobs") })
                let resume = ResumeParticipant("demo", by: "ann", reason: nil)
                #expect(try await stage.test.database.writes.execute(resume) == [true])
                try await engine.participants.refresh()
                #expect(try await stage.end(of: runID) == .completed)
                let kinds = stage.kinds(try await stage.events(runID))
                #expect(!kinds.contains { $0.hasPrefix("attempt_looked") || $0.hasPrefix("attempt_failed") })
                try await stage.expectConsistent(runID, definition)
            }
        }
    }
}
