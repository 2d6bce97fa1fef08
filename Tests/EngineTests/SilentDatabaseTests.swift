import Core
@testable import Engine
import Postgres
import Storage
import Synchronization
import Testing
import TestSupport

@Suite("An engine whose database has gone silent stops within its manifests' grace")
struct SilentDatabaseTests {
    @Test("What waits for half-open connections is cut off some seconds after the grace period, calls in flight or not")
    func stop() async throws {
        let chain = try WorkflowDefinition.sampleChain(3)
        let gate = Gate()
        try await Stage.with(
            [chain],
            answer: { call in
                if call.path == "/step-2" { await gate.wait() }
                return (200, "{}")
            }
        ) { stage in
            let (proxy, url) = try await CuttingProxy.urlBefore(stage.test)
            let runID = try await stage.start(chain, count: 5)[0]
            let told = Mutex(ContinuousClock.now)
            try await stage.withEngine(["--database-url", url, "--grace", "200ms"]) { _ in
                try await stage.wait(for: runID, "called") { _, steps in steps[1].step.callInFlight != nil }
                proxy.goSilent()
                gate.open()
                told.withLock { $0 = .now }
            }
            let took = ContinuousClock.now - told.withLock { $0 }
            // The grace period, five seconds, and what opening a connection takes at the most.
            #expect(took < .seconds(12), "\(took)")
            proxy.stop()
        }
    }
}
