import Core
import TestSupport
import Testing

@testable import Tokens

@Suite("When issuers are asked for keys")
struct KeyStateTests {
    private static let start = ContinuousClock.now

    private static func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private static func keys(_ ids: [String] = ["k"]) async throws -> KeySet {
        let keys = JSON.array(ids.map { IssuerKey.es256($0).jwk })
        return try await KeySet(jwks: (["keys": keys] as JSON).bytes, for: [.es256])
    }

    /// What is advised, in a word.
    private static func word(_ advice: KeyState.Advice) -> String {
        switch advice {
        case .use: "use"
        case .useAndFetch: "use and fetch"
        case .wait: "wait"
        case .unavailable: "unavailable"
        case .absent: "absent"
        }
    }

    @Test("keys are used for four minutes, fetched anew beside their use, and never used unasked after five")
    func ages() async throws {
        var state = KeyState()
        #expect(Self.word(state.advice(Self.at(0))) == "wait")
        state.begin()
        #expect(Self.word(state.advice(Self.at(1))) == "wait", "one fetch for all who wait")
        state.succeed(try await Self.keys(), Self.at(0))
        for (age, word) in [
            (0.0, "use"), (239.9, "use"), (240, "use and fetch"), (299.9, "use and fetch"), (300, "wait"),
            (3599, "wait"), (3600, "wait"), (100_000, "wait"),
        ] { #expect(Self.word(state.advice(Self.at(age))) == word, "\(age)") }
        state.begin()
        #expect(Self.word(state.advice(Self.at(250))) == "use", "one is on its way")
        #expect(Self.word(state.advice(Self.at(301))) == "wait")
    }

    @Test("an issuer that is away is tried every ten seconds, its keys go on for an hour, and nobody waits for it")
    func stale() async throws {
        var state = KeyState()
        state.begin()
        state.succeed(try await Self.keys(), Self.at(0))
        state.begin()
        state.fail(Self.at(305))
        for (age, word) in [
            (305.0, "use"), (314.9, "use"), (315, "use and fetch"), (3599, "use and fetch"), (3600, "wait"),
        ] { #expect(Self.word(state.advice(Self.at(age))) == word, "\(age)") }
        state.begin()
        state.fail(Self.at(3595))
        #expect(Self.word(state.advice(Self.at(3600))) == "unavailable")
        #expect(Self.word(state.advice(Self.at(3604.9))) == "unavailable")
        #expect(Self.word(state.advice(Self.at(3605))) == "wait")
        #expect(state.usable(Self.at(3599)) != nil && state.usable(Self.at(3600)) == nil)
        state.succeed(try await Self.keys(), Self.at(3610))
        #expect(Self.word(state.advice(Self.at(3611))) == "use")
    }

    @Test("before there is any key, an attempt that failed is remembered for ten seconds")
    func never() {
        var state = KeyState()
        state.begin()
        state.fail(Self.at(0))
        #expect(Self.word(state.advice(Self.at(9.9))) == "unavailable")
        #expect(Self.word(state.advice(Self.at(10))) == "wait")
    }

    @Test("keys that are not known are asked for once in ten seconds, however many are made up")
    func unknown() async throws {
        var state = KeyState()
        state.begin()
        state.succeed(try await Self.keys(), Self.at(0))
        #expect(Self.word(state.adviceForUnknown(Self.at(1))) == "wait", "a key that is new is found at once")
        state.begin()
        #expect(Self.word(state.adviceForUnknown(Self.at(1))) == "wait", "the same fetch")
        state.succeed(try await Self.keys(), Self.at(2))
        #expect(Self.word(state.adviceForUnknown(Self.at(2))) == "absent")
        #expect(Self.word(state.adviceForUnknown(Self.at(10.9))) == "absent")
        #expect(Self.word(state.adviceForUnknown(Self.at(11))) == "wait")
        state.begin()
        state.fail(Self.at(12))
        #expect(Self.word(state.adviceForUnknown(Self.at(13))) == "unavailable", "nobody knows")
        #expect(Self.word(state.adviceForUnknown(Self.at(22))) == "wait")
    }
}

@Suite("Tokens that came a moment ago")
struct RecentTokensTests {
    private typealias Recent = RecentTokens<Int>
    private static let wall = Instant(microseconds: 1_000_000_000)
    private static let start = ContinuousClock.now

    @Test("a token is remembered for a minute at most, and never beyond its end")
    func ages() {
        let recent = Recent(now: Self.start)
        let (long, short) = (Recent.Digest(of: "long"), Recent.Digest(of: "short"))
        recent.note(1, of: long, until: Self.wall + .seconds(3600), at: Self.start)
        recent.note(2, of: short, until: Self.wall + .seconds(5), at: Self.start)
        func find(_ digest: Recent.Digest, _ seconds: Int) -> Int? {
            recent.find(digest, now: Self.wall + .seconds(seconds), at: Self.start + .seconds(seconds))
        }
        #expect(find(long, 0) == 1 && find(short, 4) == 2 && find(short, 5) == nil)
        #expect(find(long, 29) == 1 && find(long, 31) == 1 && find(long, 59) == 1 && find(long, 60) == nil)
        #expect(find(Recent.Digest(of: "lon"), 1) == nil)
    }

    @Test("an entry that nobody asked about meanwhile is no older than a minute, either")
    func quiet() {
        let recent = Recent(now: Self.start)
        recent.note(1, of: Recent.Digest(of: "a"), until: Self.wall + .seconds(3600), at: Self.start)
        #expect(recent.find(Recent.Digest(of: "b"), now: Self.wall, at: Self.start + .seconds(59)) == nil)
        #expect(recent.find(Recent.Digest(of: "a"), now: Self.wall, at: Self.start + .seconds(61)) == nil)
    }

    @Test("no more are remembered than there is room for, and the newest are")
    func room() {
        let recent = Recent(capacity: 10, now: Self.start)
        for number in 0..<100 {
            recent.note(number, of: .init(of: "\(number)"), until: Self.wall + .seconds(9), at: Self.start)
        }
        let known = (0..<100).filter { recent.find(.init(of: "\($0)"), now: Self.wall, at: Self.start) != nil }
        #expect(known.count <= 10 && known.contains(99) && known.contains(95), "\(known)")
    }
}
