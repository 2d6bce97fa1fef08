/// The id of an engine, for as long as its process lives: a UUID, version 7, as a run's is, and never taken for one.
package struct EngineID: Hashable, Sendable, CustomStringConvertible {
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

    /// A version 7 UUID; see `RunID.v7`.
    package static func v7(milliseconds: UInt64, random: (UInt64, UInt64)) -> EngineID {
        let (high, low) = UUIDText.v7(milliseconds: milliseconds, random: random)
        return EngineID(high: high, low: low)
    }
}
