import Core
import Logging
import Storage
import Telemetry

/// Tells of one run what has been committed: to metrics, to the trace, and to the log.
///
/// What goes as planned is logged at `debug`. What a person on call looks for is at `info`: retries, steps that gave up,
/// compensation, and ends other than COMPLETED. A FAILED run is an `error`: it waits for a person. Payloads are in no line and no
/// span, nor messages that may repeat them.
struct RunObserver {
    let trace: RunTrace
    private let instruments: WorkflowInstruments
    private let minutes: MinuteCounts
    private let claimedAt: Instant
    private let logger: Logger

    init(_ run: Run, _ claimed: ClaimedRun, context: EngineContext, trace: RunTrace) {
        self.trace = trace
        instruments = context.metrics.instruments(of: run.definition)
        minutes = context.metrics.minutes
        claimedAt = claimed.now
        logger = context.logger
    }

    /// A decision is stored.
    func committed(_ commit: SessionCommit, at now: Instant) {
        let run = commit.after
        let age = now - run.createdAt
        for event in commit.events {
            instruments.count(event, of: run, age: age)
            tell(event, commit.before, run)
        }
        count(commit, at: now)
        recordWaits(commit.before, run, now)
        if run.definition.pivot != nil { tellStuck(commit.before, run) }
        if run.status.isTerminal, !commit.events.isEmpty { trace.record(run, at: now) }
    }

    /// For charts: the end, and runs that were started.
    private func count(_ commit: SessionCommit, at now: Instant) {
        let run = commit.after
        if run.status != commit.before.status, let tally = RunTally(run.status) {
            minutes.add(tally, of: run.definition.name, tenantID: run.tenantID, at: now)
        }
        for event in commit.events {
            let started: String? =
                if case .childStarted(_, let child, _) = event {
                    child.workflow
                } else if case .endCallsStarted = event {
                    run.definition.onEnd?.name
                } else {
                    nil
                }
            if let started { minutes.add(.started, of: started, tenantID: run.tenantID, at: now) }
        }
    }

    /// What waited and does so no more, in a span of its own: whoever ends it tells of it.
    private func recordWaits(_ before: Run, _ run: Run, _ now: Instant) {
        guard trace.isRecorded else { return }
        let changed = run.steps.places(changedSince: before.steps).joined()
        for index in changed where before.steps.indices.contains(index) {
            let step = before.steps[index]
            let stepID = run.stepID(index)
            if step.status == .waiting, run.steps[index].status != .waiting {
                var name = "wait \(stepID)"
                if case .signal = run.stepDefinition(index).action { name = "await \(stepID)" }
                trace.record(
                    wait: name, .init(step: index, action: .execute, attempt: 0), stepID, from: step.startedAt ?? now,
                    to: now, run.steps[index].error?.plainMessage)
            }
            guard step.isAccepted, !run.steps[index].isAccepted, let open = step.openAttempt,
                let accepted = before.marks.accepted.first(where: { $0.step == index }),
                let completion = run.stepDefinition(index).call(of: open.action)?.completion
            else { continue }
            let isDone = run.steps[index].status == .succeeded || run.steps[index].compensationStatus == .compensated
            trace.record(
                wait: "callback \(open.action.rawValue) \(stepID)",
                .init(step: index, action: open.action, attempt: open.attempt), stepID,
                from: accepted.until - completion.timeout, to: now,
                isDone ? nil : run.steps[index].error?.plainMessage)
        }
    }

    /// Past its pivot a run is not FAILED when a person is needed.
    private func tellStuck(_ before: Run, _ run: Run) {
        func isStuck(_ run: Run, _ index: Int) -> Bool {
            run.steps[index].awaitsPerson || (run.cause == nil && run.steps[index].compensationStatus == .failed)
        }
        let changed = run.steps.places(changedSince: before.steps).joined()
        for index in changed where isStuck(run, index) && !(index < before.steps.count && isStuck(before, index)) {
            instruments.awaitingPerson.add()
            logger.error(
                "a step gave up past the pivot and needs a person",
                metadata: about(
                    run,
                    [
                        "stepId": "\(run.stepID(index))",
                        "error": "\(run.steps[index].error?.plainMessage ?? "-")",
                    ]))
        }
    }

    /// What every line about this run carries.
    func about(_ run: Run, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        var metadata = more
        metadata["runId"] = "\(run.id)"
        metadata["workflowName"] = "\(run.definition.name)"
        metadata["correlationId"] = "\(trace.correlationID)"
        if let traceID = trace.traceID { metadata["traceId"] = "\(traceID)" }
        return metadata
    }

    private func tell(_ event: RunEvent, _ before: Run, _ run: Run) {
        switch event {
        case .attemptStarted(let step, let action, let attempt):
            logger.debug("an attempt begins", metadata: about(run, call(run, step, action, attempt)))
        case .attemptSucceeded(let step, let action, let attempt, let report, _):
            logger.debug("an attempt succeeded", metadata: about(run, call(run, step, action, attempt, report)))
        case .attemptFailed(let step, let action, let attempt, let report, let failure, let retryIn):
            if failure.kind == Failure.lostKind { recordLost(step, action, attempt, report, failure, before) }
            logger.info(
                retryIn == nil ? "an attempt failed and is not repeated" : "an attempt failed and will be repeated",
                metadata: about(run, self.failure(run, step, action, attempt, report, failure, retryIn)))
        case .cancelRequested(let by, let reason):
            logger.info("a run is cancelled", metadata: about(run, ["by": "\(by)", "reason": "\(reason ?? "-")"]))
        case .cancelRefused(let by, let reason):
            logger.warning(
                "a cancel comes too late, past the pivot",
                metadata: about(run, ["by": "\(by)", "reason": "\(reason ?? "-")"]))
        case .retryRequested(let step, let by, let reason):
            let stepID = step.map { run.stepID($0) }
            logger.info(
                "a retry was asked for",
                metadata: about(run, ["by": "\(by)", "stepId": "\(stepID ?? "-")", "reason": "\(reason ?? "-")"]))
        case .stepResolved(let step, let by, let reason):
            let stepID = run.stepID(step)
            logger.info(
                "a step counts as compensated by hand",
                metadata: about(run, ["by": "\(by)", "stepId": "\(stepID)", "reason": "\(reason)"]))
        case .stepSettled(let step, let settlement, _, let by, let reason):
            let stepID = run.stepID(step)
            logger.info(
                "a person ended a step",
                metadata: about(
                    run, ["by": "\(by)", "stepId": "\(stepID)", "as": "\(settlement.rawValue)", "reason": "\(reason)"]))
        case .runPaused(let by, let reason, _):
            logger.info("a run is paused", metadata: about(run, ["by": "\(by)", "reason": "\(reason ?? "-")"]))
        case .runResumed(let by, let reason, _):
            logger.info("a run is resumed", metadata: about(run, ["by": "\(by)", "reason": "\(reason ?? "-")"]))
        case .undoRequested(let by, let reason):
            logger.info(
                "a run that completed is undone", metadata: about(run, ["by": "\(by)", "reason": "\(reason)"]))
        case .deadlineMissed:
            logger.warning("a run's deadline has passed, past its pivot: it goes on", metadata: about(run))
        case .deadlineExceeded: logger.info("a run's deadline has passed", metadata: about(run))
        case .runCompensating(let steps, _):
            let ids = steps.map { run.stepID($0) }.joined(separator: ",")
            logger.info("a run is compensated", metadata: about(run, ["steps": "\(ids)"]))
        case .runCompleted, .runCompensated, .runCancelled: end(run)
        case .runFailed(let failure), .runQuarantined(let failure):
            logger.error(
                "a run failed and needs a person",
                metadata: about(run, ["stepId": "\(failure.stepID ?? "-")", "error": "\(failure.plainMessage)"]))
        case .stepFailed(let step, let failure):
            logger.info(
                "a step failed",
                metadata: about(run, ["stepId": "\(run.stepID(step))", "error": "\(failure.plainMessage)"]))
        case .waitStarted(let step, let until):
            logger.debug(
                "a run waits",
                metadata: about(run, ["stepId": "\(run.stepID(step))", "until": "\(until)"]))
        case .attemptAccepted(let step, let action, let attempt, let report, _, _, _):
            logger.debug("an attempt is accepted", metadata: about(run, call(run, step, action, attempt, report)))
        case .attemptLooked(let step, let action, let failure?, let lookIn):
            logger.info(
                "a look at what was accepted failed and will be repeated",
                metadata: about(
                    run,
                    [
                        "stepId": "\(run.stepID(step))", "action": "\(action.rawValue)",
                        "error": "\(failure.plainMessage)",
                        "lookInSeconds": .stringConvertible(Self.seconds(lookIn ?? .zero)),
                    ]))
        case .callbackReceived(let step, let action, let callback):
            logger.info(
                "a participant called back",
                metadata: about(
                    run,
                    [
                        "stepId": "\(run.stepID(step))", "action": "\(action.rawValue)",
                        "outcome": "\(callback.outcome.rawValue)",
                    ]))
        case .awaitStarted(let step, let until):
            logger.debug(
                "a run waits for a signal",
                metadata: about(
                    run,
                    ["stepId": "\(run.stepID(step))", "until": "\(until?.description ?? "-")"]))
        case .signalReceived(let signal):
            logger.info(
                "a run is sent a signal", metadata: about(run, ["signal": "\(signal.name)", "by": "\(signal.by)"]))
        case .elementsStarted(let step, let count, _):
            logger.debug(
                "a step begins with a list",
                metadata: about(run, ["stepId": "\(run.stepID(step))", "elements": .stringConvertible(count)]))
        case .childStarted(let step, let child, _):
            logger.debug(
                "a child run is started",
                metadata: about(
                    run, ["stepId": "\(run.stepID(step))", "child": "\(child.runID)", "workflow": "\(child.workflow)"]))
        case .childEnded(let step, let end):
            recordChild(step, end, before)
            logger.info(
                "a child run ended",
                metadata: about(
                    run,
                    [
                        "stepId": "\(run.stepID(step))", "child": "\(end.runID)", "status": "\(end.status.rawValue)",
                        "error": "\(end.error?.plainMessage ?? "-")",
                    ]))
        case .childCancelRequested(let step, _), .childUndoRequested(let step):
            logger.info(
                "a child run is asked to turn back",
                metadata: about(run, ["stepId": "\(run.stepID(step))", "event": "\(event.kind.rawValue)"]))
        case .endCallsStarted(let calls):
            logger.debug("calls follow the end of a run", metadata: about(run, ["child": "\(calls)"]))
        case .childUndoFailed(let step, let failure):
            logger.info(
                "a child run can't be undone",
                metadata: about(run, ["stepId": "\(run.stepID(step))", "error": "\(failure.plainMessage)"]))
        case .runStarted, .parentLinked, .runDelayed, .attemptHeartbeat, .attemptLooked, .signalTaken, .elementsEnded,
            .stepSkipped,
            .stepAbandoned,
            .stepSucceeded,
            .stepUndoing, .restartedFrom, .stepKept, .restartedAs:
            logger.debug("a run moves", metadata: about(run, ["event": "\(event.kind.rawValue)"]))
        }
    }

    private func end(_ run: Run) {
        logger.log(
            level: run.status == .completed ? .debug : .info, "a run ended",
            metadata: about(run, ["status": "\(run.status.rawValue)", "cause": "\(run.cause?.rawValue ?? "-")"]))
    }

    private func call(
        _ run: Run, _ step: Int, _ action: CallAction, _ attempt: Int, _ report: CallReport? = nil
    ) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "stepId": "\(run.stepID(step))", "action": "\(action.rawValue)",
            "attempt": .stringConvertible(attempt),
        ]
        if let report {
            metadata["outcome"] = "\(report.outcome.rawValue)"
            metadata["seconds"] = .stringConvertible(Self.seconds(report.duration))
            if let status = report.httpStatus { metadata["httpStatus"] = .stringConvertible(status) }
        }
        return metadata
    }

    /// To the millionth: what is shorter is noise.
    private static func seconds(_ duration: Duration) -> Double { (duration.seconds * 1e6).rounded() / 1e6 }

    private func failure(
        _ run: Run, _ step: Int, _ action: CallAction, _ attempt: Int, _ report: CallReport, _ failure: Failure,
        _ retryIn: Duration?
    ) -> Logger.Metadata {
        var metadata = call(run, step, action, attempt, report)
        metadata["error"] = "\(failure.plainMessage)"
        if let retryIn { metadata["retryInSeconds"] = .stringConvertible(Self.seconds(retryIn)) }
        return metadata
    }

    /// The step of a child, under which the child's own spans stand.
    private func recordChild(_ step: Int, _ end: ChildEnd, _ before: Run) {
        guard before.steps[step].hasLiveChild else { return }
        let report = CallReport(
            outcome: end.error == nil ? .succeeded : .rejected, httpStatus: nil, duration: .zero)
        trace.record(
            trace.attempt(step: step, action: .execute, attempt: 1), action: .execute, step: before.stepID(step),
            attempt: 1, participant: nil, from: before.steps[step].startedAt ?? claimedAt, to: claimedAt, report,
            end.error)
    }

    /// Nobody else can tell of an attempt whose engine is gone. It began when the step did, as far as is known.
    private func recordLost(
        _ step: Int, _ action: CallAction, _ attempt: Int, _ report: CallReport, _ failure: Failure, _ before: Run
    ) {
        let isFirst = action == .execute && attempt == 1
        let start = isFirst ? before.steps[step].startedAt ?? claimedAt : claimedAt
        trace.record(
            trace.attempt(step: step, action: action, attempt: attempt), action: action,
            step: before.stepID(step), attempt: attempt, participant: nil, from: start, to: claimedAt,
            report, failure)
    }
}
