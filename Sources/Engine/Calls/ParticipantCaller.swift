import Core
import Participants
import Telemetry

/// Turns a step's action into an HTTP request, and its answer into a result for the decider.
struct ParticipantCaller: Sendable {
    let client: ParticipantClient
    let registry: ParticipantRegistry
    let limiter = CallLimiter()

    /// Makes sure that the participant of a call is known if it is registered.
    func lookFor(_ action: CallAction, of step: StepDefinition) async {
        guard let definition = action == .execute ? step.action : step.compensation else { return }
        await registry.lookFor(definition.participant)
    }

    /// Makes the call of an attempt; `completion` gets the judged answer, on any thread.
    ///
    /// - Parameters:
    ///   - trace: what the call is sent with, and where its span belongs.
    ///   - now: the database's time, with which the span begins.
    ///   - isWanted: asked again when the call had to wait for its turn; the lease may be lost by then.
    func call(
        _ run: Run, step index: Int, action: CallAction, attempt: Int, trace: RunTrace, at now: Instant,
        isWanted: @escaping @Sendable () -> Bool, completion: @escaping @Sendable (CallResult) -> Void
    ) {
        let step = run.definition.steps[index]
        guard let definition = action == .execute ? step.action : step.compensation else {
            preconditionFailure("the decider starts no compensation that is not defined")
        }
        let isAmbiguous =
            action == .execute ? run.steps[index].isAmbiguous : run.steps[index].isCompensationAmbiguous
        let span = trace.attempt(step: index, action: action, attempt: attempt)
        let calledAt = ContinuousClock.now
        let finish: @Sendable (Answer, Duration) -> Void = { answer, duration in
            let result = CallResult(answer, of: definition, isAmbiguous: isAmbiguous, duration: duration)
            trace.record(
                span, action: action, step: step.id, attempt: attempt, participant: definition.participant,
                from: now, to: now + (ContinuousClock.now - calledAt),
                CallReport(outcome: result.outcome, httpStatus: result.httpStatus, duration: duration), result.failure)
            completion(result)
        }
        guard let participant = registry.participant(definition.participant) else {
            return finish(.notSent("No participant is registered as \(definition.participant)."), .zero)
        }
        do {
            let call = try render(
                run, step: step.id, action: action, attempt: attempt, definition, participant, trace, span)
            limiter.run(definition.participant, limit: participant.maxConcurrent) { done in
                guard isWanted() else {
                    done()
                    return finish(.notSent("The lease ran out before the call's turn came."), .zero)
                }
                let begun = ContinuousClock.now
                client.send(call, isWanted: isWanted) { result in
                    done()
                    finish(Answer(result), ContinuousClock.now - begun)
                }
            }
        } catch {
            finish(.unrenderable("The request can't be built: \(error)"), .zero)
        }
    }

    private func render(
        _ run: Run, step: String, action: CallAction, attempt: Int, _ definition: CallDefinition,
        _ participant: RegisteredParticipant, _ trace: RunTrace, _ span: TraceContext?
    ) throws(TemplateError) -> ParticipantCall {
        let key = idempotencyKey(run: run.id, step: step, action: action)
        var headers: [(String, String)] = [
            ("content-type", "application/json"), ("accept", "application/json"), ("idempotency-key", key),
            ("x-idempotency-key", key), ("x-saga-run-id", run.id.description), ("x-saga-step-id", step),
            ("x-saga-action", action.rawValue), ("x-saga-attempt", String(attempt)),
            ("x-correlation-id", trace.correlationID),
        ]
        if let traceparent = trace.header(of: span) { headers.append(("traceparent", traceparent)) }
        for (name, value) in participant.headers { headers.append((name, value)) }
        for (name, value) in definition.headers { headers.append((name, try value.render(run))) }
        return ParticipantCall(
            method: definition.method, baseURL: participant.baseURL, path: try definition.path.render(run),
            headers: headers, body: try body(of: definition, run), timeout: definition.timeout)
    }

    /// The definition's body, or the run's input; a GET has none.
    private func body(of definition: CallDefinition, _ run: Run) throws(TemplateError) -> [UInt8] {
        if definition.method == "GET" { return [] }
        guard let template = definition.body else { return run.input.bytes }
        return try template.render(run).bytes
    }
}

extension Answer {
    /// A transport's result as the decider's rules know it.
    init(_ result: TransportResult) {
        switch result {
        case .response(let status, let retryAfter, _, let body):
            self = .response(status: status, retryAfter: retryAfter, body: body)
        case .notSent(let failure): self = .notSent(failure.message)
        case .unknown(let failure): self = .unknown(failure.message)
        }
    }
}
