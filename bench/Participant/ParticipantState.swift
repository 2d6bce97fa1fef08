import NIOCore

/// What all connections of the participant share: its mode, what it holds, and what it has counted.
///
/// Belongs to the participant's one event loop, so that counting costs an addition.
final class ParticipantState {
    var mode: ParticipantMode
    private var counts = ParticipantCounts()
    private var rate = CallRate()
    private var gated: [() -> Void] = []

    init(mode: ParticipantMode) { self.mode = mode }

    func connected() {
        counts.connections += 1
        counts.connectionsPeak = max(counts.connectionsPeak, counts.connections)
    }

    func disconnected() { counts.connections -= 1 }

    func received() {
        counts.calls += 1
        counts.inFlight += 1
        counts.inFlightPeak = max(counts.inFlightPeak, counts.inFlight)
        rate.count(at: .now())
    }

    func answered() {
        counts.answered += 1
        counts.inFlight -= 1
    }

    /// Calls whose connection ended before they were answered.
    func dropped(_ calls: Int) { counts.inFlight -= calls }

    /// Calls `body` at the next `release`.
    func gate(_ body: @escaping () -> Void) { gated.append(body) }

    func release() {
        let held = gated
        gated = []
        for body in held { body() }
    }

    /// Counts begin anew; what is open and in flight stays counted.
    func reset() {
        counts.calls = 0
        counts.answered = 0
        counts.inFlightPeak = counts.inFlight
        counts.connectionsPeak = counts.connections
        rate = CallRate()
    }

    func snapshot() -> ParticipantCounts {
        var result = counts
        result.callsPerSecondPeak = rate.peak
        return result
    }
}

/// The most calls in any one second, told to a tenth of a second.
private struct CallRate {
    private static let slots = 10
    private var counts = [Int](repeating: 0, count: slots)
    private var tick: UInt64 = 0
    private var sum = 0
    private(set) var peak = 0

    mutating func count(at now: NIODeadline) {
        let current = now.uptimeNanoseconds / 100_000_000
        if current != tick { advance(to: current) }
        counts[Int(current % UInt64(Self.slots))] += 1
        sum += 1
        if sum > peak { peak = sum }
    }

    /// Forgets the tenths that lie a second back.
    private mutating func advance(to current: UInt64) {
        for step in 1...min(current - tick, UInt64(Self.slots)) {
            let slot = Int((tick + step) % UInt64(Self.slots))
            sum -= counts[slot]
            counts[slot] = 0
        }
        tick = current
    }
}
