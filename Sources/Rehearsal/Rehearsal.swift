// A definition is tried out without a server: the production decider decides, a script answers, and time is skipped. What a
// run would do with these answers is what comes out.

package import Core

/// Plays one run of a definition.
package struct Rehearsal: Sendable {
    /// Events of one run at most; what needs more does not end.
    package static let maxEvents = 10_000
    /// When every rehearsal begins.
    package static let start = Instant("2026-01-01T00:00:00Z") ?? Instant(microseconds: 0)
    /// The id that every rehearsed run has.
    package static let runID = RunID(high: 0x019b_0000_0000_7000, low: 0x8000_0000_0000_0001)

    package private(set) var run: Run
    package private(set) var now: Instant
    /// As it was before its first event.
    let fresh: Run
    /// What has happened, oldest first.
    package private(set) var events: [(at: Instant, event: RunEvent)] = []
    /// Calls that were made, oldest first.
    package private(set) var calls: [RehearsedCall] = []
    /// Steps that wait for a signal that does not come.
    private var silent: Set<Int> = []
    /// Children that FAILED, and that nobody sees to.
    private var forsaken: Set<RunID> = []
    /// Accepted attempts, by the events with which they began, whose ends nobody tells.
    private var untold: Set<Int> = []
    /// Something was decided under a lease.
    private var isClaimed = false
    /// Named secrets that rules sign with: whatever they are, calls are made.
    private let secrets: [String: [UInt8]]

    /// A run that has just been started.
    package init(_ definition: WorkflowDefinition, input: JSON, context: JSON = .object(JSONObject())) {
        self.init(
            Run(id: Self.runID, definition: definition, input: input, context: context, createdAt: Self.start),
            at: Self.start)
    }

    /// - Parameter now: when it is started.
    init(_ fresh: Run, at now: Instant) {
        self.now = now
        self.fresh = fresh
        run = fresh
        let names = fresh.definition.steps.flatMap { step in
            CallAction.allCases.compactMap { step.call(of: $0) }.flatMap(\.secrets)
        }
        secrets = Dictionary(names.map { ($0, Array("rehearsal".utf8)) }) { first, _ in first }
        apply(Core.start(run, now: now))
    }

    /// What is to be answered next, once time has passed until there is something; nil when the run is over, or waits for a
    /// person, or for a signal that does not come.
    ///
    /// - Throws: `RehearsalError.endless`.
    package mutating func nextTurn() throws(RehearsalError) -> RehearsedTurn? {
        if !isClaimed, !run.status.isTerminal {
            isClaimed = true
            try decide(.woke)
        }
        while !run.status.isTerminal {
            guard events.count < Self.maxEvents else { throw .endless }
            for command in run.nextCommands(at: now) {
                switch command {
                case .call(let call): return .call(request(call))
                case .look(let look):
                    return .look(RehearsedLook(look: look, step: name(of: look.call.step)))
                case .wake: break
                }
            }
            if let child = nextChild { return .child(child) }
            if let awaited = nextAwait { return .signal(awaited) }
            if let accepted = nextAccepted { return .callback(accepted) }
            guard let wakeAt = run.wakeAt else {
                if run.waitsForOutside { return nil }
                throw .stuck
            }
            now = max(now, wakeAt)
            try decide(.woke)
        }
        return nil
    }

    /// A step that waits for a signal, unless it is known that none comes.
    private var nextAwait: RehearsedAwait? {
        for (index, step) in run.steps.enumerated() where step.status == .waiting && !silent.contains(index) {
            let definition = run.stepDefinition(index)
            if case .signal(let awaited) = definition.action {
                return RehearsedAwait(index: index, step: run.stepID(index), signal: awaited.signal)
            }
        }
        return nil
    }

    /// A child whose end is waited for, unless it is known that it FAILED.
    private var nextChild: RehearsedChild? {
        for (index, step) in run.steps.enumerated() where step.awaitsChild {
            guard let child = step.child, !forsaken.contains(child.runID) else { continue }
            return RehearsedChild(
                index: index, step: run.stepID(index), runID: child.runID, workflow: child.workflow, phase: child.phase)
        }
        return nil
    }

    /// The steps whose children FAILED.
    package var forsakenSteps: [Int] {
        run.steps.indices.filter { index in
            run.steps[index].awaitsChild && run.steps[index].child.map { forsaken.contains($0.runID) } ?? false
        }
    }

    /// Ends the turn that `nextTurn` gave with the end of a child, once so much time has passed. A child that is asked to turn back
    /// meanwhile ends CANCELLED.
    package mutating func answer(
        _ child: RehearsedChild, _ status: RunStatus, output: JSON? = nil, after: Duration = .milliseconds(10)
    ) throws(RehearsalError) {
        try pass(after)
        guard let now = run.steps[child.index].child, now.runID == child.runID, run.steps[child.index].awaitsChild
        else { return }
        if status == .failed {
            forsaken.insert(child.runID)
            return
        }
        var status = status
        if now.phase == .cancelling, child.phase == .live { status = .cancelled }
        if now.phase == .undoing, status == .completed { status = .compensated }
        let isDone = status == .completed
        try decide(
            .childEnded(
                step: child.index,
                ChildEnd(
                    runID: child.runID, status: status, output: isDone ? output ?? .null : nil,
                    error: isDone
                        ? nil : Failure(kind: "rehearsed", message: "The case says that it ends \(status.rawValue)."))))
    }

    /// An accepted attempt, unless it is known that nobody tells its end.
    private var nextAccepted: RehearsedCallback? {
        for accepted in run.marks.accepted
        where accepted.poll == nil && !untold.contains(run.steps[accepted.step].attemptSequence) {
            guard let open = run.steps[accepted.step].openAttempt else { continue }
            return RehearsedCallback(
                index: accepted.step, step: name(of: accepted.step), action: open.action)
        }
        return nil
    }

    /// Ends the turn that `nextTurn` gave with a callback, once so much time has passed; nil: none comes for this attempt.
    package mutating func answer(
        _ accepted: RehearsedCallback, _ told: (outcome: Callback.Outcome, says: JSON?)?,
        after: Duration = .milliseconds(10)
    ) throws(RehearsalError) {
        guard let told else {
            untold.insert(run.steps[accepted.index].attemptSequence)
            return
        }
        try pass(after)
        guard run.takesCallback(step: accepted.index, accepted.action) else { return }
        let hasSucceeded = told.outcome == .succeeded
        let callback = Callback(
            outcome: told.outcome, output: hasSucceeded ? told.says : nil, error: hasSucceeded ? nil : told.says,
            digest: "rehearsed")
        try decide(.calledBack(step: accepted.index, accepted.action, callback))
    }

    /// Ends the turn that `nextTurn` gave with what a look finds.
    package mutating func answer(_ look: RehearsedLook, _ found: RehearsedFinding) throws(RehearsalError) {
        let call = look.look.call
        var result: CallResult
        switch found {
        case .answered(let answer):
            now += answer.after
            // It is made again by whoever takes the run over.
            guard case .answered(let answered) = answer.kind else { return }
            var effort = Effort.full
            result = CallResult(
                look: answered, of: CallScope(run, call, secrets: secrets), duration: answer.after, effort: &effort)
        case .ended(let outcome):
            now += .milliseconds(10)
            result = CallResult(outcome: outcome, httpStatus: 200)
            result.isVerdict = true
        case .nothing:
            // So are all the looks that follow: the last one is left.
            if let until = run.marks.accepted.first(where: { $0.step == call.step })?.until { now = max(now, until) }
            result = CallResult(outcome: .succeeded, httpStatus: 200)
            result.isAccepted = true
        }
        try decide(
            .looked(step: call.step, action: call.action, attempt: call.attempt, result.fitting(run)))
    }

    /// Time passes, and what comes due meanwhile is first.
    private mutating func pass(_ time: Duration) throws(RehearsalError) {
        let then = now + time
        while let wakeAt = nextWake, wakeAt <= then, !run.hasCallInFlight {
            now = max(now, wakeAt)
            try decide(.woke)
        }
        now = max(now, then)
    }

    /// When time brings something, apart from looks that are due.
    private var nextWake: Instant? {
        for case .wake(let at) in run.nextCommands(at: now) { return at }
        return nil
    }

    /// Ends the turn that `nextTurn` gave with a signal, once so much time has passed; nil: none comes for this step any more.
    package mutating func answer(
        _ awaited: RehearsedAwait, payload: JSON?, after: Duration = .milliseconds(10)
    ) throws(RehearsalError) {
        guard let payload else {
            silent.insert(awaited.index)
            return
        }
        try pass(after)
        if run.status.isTerminal { return }
        try decide(.signal(ReceivedSignal(name: awaited.signal, payload: payload, by: "rehearsal", key: nil)))
    }

    /// Ends the call that `nextTurn` gave; `after` is how long it took.
    package mutating func answer(
        _ call: RehearsedCall, _ answer: RehearsedAnswer
    ) throws(RehearsalError) {
        calls.append(call)
        now += answer.after
        let flight = call.call
        switch answer.kind {
        case .lost:
            try decide(.tookOver)
        case .answered(let answered):
            let state = run.steps[flight.step]
            let isAmbiguous = flight.action == .execute ? state.isAmbiguous : state.isCompensationAmbiguous
            var effort = Effort.full
            let result = CallResult(
                call.refusal.map { .unrenderable($0) } ?? answered, of: CallScope(run, flight, secrets: secrets),
                isAmbiguous: isAmbiguous, duration: answer.after, effort: &effort)
            try decide(
                .finished(step: flight.step, action: flight.action, attempt: flight.attempt, result.fitting(run)))
        }
    }

    /// The steps whose attempts are accepted, and whose ends nobody tells.
    package var untoldSteps: [Int] {
        run.marks.accepted.map(\.step).filter { untold.contains(run.steps[$0].attemptSequence) }
    }

    /// The steps that wait for a signal that does not come.
    package var silence: [Int] { silent.filter { run.steps[$0].status == .waiting }.sorted() }

    /// Asks for the run to be undone.
    package mutating func cancel() throws(RehearsalError) { try decide(.cancel(by: "rehearsal", reason: nil)) }

    /// Asks for a run to be undone that has completed.
    package mutating func undo() throws(RehearsalError) { try decide(.undo(by: "rehearsal", reason: "rehearsed")) }

    private mutating func decide(_ happening: Happening) throws(RehearsalError) {
        let decided: [RunEvent]
        // In the middle of the jitter: the waits that the policy says.
        do { decided = try Core.decide(run, happening, now: now, jitter: 0.5) } catch {
            throw .refused(error.description)
        }
        apply(decided)
    }

    private mutating func apply(_ decided: [RunEvent]) {
        for event in decided {
            run.evolve(event, at: now)
            events.append((now, event))
        }
    }

    /// What an engine would send.
    func request(_ call: Command.Call) -> RehearsedCall {
        let definition = run.definition(of: call)
        let scope = CallScope(run, call, secrets: secrets)
        var rehearsed = RehearsedCall(
            call: call, step: name(of: call.step), participant: nil, method: definition.method,
            path: nil,
            headers: [], body: nil, refusal: nil)
        do throws(TemplateError) {
            rehearsed.participant = try definition.participant.name(scope)
            rehearsed.path = try definition.renderedPath(scope)
            var headers: [(String, String)] = []
            try definition.appendHeaders(scope, to: &headers)
            rehearsed.headers = headers
            rehearsed.body = try definition.renderedBody(scope, of: run)?.bytes
        } catch {
            rehearsed.refusal = error.below(run.pointer(of: call.step).appending(call.action.member))
        }
        return rehearsed
    }
}

/// What a rehearsal waits for.
package enum RehearsedTurn: Sendable {
    case call(RehearsedCall)
    case signal(RehearsedAwait)
    case callback(RehearsedCallback)
    case child(RehearsedChild)
    case look(RehearsedLook)
}

/// A look at an attempt that was accepted.
package struct RehearsedLook: Sendable {
    let look: Command.Look
    /// The step's id.
    package let step: String

    /// `render:poll`, or `render:compensate:poll`.
    package var name: String { Self.name(step, look.call.action) }

    static func name(_ step: String, _ action: CallAction) -> String {
        action == .execute ? "\(step):poll" : "\(step):\(action.rawValue):poll"
    }
}

/// What a look finds.
package enum RehearsedFinding: Sendable, Hashable {
    case answered(RehearsedAnswer)
    /// The end, whatever has to be said for that.
    case ended(Outcome)
    /// That the participant is at work, then and for as long as the end is waited for.
    case nothing
}

/// A child whose end is waited for.
package struct RehearsedChild: Sendable {
    let index: Int
    /// The step's id.
    package let step: String
    let runID: RunID
    /// Its workflow's name.
    package let workflow: String
    /// What is asked of it.
    package let phase: ChildRun.Phase

    /// `order`, or `order:undo`.
    package var name: String { phase == .undoing ? "\(step):undo" : step }
}

/// An attempt that was accepted.
package struct RehearsedCallback: Sendable {
    let index: Int
    /// The step's id.
    package let step: String
    package let action: CallAction

    /// `charge:callback`, or `charge:compensate:callback`.
    package var name: String { action == .execute ? "\(step):callback" : "\(step):\(action.rawValue):callback" }
}

/// A step that waits for a signal.
package struct RehearsedAwait: Sendable {
    let index: Int
    /// The step's id.
    package let step: String
    /// The signal's name.
    package let signal: String
}

/// A call as it would be sent.
package struct RehearsedCall: Sendable {
    package let call: Command.Call
    /// The step's id.
    package let step: String
    package var participant: String?
    package let method: String
    /// The path and query.
    package var path: String?
    package var headers: [(String, String)]
    package var body: [UInt8]?
    /// Why it can't be built; it ends `rejected` then, whatever is answered.
    package var refusal: TemplateError?

    /// `charge`, or `charge:compensate`.
    package var name: String { call.action == .execute ? step : "\(step):\(call.action.rawValue)" }
}

/// How a call ends.
package struct RehearsedAnswer: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case answered(Answer)
        /// The engine dies; another one takes the run over.
        case lost
    }

    package var kind: Kind
    /// How long it takes.
    package var after: Duration

    package init(_ kind: Kind, after: Duration = .milliseconds(10)) {
        self.kind = kind
        self.after = after
    }

    /// 200 and this body.
    package static func success(_ body: JSON = .null) -> RehearsedAnswer {
        RehearsedAnswer(.answered(.response(Response(status: 200, body: body.isNull ? [] : body.bytes))))
    }
}

/// Why a rehearsal can't go on.
package enum RehearsalError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The run has had so many events, and no end.
    case endless
    /// Nothing is to be done and nothing is waited for. Never happens.
    case stuck
    case refused(String)

    package var description: String {
        switch self {
        case .endless:
            "The run has no end after \(Rehearsal.maxEvents) events: a policy without end needs an answer that ends it."
        case .stuck: "The run is not over, and nothing is left to be done."
        case .refused(let reason): "The decider refused: \(reason)"
        }
    }
}
