import Core
import DequeModule

/// A call that waits for its turn.
struct WaitingCall {
    let call: CallLimiter.Call
    /// Asked without the lock, when its turn has come.
    let needsNoTurn: @Sendable () -> Bool
}

/// The calls of one engine to one participant that has limits.
struct CallLane {
    /// Calls in flight at the most; nil for no limit.
    var slots: Int? = 0
    /// Nil when there is no limit, or nothing was granted yet.
    var tokens: CallTokens?
    /// With which they come.
    var share = CallRate(thousandths: 0)
    /// Until when `slots` and `tokens` hold.
    var holdsUntil: ContinuousClock.Instant?
    /// The participant has no limits any more.
    var isFree = false
    var inFlight = 0
    var waiting: Deque<WaitingCall> = []
    /// Somebody is beginning waiting calls: whoever ends one meanwhile leaves it to them, however many end at once.
    var isPumping = false
    /// It has been said that calls wait.
    var hasRung = false
    /// When the next token is looked for.
    var timerAt: ContinuousClock.Instant?
    var begun = BeginCount()
    /// How long nothing has to be called until nothing is wanted.
    var rest = CallLimiter.rest
    var lastCallAt: ContinuousClock.Instant
}

extension CallLane {
    /// Whether it is needed no more.
    var isOver: Bool { isFree && !isPumping && inFlight == 0 && waiting.isEmpty }

    /// Goes on with another share of the rate.
    ///
    /// - Parameter level: tokens at first, if there were none so far.
    mutating func change(to rate: CallRate, level: Double, at now: ContinuousClock.Instant) {
        share = rate
        if tokens == nil {
            tokens = CallTokens(rate, level: level, at: now)
        } else {
            tokens?.change(to: rate, at: now)
        }
    }

    mutating func mayBegin(at now: ContinuousClock.Instant) -> Bool {
        if isFree { return true }
        guard let holdsUntil, now < holdsUntil, slots.map({ inFlight < $0 }) ?? true else { return false }
        return tokens?.hasOne(at: now) ?? true
    }

    /// How long from now the next token should be looked for; nil when that is seen to, or something else is missing.
    mutating func timer(at now: ContinuousClock.Instant) -> Duration? {
        guard !isFree, !waiting.isEmpty, let holdsUntil, now < holdsUntil, slots.map({ inFlight < $0 }) ?? true,
            let wait = tokens?.wait
        else { return nil }
        let at = now + wait
        if let timerAt, timerAt <= at { return nil }
        timerAt = at
        return wait
    }
}

/// How many calls have begun since somebody asked.
///
/// Not smoothed: who has no more calls should want nothing any more, and what a quiet moment takes away is there as headroom.
struct BeginCount: Sendable {
    private var begun = 0
    private var countedAt: ContinuousClock.Instant?

    mutating func add() { begun += 1 }

    /// Calls per second since the last question, rounded up.
    mutating func perSecond(at now: ContinuousClock.Instant) -> Int {
        let seconds = countedAt.map { max(0.25, (now - $0) / .seconds(1)) } ?? 1
        defer { (begun, countedAt) = (0, now) }
        return Int((Double(begun) / seconds).rounded(.up))
    }
}
