import Core
import Documents
import HTTPServer
import HTTPTypes
import NIOCore
import NIOHTTP1
import Postgres
import Storage

/// What the errors of the modules below mean to a client. The only place where that is decided.
extension Problem {
    init(_ error: StoreError) {
        switch error {
        case .overloaded:
            self.init(.overloaded, "Nothing was written. Try again later.", headers: Self.retryAfter(1))
        case .shuttingDown:
            self.init(.overloaded, "This process is about to end. Try again.", headers: Self.retryAfter(1))
        case .unavailable(.decoding):
            self.init(.internalError, "What is stored could not be read. Whether anything was written is unknown.")
        case .unavailable:
            self.init(
                .databaseUnavailable,
                "Whether anything was written is unknown. Repeat a start under the same Idempotency-Key.",
                headers: Self.retryAfter(2))
        case .refused:
            self.init(.invalidContent, "The database can't hold this content.")
        }
    }

    init(_ error: DefinitionProblem) {
        switch error {
        case .unknown: self.init(.unknownWorkflow, "No workflow of this name and version is registered.")
        case .onlyDeprecated:
            self.init(.onlyDeprecated, "Name a version to start one of the deprecated releases all the same.")
        case .unreadable: self.init(.internalError, "The stored definition could not be read.")
        case .store(let error): self.init(error)
        }
    }

    /// Nil for a request that was accepted.
    init?(_ outcome: InboxOutcome) {
        switch outcome {
        case .accepted: return nil
        case .unknownRun: self = .unknownRun
        case .unknownStep(let stepID):
            self.init(.unknownStep, "The run's workflow has no step \(stepID ?? "of this id").")
        case .terminal(let status):
            self.init(.runEnded, "The run is \(status.rawValue): there is nothing to be done with it any more.")
        case .notRetryable:
            self.init(
                .stepNotRetryable,
                "Only a step that waits for its next attempt, or whose compensation gave up, or any of a quarantined "
                    + "run can be retried.")
        case .notResolvable(let stepIDs):
            self.init(
                .stepNotResolvable,
                "Only a step whose compensation gave up can be resolved, or one of a quarantined run that may have had "
                    + "an effect and is not undone. That is not so of \(stepIDs.joined(separator: ", ")).")
        case .notFailed(let status):
            self.init(
                .runNotFailed, "Only a FAILED run waits for a person; this one is \(status?.rawValue ?? "so no more").")
        case .pastPivot:
            self.init(
                .pastPivot,
                "Its pivot has succeeded, or nobody knows yet whether it has: the run goes on to its end.")
        case .notWaiting:
            self.init(
                .stepNotWaiting,
                "Only a step that waits can be ended by a person: for its next attempt, for its time, or for a person.")
        case .later:
            self.init(
                .notReady, "The run can't take this now; nothing was written. Send the same again later.",
                headers: Self.retryAfter(30))
        case .callbackDiffers:
            self.init(.callbackDiffers, "The end of this action was told otherwise. Nothing was changed.")
        case .callbackOver:
            self.init(
                .callbackOver, "The action has ended otherwise: its time was over, or the run has turned back.")
        case .unknownSignal: self.init(.unknownSignal, "No step of the run's workflow waits for a signal of this name.")
        case .turnedBack: self.init(.runTurnedBack, "No step takes a signal any more.")
        case .tooManySignals:
            self.init(
                .tooManySignals,
                "At most \(KeptSignal.mostWaiting) signals of \(KeptSignal.maxWaitingBytes >> 10) KiB together wait in a run: no "
                    + "step has taken them yet. Nothing was written.")
        case .notPaused: self.init(.runNotPaused, "There is nothing to be resumed.")
        case .notCompleted(let status):
            self.init(
                .runNotCompleted,
                "Only a run that COMPLETED can be undone; this one is \(status?.rawValue ?? "so no more").")
        case .undoOver:
            self.init(.undoOver, "Its workflow's undoWithin has passed since it COMPLETED.")
        case .restarted(let other):
            self.init(.restarted, "The run \(other) has taken over what this one did: ask for that one to be undone.")
        case .ofParent(let parent):
            self.init(
                .childRun,
                "It is the child of the run \(parent.runID), in its step \(parent.stepID), and is undone with it: ask that one."
            )
        case .alreadyAsked:
            self.init(
                .stepNotResolvable,
                "Something is asked of this quarantined run already, and an engine is about to take it up.")
        }
    }

    init(_ refusal: RestartRefusal) {
        func names(_ steps: [String]) -> String { steps.joined(separator: ", ") }
        switch refusal {
        case .live(let status):
            self.init(
                .notRestartable, "It is \(status.rawValue): only a run that is over can be done anew. Cancel it first.")
        case .restarted(let other): self.init(.restarted, "The run \(other) does this one anew: restart that one.")
        case .failed:
            self.init(
                .notRestartable,
                "It is FAILED, and what it did waits for a person: nothing can be taken over. Have it retried or resolved, "
                    + "or leave fromStep out.")
        case .undone(let steps):
            self.init(
                .notRestartable,
                "What \(names(steps)) did is undone, so it can't be taken over. Restart from there, or leave fromStep out."
            )
        case .missing(let steps):
            self.init(
                .notRestartable,
                "\(names(steps)) succeeded, and this version has no such step, or one of another kind.")
        case .answerNotKept(let steps):
            self.init(
                .notRestartable,
                "This version names something of the answer of \(names(steps)) that the run has not kept. Restart from there."
            )
        case .children(let steps):
            self.init(
                .notRestartable,
                "To undo \(names(steps)) is to undo the run that it has started, which knows this run alone. Restart from there, "
                    + "or before.")
        case .child(let parent):
            self.init(
                .childRun,
                "It is the child of the run \(parent), which would know nothing of the other: have that one done anew.")
        case .stands(let steps):
            self.init(
                .notRestartable,
                "\(names(steps)) would be done again, and what it did stands. Have the run undone first, or say "
                    + "\"repeat\": true: then it is done twice, and nobody undoes what stands now.")
        }
    }

    init(_ error: DefinitionErrors) {
        self.init(
            .invalidContent, "The definition breaks \(error.errors.count) rule(s).",
            places: error.errors.map { Place(pointer: $0.pointer, detail: $0.detail) })
    }

    init(_ error: JSONError) {
        self.init(
            error.isSyntax ? .malformedJSON : .invalidContent, "\(error.message) (byte \(error.offset))",
            places: [Place(pointer: error.pointer, detail: error.message)])
    }

    init(_ error: YAMLError) {
        self.init(
            error.isSyntax ? .malformedYAML : .invalidContent, "\(error.message) (\(error.place))",
            places: [Place(pointer: error.pointer, detail: error.message)])
    }

    init(_ error: HTTPParserError) { self.init(Refusal(error)) }

    init(_ refusal: Refusal) {
        let kind: ProblemKind =
            switch refusal.kind {
            case .malformed: .malformedRequest
            case .methodNotAllowed: .methodNotAllowed
            case .requestTimeout: .requestTimeout
            case .bodyTooLarge: .bodyTooLarge
            case .uriTooLong: .uriTooLong
            case .expectationFailed: .expectationFailed
            case .headersTooLarge: .headersTooLarge
            case .full: .overloaded
            }
        self.init(kind, refusal.detail, headers: refusal.headers)
    }

    /// Anything that was thrown while a request was answered; nil when it is none of what can be expected.
    init?(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as StoreError: self.init(error)
        case let error as PostgresError: self.init(StoreError(error))
        case let error as DefinitionProblem: self.init(error)
        case let error as DefinitionErrors: self.init(error)
        case let error as RestartRefusal: self.init(error)
        case let error as JSONError: self.init(error)
        case let error as YAMLError: self.init(error)
        case let error as HTTPParserError: self.init(error)
        default: return nil
        }
    }

    private static func retryAfter(_ seconds: Int) -> HTTPFields { [.retryAfter: String(seconds)] }
}
