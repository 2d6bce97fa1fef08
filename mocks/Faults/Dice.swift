internal import Synchronization

/// Decides at random, reproducibly for a seed, which calls fail.
final class Dice: Sendable {
    /// The share of calls that fail, 0...1.
    let share: Double
    private let state: Mutex<UInt64>

    init(share: Double, seed: UInt64) {
        precondition((0...1).contains(share), "a share is within 0...1")
        self.share = share
        self.state = Mutex(seed)
    }

    /// The fault of the next call: 500, half of them after the work. Nil for the calls that are spared.
    func fault() -> Fault? {
        guard share > 0 else { return nil }
        let unit = next()
        guard unit < share else { return nil }
        return Fault(status: 500, times: nil, isAfter: unit < share / 2)
    }

    /// Uniform in 0 ..< 1, by SplitMix64 (Steele, Lea, Flood 2014).
    private func next() -> Double {
        let bits = state.withLock { state -> UInt64 in
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        return Double(bits >> 11) * 0x1p-53
    }
}
