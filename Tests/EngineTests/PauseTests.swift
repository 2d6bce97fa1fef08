import Core
import Driver
@testable import Engine
import Postgres
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Workflows and participants that are paused, end to end", .timeLimit(.minutes(3)))
struct PauseTests {
    private static func pause(_ stage: Stage, _ engine: Engine? = nil, _ name: String = "demo") async throws {
        let statement = PauseParticipant(ParticipantID(name, of: .shared), by: "ann", reason: "patch")
        #expect(try await stage.test.database.writes.execute(statement).count == 1)
        try await engine?.participants.refresh()
    }

    private static func resume(_ stage: Stage, _ engine: Engine? = nil, _ name: String = "demo") async throws {
        let statement = ResumeParticipant(ParticipantID(name, of: .shared), by: "ann", reason: nil)
        #expect(try await stage.test.database.writes.execute(statement) == [true])
        try await engine?.participants.refresh()
    }

    private static func until(_ isSo: () async throws -> Bool) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(20)
        while .now < giveUpAt {
            if try await isSo() { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("it never became so")
        throw CancellationError()
    }

    private static func outcomes(_ stage: Stage, _ runID: RunID) async throws -> [Outcome] {
        try await stage.events(runID).compactMap(\.row.outcome)
    }

    @Test(
        "calls in flight finish, those that wait for their turn or come are held, and all go on in their first attempt")
    func participant() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let (gate, inside) = (Gate(), Meter())
        try await Stage.with(
            [chain],
            answer: { _ in
                inside.enter()
                await gate.wait()
                return (200, "{}")
            }
        ) { stage in
            try await stage.test.execute("UPDATE participants SET max_concurrent = 1")
            try await stage.withEngine { engine in
                let flying = try await stage.start(chain)[0]
                try await Self.until { inside.highest == 1 }
                let queued = try await stage.start(chain)[0]
                try await Self.until { engine.participants.limiter.queued == ["demo": 1] }
                try await Self.pause(stage, engine)
                let late = try await stage.start(chain)[0]
                try await Self.until { engine.participants.held.counts == ["demo": 1] }
                gate.open()
                #expect(try await stage.end(of: flying) == .completed)
                try await Self.until { engine.participants.held.counts == ["demo": 2] }
                // For longer than the engine looks at its participants.
                try await Task.sleep(for: .milliseconds(1200))
                #expect(stage.participant.calls.count == 1 && engine.table.count == 2, "the leases are held")
                let told = engine.participants.report.shared["demo"]
                #expect(told?["paused"] == true && told?["held"] == 2)
                // What it is when it is resumed counts, not what it was when they came.
                try await stage.test.execute("UPDATE participants SET headers = '{\"x-new\": \"1\"}'")
                try await Self.resume(stage, engine)
                for run in [queued, late] {
                    #expect(try await stage.end(of: run) == .completed)
                    #expect(try await Self.outcomes(stage, run) == [.succeeded])
                    try await stage.expectConsistent(run, chain)
                }
                #expect(stage.participant.calls.dropFirst().allSatisfy { $0.headers["x-new"] == "1" })
                #expect(engine.participants.report.shared["demo"] == nil)
            }
        }
    }

    @Test("a run that turns back or passes its deadline while its call is held ends without that call")
    func turnedBack() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let brief = try WorkflowDefinition.sampleChain(1, name: "brief", timeout: "1s")
        try await Stage.with([chain, brief]) { stage in
            try await Self.pause(stage)
            try await stage.withEngine { engine in
                let (cancelled, late) = (try await stage.start(chain)[0], try await stage.start(brief)[0])
                try await stage.wait(for: cancelled, "held") { _, steps in steps[0].step.status == .executing }
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: cancelled)
                #expect(try await stage.end(of: cancelled) == .cancelled)
                #expect(try await stage.end(of: late) == .compensated)
                for run in [cancelled, late] { #expect(try await Self.outcomes(stage, run) == [.notSent]) }
                #expect(stage.participant.calls.isEmpty && engine.participants.held.counts.isEmpty)
            }
        }
    }

    @Test("compensations wait, too, and the run ends undone when the participant is resumed")
    func compensation() async throws {
        let chain = try WorkflowDefinition.sampleChain(2, maxAttempts: 1)
        let gate = Gate()
        try await Stage.with(
            [chain],
            answer: { call in
                if call.path == "/step-2" {
                    await gate.wait()
                    return (422, "{}")
                }
                return (200, "{}")
            }
        ) { stage in
            try await stage.withEngine { engine in
                let run = try await stage.start(chain)[0]
                try await Self.until { stage.participant.paths == ["/step-1", "/step-2"] }
                try await Self.pause(stage, engine)
                gate.open()
                try await Self.until { engine.participants.held.counts == ["demo": 1] }
                try await Self.resume(stage, engine)
                #expect(try await stage.end(of: run) == .compensated)
                #expect(stage.participant.paths == ["/step-1", "/step-2", "/undo-step-1"])
            }
        }
    }

    @Test(
        "a paused participant takes no more than its share of an engine: others are called, and none of its attempts is lost"
    )
    func room() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1, isCompensated: false)
        let other = try WorkflowDefinition.sample(
            name: "other", steps: [["id": "a", "action": ["participant": "other", "path": "/other"]]])
        try await Stage.with([chain, other]) { stage in
            try await stage.test.execute(
                """
                INSERT INTO participants (participant_name, url, updated_by)
                SELECT 'other', url, 'tests' FROM participants
                """)
            try await Self.pause(stage)
            try await stage.withEngine(["--max-in-flight", "4"]) { engine in
                let waiting = try await stage.start(chain, count: 12)
                for run in try await stage.start(other, count: 3) {
                    #expect(try await stage.end(of: run) == .completed)
                }
                let given = try await stage.test.value(
                    "SELECT count(DISTINCT run_id) > 5 FROM run_events WHERE error->>'kind' = 'notAllowed'")
                #expect(given == "t")
                try await Self.resume(stage, engine)
                for run in waiting {
                    #expect(try await stage.end(of: run) == .completed)
                    #expect(try await !Self.outcomes(stage, run).contains(.unknown))
                }
                #expect(stage.participant.paths.count { $0 == "/step-1" } == 12)
            }
        }
    }

    @Test("an engine that stops gives back what it holds: nothing is taken for a call that was lost")
    func stopped() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1)
        try await Stage.with([chain]) { stage in
            try await Self.pause(stage)
            let runs = try await stage.start(chain, count: 3)
            let began = ContinuousClock.now
            try await stage.withEngine(["--grace", "30s"]) { engine in
                try await Self.until { engine.participants.held.counts == ["demo": 3] }
            }
            #expect(ContinuousClock.now - began < .seconds(25), "nobody waits for calls that are not made")
            #expect(try await stage.test.value("SELECT count(*) FROM outbox WHERE lease_owner IS NULL") == "3")
            try await Self.resume(stage)
            try await stage.withEngine { _ in
                for run in runs {
                    #expect(try await stage.end(of: run) == .completed)
                    #expect(try await Self.outcomes(stage, run) == [.notSent, .succeeded])
                    try await stage.expectConsistent(run, chain)
                }
            }
        }
    }

    @Test("a run of a paused workflow begins when the workflow is resumed, with all its time")
    func workflow() async throws {
        let definition = try WorkflowDefinition.sampleChain(1, timeout: "1s")
        try await Stage.with([definition]) { stage in
            let store = DefinitionStore(pool: stage.test.database.writes)
            let pause = try await store.pause("sample-chain", of: .shared, by: "ann", reason: "audit", starts: .wait)
            try await stage.withEngine { _ in
                let runs = try await stage.start(definition, count: 3, pause: pause)
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: runs[0])
                #expect(try await stage.end(of: runs[0]) == .cancelled)
                try await stage.send(InboxRequest(.resume(reason: "try one"), sentBy: "ann"), to: runs[1])
                #expect(try await stage.end(of: runs[1]) == .completed)
                try await Task.sleep(for: .milliseconds(1200))
                #expect(try await stage.reader.status(of: runs[2]) == .pending)
                #expect(stage.participant.calls.count == 1)
                #expect(try await store.resume("sample-chain", of: .shared, by: "bob", reason: nil) == 3)
                #expect(try await stage.end(of: runs[2]) == .completed)
                for run in runs { try await stage.expectConsistent(run, definition) }
                let kinds = try await stage.events(runs[2]).map(\.kind)
                #expect(Array(kinds.prefix(3)) == ["run_started", "run_paused", "run_resumed"])
            }
        }
    }

    @Test("who dies between the resume and its runs leaves them to the engines")
    func abandonedResume() async throws {
        let definition = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([definition]) { stage in
            let store = DefinitionStore(pool: stage.test.database.writes)
            let pause = try await store.pause("sample-chain", of: .shared, by: "ann", reason: "audit", starts: .wait)
            let run = try await stage.start(definition, pause: pause)[0]
            let resumed = try await stage.test.database.writes.execute(
                ResumeWorkflow(name: "sample-chain", of: .shared, by: "bob", reason: nil))
            #expect(resumed == [true])
            try await stage.withEngine { _ in
                let status = try await stage.end(of: run)
                #expect(status == .completed)
            }
        }
    }

    @Test("what is held is ended once, whoever comes first: the resume, its end, or a stop")
    func once() {
        let ends = Mutex<[String: [PausedCalls.End]]>([:])
        let unwanted = Mutex(Set<String>())
        let held = PausedCalls(capacity: 3)
        func hold(_ name: String, for participant: ParticipantID) {
            let call = PausedCalls.Call(
                isWanted: { unwanted.withLock { !$0.contains(name) } },
                end: { end in ends.withLock { $0[name, default: []].append(end) } })
            held.hold(call, for: participant)
        }
        hold("a", for: "p")
        hold("b", for: "p")
        hold("c", for: "q")
        hold("too many", for: "q")
        #expect(held.counts == ["p": 2, "q": 1])
        held.look(paused: ["p", "q"])
        unwanted.withLock { _ = $0.insert("a") }
        for _ in 0..<2 { held.look(paused: ["p", "q"]) }
        #expect(held.counts == ["p": 1, "q": 1])
        hold("d", for: "p")
        held.look(paused: ["p"])
        held.stop()
        held.look(paused: [])
        hold("late", for: "p")
        let expected: [String: [PausedCalls.End]] = [
            "a": [.notWanted], "b": [.givenBack], "c": [.resumed], "d": [.givenBack], "too many": [.givenBack],
            "late": [.givenBack],
        ]
        #expect(ends.withLock { $0 } == expected)
    }
}
