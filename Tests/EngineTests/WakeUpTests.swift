@testable import Engine
import Testing

@Suite("The claimer's bell is heard")
struct WakeUpTests {
    /// Far more than a wake-up takes, far less than the waits it cuts short.
    private static let soon = Duration.seconds(5)

    private func time(_ body: () async -> Void) async -> Duration {
        await ContinuousClock().measure { await body() }
    }

    @Test("a ring before the wait is remembered, once")
    func remembered() async {
        let bell = WakeUp()
        bell.ring()
        bell.ring()
        #expect(await time { await bell.wait(atMost: .seconds(60)) } < Self.soon)
        #expect(await time { await bell.wait(atMost: .milliseconds(30)) } >= .milliseconds(30))
    }

    @Test("a ring during a wait ends it, also after waits that ran out")
    func ringing() async {
        let bell = WakeUp()
        for _ in 0..<3 {
            #expect(await time { await bell.wait(atMost: .milliseconds(10)) } >= .milliseconds(10))
        }
        await withDiscardingTaskGroup { group in
            group.addTask { #expect(await self.time { await bell.wait(atMost: .seconds(60)) } < Self.soon) }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(20))
                bell.ring()
            }
        }
    }

    @Test("the earliest time somebody expects something ends the wait, and then counts no more")
    func expected() async {
        let bell = WakeUp()
        bell.ring(at: .now + .seconds(50))
        bell.ring(at: .now + .milliseconds(30))
        let waited = await time { await bell.wait(atMost: .seconds(60)) }
        #expect(waited >= .milliseconds(30) && waited < Self.soon)
        #expect(await time { await bell.wait(atMost: .milliseconds(40)) } >= .milliseconds(40))
    }

    @Test("a cancelled wait ends")
    func cancelled() async {
        let bell = WakeUp()
        await withTaskGroup { group in
            group.addTask { #expect(await self.time { await bell.wait(atMost: .seconds(60)) } < Self.soon) }
            try? await Task.sleep(for: .milliseconds(20))
            group.cancelAll()
        }
    }
}
