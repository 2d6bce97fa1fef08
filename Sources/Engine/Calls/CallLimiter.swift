import Core
import DequeModule
import Storage
import Synchronization

/// Keeps the calls of this engine to a participant within its share of `maxConcurrent` and `rate`; the rest wait first
/// come, first served.
///
/// The limits hold over all engines; `ShareKeeper` sees to how much of them is this engine's. Without a grant, or with one
/// that has not been renewed for `patience`, no call begins. Participants without limits cost nothing here.
final class CallLimiter: Sendable {
    /// Makes the call; must call `done` exactly once, when it has ended.
    typealias Call = @Sendable (_ done: @escaping @Sendable () -> Void) -> Void

    /// A grant holds for so long: shorter than others wait until what this engine has taken is free for them.
    static let patience = Duration.seconds(CallShare.silence - 5)
    /// After so long without a call to a participant this engine wants nothing of its limits, at the least.
    static let rest = Duration.seconds(30)

    let lanes = Mutex<[ParticipantID: CallLane]>([:])
    let now: @Sendable () -> ContinuousClock.Instant
    private let later: @Sendable (Duration, @escaping @Sendable () -> Void) -> Void
    private let onWaiting: @Sendable () -> Void

    /// - Parameters:
    ///   - now: the clock.
    ///   - later: runs something after a while.
    ///   - onWaiting: is told when calls begin to wait: this engine may want more than it has.
    init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        later: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> Void,
        onWaiting: @escaping @Sendable () -> Void
    ) {
        self.now = now
        self.later = later
        self.onWaiting = onWaiting
    }

    /// Makes the call now or, if its participant has limits, when its turn has come.
    ///
    /// - Parameter needsNoTurn: asked when the turn has come: a call that will not be sent is not one of the rate's.
    func run(
        _ participant: ParticipantID, isLimited: Bool, needsNoTurn: @escaping @Sendable () -> Bool = { false },
        _ call: @escaping Call
    ) {
        guard isLimited else { return call {} }
        let now = now()
        lanes.withLock { lanes in
            lanes[participant, default: CallLane(lastCallAt: now)].waiting.append(
                WaitingCall(call: call, needsNoTurn: needsNoTurn))
        }
        pump(participant)
        let mustRing = lanes.withLock { lanes in
            guard let lane = lanes[participant], !lane.waiting.isEmpty, !lane.hasRung, !lane.isFree else {
                return false
            }
            lanes[participant]?.hasRung = true
            return true
        }
        if mustRing { onWaiting() }
    }

    /// The participant has other limits from now on; without any, calls that wait may go at once.
    func change(_ participant: ParticipantID, isLimited: Bool) {
        lanes.withLock { lanes in
            if lanes[participant]?.isFree == isLimited {
                lanes[participant]?.isFree = !isLimited
                // What was granted before is of other limits.
                if isLimited { lanes[participant]?.holdsUntil = nil }
            }
        }
        pump(participant)
        onWaiting()
    }

    /// How many calls wait for their turn, by participant; those where none does are left out.
    var queued: [ParticipantID: Int] {
        lanes.withLock { $0.compactMapValues { $0.waiting.isEmpty ? nil : $0.waiting.count } }
    }

    func pump(_ participant: ParticipantID) {
        let mayPump = lanes.withLock { lanes in
            guard lanes[participant]?.isPumping == false else { return false }
            lanes[participant]?.isPumping = true
            return true
        }
        guard mayPump else { return }
        while let (first, takesToken) = next(participant) {
            let needsToken = takesToken && !first.needsNoTurn()
            guard let call = begin(participant, needsToken: needsToken) else { continue }
            call { self.ended(participant) }
        }
    }

    /// The call whose turn it is, which stays in the queue; nil ends the pumping.
    private func next(_ participant: ParticipantID) -> (WaitingCall, takesToken: Bool)? {
        let now = now()
        let (found, wait) = lanes.withLock { lanes -> ((WaitingCall, Bool)?, Duration?) in
            guard var lane = lanes[participant] else { return (nil, nil) }
            defer { lanes[participant] = lane.isOver ? nil : lane }
            if let first = lane.waiting.first, lane.mayBegin(at: now) {
                return ((first, lane.tokens != nil && !lane.isFree), nil)
            }
            lane.isPumping = false
            return (nil, lane.timer(at: now))
        }
        if let wait {
            // The calls of half a millisecond go together, rather than each with a timer.
            later(max(wait, .microseconds(500))) {
                self.lanes.withLock { $0[participant]?.timerAt = nil }
                self.pump(participant)
            }
        }
        return found
    }

    /// Takes the first call out of the queue; nil when the limits have become tighter since it was found.
    private func begin(_ participant: ParticipantID, needsToken: Bool) -> Call? {
        let now = now()
        return lanes.withLock { lanes in
            guard var lane = lanes[participant], lane.mayBegin(at: now), let first = lane.waiting.popFirst() else {
                return nil
            }
            lane.inFlight += 1
            lane.lastCallAt = now
            if needsToken {
                lane.tokens?.take()
                lane.begun.add()
            }
            lanes[participant] = lane
            return first.call
        }
    }

    private func ended(_ participant: ParticipantID) {
        lanes.withLock { $0[participant]?.inFlight -= 1 }
        pump(participant)
    }
}
