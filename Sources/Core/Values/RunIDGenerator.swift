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
