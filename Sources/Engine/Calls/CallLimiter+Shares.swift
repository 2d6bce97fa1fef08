import Core
import Storage
import Synchronization

extension CallLimiter {
    /// Whether this engine calls no participant that has limits.
    var isIdle: Bool { lanes.withLock { $0.isEmpty } }

    /// What this engine could use of limits now, of participants that it calls. The next call that has to wait says so again.
    func demands() -> [CallDemand] {
        let now = now()
        return lanes.withLock { lanes in
            var demands: [CallDemand] = []
            for participant in lanes.keys.sorted() where lanes[participant]?.isFree == false {
                guard var lane = lanes[participant] else { continue }
                lane.hasRung = false
                let recent = lane.begun.perSecond(at: now)
                lanes[participant] = lane
                // Those that wait could all begin within a second.
                let rate = min(recent + lane.waiting.count, CallRate.rates.upperBound / 1000) * 1000
                demands.append(
                    CallDemand(participant: participant, calls: lane.inFlight + lane.waiting.count, rate: rate))
            }
            return demands
        }
    }

    /// Nothing more begins than these grants allow, although no more is granted yet than was before.
    ///
    /// - Returns: calls in flight, by participant.
    func lower(_ grants: [CallGrant]) -> [ParticipantID: Int] {
        let now = now()
        return lanes.withLock { lanes in
            var inFlight: [ParticipantID: Int] = [:]
            for grant in grants {
                guard var lane = lanes[grant.participant] else { continue }
                if let calls = grant.calls { lane.slots = lane.slots.map { min($0, calls) } ?? calls }
                if let rate = grant.rate, lane.tokens == nil || lane.share.thousandths > rate.thousandths {
                    lane.change(to: rate, level: grant.firstTokens, at: now)
                }
                lanes[grant.participant] = lane
                inFlight[grant.participant] = lane.inFlight
            }
            return inFlight
        }
    }

    /// These grants hold until then.
    func accept(_ grants: [CallGrant], until end: ContinuousClock.Instant) {
        let now = now()
        for grant in grants {
            lanes.withLock { lanes in
                guard var lane = lanes[grant.participant] else { return }
                lane.slots = grant.calls
                lane.holdsUntil = end
                if let rate = grant.rate {
                    lane.change(to: rate, level: grant.firstTokens, at: now)
                } else {
                    lane.tokens = nil
                }
                // Who calls alone begins with a token, which the time without calls has to have earned.
                let perToken = grant.wholeRate.map { Duration.seconds(1000) / max(1, $0.thousandths) } ?? .zero
                lane.rest = max(Self.rest, perToken)
                lanes[grant.participant] = lane
            }
            pump(grant.participant)
        }
    }

    /// Forgets the participants that were not called for long, and names them: nothing is wanted of their limits.
    func forgetIdle() -> [ParticipantID] {
        let now = now()
        return lanes.withLock { lanes in
            let idle = lanes.filter { _, lane in
                lane.inFlight == 0 && lane.waiting.isEmpty && !lane.isPumping && now - lane.lastCallAt > lane.rest
            }
            for participant in idle.keys { lanes[participant] = nil }
            return idle.keys.sorted()
        }
    }
}

extension CallGrant {
    /// With how many tokens an engine begins that had none of the rate yet. Others may have used theirs just now.
    fileprivate var firstTokens: Double { isAlone ? 1 : 0 }
}
