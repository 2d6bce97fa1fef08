import Core
import Participants
import Telemetry

/// An attempt, with all that its request is built from.
struct CallRequest: Sendable {
    let scope: CallScope
    let definition: CallDefinition
    /// The participant's.
    let name: String
    let participant: RegisteredParticipant
    let trace: RunTrace
    let span: TraceContext?
    /// Where its end can be told; nil when it is its own.
    var callbackURL: String?
    /// Of a look at an accepted attempt, where; nil for the attempt itself.
    var lookPath: String?

    private var run: Run { scope.run }
    private var call: Command.Call { scope.call }

    /// The request as it is sent.
    ///
    /// - Throws: an error that names its place from the definition's root.
    func rendered() throws(TemplateError) -> ParticipantCall {
        do throws(TemplateError) { return try renderedBelow() } catch { throw Self.placed(error, call, of: run) }
    }

    /// The same error, said of the definition.
    static func placed(_ error: TemplateError, _ call: Command.Call, of run: Run) -> TemplateError {
        error.below(run.pointer(of: call.step).appending(call.action.member))
    }

    private func renderedBelow() throws(TemplateError) -> ParticipantCall {
        if let missing = scope.missingSecret(of: definition) { throw TemplateError(.noSecret(missing), pointer: .root) }
        if let lookPath { return try look(lookPath) }
        let key = run.idempotencyKey(of: call)
        let body = try definition.renderedBody(scope, of: run)
        var headers: [(String, String)] = [
            ("accept", "application/json"), ("idempotency-key", key), ("x-idempotency-key", key),
        ]
        appendOwnHeaders(to: &headers)
        if let callbackURL { headers.append(("x-saga-callback-url", callbackURL)) }
        if let body { headers.append(("content-type", body.contentType)) }
        try appendOthers(to: &headers)
        return ParticipantCall(
            method: definition.method, baseURL: participant.baseURL, path: try path(), headers: headers,
            body: body?.bytes ?? [], timeout: definition.timeout, maxResponseBytes: definition.maxResponseBytes,
            wantedHeaders: wantedHeaders, identity: participant.credentials.identity)
    }

    private func appendOwnHeaders(to headers: inout [(String, String)]) {
        headers += [
            ("x-saga-run-id", run.caller(of: call).description), ("x-saga-step-id", run.stepID(call.step)),
            ("x-saga-action", call.action.rawValue), ("x-saga-attempt", String(call.attempt)),
            ("x-correlation-id", trace.correlationID),
        ]
    }

    /// Those of the trace, of the participant and of the definition.
    private func appendOthers(to headers: inout [(String, String)]) throws(TemplateError) {
        if let traceparent = trace.header(of: span) { headers.append(("traceparent", traceparent)) }
        for (name, value) in participant.credentials.headers { headers.append((name, value)) }
        try definition.appendHeaders(scope, to: &headers)
    }

    /// A question about the attempt: without its idempotency key, or it could be answered as the attempt was.
    private func look(_ path: String) throws(TemplateError) -> ParticipantCall {
        var headers: [(String, String)] = [("accept", "application/json")]
        appendOwnHeaders(to: &headers)
        try appendOthers(to: &headers)
        var place = path
        if definition.completion?.poll?.path.isLocation == true {
            guard let below = participant.baseURL.path(ofLocation: path) else {
                throw TemplateError(.elsewhere, pointer: JSONPointer(["completion", "poll", "path"]))
            }
            place = below
        }
        return ParticipantCall(
            method: "GET", baseURL: participant.baseURL, path: place, headers: headers, body: [],
            timeout: definition.timeout, maxResponseBytes: definition.maxResponseBytes, wantedHeaders: wantedHeaders,
            identity: participant.credentials.identity)
    }

    /// The path and query; a location is followed below the participant's base only.
    private func path() throws(TemplateError) -> String {
        let path = try definition.renderedPath(scope)
        guard definition.path.isLocation else { return path }
        guard let below = participant.baseURL.path(ofLocation: path) else {
            throw TemplateError(.elsewhere, pointer: JSONPointer(["path"]))
        }
        return below
    }

    /// Headers of the answer that its own call or others name.
    private var wantedHeaders: [String] {
        guard call.action == .execute, let kept = run.stepDefinition(call.step).keptAnswer, !kept.headers.isEmpty
        else {
            return definition.wantedHeaders
        }
        return kept.headers.union(definition.wantedHeaders).sorted()
    }

    /// Why a step can't be undone by a call that needs what its action answered: that answer could not be read, and what
    /// is built without it would undo something else, or nothing.
    var refusal: TemplateError? {
        guard lookPath == nil, call.action == .compensate, run.steps[call.step].error?.hidesOutput == true else {
            return nil
        }
        // An element names its own output as that of its step.
        let step = run.stepDefinition(call.step)
        guard let reference = definition.references.first(where: { $0.isOutput(of: step.id) }) else { return nil }
        return TemplateError(
            .unreadAnswer(reference, step: run.stepID(call.step)),
            pointer: JSONPointer(["steps", String(step.index), "compensation"]))
    }
}
