/// Decides whether Redis may be tried; pure, the clock is passed in.
///
/// Closed: every command goes. `trip` opens it for 50 ms, and for twice as long with each further failure, up to 2 s.
/// When the time is over one command may try; its success closes the circuit (`reset`), its failure trips it again.
struct RedisCircuit {
    static let firstPause: Duration = .milliseconds(50)
    static let longestPause: Duration = .seconds(2)

    private var pause: Duration?
    private var openUntil: ContinuousClock.Instant?

    /// True from the first failure until a success.
    var isTripped: Bool { pause != nil }

    /// How long commands are still refused, or nil when one may go.
    func refusal(at now: ContinuousClock.Instant) -> Duration? {
        guard let openUntil, now < openUntil else { return nil }
        return now.duration(to: openUntil)
    }

    mutating func trip(at now: ContinuousClock.Instant) {
        let next = pause.map { min($0 * 2, Self.longestPause) } ?? Self.firstPause
        pause = next
        openUntil = now + next
    }

    mutating func reset() {
        pause = nil
        openUntil = nil
    }
}
