import Core

/// Calls on their way, and what becomes of them.
extension Simulation {
    /// A call goes out; `answer` gets what comes back, and how long that takes from now on.
    func send(
        _ request: SimulatedParticipants.Request, within timeout: Duration,
        _ answer: @escaping (Answer, Duration) -> Void
    ) {
        seen.calls += 1
        let name = "run \(name(request.callerID)): \(request.stepID) \(request.call.action) \(request.call.attempt)"
        note("\(name) goes out")
        let way = schedule.random.upTo(.milliseconds(20))
        if happens(.notSent, 6) { return answer(.notSent("no connection"), way) }
        if happens(.rejected, 5) {
            return answer(.response(status: 422, retryAfter: nil, body: []), way)
        }
        if happens(.busy, 6) { return answerBusy(request, way, answer) }
        if happens(.unknown, 8) {
            if schedule.random.chance(60) { arrive(request, after: way) }
            if schedule.random.chance(50) {
                return answer(.response(status: 500, retryAfter: nil, body: []), way * 2)
            }
            return answer(.unknown("no answer within its timeout"), timeout)
        }
        if happens(.late, 6) {
            arrive(request, after: timeout + schedule.random.upTo(.seconds(60)))
            return answer(.unknown("no answer within its timeout"), timeout)
        }
        if happens(.duplicate, 6) { arrive(request, after: way + schedule.random.upTo(.seconds(30))) }
        if request.isCalledBack, schedule.random.chance(80) {
            return request.isPolled ? acceptJob(request, way, answer) : accept(request, way, answer)
        }
        let back = happens(.slow, 6) ? timeout * 0.9 : schedule.random.upTo(.milliseconds(20))
        arrive(request, after: way) { isAccepted in
            answer(.response(status: isAccepted ? 200 : self.refusal(request), retryAfter: nil, body: Self.body), back)
        }
    }

    /// It is accepted, and its end told later.
    private func accept(
        _ request: SimulatedParticipants.Request, _ way: Duration, _ answer: @escaping (Answer, Duration) -> Void
    ) {
        let back = schedule.random.upTo(.milliseconds(20))
        let accepted = Answer.response(status: 202, retryAfter: nil, body: [])
        if happens(.callbackBad, 20), schedule.random.chance(50) {
            // Nothing happens there, nor will it, and that is told.
            let later = schedule.random.upTo(.seconds(40))
            return schedule.after(way) { [unowned self] in
                let outcome: Callback.Outcome = participants.refuse(request) ? .rejected : .failed
                tellEnd(request, outcome, after: back + later)
                answer(accepted, back)
            }
        }
        let outcome: Callback.Outcome = happens(.callbackBad, 10) ? .failed : .succeeded
        arrive(request, after: way) { [unowned self] isAccepted in
            guard isAccepted else {
                return answer(.response(status: self.refusal(request), retryAfter: nil, body: []), back)
            }
            if !happens(.callbackLost, 15) {
                let isEarly = happens(.callbackEarly, 20)
                tellEnd(request, outcome, after: isEarly ? back / 2 : back + schedule.random.upTo(.seconds(20)))
                if happens(.callbackTwice, 20) {
                    tellEnd(
                        request, schedule.random.chance(70) ? outcome : .failed,
                        after: back + schedule.random.upTo(.seconds(30)))
                }
            }
            answer(accepted, back)
        }
    }

    /// It is accepted, and done later, or comes to nothing; whoever looks finds which.
    private func acceptJob(
        _ request: SimulatedParticipants.Request, _ way: Duration, _ answer: @escaping (Answer, Duration) -> Void
    ) {
        let (key, back) = (request.key, schedule.random.upTo(.milliseconds(20)))
        let later = schedule.random.upTo(.seconds(20))
        let isBad = happens(.callbackBad, 20)
        let isLost = happens(.callbackLost, 15)
        schedule.after(way) { [unowned self] in
            participants.note(.working, key)
            answer(.response(status: 202, retryAfter: nil, body: Array(#"{"job":"\#(key)"}"#.utf8)), back)
            if isBad {
                schedule.after(later) { [unowned self] in
                    if participants.refuse(request) { participants.note(.failed, key) }
                }
            } else if !isLost {
                arrive(request, after: later) { [unowned self] isDone in
                    participants.note(isDone ? .done : .failed, key)
                }
            }
        }
    }

    /// Somebody looks what has become of accepted work; `answer` as for a call.
    func look(
        _ runID: RunID, _ look: Command.Look, key: String, within timeout: Duration,
        _ answer: @escaping (Answer, Duration) -> Void
    ) {
        note("run \(name(runID)): a look at step \(look.call.step) \(look.call.action) goes out")
        let way = schedule.random.upTo(.milliseconds(20))
        if happens(.notSent, 6) { return answer(.notSent("no connection"), way) }
        if happens(.lookFailed, 60) {
            switch Int.random(in: 0..<3, using: &schedule.random) {
            case 0: return answer(.response(status: 500, retryAfter: nil, body: []), way)
            case 1:
                let wait = Duration.seconds(Int.random(in: 0...20, using: &schedule.random))
                return answer(.response(status: 429, retryAfter: wait, body: []), way)
            default: return answer(.unknown("no answer within its timeout"), timeout)
            }
        }
        schedule.after(way) { [unowned self] in
            let back = happens(.slow, 6) ? timeout * 0.9 : schedule.random.upTo(.milliseconds(20))
            guard let job = participants.job(key) else {
                return answer(.response(status: 404, retryAfter: nil, body: []), back)
            }
            answer(
                .response(status: 200, retryAfter: nil, body: Array(#"{"state":"\#(job.rawValue)","n":1}"#.utf8)), back)
        }
    }

    private func tellEnd(_ request: SimulatedParticipants.Request, _ outcome: Callback.Outcome, after delay: Duration) {
        let callback = Callback(
            outcome: outcome, output: outcome == .succeeded ? ["n": 1] : nil, error: nil, digest: outcome.rawValue)
        let asked = InboxRequest(.callback(stepID: request.stepID, request.call.action, callback), sentBy: "p")
        schedule.after(delay) { [unowned self] in ask(request.callerID, asked) }
    }

    /// What came to nothing will never be done; what comes after its undoing may only be too late.
    private func refusal(_ request: SimulatedParticipants.Request) -> Int {
        participants.isRefused(request) ? 422 : 409
    }

    private static let body = Array(#"{"n":1}"#.utf8)

    private func answerBusy(
        _ request: SimulatedParticipants.Request, _ way: Duration, _ answer: (Answer, Duration) -> Void
    ) {
        switch Int.random(in: 0..<3, using: &schedule.random) {
        case 0:
            arrive(request, after: schedule.random.upTo(.seconds(30)))
            answer(.response(status: 408, retryAfter: nil, body: []), way)
        case 1:
            let wait = Duration.seconds(Int.random(in: 0...400, using: &schedule.random))
            answer(.response(status: 503, retryAfter: wait, body: []), way)
        default: answer(.response(status: 429, retryAfter: nil, body: []), way)
        }
    }

    private func arrive(
        _ request: SimulatedParticipants.Request, after delay: Duration, _ then: ((Bool) -> Void)? = nil
    ) {
        schedule.after(delay) { [unowned self] in
            let isAccepted = participants.receive(request, at: now)
            let what = "\(request.stepID) \(request.call.action) \(request.call.attempt)"
            note("run \(name(request.runID)): \(what) arrives" + (isAccepted ? "" : " and is refused"))
            then?(isAccepted)
        }
    }
}
