import Core
import Participants
import Telemetry

/// Turns a step's action into an HTTP request, and its answer into a result for the decider.
struct ParticipantCaller: Sendable {
    let client: ParticipantClient
    let registry: ParticipantRegistry
    /// For large requests.
    let room: RequestRoom
    /// Lets calls fail on purpose; nil outside of tests.
    var injector: FailureInjector?

    private static let notWanted =
        "It was not sent: before its turn the run's lease had run out, or its deadline, a cancel or a failure came first."

    /// Makes sure that a participant is known if it is registered.
    func lookFor(_ participant: String) async { await registry.lookFor(participant) }

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
        let (step, definition) = (run.definition.steps[index], run.definition(of: call))
        let isAmbiguous =
            action == .execute ? run.steps[index].isAmbiguous : run.steps[index].isCompensationAmbiguous
        let span = trace.attempt(step: index, action: action, attempt: attempt)
        var completion = completion
        if let span, span.isSampled {
            let calledAt = ContinuousClock.now
            completion = { [completion] result in
                trace.record(
                    span, action: action, step: step.id, attempt: attempt, participant: definition.participant,
                    from: now, to: now + (ContinuousClock.now - calledAt),
                    CallReport(outcome: result.outcome, httpStatus: result.httpStatus, duration: result.duration),
                    result.failure)
                completion(result)
            }
        }
        let judge: @Sendable (Answer, Duration) -> CallResult = { answer, duration in
            CallResult(answer, of: definition, isAmbiguous: isAmbiguous, duration: duration)
        }
        guard let participant = registry.participant(definition.participant) else {
            return completion(judge(.notSent("No participant is registered as \(definition.participant)."), .zero))
        }
        if action == .compensate, let refusal = Self.refusal(of: definition, run, index) {
            return completion(judge(.unrenderable(refusal), .zero))
        }
        let request = Request(
            run: run, step: index, action: action, attempt: attempt, definition: definition, participant: participant,
            trace: trace, span: span)
        do throws(TemplateError) {
            let call = try render(request)
            let bytes = call.body.count
            if bytes > RequestRoom.smallBytes {
                return sendLarge(call, request, judge, isWanted: isWanted, completion: completion)
            }
            send(
                call, of: run.id, to: definition.participant, participant, judge, isWanted: isWanted,
                completion: completion)
        } catch {
            completion(judge(.unrenderable(error), .zero))
        }
    }

    /// What a request is built from.
    private struct Request: Sendable {
        let run: Run
        let step: Int
        let action: CallAction
        let attempt: Int
        let definition: CallDefinition
        let participant: RegisteredParticipant
        let trace: RunTrace
        let span: TraceContext?
    }

    /// Sends a large call when there is room for it.
    private func sendLarge(
        _ call: ParticipantCall, _ request: Request, _ judge: @escaping @Sendable (Answer, Duration) -> CallResult,
        isWanted: @escaping @Sendable () -> Bool, completion: @escaping @Sendable (CallResult) -> Void
    ) {
        let bytes = call.body.count
        let leaving: @Sendable (CallResult) -> Void = { [room] result in
            room.give(bytes)
            completion(result)
        }
        let transmit: @Sendable (ParticipantCall) -> Void = {
            send(
                $0, of: request.run.id, to: request.definition.participant, request.participant, judge,
                isWanted: isWanted, completion: leaving)
        }
        if room.take(bytes) { return transmit(call) }
        // Built anew when there is room: kept meanwhile, it would take what there is not.
        room.wait(for: bytes) {
            do throws(TemplateError) { transmit(try render(request)) } catch {
                leaving(judge(.unrenderable(error), .zero))
            }
        }
    }

    /// Why a step can't be undone by a call that needs what its action answered: that answer could not be read, and what
    /// is built without it would undo something else, or nothing.
    private static func refusal(of definition: CallDefinition, _ run: Run, _ index: Int) -> TemplateError? {
        guard run.steps[index].error?.hidesOutput == true else { return nil }
        let step = run.definition.steps[index].id
        guard let reference = definition.references.first(where: { $0.isOutput(of: step) }) else { return nil }
        return TemplateError(
            .unreadAnswer(reference, step: step), pointer: JSONPointer(["steps", String(index), "compensation"]))
    }

    /// Sends a call when its turn has come and the participant's breaker lets it pass.
    private func send(
        _ call: ParticipantCall, of run: RunID, to name: String, _ participant: RegisteredParticipant,
        _ judge: @escaping @Sendable (Answer, Duration) -> CallResult, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (CallResult) -> Void
    ) {
        let breaker = participant.breaker
        // A queue before an open breaker would be a long way to be turned away.
        if participant.maxConcurrent != nil, let (reason, retryAfter) = breaker?.refusal() {
            return completion(judge(.notSent(reason, retryAfter: retryAfter), .zero))
        }
        let transmit: @Sendable (ParticipantCall, Int, @escaping @Sendable () -> Void) -> Void = {
            [client, injector] call, era, done in
            guard isWanted() else {
                breaker?.report(.neither, of: run, era: era)
                done()
                return completion(judge(.notSent(Self.notWanted), .zero))
            }
            let begun = ContinuousClock.now
            let answered: @Sendable (TransportResult) -> Void = { answer in
                let result = judge(Answer(answer), ContinuousClock.now - begun)
                breaker?.report(
                    Breaker.Verdict(result, answer), of: run, era: era, failure: result.failure?.message)
                done()
                completion(result)
            }
            if let injector {
                injector.send(call, through: client, isWanted: isWanted, completion: answered)
            } else {
                client.send(call, isWanted: isWanted, completion: answered)
            }
        }
        registry.limiter.run(name, limit: participant.maxConcurrent) { done in
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
    }

    /// - Throws: an error that names its place from the definition's root.
    private func render(_ request: Request) throws(TemplateError) -> ParticipantCall {
        do throws(TemplateError) { return try renderBelow(request) } catch {
            let action = request.action == .execute ? "action" : "compensation"
            throw error.below(JSONPointer(["steps", String(request.step), action]))
        }
    }

    private func renderBelow(_ request: Request) throws(TemplateError) -> ParticipantCall {
        let (run, definition, action) = (request.run, request.definition, request.action)
        let step = run.definition.steps[request.step].id
        let key = run.idempotencyKey(
            of: .init(step: request.step, action: action, attempt: request.attempt))
        var headers: [(String, String)] = [
            ("content-type", "application/json"), ("accept", "application/json"), ("idempotency-key", key),
            ("x-idempotency-key", key), ("x-saga-run-id", run.id.description), ("x-saga-step-id", step),
            ("x-saga-action", action.rawValue), ("x-saga-attempt", String(request.attempt)),
            ("x-correlation-id", request.trace.correlationID),
        ]
        if let traceparent = request.trace.header(of: request.span) { headers.append(("traceparent", traceparent)) }
        for (name, value) in request.participant.headers { headers.append((name, value)) }
        try definition.appendHeaders(run, to: &headers)
        return ParticipantCall(
            method: definition.method, baseURL: request.participant.baseURL, path: try definition.renderedPath(run),
            headers: headers, body: try definition.renderedBody(run), timeout: definition.timeout)
    }
}

extension Answer {
    /// A transport's result as the decider's rules know it.
    init(_ result: TransportResult) {
        switch result {
        case .response(let status, let retryAfter, let contentType, let body, let bodyFault):
            self = .response(
                status: status, retryAfter: retryAfter, body: body, contentType: contentType, bodyFault: bodyFault)
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
        switch (result.outcome, transport) {
        case (.succeeded, _), (.rejected, _): self = .success
        case (.busy, _): self = .neither
        case (.unknown, .response(200..<300, _, _, _, _)): self = .success
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
