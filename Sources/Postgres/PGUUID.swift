/// A UUID as the two halves that travel on the wire, most significant first.
///
/// This module knows no identifier types of the domain; they convert to and from this pair for free.
package struct PGUUID: Hashable, Sendable {
    /// Bytes 0 to 7, big-endian.
    package var high: UInt64
    /// Bytes 8 to 15, big-endian.
    package var low: UInt64

    /// The UUID made of the two halves.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
