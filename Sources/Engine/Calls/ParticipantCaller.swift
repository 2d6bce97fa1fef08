import Core
import Participants
import Telemetry

/// Turns a step's action into an HTTP request, and its answer into a result for the decider.
///
/// A class: what each call leaves behind for later holds one reference to it.
final class ParticipantCaller: Sendable {
    let client: ParticipantClient
    let registry: ParticipantRegistry
    /// For large requests.
    let room: RequestRoom
    /// For what calls sign.
    let secrets: Secrets
    /// For calls whose end is told later.
    let callbacks: CallbackURLs
    /// Lets calls fail on purpose; nil outside of tests.
    let injector: FailureInjector?

    init(
        client: ParticipantClient, registry: ParticipantRegistry, room: RequestRoom, secrets: Secrets,
        callbacks: CallbackURLs, injector: FailureInjector? = nil
    ) {
        self.client = client
        self.registry = registry
        self.room = room
        self.secrets = secrets
        self.callbacks = callbacks
        self.injector = injector
    }

    private static let notWanted =
        "It was not sent: before its turn the run's lease had run out, or its deadline, a cancel or a failure came first."

    /// Makes sure that the participant of a run's call is known if it is registered.
    func lookFor(_ participant: String, of run: Run) async { await registry.lookFor(participant, of: run) }

    /// Makes the call of an attempt; `completion` gets the judged answer, on any thread.
    ///
    /// - Parameters:
    ///   - trace: what the call is sent with, and where its span belongs.
    ///   - now: the database's time, with which the span begins.
    ///   - isWanted: asked when the call is about to be sent; it may have waited for its turn, and the lease may be lost by
    ///     then, or forward progress have ended.
    func call(
        _ call: Command.Call, of run: Run, trace: RunTrace, at now: Instant, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (CallResult) -> Void
    ) {
        let (index, action, attempt) = (call.step, call.action, call.attempt)
        let (step, definition) = (run.stepDefinition(index), run.definition(of: call))
        let isAmbiguous =
            action == .execute ? run.steps[index].isAmbiguous : run.steps[index].isCompensationAmbiguous
        let span = trace.attempt(step: index, action: action, attempt: attempt)
        let scope = CallScope(run, call, secrets: secrets.files(of: run.definition.owner))
        let judge = Judge(
            scope: definition.readsContent ? scope : nil, definition: definition, isAmbiguous: isAmbiguous)
        let name: String
        do throws(TemplateError) { name = try definition.participant.name(scope) } catch {
            return completion(judge(.unrenderable(CallRequest.placed(error, call, of: run)), .zero))
        }
        var completion = completion
        if let span, span.isSampled {
            let calledAt = ContinuousClock.now
            completion = { [completion] result in
                trace.record(
                    span, action: action, step: step.id, attempt: attempt, participant: name,
                    from: now, to: now + (ContinuousClock.now - calledAt),
                    CallReport(outcome: result.outcome, httpStatus: result.httpStatus, duration: result.duration),
                    result.failure)
                completion(result)
            }
        }
        place(
            Placement(
                scope: scope, definition: definition, name: name, trace: trace, span: span, judge: judge,
                isWanted: isWanted, completion: completion))
    }

    /// Looks at what an accepted attempt has come to: a call like others, of the same participant. It has no span of its own.
    func look(
        _ look: Command.Look, of run: Run, trace: RunTrace, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (CallResult) -> Void
    ) {
        let (call, definition) = (look.call, run.definition(of: look.call))
        let scope = CallScope(run, call, secrets: secrets.files(of: run.definition.owner))
        let judge = Judge(scope: scope, definition: definition, isAmbiguous: false, isLook: true)
        let name: String
        do throws(TemplateError) { name = try definition.participant.name(scope) } catch {
            return completion(judge(.unrenderable(CallRequest.placed(error, call, of: run)), .zero))
        }
        place(
            Placement(
                scope: scope, definition: definition, name: name, trace: trace,
                span: trace.attempt(step: call.step, action: call.action, attempt: call.attempt), judge: judge,
                lookPath: look.path, isWanted: isWanted, completion: completion))
    }

    /// An attempt on its way to its participant. A class for the same reason.
    private final class Placement: Sendable {
        let scope: CallScope
        let definition: CallDefinition
        /// The participant's.
        let name: String
        let trace: RunTrace
        let span: TraceContext?
        let judge: Judge
        /// Of a look at an accepted attempt, where; nil for a call.
        let lookPath: String?
        let isWanted: @Sendable () -> Bool
        let completion: @Sendable (CallResult) -> Void

        init(
            scope: CallScope, definition: CallDefinition, name: String, trace: RunTrace, span: TraceContext?,
            judge: Judge, lookPath: String? = nil, isWanted: @escaping @Sendable () -> Bool,
            completion: @escaping @Sendable (CallResult) -> Void
        ) {
            self.scope = scope
            self.definition = definition
            self.name = name
            self.trace = trace
            self.span = span
            self.judge = judge
            self.lookPath = lookPath
            self.isWanted = isWanted
            self.completion = completion
        }
    }

    /// Sends the call of an attempt to the participant as it is registered now, or holds it while that is paused.
    private func place(_ placement: Placement) {
        let (name, judge, completion) = (placement.name, placement.judge, placement.completion)
        guard let participant = registry.participant(name, of: placement.scope.run) else {
            return completion(judge(.notSent("No participant is registered as \(name)."), .zero))
        }
        if participant.pause.isOn { return hold(placement, for: participant.id) }
        if let lack = participant.credentials.lack { return completion(judge(.notAllowed("\(lack)."), .zero)) }
        let call = placement.scope.call
        var request = CallRequest(
            scope: scope(of: placement, to: participant), definition: placement.definition, name: name,
            participant: participant, trace: placement.trace, span: placement.span)
        request.lookPath = placement.lookPath
        if case .callback = placement.definition.completion {
            request.callbackURL = callbacks.url(run: placement.scope.run.id, step: call.step, action: call.action)
            guard request.callbackURL != nil else {
                return completion(judge(.notAllowed("Nobody could call back: PUBLIC_URL is not set."), .zero))
            }
        }
        if let refusal = request.refusal { return completion(judge(.unrenderable(refusal), .zero)) }
        do throws(TemplateError) {
            let call = try request.rendered()
            if Self.room(of: call) > RequestRoom.smallBytes { return sendLarge(call, request, placement) }
            send(call, request, placement, completion: completion) { self.hold(placement, for: participant.id) }
        } catch {
            completion(judge(.unrenderable(error), .zero))
        }
    }

    /// What a call may name. What goes to a tenant's own participant is signed with the secrets of the tenant's folder and no
    /// others: its host could send on what is signed, and would be believed to be an engine.
    private func scope(of placement: Placement, to participant: RegisteredParticipant) -> CallScope {
        let (scope, owner) = (placement.scope, participant.id.owner)
        guard owner != .shared else { return scope }
        return scope.with(secrets: placement.definition.secrets.isEmpty ? [:] : secrets.files(of: owner))
    }

    /// Holds a call until its participant is resumed, and then looks the participant up anew.
    private func hold(_ placement: Placement, for participant: ParticipantID) {
        let (judge, completion) = (placement.judge, placement.completion)
        let call = PausedCalls.Call(isWanted: placement.isWanted) { end in
            switch end {
            case .resumed: self.place(placement)
            case .notWanted: completion(judge(.notSent(Self.notWanted), .zero))
            case .givenBack:
                // No attempt of the policy's is used up by this, unlike by what is only not sent.
                completion(judge(.notAllowed("\(placement.name) is paused: the call was not made."), .zero))
            }
        }
        registry.held.hold(call, for: participant)
    }

    /// Makes results of answers.
    private struct Judge: Sendable {
        /// Nil where only the status counts: it holds the run for as long as the call takes.
        let scope: CallScope?
        let definition: CallDefinition
        let isAmbiguous: Bool
        /// It judges what is said of an attempt that was accepted before.
        var isLook = false

        /// Whatever is no answer, or is judged by its status.
        func callAsFunction(_ answer: Answer, _ duration: Duration) -> CallResult {
            CallResult(answer, of: definition, isAmbiguous: isAmbiguous, duration: duration)
        }

        /// Calls `completion` with what an answer means: at once where that takes little, else from where nobody waits.
        func judge(_ answer: Answer, _ duration: Duration, _ completion: @escaping @Sendable (CallResult) -> Void) {
            guard let scope else { return completion(self(answer, duration)) }
            var effort = Effort.brief
            let result = result(answer, scope, duration, &effort)
            if !effort.isSpent { return completion(result) }
            Task(executorPreference: globalConcurrentExecutor) {
                var effort = Effort.full
                completion(self.result(answer, scope, duration, &effort))
            }
        }

        private func result(
            _ answer: Answer, _ scope: CallScope, _ duration: Duration, _ effort: inout Effort
        ) -> CallResult {
            isLook
                ? CallResult(look: answer, of: scope, duration: duration, effort: &effort)
                : CallResult(answer, of: scope, isAmbiguous: isAmbiguous, duration: duration, effort: &effort)
        }
    }

    /// What a call takes while it is under way, beyond what every call may: its body, and an answer that may be large.
    private static func room(of call: ParticipantCall) -> Int {
        call.body.count + max(0, (call.maxResponseBytes ?? 0) - CallDefinition.keptResponseBytes)
    }

    /// Sends a large call when there is room for it.
    private func sendLarge(_ call: ParticipantCall, _ request: CallRequest, _ placement: Placement) {
        let bytes = Self.room(of: call)
        let leaving: @Sendable (CallResult) -> Void = { [room, completion = placement.completion] result in
            room.give(bytes)
            completion(result)
        }
        let transmit: @Sendable (ParticipantCall) -> Void = {
            self.send($0, request, placement, completion: leaving) {
                self.room.give(bytes)
                self.hold(placement, for: request.participant.id)
            }
        }
        if room.take(bytes) { return transmit(call) }
        // Built anew when there is room: kept meanwhile, it would take what there is not.
        room.wait(for: bytes) {
            do throws(TemplateError) { transmit(try request.rendered()) } catch {
                leaving(placement.judge(.unrenderable(error), .zero))
            }
        }
    }

    /// Sends a call when its turn has come and the participant's breaker lets it pass.
    ///
    /// - Parameters:
    ///   - completion: gets the judged answer.
    ///   - paused: is called instead when the participant is paused by the time the call's turn comes.
    private func send(
        _ call: ParticipantCall, _ request: CallRequest, _ placement: Placement,
        completion: @escaping @Sendable (CallResult) -> Void, paused: @escaping @Sendable () -> Void
    ) {
        let (run, participant) = (request.scope.run.id, request.participant)
        let (judge, isWanted) = (placement.judge, placement.isWanted)
        let breaker = participant.breaker
        // A queue before an open breaker would be a long way to be turned away.
        if participant.isLimited, let (reason, retryAfter) = breaker?.refusal() {
            return completion(judge(.notSent(reason, retryAfter: retryAfter), .zero))
        }
        let transmit: @Sendable (ParticipantCall, Int, @escaping @Sendable () -> Void) -> Void = {
            [client, injector] call, era, done in
            guard isWanted() else {
                breaker?.report(.neither, of: run, era: era)
                done()
                return completion(judge(.notSent(Self.notWanted), .zero))
            }
            if participant.pause.isOn {
                breaker?.report(.neither, of: run, era: era)
                done()
                return paused()
            }
            let (begun, meter) = (ContinuousClock.now, participant.meter)
            meter.begin()
            let answered: @Sendable (TransportResult) -> Void = { answer in
                let duration = ContinuousClock.now - begun
                if case .notSent = answer { meter.end(nil) } else { meter.end(duration) }
                judge.judge(Answer(answer), duration) { result in
                    breaker?.report(
                        Breaker.Verdict(result, answer), of: run, era: era, failure: result.failure?.plainMessage)
                    done()
                    completion(result)
                }
            }
            let sent = SentCall(request: request, client: client, injector: injector, isWanted: isWanted)
            if participant.credentials.areHeadersAll { return sent.transmit(call, answered) }
            sent.prove(call, answered) { reason, retryAfter in
                meter.end(nil)
                breaker?.report(.neither, of: run, era: era)
                done()
                completion(judge(.notSent(reason, retryAfter: retryAfter), .zero))
            }
        }
        let begin: CallLimiter.Call = { done in
            guard let breaker else { return transmit(call, 0, done) }
            breaker.pass(within: call.timeout) { passage in
                switch passage {
                case .go(let era, let waited):
                    var call = call
                    call.timeout -= waited
                    transmit(call, era, done)
                case .turnedAway(let reason, let retryAfter):
                    done()
                    completion(judge(.notSent(reason, retryAfter: retryAfter), .zero))
                }
            }
        }
        guard participant.isLimited else { return begin {} }
        // None of these is sent when its turn has come, so none is one of the calls that the rate counts.
        let needsNoTurn: @Sendable () -> Bool = {
            participant.pause.isOn || !isWanted() || breaker?.refusal() != nil
        }
        registry.limiter.run(participant.id, isLimited: true, needsNoTurn: needsNoTurn, begin)
    }
}

extension Answer {
    /// A transport's result as the decider's rules know it.
    init(_ result: TransportResult) {
        switch result {
        case .response(let status, let retryAfter, let contentType, let body, let bodyFault, let headers):
            self = .response(
                Response(
                    status: status, retryAfter: retryAfter, body: body, contentType: contentType, bodyFault: bodyFault,
                    headers: headers))
        case .notSent(let failure) where failure.kind == .notAllowed: self = .notAllowed(failure.message)
        case .notSent(let failure): self = .notSent(failure.message)
        case .unknown(let failure): self = .unknown(failure.message)
        }
    }
}

extension Breaker.Verdict {
    /// What an attempt says about its participant: a definite answer is a success, even a refusal, and even one that we
    /// can't read, for not calling would change nothing about that; `busy` says nothing.
    init(_ result: CallResult, _ transport: TransportResult) {
        // What a look was told of the work is an answer, whatever became of that.
        if result.isVerdict {
            self = .success
            return
        }
        switch (result.outcome, transport) {
        case (.succeeded, _), (.rejected, _): self = .success
        case (.busy, _): self = .neither
        case (.unknown, .response(200..<300, _, _, _, _, _)): self = .success
        case (.unknown, .unknown(let failure)):
            switch failure.kind {
            case .shutdown: self = .neither
            case .responseTooLarge: self = .success
            case .dns, .notAllowed, .connect, .tls, .poolExhausted, .timeout, .connectionClosed, .malformedResponse,
                .invalidRequest, .withdrawn:
                self = .failure
            }
        case (.notSent, .notSent(let failure)): self = Self(notSent: failure.kind)
        case (.unknown, _), (.notSent, _): self = .failure
        }
    }

    private init(notSent kind: TransportFailure.Kind) {
        switch kind {
        case .dns, .connect, .tls, .connectionClosed: self = .failure
        case .notAllowed, .poolExhausted, .timeout, .malformedResponse, .responseTooLarge, .invalidRequest, .withdrawn,
            .shutdown:
            self = .neither
        }
    }
}
