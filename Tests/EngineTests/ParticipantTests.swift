import Core
@testable import Engine
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
        let mended = Mended()
        try await Stage.with([chain], answer: { _ in mended.value ? (200, "{}") : (500, "{}") }) { stage in
            try await Self.register(stage, #"{"failureThreshold":3,"successThreshold":1,"openFor":"3s"}"#)
            try await stage.withEngine { engine in
                let first = try await stage.start(chain)[0]
                // Three failures: the run gave up, and the breaker is open before its compensation is called.
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
                try await stage.expectConsistent(first, chain)
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

    @Test(
        "an engine that was not told to calls nobody on its own machine, and the run says which rule it was"
    )
    func notAllowed() async throws {
        let chain = try WorkflowDefinition.sampleChain(1, maxAttempts: 1)
        for host in ["127.0.0.1", "localhost"] {
            try await Stage.with([chain]) { stage in
                try await stage.test.execute("UPDATE participants SET url = replace(url, '127.0.0.1', '\(host)')")
                try await stage.withEngine(["--participant-allow", "10.0.0.0/8"]) { _ in
                    let runID = try await stage.start(chain)[0]
                    #expect(try await stage.end(of: runID) == .compensated)
                    #expect(stage.participant.calls.isEmpty)
                    let error = try #require(try await stage.reader.find(runID)?.run.error)
                    #expect(error["message"]?.string?.contains("an address of this machine") == true, "\(error.text)")
                }
            }
        }
    }
}
