package import Core

/// Where in the outbox an engine's claims begin to look.
///
/// A run that is claimed, given back or finished leaves a dead entry in the index behind, at the time at which it was due.
/// While some transaction holds an old snapshot, vacuum can't take them away, and a claim that began at the first entry would
/// step over all of them: minutes later over millions, for every claim. So a claim begins a little before the place up to
/// which this engine has seen everything taken.
///
/// What becomes due is due from about now on, so it lies behind that place, with exceptions: a transaction that took longer
/// than `slack` from its begin to its commit, a row that somebody else had locked and then left, another engine's claim that
/// was undone. They are found by sweeps, claims that do begin at the first entry, and that come the more often the less
/// they cost.
package struct ClaimWindow: Sendable, Hashable {
    /// Before everything.
    package static let beginning = Instant(microseconds: 0)
    /// How far before what was seen a claim begins.
    package static let slack: Duration = .milliseconds(250)
    /// A sweep is followed by at least this many times its own length without one: sweeps take a twentieth of an engine's
    /// claiming at the most.
    static let sparing = 20

    /// Where the next claim begins that is no sweep.
    package private(set) var since = beginning
    private var isSweeping = true
    private var nextSweep: ContinuousClock.Instant?

    package init() {}

    /// A claim is about to be made; from where.
    package mutating func open(at now: ContinuousClock.Instant) -> Instant {
        isSweeping = nextSweep.map { now >= $0 } ?? true
        return isSweeping ? Self.beginning : since
    }

    /// The claim was made.
    ///
    /// - Parameters:
    ///   - last: since when the last of the claimed runs was due; nil when there was none.
    ///   - isFull: there may be more behind it. Otherwise it is for `looked` to say what was seen.
    ///   - took: how long it took.
    package mutating func claimed(upTo last: Instant?, isFull: Bool, took: Duration) {
        if isSweeping { nextSweep = .now + took * Self.sparing }
        if isFull, let last { since = last - Self.slack }
    }

    /// Nothing lies between where the window began and `look`.
    package mutating func looked(_ look: NextDue.Row) {
        since = min(look.next ?? look.now, look.now) - Self.slack
    }
}
