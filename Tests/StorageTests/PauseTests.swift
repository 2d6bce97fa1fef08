import Core
import Postgres
@testable import Storage
import Telemetry
import Testing
import TestSupport

@Suite("A workflow or a participant is paused")
struct PauseTests {
    @Test("The pause is of all versions, keeps its time when it is changed, and is over when it is resumed")
    func workflow() async throws {
        try await TestDatabase.with { test in
            let store = DefinitionStore(pool: test.database.writes)
            for version in ["1.0.0", "1.1.0"] { try await test.register(try .sampleChain(1, version: version)) }
            try await test.register(try .sampleChain(1, name: "other"))
            #expect(try await store.pause("nothing", of: .shared, by: "ann", reason: "why", starts: .wait) == nil)
            #expect(try await store.resume("nothing", of: .shared, by: "ann", reason: nil) == nil)
            #expect(try await store.resume("other", of: .shared, by: "ann", reason: nil) == 0, "it is not paused")
            let first = try #require(
                try await store.pause("sample-chain", of: .shared, by: "ann", reason: "audit", starts: .wait))
            let second = try #require(
                try await store.pause("sample-chain", of: .shared, by: "bob", reason: "more", starts: .refuse))
            #expect(first.since == second.since && second.by == "bob" && second.starts == .refuse)
            #expect(try await store.pause(of: .sampleChain(1)) == second)
            #expect(try await store.pause(of: .sampleChain(1, name: "other")) == nil)
            try await test.register(try .sampleChain(1, version: "2.0.0"))
            let versions = try await test.database.reads.execute(ListVersions(name: "sample-chain", seenBy: .shared))
            #expect(versions.map(\.pause) == [second, second, second])
            let all = try await test.database.reads.execute(ListWorkflows(seenBy: .shared, scope: .all, limit: 5))
            #expect(all.map { $0.pause != nil } == [false, true, true, true])
            for _ in 0..<2 {
                #expect(try await store.resume("sample-chain", of: .shared, by: "cid", reason: "done") == 0)
            }
            #expect(try await store.pause(of: .sampleChain(1)) == nil)
            let third = try #require(
                try await store.pause("sample-chain", of: .shared, by: "ann", reason: "again", starts: .wait))
            #expect(third.since > first.since, "it is another pause")
            let actions = try await test.database.reads.execute(
                ListAuditEntries(.about("workflows/sample-chain"), limit: 10))
            #expect(
                actions.map { "\($0.actor) \($0.action)" }
                    == ["ann pause_workflow", "cid resume_workflow", "bob pause_workflow", "ann pause_workflow"])
            #expect(actions[2].said == ["reason": "more", "starts": "refuse"])
            #expect(actions[1].said == ["reason": "done"])
        }
    }

    @Test("What another process pauses is known here within a second")
    func elsewhere() async throws {
        try await TestDatabase.with { test in
            let (here, there) = (
                DefinitionStore(pool: test.database.writes), DefinitionStore(pool: test.database.writes)
            )
            try await test.register(try .sampleChain(1))
            #expect(try await here.pause(of: .sampleChain(1)) == nil)
            _ = try await there.pause("sample-chain", of: .shared, by: "ann", reason: "audit", starts: .wait)
            try await Task.sleep(for: .milliseconds(1010))
            #expect(try await here.pause(of: .sampleChain(1))?.reason == "audit")
        }
    }

    @Test("A run of a paused workflow is written as paused, nobody claims it, and the resume brings it to life")
    func held() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1, timeout: "1h")
            let engine = TestEngine(test, definition)
            let store = DefinitionStore(pool: test.database.writes)
            try await test.register(definition)
            let pause = try await store.pause("sample-chain", of: .shared, by: "ann", reason: "audit", starts: .wait)
            let held = NewRun.sample(definition, idempotency: .sample("a"), pause: pause)
            let free = NewRun.sample(definition)
            let later = NewRun.sample(definition, startAt: .now + .seconds(3600), pause: pause)
            try await engine.start([held, free, later])
            let again = NewRun.sample(definition, idempotency: .sample("a"), pause: pause)
            let repeated = await StartWriter(pool: test.database.writes, deadline: .seconds(5)).write([again])
            #expect(try repeated[0].get() == .replayed(held.run.id))
            let claimed = try await engine.claimOne()
            #expect(claimed.run.id == free.run.id, "the other two wait")
            let (row, _) = try #require(try await RunReader(pool: test.database.reads).find(held.run.id))
            #expect(row.status == .pending)
            let live = try await RunReader(pool: test.database.reads).live([held.run.id])
            guard case .paused(let told)? = live.first?.reason(quietFor: .zero, definition: definition) else {
                Issue.record("it does not say that it is paused")
                return
            }
            #expect(told.by == "ann" && told.reason == "The workflow is paused: audit" && told.holdsDeadline)
            #expect(try await test.fold(held.run.id, definition).differences == [])
            #expect(try await test.value("SELECT count(*) FROM held_starts") == "2")

            #expect(try await store.resume("sample-chain", of: .shared, by: "bob", reason: "done") == 2)
            #expect(try await test.value("SELECT count(*) FROM held_starts") == "0")
            let asked = try await test.query("SELECT DISTINCT kind, payload::text, sent_by FROM run_inbox")
            #expect(asked == [["resume", #"{"reason" : "done"}"#, "bob"]])
            var woken = try await engine.claim()
            #expect(Set(woken.map(\.run.id)) == [held.run.id, later.run.id])
            for index in woken.indices {
                #expect(try await engine.work(&woken[index]) { _, _ in .yes })
                let isHeld = woken[index].run.id == held.run.id
                #expect(woken[index].run.status == (isHeld ? .completed : .pending))
                #expect(woken[index].run.marks.deadlineHeld > .zero)
            }
            #expect(try await test.fold(held.run.id, definition).differences == [])
            let due = try await test.value(
                "SELECT available_at > now() + interval '50 min' FROM outbox WHERE run_id = '\(later.run.id)'")
            #expect(due == "t", "one that is for later begins at its time")
        }
    }

    @Test("A start that meets the resume is not forgotten, whichever of the two is written first")
    func race() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain(1)
            let engine = TestEngine(test, definition)
            let store = DefinitionStore(pool: test.database.writes)
            try await test.register(definition)
            let pause = try await store.pause("sample-chain", of: .shared, by: "ann", reason: "audit", starts: .wait)
            #expect(try await store.resume("sample-chain", of: .shared, by: "ann", reason: nil) == 0)
            // It is written by somebody who has not heard of the resume.
            let late = NewRun.sample(definition, pause: pause)
            try await engine.start([late])
            #expect(try await engine.claimOne().run.id == late.run.id)
        }
    }

    @Test(
        "Who dies after the resume leaves the runs to whoever comes by: in pieces, each once, and none of another workflow"
    )
    func pieces() async throws {
        try await TestDatabase.with { test in
            let (definition, other) = (
                try WorkflowDefinition.sampleChain(1), try WorkflowDefinition.sampleChain(1, name: "other")
            )
            let engine = TestEngine(test, definition, other)
            let store = DefinitionStore(pool: test.database.writes)
            for each in [definition, other] { try await test.register(each) }
            let pause = try await store.pause("sample-chain", of: .shared, by: "ann", reason: "audit", starts: .wait)
            let second = try await store.pause("other", of: .shared, by: "ann", reason: "audit", starts: .wait)
            let runs = (0..<5).map { _ in NewRun.sample(definition, pause: pause) }
            try await engine.start(runs + [NewRun.sample(other, pause: second)])
            func wake() async throws -> Int? { try await test.database.writes.execute(WakeHeldStarts(limit: 2)).first }
            #expect(try await wake() == 0, "nothing is resumed")
            let resumed = try await test.database.writes.execute(
                ResumeWorkflow(name: "sample-chain", of: .shared, by: "bob", reason: nil))
            #expect(resumed == [true])
            // One has ended meanwhile, and one is locked by somebody.
            try await test.execute("DELETE FROM outbox WHERE run_id = '\(runs[0].run.id)'")
            let holder = try await test.lock(runs[1].run.id, in: "outbox")
            #expect(try await wake() == 1)
            try await holder.simpleQuery("ROLLBACK")
            await holder.close()
            var woken: [Int?] = []
            for _ in 0..<4 { woken.append(try await wake()) }
            #expect(woken == [2, 2, 0, 0])
            let asked = try await test.query(
                "SELECT count(*), count(DISTINCT run_id), min(kind), min(sent_by), min(payload::text) FROM run_inbox")
            #expect(asked == [["4", "4", "resume", "bob", "{}"]])
            #expect(Set(try await engine.claim().map(\.run.id)) == Set(runs.dropFirst().map(\.run.id)))
            #expect(try await test.value("SELECT workflow_name FROM held_starts") == "other")
        }
    }

    @Test("A participant stays paused when it is registered anew, and a pause is never without who and why")
    func participant() async throws {
        try await TestDatabase.with { test in
            let writes = test.database.writes
            func put() async throws {
                _ = try await writes.execute(
                    PutParticipant(
                        "p", url: "http://p", maxConcurrent: nil, headers: [:], breaker: nil, updatedBy: "ann"))
            }
            func found() async throws -> StoredParticipant? { try await writes.execute(FindParticipants()).first }
            try await put()
            let before = try #require(try await found())
            #expect(before.pause == nil)
            #expect(try await writes.execute(PauseParticipant("q", by: "ann", reason: "why")).isEmpty)
            #expect(try await writes.execute(ResumeParticipant("q", by: "ann", reason: nil)).isEmpty)
            let first = try await writes.execute(PauseParticipant("p", by: "ann", reason: "patch")).first
            let second = try await writes.execute(PauseParticipant("p", by: "bob", reason: "more")).first
            #expect(first?.since == second?.since && second?.by == "bob" && second?.reason == "more")
            #expect(try await found()?.updatedAt == before.updatedAt, "it is the same participant")
            try await put()
            #expect(try await found()?.pause == second)
            for isPaused in [true, false] {
                let resumed = try await writes.execute(ResumeParticipant("p", by: "cid", reason: "done"))
                #expect(resumed == [isPaused])
            }
            #expect(try await found()?.pause == nil)
            let actions = try await test.database.reads.execute(ListAuditEntries(.about("participants/p"), limit: 10))
            #expect(
                actions.map { "\($0.actor) \($0.action)" } == [
                    "cid resume_participant", "ann put_participant", "bob pause_participant", "ann pause_participant",
                    "ann put_participant",
                ])
            #expect(actions[0].said == ["reason": "done"] && actions[3].said == ["reason": "patch"])
        }
    }

    @Test("Whatever is paused tells for how long, looked at every ten seconds; what was resumed tells nothing")
    func metrics() async throws {
        try await TestDatabase.with { test in
            let (writes, store) = (test.database.writes, DefinitionStore(pool: test.database.writes))
            for name in ["sample-chain", "other"] {
                try await test.register(try .sampleChain(1, name: name))
                _ = try await store.pause(name, of: .shared, by: "ann", reason: "audit", starts: .wait)
            }
            for name in ["p", "q", "r"] {
                _ = try await writes.execute(
                    PutParticipant(
                        ParticipantID(name, of: .shared), url: "http://p", maxConcurrent: nil, headers: [:],
                        breaker: nil, updatedBy: "ann"))
            }
            for name in ["p", "q"] {
                _ = try await writes.execute(PauseParticipant(ParticipantID(name, of: .shared), by: "ann", reason: "x"))
            }
            #expect(try await store.resume("other", of: .shared, by: "ann", reason: nil) == 0)
            _ = try await writes.execute(ResumeParticipant("q", by: "ann", reason: nil))
            try await test.execute("UPDATE workflow_pauses SET paused_at = paused_at - interval '1 hour'")
            try await test.execute("UPDATE participants SET paused_at = paused_at - interval '2 days'")

            let registry = MetricsRegistry()
            DatabaseMetrics.register(test.database, in: registry)
            func told() async throws -> [String: Double] {
                let text = String(decoding: await registry.exposition(), as: UTF8.self)
                let lines = text.split(separator: "\n").filter { $0.contains("_paused_seconds{") }
                return Dictionary(
                    uniqueKeysWithValues: try lines.map { line in
                        let parts = line.split(separator: " ")
                        return (String(parts[0]), try #require(Double(parts[1])))
                    })
            }
            let (workflow, participant) = (
                #"workflow_paused_seconds{workflowName="sample-chain"}"#,
                #"participant_paused_seconds{participant="p"}"#
            )
            let first = try await told()
            #expect(Set(first.keys) == [workflow, participant])
            #expect(
                (3600..<3660).contains(first[workflow] ?? 0) && (172_800..<172_860).contains(first[participant] ?? 0))

            #expect(try await store.resume("sample-chain", of: .shared, by: "ann", reason: nil) == 0)
            #expect(try await told() == first, "nobody looks again within ten seconds")
            try await Task.sleep(for: .seconds(10))
            let second = try await told()
            #expect(Set(second.keys) == [participant])
            #expect(second[participant] ?? 0 >= (first[participant] ?? 0) + 10, "it goes on counting")
        }
    }
}
