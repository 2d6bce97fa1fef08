import Core
@testable import Engine
import Postgres
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("Participants that are down, changed or not allowed", .timeLimit(.minutes(2)))
struct ParticipantTests {
    private static func register(_ stage: Stage, _ breaker: String) async throws {
        try await stage.test.execute("UPDATE participants SET breaker = '\(breaker)', updated_at = now()")
    }

    /// What each attempt came to.
    private static func outcomes(_ stage: Stage, _ runID: RunID) async throws -> [Outcome] {
        try await stage.events(runID).compactMap(\.row.outcome)
    }

    @Test("a participant that fails stops being called; a run that comes meanwhile burns one attempt and then succeeds")
    func breaker() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 3)
        let lone = try WorkflowDefinition.sampleChain(1, name: "lone", maxAttempts: 1, isCompensated: false)
        let third = try WorkflowDefinition.sample(
            name: "third",
            steps: [
                [
                    "id": "step-1", "action": ["participant": "demo", "path": "/step-1"],
                    "compensation": ["participant": "demo", "path": "/undo", "retry": ["maxAttempts": 3]],
                ]
            ], maxAttempts: 1)
        let mended = Mended()
        let answer: TestParticipant.Answer = { _ in mended.value ? (200, "{}") : (500, "{}") }
        try await Stage.with([chain, lone, third], answer: answer) { stage in
            try await Self.register(stage, #"{"failureThreshold":3,"successThreshold":1,"openFor":"3s"}"#)
            try await stage.withEngine { engine in
                for run in try await stage.start(lone, count: 2) {
                    #expect(try await stage.end(of: run) == .compensated)
                }
                #expect(engine.breakers.map(\.state) == [.closed])
                let first = try await stage.start(third)[0]
                // The third run's failure: it gave up, and the breaker is open before its compensation is called.
                try await stage.wait(for: first, "turned away") { _, steps in steps[0].step.compensationAttempts == 1 }
                let called = stage.participant.calls.count
                #expect(called == 3)
                #expect(engine.breakers.map(\.state) == [.open])
                mended.set()
                let others = try await stage.start(chain, count: 20)
                for other in others { #expect(try await stage.end(of: other) == .completed) }
                #expect(try await stage.end(of: first) == .compensated)
                for other in others {
                    let outcomes = try await Self.outcomes(stage, other)
                    #expect(outcomes == [.notSent, .succeeded] || outcomes == [.succeeded])
                }
                let waited = try await stage.test.value(
                    """
                    SELECT min(retry_in_us) >= 500000 AND bool_and(error->>'message' LIKE '%demo is open%Last: The participant answered 500.')
                    FROM run_events WHERE outcome = 'notSent'
                    """)
                #expect(waited == "t", "an attempt made while it is open must wait for its end")
                #expect(engine.breakers == [BreakerReading(participant: "demo", state: .closed, openedCount: 1)])
                try await stage.expectConsistent(first, third)
            }
        }
    }

    @Test("what one run meets again and again, or two, keeps no other run from the participant")
    func poisonousRuns() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 5)
        let answer: TestParticipant.Answer = {
            $0.body.contains("bad") && $0.path == "/step-1" ? (500, "") : (200, "{}")
        }
        try await Stage.with([chain], answer: answer) { stage in
            try await stage.withEngine { engine in
                for run in try await stage.start(chain, count: 2, input: ["orderId": "bad"]) {
                    try await stage.wait(for: run, "turned back") { run, _ in run.cause == .stepFailed }
                }
                #expect(engine.breakers == [BreakerReading(participant: "demo", state: .closed, openedCount: 0)])
                let well = try await stage.start(chain)[0]
                #expect(try await stage.end(of: well) == .completed)
                #expect(try await Self.outcomes(stage, well) == [.succeeded])
            }
        }
    }

    @Test("an engine tells of a participant that fails in its heartbeat")
    func heartbeat() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1, isCompensated: false)
        try await Stage.with([chain], answer: { _ in (500, "{}") }) { stage in
            try await Self.register(stage, #"{"failureThreshold":1,"openFor":"4m"}"#)
            try await stage.withEngine { _ in
                #expect(try await stage.end(of: try await stage.start(chain)[0]) == .compensated)
                let giveUpAt = ContinuousClock.now + .seconds(20)
                var told: JSON?
                while told == nil, .now < giveUpAt {
                    let engines = try await stage.test.database.reads.execute(ListEngines())
                    told = engines.first?.report["participants"]?["demo"]
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(told?["breaker"] == "open")
                #expect(told?["lastError"] == "The participant answered 500.")
                #expect(told?["openMs"]?.int.map { (200_000...240_000).contains($0) } == true)
            }
        }
    }

    @Test("a call that waits for its turn is not made any more once its run is cancelled")
    func cancelledInTheQueue() async throws {
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
            try await stage.withEngine { _ in
                let first = try await stage.start(chain)[0]
                while inside.highest < 1 { try await Task.sleep(for: .milliseconds(5)) }
                let second = try await stage.start(chain)[0]
                try await stage.wait(for: second, "in the queue") { _, steps in steps[0].step.status == .executing }
                try await stage.send(InboxRequest(.cancel(reason: nil), sentBy: "ann"), to: second)
                try await stage.wait(for: second, "cancelled") { run, _ in run.cause == .cancelRequested }
                gate.open()
                #expect(try await stage.end(of: first) == .completed)
                #expect(try await stage.end(of: second) == .cancelled)
                #expect(stage.participant.calls.map(\.step) == ["step-1"], "the second was never called")
                #expect(try await Self.outcomes(stage, second) == [.notSent])
                try await stage.expectConsistent(second, chain)
            }
        }
    }

    @Test("refusals and calls to be patient open no breaker, and false switches it off")
    func noBreaker() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 6)
        for (status, breaker) in [(422, #"{"failureThreshold":1}"#), (429, #"{"failureThreshold":1}"#), (500, "false")]
        {
            try await Stage.with([chain], answer: { $0.attempt < 6 ? (status, "{}") : (200, "{}") }) { stage in
                try await Self.register(stage, breaker)
                try await stage.withEngine { engine in
                    let runID = try await stage.start(chain)[0]
                    let status = try await stage.end(of: runID)
                    #expect(status.isTerminal)
                    #expect(!(try await Self.outcomes(stage, runID).contains(.notSent)))
                    #expect(engine.breakers.allSatisfy { $0.state == .closed && $0.openedCount == 0 })
                }
            }
        }
    }

    @Test("registering a participant anew closes its breaker")
    func registeredAnew() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1)
        let mended = Mended()
        try await Stage.with([chain], answer: { _ in mended.value ? (200, "{}") : (500, "{}") }) { stage in
            try await Self.register(stage, #"{"failureThreshold":1,"openFor":"4m"}"#)
            try await stage.withEngine { engine in
                let first = try await stage.start(chain)[0]
                try await stage.wait(for: first, "failed") { run, _ in run.cause == .stepFailed }
                #expect(engine.breakers.map(\.state) == [.open])
                mended.set()
                try await Self.register(stage, #"{"failureThreshold":1,"openFor":"4m"}"#)
                while engine.breakers.map(\.state) != [.closed] { try await Task.sleep(for: .milliseconds(10)) }
                #expect(try await stage.end(of: try await stage.start(chain)[0]) == .completed)
                #expect(engine.breakers.map(\.openedCount) == [1], "a counter never goes back")
            }
        }
    }

    @Test("a higher maxConcurrent lets calls go that wait already")
    func limitRaised() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let gate = Gate()
        let meter = Meter()
        try await Stage.with(
            [chain],
            answer: { _ in
                meter.enter()
                await gate.wait()
                meter.leave()
                return (200, "{}")
            }
        ) { stage in
            try await stage.test.execute("UPDATE participants SET max_concurrent = 1")
            try await stage.withEngine { _ in
                let runs = try await stage.start(chain, count: 10)
                while meter.highest < 1 { try await Task.sleep(for: .milliseconds(5)) }
                for (limit, inside) in [("4", 4), ("NULL", 10)] {
                    try await stage.test.execute("UPDATE participants SET max_concurrent = \(limit)")
                    while meter.highest < inside { try await Task.sleep(for: .milliseconds(5)) }
                    #expect(meter.highest == inside)
                }
                gate.open()
                for runID in runs { #expect(try await stage.end(of: runID) == .completed) }
            }
        }
    }

    @Test("an engine that may not call a participant says which rule it was and leaves the run, whole, to one that may")
    func notAllowed() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1)
        for host in ["127.0.0.1", "localhost"] {
            try await Stage.with([chain]) { stage in
                try await stage.test.execute("UPDATE participants SET url = replace(url, '127.0.0.1', '\(host)')")
                let runID = try await stage.start(chain)[0]
                try await stage.withEngine(["--participant-allow", "10.0.0.0/8"]) { engine in
                    try await stage.wait(for: runID, "given back twice") { _, steps in steps[0].step.attempts > 1 }
                    let step = try #require(try await stage.reader.find(runID)?.steps[0].step)
                    #expect(step.error?.kind == "notAllowed")
                    #expect(step.error?.message.contains("an address of this machine") == true)
                    #expect(stage.participant.calls.isEmpty)
                    #expect(engine.breakers.map(\.state) == [.closed])
                }
                try await stage.withEngine { _ in
                    #expect(try await stage.end(of: runID) == .completed)
                    #expect(stage.participant.calls.count == 1)
                    try await stage.expectConsistent(runID, chain)
                }
            }
        }
    }
}
