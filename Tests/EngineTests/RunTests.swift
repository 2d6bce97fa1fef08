import Core
@testable import Engine
import Storage
import Testing
import TestSupport

@Suite("An engine carries runs to their end")
struct RunTests {
    @Test("a chain completes, one call per step, each with its keys and the history folding to the rows")
    func chain() async throws {
        let chain = try WorkflowDefinition.sampleChain()
        try await Stage.with([chain]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(chain)[0]
                #expect(try await stage.end(of: runID) == .completed)
                #expect(stage.participant.paths == ["/step-1", "/step-2", "/step-3"])
                let call = try #require(stage.participant.calls.first)
                #expect(call.key == "\(runID):step-1:execute")
                #expect(call.headers["x-idempotency-key"] == call.key)
                #expect(call.headers["x-saga-run-id"] == runID.description)
                #expect(call.headers["x-saga-step-id"] == "step-1")
                #expect(call.headers["x-saga-action"] == "execute")
                #expect(call.headers["x-saga-attempt"] == "1")
                #expect(call.headers["x-correlation-id"] == runID.description)
                #expect(call.body == #"{"orderId":"o-1"}"#)
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a refused third step undoes the first two in reverse order, and nothing else")
    func compensation() async throws {
        let chain = try WorkflowDefinition.sampleChain()
        try await Stage.with([chain], answer: { $0.path == "/step-3" ? (422, "{}") : (200, "{}") }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(chain)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(
                    stage.participant.paths == ["/step-1", "/step-2", "/step-3", "/undo-step-2", "/undo-step-1"])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("a step that gave no usable answer is undone too, before those it depended on")
    func ambiguous() async throws {
        let chain = try WorkflowDefinition.sampleChain(2, maxAttempts: 2)
        try await Stage.with([chain], answer: { $0.path == "/step-2" ? (500, "{}") : (200, "{}") }) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(chain)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(
                    stage.participant.paths == ["/step-1", "/step-2", "/step-2", "/undo-step-2", "/undo-step-1"])
                let keys = Set(stage.participant.calls.filter { $0.path == "/step-2" }.map(\.key))
                #expect(keys.count == 1, "an attempt is repeated under the same key")
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("branches run at the same time; when one fails the other finishes, nothing new starts, both are undone")
    func branches() async throws {
        let diamond = try WorkflowDefinition.sampleDiamond()
        let gate = Gate()
        try await Stage.with(
            [diamond],
            answer: { call in
                switch call.path {
                case "/left":
                    await gate.wait()
                    return (200, "{}")
                case "/right": return (422, "{}")
                default: return (200, "{}")
                }
            }
        ) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(diamond)[0]
                // The left call is held: only if the right one goes at the same time can it fail.
                try await stage.wait(for: runID, "draining") { run, _ in run.cause == .stepFailed }
                #expect(!stage.participant.paths.contains("/undo-first"))
                gate.open()
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(Array(stage.participant.paths.suffix(2)) == ["/undo-left", "/undo-first"])
                #expect(!stage.participant.paths.contains("/last"))
                try await stage.expectConsistent(runID, diamond)
            }
        }
    }

    @Test("two engines share the work, and no call is made twice")
    func twoEngines() async throws {
        let chain = try WorkflowDefinition.sampleChain(2)
        let (gate, inside) = (Gate(), Meter())
        try await Stage.with(
            [chain],
            answer: { _ in
                inside.enter()
                await gate.wait()
                return (200, "{}")
            }
        ) { stage in
            try await stage.withEngine(["--max-in-flight", "20"]) { _ in
                try await stage.withEngine(["--max-in-flight", "20"]) { _ in
                    let runs = try await stage.start(chain, count: 200)
                    // One of them alone can't have so many calls in flight.
                    while inside.highest < 21 { try await Task.sleep(for: .milliseconds(5)) }
                    gate.open()
                    for runID in runs { #expect(try await stage.end(of: runID) == .completed) }
                    let keys = stage.participant.calls.map(\.key)
                    #expect(keys.count == 400)
                    #expect(Set(keys).count == 400)
                    let engines = try await stage.test.value("SELECT count(DISTINCT engine_id) FROM run_events")
                    #expect(engines == "2")
                }
            }
        }
    }

    @Test("a run past its deadline starts nothing more and is undone")
    func deadline() async throws {
        let chain = try WorkflowDefinition.sampleChain(2, timeout: "1s", backoff: "30m")
        try await Stage.with([chain], answer: { $0.path == "/step-2" ? (503, "{}") : (200, "{}") }) { stage in
            try await stage.withEngine(["--poll", "50ms"]) { _ in
                let runID = try await stage.start(chain)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let run = try #require(try await stage.reader.find(runID)).run
                #expect(run.cause == .deadlineExceeded)
                #expect(stage.participant.paths == ["/step-1", "/step-2", "/undo-step-2", "/undo-step-1"])
                try await stage.expectConsistent(runID, chain)
            }
        }
    }

    @Test("no more calls are in flight to a participant than its maxConcurrent allows, and none is forgotten")
    func maxConcurrent() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        let meter = Meter()
        try await Stage.with(
            [chain],
            answer: { _ in
                meter.enter()
                try? await Task.sleep(for: .milliseconds(5))
                meter.leave()
                return (200, "{}")
            }
        ) { stage in
            try await stage.test.execute("UPDATE participants SET max_concurrent = 3")
            try await stage.withEngine { _ in
                for runID in try await stage.start(chain, count: 60) {
                    #expect(try await stage.end(of: runID) == .completed)
                }
                #expect(meter.highest == 3)
            }
        }
    }
}
