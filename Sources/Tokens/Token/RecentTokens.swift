package import Core
internal import Crypto
internal import Synchronization

/// What came of tokens that were verified a moment ago, found by their SHA-256: who comes with the same token a thousand times a
/// second is asked for one signature a minute. The tokens themselves are not kept.
package final class RecentTokens<Value: Sendable>: Sendable {
    /// 32 bytes.
    package struct Digest: Hashable, Sendable {
        private let words: (UInt64, UInt64, UInt64, UInt64)

        package init(of token: String) {
            var token = token
            let digest = token.withUTF8 { SHA256.hash(data: $0) }
            words = digest.withUnsafeBytes { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
                )
            }
        }

        package static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(words.0)
            hasher.combine(words.1)
        }
    }

    private struct Entry {
        let value: Value
        let end: Instant
        let notedAt: ContinuousClock.Instant
    }

    /// Two halves, of which the older goes whole: nothing is ever looked through.
    private struct Halves {
        var young: [Digest: Entry] = [:]
        var old: [Digest: Entry] = [:]
        var begunAt: ContinuousClock.Instant
    }

    private let halves: Mutex<Halves>
    private let capacity: Int
    private let age: Duration

    /// - Parameters:
    ///   - capacity: tokens at most.
    ///   - age: how long one is remembered at most.
    package init(
        capacity: Int = 10_000, age: Duration = .seconds(60), now: ContinuousClock.Instant = .now
    ) {
        self.capacity = capacity
        self.age = age
        halves = Mutex(Halves(begunAt: now))
    }

    /// What came of it; nil when that is not known, or it counts no more.
    package func find(_ digest: Digest, now: Instant, at moment: ContinuousClock.Instant = .now) -> Value? {
        halves.withLock { halves in
            turn(&halves, moment)
            guard let entry = halves.young[digest] ?? halves.old[digest], now < entry.end,
                moment - entry.notedAt < age
            else { return nil }
            return entry.value
        }
    }

    package func note(
        _ value: Value, of digest: Digest, until end: Instant, at moment: ContinuousClock.Instant = .now
    ) {
        halves.withLock { halves in
            turn(&halves, moment)
            if halves.young.count >= capacity / 2 { halves = Halves(old: halves.young, begunAt: moment) }
            halves.young[digest] = Entry(value: value, end: end, notedAt: moment)
        }
    }

    private func turn(_ halves: inout Halves, _ moment: ContinuousClock.Instant) {
        let half = age / 2
        guard moment - halves.begunAt >= half else { return }
        let isLongAgo = moment - halves.begunAt >= age
        halves = Halves(old: isLongAgo ? [:] : halves.young, begunAt: moment)
    }
}
