// The small values everything else is made of: ids, instants, durations, versions. All of them parse strictly, print
// canonically and know no clock and no dice: time and randomness are passed in.

internal import Basics

/// The id of a run: a UUID, version 7 when we make it, so that ids sort by the time of their creation.
package struct RunID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first eight bytes, big-endian.
    package let high: UInt64
    /// The last eight bytes, big-endian.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses the canonical form (8-4-4-4-12 hexadecimal digits, any case); nil for every other text.
    package init?(_ text: String) {
        guard let (high, low) = UUIDText.parse(text) else { return nil }
        self.init(high: high, low: low)
    }

    /// The canonical form in lower case.
    package var description: String { UUIDText.text(high, low) }

    package static func < (left: RunID, right: RunID) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }

    /// A version 7 UUID (RFC 9562 §5.7): 48 bits of time, then 74 of the 128 random bits given.
    package static func v7(milliseconds: UInt64, random: (UInt64, UInt64)) -> RunID {
        let (high, low) = UUIDText.v7(milliseconds: milliseconds, random: random)
        return RunID(high: high, low: low)
    }

    /// The time in a version 7 id, in milliseconds since 1970 UTC; meaningless for other versions.
    package var milliseconds: UInt64 { high >> 16 }
}

/// Makes version 7 ids that only grow, also within a millisecond and when the clock steps back.
///
/// RFC 9562 §6.2, method 1: the 12 bits after the version are a counter, seeded at random below half its range in each new
/// millisecond; when it is exhausted the time is taken one millisecond ahead. The 62 remaining bits are always random.
package struct RunIDGenerator: Sendable {
    private var milliseconds: UInt64 = 0
    private var counter: UInt64 = 0

    package init() {}

    /// The next id, at `milliseconds` since 1970 UTC or, if that is not after the last one, at the last one's time.
    package mutating func next(milliseconds now: UInt64, using random: inout some RandomNumberGenerator) -> RunID {
        if now > milliseconds {
            milliseconds = now
            counter = random.next() & 0x7FF
        } else if counter < 0xFFF {
            counter += 1
        } else {
            milliseconds += 1
            counter = random.next() & 0x7FF
        }
        return .v7(milliseconds: milliseconds, random: (counter, random.next()))
    }
}
