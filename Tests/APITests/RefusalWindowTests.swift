import Core
import Storage
import Testing
import TestSupport

@testable import API

@Suite("Whoever is refused over and over does not fill the audit")
struct RefusalWindowTests {
    private static let start = ContinuousClock.now
    private static let time = Instant(microseconds: 1_700_000_000_000_000)

    @Test("of a caller's refusals for one reason ten a minute are rows, and the others one more, that counts them")
    func folded() {
        var windows = RefusalWindows()
        for second in 0..<40 {
            windows.note(
                .sample(), at: Self.start + .seconds(second), time: Self.time + .seconds(second))
        }
        #expect(windows.take(at: Self.start + .seconds(40)).count == 10)
        #expect(windows.take(at: Self.start + .seconds(59)) == [])
        let rest = windows.take(at: Self.start + .seconds(60))
        #expect(
            rest.map(\.detail) == [
                ["calls": 30, "from": "2023-11-14T22:13:30.000000Z", "until": "2023-11-14T22:13:59.000000Z"]
            ])
        #expect(windows.waitingCount == 0)
        windows.note(.sample(), at: Self.start + .seconds(61), time: Self.time)
        #expect(windows.take(at: Self.start + .seconds(61)).map(\.detail) == [[:]], "another minute")
    }

    @Test("callers, tenants and reasons are told apart")
    func apart() {
        var windows = RefusalWindows()
        let calls: [RefusedCall] = [
            .sample(), .sample(actor: "key:bob/1"), .sample(reason: "revoked"), .sample(tenant: "*"),
        ]
        for _ in 0..<12 { for call in calls { windows.note(call, at: Self.start, time: Self.time) } }
        #expect(windows.take(at: Self.start).count == 40)
        let rest = windows.take(at: Self.start, isEnd: true)
        #expect(
            rest.count == 4 && rest.allSatisfy { $0.detail["calls"] == 2 }, "at the end nothing waits for its minute")
    }

    @Test("memory is bounded, whatever comes: what there is no room for is counted")
    func bounded() {
        var windows = RefusalWindows()
        for index in 0..<(RefusalWindows.capacity + 50) {
            windows.note(.sample(actor: "key:k/\(index)"), at: Self.start, time: Self.time)
        }
        #expect(windows.waitingCount == RefusalWindows.capacity && windows.dropped == 50)
        let taken = windows.take(at: Self.start + .seconds(1))
        windows.note(.sample(), at: Self.start + .seconds(61), time: Self.time)
        windows.putBack(taken)
        #expect(windows.waitingCount == RefusalWindows.capacity && windows.dropped == 51)
        #expect(windows.take(at: Self.start + .seconds(62)) == taken, "what could not be written goes first")
    }
}
