import Core

/// The circuit breaker of one participant, as a pure state machine: time comes in as an argument.
///
///     closed   → open      after `failureThreshold` failures in a row, of several runs
///     open     → halfOpen  when `openFor` has passed and a call asks
///     halfOpen → closed    after `successThreshold` probes that succeeded
///     halfOpen → open      when a probe failed
///
/// One run that fails again and again says something about that run: it takes `runsToOpen` different ones to say it of the
/// participant.
///
/// A probe that does not end (an endpoint that hangs, under a timeout of an hour) must not keep everybody else waiting for
/// as long: after `patience` one more goes beside it.
///
/// What a call came to counts only for the state in which it was admitted: a slow failure from before the breaker
/// opened says nothing about the probes.
struct Breaker {
    /// Successors as above.
    enum State: Hashable {
        /// Calls go; so many have failed since the last success.
        case closed(failures: Int)
        /// No call goes.
        case open(until: ContinuousClock.Instant)
        /// So many calls are trying whether the participant is back, and so many have found it so.
        case halfOpen(probes: Int, successes: Int)
    }

    /// Whether a call may go.
    enum Admission: Hashable {
        /// Yes. Its end must be recorded under this era, exactly once.
        case go(era: Int)
        /// Not before the probes have ended, or `nextProbeAt`.
        case wait
        /// No, and not for this long.
        case refuse(for: Duration)
    }

    /// What a call says about the participant.
    enum Verdict: Hashable {
        /// It gave a definite answer, be it a refusal.
        case success
        /// It could not be reached, or gave no usable answer.
        case failure
        /// Nothing: it asked for patience, or the call was never made.
        case neither
    }

    let policy: BreakerPolicy
    private(set) var state = State.closed(failures: 0)
    /// While closed: the runs, each once, that the failures in a row are of; no more than matter.
    private var failedRuns: [RunID] = []
    /// Grows with every change of state.
    private(set) var era = 0
    /// How often it has opened.
    private(set) var openedCount: Int
    /// While probes are under way: when one more goes although none has ended.
    private(set) var nextProbeAt = ContinuousClock.now

    /// How many runs the failures in a row must be of at least, unless fewer failures open it.
    var runsToOpen: Int { min(3, policy.failureThreshold) }

    /// For how long a probe keeps others from going.
    let patience: Duration

    /// - Parameter patience: nil for the open time, but no less than an answer may well take.
    init(_ policy: BreakerPolicy, openedCount: Int = 0, patience: Duration? = nil) {
        self.policy = policy
        self.openedCount = openedCount
        self.patience = patience ?? max(policy.openFor, .seconds(2))
    }

    mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        if case .open(let until) = state, until <= now { become(.halfOpen(probes: 0, successes: 0)) }
        switch state {
        case .closed:
            return .go(era: era)
        case .open(let until):
            return .refuse(for: until - now)
        case .halfOpen(let probes, let successes):
            guard probes + successes < policy.successThreshold || nextProbeAt <= now else { return .wait }
            nextProbeAt = now + patience
            state = .halfOpen(probes: probes + 1, successes: successes)
            return .go(era: era)
        }
    }

    /// - Parameter run: whose call it was.
    mutating func record(_ verdict: Verdict, of run: RunID, era: Int, at now: ContinuousClock.Instant) {
        guard era == self.era else { return }
        switch (state, verdict) {
        case (.closed, .success):
            state = .closed(failures: 0)
            if !failedRuns.isEmpty { failedRuns = [] }
        case (.closed(let failures), .failure):
            if failedRuns.count < runsToOpen, !failedRuns.contains(run) { failedRuns.append(run) }
            if failures + 1 >= policy.failureThreshold, failedRuns.count >= runsToOpen {
                open(at: now)
            } else {
                state = .closed(failures: failures + 1)
            }
        case (.halfOpen(let probes, let successes), .success):
            if successes + 1 < policy.successThreshold {
                state = .halfOpen(probes: probes - 1, successes: successes + 1)
            } else {
                become(.closed(failures: 0))
            }
        case (.halfOpen, .failure):
            open(at: now)
        case (.halfOpen(let probes, let successes), .neither):
            state = .halfOpen(probes: probes - 1, successes: successes)
        case (.closed, .neither), (.open, _):
            break
        }
    }

    /// Forgets everything but how often it has opened.
    mutating func reset() { become(.closed(failures: 0)) }

    private mutating func open(at now: ContinuousClock.Instant) {
        openedCount += 1
        become(.open(until: now + policy.openFor))
    }

    private mutating func become(_ next: State) {
        state = next
        era += 1
        failedRuns = []
    }
}

/// The state of a breaker, for metrics: 0 closed, 1 half-open, 2 open.
enum BreakerState: Int, Sendable, Hashable {
    case closed
    case halfOpen
    case open

    init(_ state: Breaker.State, at now: ContinuousClock.Instant) {
        switch state {
        case .closed: self = .closed
        case .halfOpen: self = .halfOpen
        case .open(let until): self = until <= now ? .halfOpen : .open
        }
    }
}
