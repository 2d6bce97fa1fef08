// Random definitions and random legal histories, checked against invariants 4–7, 10–12, 14 and 17 of the reliability
// page. `RandomWorkflow` makes a definition, `History` lives one run of it with faults and then heals, `ModelParticipant`
// is the world outside (effects, late arrivals, the barrier), and `Audit` judges the events without using any code of
// the decider. A history is its seed: the same seed gives the same history.

/// SplitMix64: small, fast and the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// True in `percent` of 100 cases.
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
