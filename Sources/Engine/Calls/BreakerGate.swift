import Core
import DequeModule
import Logging
import NIOCore
import Synchronization

/// Stands before the calls to one participant: lets them through, holds them while probes are under way, or turns them
/// away, as the `Breaker` says. One per participant and engine.
///
/// A call turned away is told how long to wait, and a call that comes while probes are under way waits for their
/// outcome, or for a place among them, within its own timeout. So an open breaker costs a step no more than one attempt.
final class BreakerGate: Sendable {
    /// Whether a call may be made.
    enum Passage: Sendable, Hashable {
        /// Yes, after this wait; `report` must be told what it came to, exactly once.
        case go(era: Int, waited: Duration)
        /// No: the participant is not to be called before `retryAfter`.
        case turnedAway(reason: String, retryAfter: Duration)
    }

    typealias Resume = @Sendable (Passage) -> Void

    private struct Waiting: Sendable {
        let number: Int
        let since: ContinuousClock.Instant
        let giveUpAt: ContinuousClock.Instant
        let resume: Resume
        var timer: Scheduled<Void>?
    }

    private struct Guarded {
        var breaker: Breaker
        /// What failed last, and when.
        var lastFailure: (message: String, at: ContinuousClock.Instant)?
        var cause: String { lastFailure?.message ?? "not known" }
        /// In order of arrival.
        var waiting: Deque<Waiting> = []
        var lastNumber = 0
        /// Somebody is letting waiting calls go: whoever reports meanwhile leaves it to them.
        var isPumping = false
    }

    let participant: ParticipantID
    private let eventLoops: any EventLoopGroup
    private let logger: Logger
    private let guarded: Mutex<Guarded>
    /// The era while the breaker is closed, else -1: a call through a closed breaker takes no lock.
    private let closedEra = Atomic<Int>(0)

    init(
        _ policy: BreakerPolicy, participant: ParticipantID, openedCount: Int = 0, patience: Duration? = nil,
        eventLoops: any EventLoopGroup, logger: Logger
    ) {
        self.participant = participant
        self.eventLoops = eventLoops
        self.logger = logger
        guarded = Mutex(Guarded(breaker: Breaker(policy, openedCount: openedCount, patience: patience)))
    }

    var policy: BreakerPolicy { guarded.withLock { $0.breaker.policy } }
    var openedCount: Int { guarded.withLock { $0.breaker.openedCount } }
    var state: BreakerState { guarded.withLock { BreakerState($0.breaker.state, at: .now) } }

    /// Calls `resume` exactly once: now, or when the probes have ended, or when `timeout` is over.
    func pass(within timeout: Duration, _ resume: @escaping Resume) {
        let era = closedEra.load(ordering: .acquiring)
        if era >= 0 { return resume(.go(era: era, waited: .zero)) }
        let (passage, number) = change { guarded -> (Passage?, Int) in
            if let passage = admit(&guarded) { return (passage, 0) }
            guarded.lastNumber += 1
            let now = ContinuousClock.now
            guarded.waiting.append(
                Waiting(number: guarded.lastNumber, since: now, giveUpAt: now + timeout, resume: resume))
            return (nil, guarded.lastNumber)
        }
        if let passage { return resume(passage) }
        watch(number)
    }

    /// Why and for how long a call would be turned away at this moment; nil when it has to ask.
    func refusal() -> (reason: String, retryAfter: Duration)? {
        guard closedEra.load(ordering: .acquiring) < 0 else { return nil }
        return guarded.withLock { guarded in
            guard case .open(let until) = guarded.breaker.state, until > .now else { return nil }
            return turnedAway(for: until - .now, guarded)
        }
    }

    /// What a call of `run` came to that went in `era`; `failure` says what was wrong, without secrets.
    func report(_ verdict: Breaker.Verdict, of run: RunID, era: Int, failure: String? = nil) {
        change { guarded in
            guarded.breaker.record(verdict, of: run, era: era, at: .now)
            if verdict == .failure { guarded.lastFailure = (failure ?? "not known", .now) }
        }
        if closedEra.load(ordering: .acquiring) != era { pump() }
    }

    /// What there is to tell a person; nil when the last call was well and none waits.
    var reading: Reading? {
        let now = ContinuousClock.now
        return guarded.withLock { guarded in
            let state = guarded.breaker.state
            if state == .closed(failures: 0), guarded.waiting.isEmpty { return nil }
            var reading = Reading(state: BreakerState(state, at: now), waiting: guarded.waiting.count)
            switch state {
            case .closed(let failures): reading.failures = failures
            case .open(let until): reading.opensFor = max(.zero, until - now)
            case .halfOpen: break
            }
            reading.lastError = guarded.lastFailure?.message
            reading.lastErrorAge = guarded.lastFailure.map { now - $0.at }
            return reading
        }
    }

    /// How a breaker stands that has something to tell.
    struct Reading: Sendable, Hashable {
        var state: BreakerState
        /// While closed: failures in a row.
        var failures = 0
        /// While open: how much longer.
        var opensFor: Duration?
        var lastError: String?
        var lastErrorAge: Duration?
        /// Calls that wait for what the probes find.
        var waiting: Int
    }

    /// Lets every waiting call go: the participant has been registered anew.
    func reset() {
        change { $0.breaker.reset() }
        pump()
    }
}

extension BreakerGate {
    /// Works on the state and says aloud when the breaker has changed.
    private func change<Value: Sendable>(_ body: (inout Guarded) -> Value) -> Value {
        let (before, after, cause, value) = guarded.withLock { guarded in
            let before = guarded.breaker.state
            let value = body(&guarded)
            if case .closed = guarded.breaker.state {
                closedEra.store(guarded.breaker.era, ordering: .releasing)
            } else {
                closedEra.store(-1, ordering: .releasing)
            }
            return (before, guarded.breaker.state, guarded.cause, value)
        }
        tell(before, after, cause)
        return value
    }

    private func tell(_ before: Breaker.State, _ after: Breaker.State, _ cause: String) {
        switch (before, after) {
        case (.closed, .open), (.halfOpen, .open):
            logger.warning(
                "the breaker of a participant opened: no calls for a while",
                metadata: participant.metadata.merging(["cause": "\(cause)"]) { $1 })
        case (.open, .halfOpen):
            logger.info("a participant is tried again", metadata: participant.metadata)
        case (.open, .closed), (.halfOpen, .closed):
            logger.notice(
                "the breaker of a participant closed: calls go again", metadata: participant.metadata)
        case (.closed, _), (.halfOpen, .halfOpen), (.open, .open):
            break
        }
    }

    /// Nil when the call has to wait.
    private func admit(_ guarded: inout Guarded, after waited: Duration = .zero) -> Passage? {
        switch guarded.breaker.admit(at: .now) {
        case .go(let era): return .go(era: era, waited: waited)
        case .wait: return nil
        case .refuse(let rest):
            let (reason, retryAfter) = turnedAway(for: rest, guarded)
            return .turnedAway(reason: reason, retryAfter: retryAfter)
        }
    }

    /// Those turned away come back within a fifth of the open time, not all at once.
    private func turnedAway(for rest: Duration, _ guarded: Guarded) -> (reason: String, retryAfter: Duration) {
        (
            reason: "The circuit breaker of \(participant.name) is open: the call was not made. Last: \(guarded.cause)",
            retryAfter: rest + guarded.breaker.policy.openFor * Double.random(in: 0..<0.2)
        )
    }

    /// Lets waiting calls go, one after the other, as far as the breaker allows.
    private func pump() {
        let mayPump = guarded.withLock { guarded in
            if guarded.isPumping || guarded.waiting.isEmpty { return false }
            guarded.isPumping = true
            return true
        }
        guard mayPump else { return }
        while let (waiting, passage) = next() {
            waiting.timer?.cancel()
            waiting.resume(passage)
        }
    }

    /// The next waiting call and its passage; nil ends the pumping.
    private func next() -> (Waiting, Passage)? {
        change { guarded in
            guard let first = guarded.waiting.first, let passage = admit(&guarded, after: .now - first.since) else {
                guarded.isPumping = false
                return nil
            }
            return (guarded.waiting.removeFirst(), passage)
        }
    }

    /// Looks after a waiting call at the end of its timeout, and when probes that do not end make room for one more.
    private func watch(_ number: Int) {
        let wait = guarded.withLock { guarded -> Duration? in
            guard let waiting = guarded.waiting.first(where: { $0.number == number }) else { return nil }
            return min(waiting.giveUpAt, guarded.breaker.nextProbeAt) - .now
        }
        guard let wait else { return }
        let delay = TimeAmount(max(wait, .milliseconds(1)))
        let timer = eventLoops.next().scheduleTask(in: delay) { self.look(after: number) }
        let isWaiting = guarded.withLock { guarded in
            guard let index = guarded.waiting.firstIndex(where: { $0.number == number }) else { return false }
            guarded.waiting[index].timer = timer
            return true
        }
        // It was let go meanwhile.
        if !isWaiting { timer.cancel() }
    }

    private func look(after number: Int) {
        pump()
        let isOver = guarded.withLock { guarded in
            guarded.waiting.contains { $0.number == number && $0.giveUpAt <= .now }
        }
        if isOver { expire(number) } else { watch(number) }
    }

    private func expire(_ number: Int) {
        let resume = guarded.withLock { guarded -> Resume? in
            guard let index = guarded.waiting.firstIndex(where: { $0.number == number }) else { return nil }
            return guarded.waiting.remove(at: index).resume
        }
        resume?(
            .turnedAway(
                reason:
                    "Whether \(participant.name) is back was not known in time: the call waited for others to find out.",
                retryAfter: policy.openFor))
    }
}
