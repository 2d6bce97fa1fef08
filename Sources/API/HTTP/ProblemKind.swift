import HTTPTypes

/// The kinds of refusal the API knows: one `type`, `title` and status each, stable for clients to branch on.
enum ProblemKind: String, CaseIterable, Sendable {
    // 400
    case malformedRequest = "malformed-request"
    case malformedJSON = "malformed-json"
    case malformedYAML = "malformed-yaml"
    case invalidParameter = "invalid-parameter"
    // 401, 403, 404, 405, 408
    case unauthorized
    case missingPermission = "missing-permission"
    case tenantSuspended = "tenant-suspended"
    case tenantClosed = "tenant-closed"
    case notFound = "not-found"
    case unknownWorkflow = "unknown-workflow"
    case onlyDeprecated = "only-deprecated-versions"
    case unknownRun = "unknown-run"
    case unknownStep = "unknown-step"
    case unknownSignal = "unknown-signal"
    case unknownCallback = "unknown-callback"
    case unknownParticipant = "unknown-participant"
    case methodNotAllowed = "method-not-allowed"
    case requestTimeout = "request-timeout"
    // 409
    case runEnded = "run-ended"
    case stepNotRetryable = "step-not-retryable"
    case runNotFailed = "run-not-failed"
    case stepNotResolvable = "step-not-resolvable"
    case versionExists = "version-exists"
    case workflowPaused = "workflow-paused"
    case pastPivot = "past-pivot"
    case stepNotWaiting = "step-not-waiting"
    case runTurnedBack = "run-turned-back"
    case callbackDiffers = "callback-differs"
    case restarted
    case notRestartable = "not-restartable"
    // 410
    case callbackOver = "callback-over"
    case runNotPaused = "run-not-paused"
    case runNotCompleted = "run-not-completed"
    case undoOver = "undo-over"
    case childRun = "child-run"
    // 413, 414, 415, 417
    case bodyTooLarge = "body-too-large"
    case uriTooLong = "uri-too-long"
    case unsupportedMediaType = "unsupported-media-type"
    case expectationFailed = "expectation-failed"
    // 422
    case invalidContent = "invalid-content"
    case inputInvalid = "input-invalid"
    case keyReused = "idempotency-key-reused"
    // 429, 431
    case rateLimited = "rate-limited"
    case tenantLimit = "tenant-limit"
    case tooManySignals = "too-many-signals"
    case headersTooLarge = "headers-too-large"
    // 500, 503
    case internalError = "internal-error"
    case overloaded
    case databaseUnavailable = "database-unavailable"
    case notReady = "not-ready"
    case issuerUnavailable = "issuer-unavailable"
    case tooManyAnswers = "too-many-answers"
    case tooManyWatchers = "too-many-watchers"

    /// The `type` member: a URI that stays the same for ever.
    var type: String { "urn:sagaflow:problem:\(rawValue)" }

    /// The `title` member: the same for every problem of the kind.
    var title: String {
        switch self {
        case .malformedRequest: "The request is not valid HTTP."
        case .malformedJSON: "The body is not valid JSON."
        case .malformedYAML: "The body is not valid YAML, or not of the kind that is taken."
        case .invalidParameter: "A part of the path, the query or a header is not valid."
        case .unauthorized: "A valid credential is needed."
        case .missingPermission: "The caller may not do this."
        case .tenantSuspended: "The tenant is suspended."
        case .tenantClosed: "The tenant is closed."
        case .notFound: "There is nothing here."
        case .unknownWorkflow: "There is no such workflow."
        case .onlyDeprecated: "Every release of the workflow is deprecated."
        case .unknownRun: "There is no such run."
        case .unknownStep: "The run has no such step."
        case .unknownSignal: "The run takes no such signal."
        case .unknownCallback: "This callback is not known."
        case .callbackDiffers: "Another callback came before."
        case .restarted: "Another run does this one anew."
        case .notRestartable: "The run can't be restarted like this."
        case .callbackOver: "Nobody waits for this callback any more."
        case .unknownParticipant: "There is no such participant."
        case .methodNotAllowed: "This method is not allowed here."
        case .requestTimeout: "The request took too long to arrive."
        case .runEnded: "The run has ended."
        case .stepNotRetryable: "The step can't be retried now."
        case .runNotFailed: "The run is not FAILED."
        case .stepNotResolvable: "The step can't be resolved."
        case .workflowPaused: "The workflow is paused."
        case .versionExists: "This version has other content."
        case .pastPivot: "There is no way back for the run any more."
        case .stepNotWaiting: "The step does not wait."
        case .runTurnedBack: "The run is on its way back."
        case .runNotPaused: "The run is not paused."
        case .runNotCompleted: "The run has not COMPLETED."
        case .childRun: "The run is the child of another."
        case .undoOver: "The time for undoing the run is over."
        case .bodyTooLarge: "The body is too large."
        case .uriTooLong: "The URI is too long."
        case .unsupportedMediaType: "This media type is not understood here."
        case .expectationFailed: "This expectation can't be met."
        case .invalidContent: "The content can't be accepted."
        case .inputInvalid: "The input is not what the workflow takes."
        case .keyReused: "The idempotency key stands for another request."
        case .rateLimited: "Too many requests."
        case .tenantLimit: "The tenant has as much as it may have."
        case .tooManySignals: "Too many signals wait in the run."
        case .headersTooLarge: "The headers are too large."
        case .internalError: "Something went wrong on our side."
        case .overloaded: "Too much is waiting to be written."
        case .databaseUnavailable: "The database is unavailable."
        case .notReady: "Not ready."
        case .issuerUnavailable: "Whether the token is valid can't be known at the moment."
        case .tooManyAnswers: "Too many large answers are being sent."
        case .tooManyWatchers: "Too many clients wait for runs."
        }
    }

    /// The status it is answered with.
    var status: HTTPResponse.Status {
        switch self {
        case .malformedRequest, .malformedJSON, .malformedYAML, .invalidParameter: .badRequest
        case .unauthorized: .unauthorized
        case .missingPermission, .tenantSuspended, .tenantClosed: .forbidden
        case .notFound, .unknownWorkflow, .onlyDeprecated, .unknownRun, .unknownStep, .unknownSignal, .unknownCallback,
            .unknownParticipant:
            .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .runEnded, .stepNotRetryable, .runNotFailed, .stepNotResolvable, .versionExists, .workflowPaused,
            .pastPivot,
            .stepNotWaiting, .runTurnedBack, .callbackDiffers, .runNotPaused, .runNotCompleted, .undoOver,
            .restarted, .notRestartable, .childRun:
            .conflict
        case .callbackOver: .gone
        case .bodyTooLarge: .contentTooLarge
        case .uriTooLong: .uriTooLong
        case .unsupportedMediaType: .unsupportedMediaType
        case .expectationFailed: .expectationFailed
        case .invalidContent, .inputInvalid, .keyReused: .unprocessableContent
        case .rateLimited, .tenantLimit, .tooManySignals: .tooManyRequests
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .internalError: .internalServerError
        case .overloaded, .databaseUnavailable, .notReady, .issuerUnavailable, .tooManyAnswers, .tooManyWatchers:
            .serviceUnavailable
        }
    }
}
