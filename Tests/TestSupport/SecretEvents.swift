package import Core

/// An event of each kind, with `secret` in each place where something stands that clients or participants gave.
///
/// - Parameter child: a run that is named as a child or a parent.
package func eventsOfEachKind(_ secret: String, child: RunID) -> [RunEvent] {
    let value: JSON = ["deep": [.string(secret)], "text": .string(secret)]
    let now = Instant(microseconds: 1_900_000_000_000_000)
    let report = CallReport(
        outcome: .rejected, httpStatus: 422, duration: .milliseconds(1), headers: ["x-echo": secret])
    let good = CallReport(outcome: .succeeded, httpStatus: 200, duration: .milliseconds(1), headers: ["x-echo": secret])
    let refused = Failure(kind: "rejected", message: "The participant answered 422.", httpStatus: 422, response: value)
    let reason = Failure(kind: Failure.endedKind, message: "It ends because of \(secret).")
    let child = ChildRun(runID: child, workflow: "w", phase: .live)
    let told = Failure(
        kind: Failure.rejectedKind, message: "Its child run ended FAILED: \(secret)", response: reason.json)
    return [
        .runStarted(due: [0]), .attemptStarted(step: 0, action: .execute, attempt: 1),
        .attemptSucceeded(step: 0, action: .execute, attempt: 1, good, output: value),
        .attemptSucceeded(step: 0, action: .compensate, attempt: 1, good, output: value),
        .attemptFailed(step: 0, action: .execute, attempt: 1, report, refused, retryIn: .seconds(1)),
        .attemptAccepted(
            step: 0, action: .execute, attempt: 1, good, timeout: .seconds(9), heartbeat: .seconds(1),
            poll: PollStart(path: "/work/\(secret)", firstLook: .seconds(1))),
        .attemptLooked(step: 0, action: .execute, refused, lookIn: .seconds(1)),
        .callbackReceived(
            step: 0, action: .execute, Callback(outcome: .succeeded, output: value, error: nil, digest: secret)),
        .callbackReceived(
            step: 0, action: .execute, Callback(outcome: .rejected, output: nil, error: value, digest: secret)),
        .attemptHeartbeat(step: 0, action: .execute), .stepSkipped(step: 0), .waitStarted(step: 0, until: now),
        .awaitStarted(step: 0, until: now),
        .signalReceived(ReceivedSignal(name: "go", payload: value, by: "ann", key: secret)),
        .signalTaken(step: 0, signal: 3), .elementsStarted(step: 0, count: 1, items: [value]),
        .elementsEnded(step: 0),
        .parentLinked(ParentLink(runID: child.runID, stepID: "a", depth: 1, isDetached: false)),
        .childStarted(step: 0, child, until: now), .childCancelRequested(step: 0, told),
        .childEnded(step: 0, ChildEnd(runID: child.runID, status: .completed, output: value)),
        .childEnded(step: 0, ChildEnd(runID: child.runID, status: .compensated, error: told)),
        .childUndoRequested(step: 0), .childUndoFailed(step: 0, told), .endCallsStarted(run: child.runID),
        .stepSucceeded(step: 0, output: value), .stepFailed(step: 0, reason),
        .stepFailed(step: 0, Failure(kind: Failure.waitKind, message: "\"\(secret)\" is no duration.")),
        .stepFailed(
            step: 0, Failure(kind: Failure.unreadableKind, message: "No JSON, in /\(secret).", httpStatus: 200)),
        .stepFailed(step: 0, Failure(kind: "of a later release", message: secret, httpStatus: 200)),
        .stepUndoing(step: 0), .stepAbandoned(step: 0), .cancelRequested(by: "ann", reason: "why"),
        .cancelRefused(by: "ann", reason: nil), .deadlineExceeded, .runCompensating(steps: [0], uncompensated: []),
        .runCompensated, .runCancelled, .runFailed(told), .retryRequested(step: 0, by: "ann", reason: "why"),
        .stepResolved(step: 0, by: "ann", reason: "why"),
        .stepSettled(step: 0, .complete, output: value, by: "ann", reason: "why"), .runDelayed(until: now),
        .runPaused(by: "ann", reason: "why", holdsDeadline: true),
        .runResumed(by: "ann", reason: nil, held: .seconds(1)), .undoRequested(by: "ann", reason: "why"),
        .deadlineMissed, .runQuarantined(refused),
        .restartedFrom(run: child.runID, step: 0, by: "ann", reason: "why"),
        .stepKept(
            KeptStep(
                step: 0, output: value, answer: StepAnswer(["headers": ["x-echo": .string(secret)]]),
                effectOf: child.runID)),
        .restartedAs(run: child.runID, steps: [0], by: "ann", reason: "why"),
        // The output of a run stands in its row.
        .runCompleted(output: value, failure: told),
    ]
}
