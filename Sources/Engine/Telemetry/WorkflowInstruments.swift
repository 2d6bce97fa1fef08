import Core
import Telemetry

/// The instruments that the runs of one workflow need, looked up once.
final class WorkflowInstruments: Sendable {
    /// Those of one step.
    struct Step: Sendable {
        /// By outcome, in the order of `Outcome.allCases`.
        let attempts: [Counter]
        let executeRetries: Counter
        let compensateRetries: Counter
        let succeeded: Counter
        let failed: Counter
        let compensated: Counter
        let compensationFailed: Counter
        let latency: Histogram
    }

    /// Those of one way to end.
    struct End: Sendable {
        let count: Counter
        let duration: Histogram
    }

    private let steps: [Step]
    private let completed: End
    private let failed: End
    private let compensated: End
    private let cancelled: End
    private let undone: Counter
    private let signals: Counter
    private let children: Counter
    private let deadlineMissed: Counter
    /// Looks that found a participant at work, and looks that found nothing.
    private let looksPending: Counter
    private let looksFailed: Counter
    /// Steps past a pivot that were refused.
    let awaitingPerson: Counter

    init(
        steps: [Step], completed: End, failed: End, compensated: End, cancelled: End, undone: Counter,
        signals: Counter, children: Counter, deadlineMissed: Counter, looksPending: Counter, looksFailed: Counter,
        awaitingPerson: Counter
    ) {
        self.steps = steps
        self.completed = completed
        self.failed = failed
        self.compensated = compensated
        self.cancelled = cancelled
        self.undone = undone
        self.signals = signals
        self.children = children
        self.deadlineMissed = deadlineMissed
        self.looksPending = looksPending
        self.looksFailed = looksFailed
        self.awaitingPerson = awaitingPerson
    }

    /// Counts what an event stands for.
    ///
    /// - Parameters:
    ///   - run: whose it is; elements are counted as their step.
    ///   - age: how long ago the run was started.
    func count(_ event: RunEvent, of run: Run, age: Duration) {
        switch event {
        case .attemptSucceeded(let index, let action, _, let report, _):
            let step = steps[run.base(of: index)]
            count(report, of: step)
            (action == .execute ? step.succeeded : step.compensated).add()
        case .attemptFailed(let index, let action, _, let report, _, let retryIn):
            let step = steps[run.base(of: index)]
            count(report, of: step)
            switch (action, retryIn != nil) {
            case (.execute, true): step.executeRetries.add()
            case (.execute, false): step.failed.add()
            case (.compensate, true): step.compensateRetries.add()
            case (.compensate, false): step.compensationFailed.add()
            }
        case .runCompleted: end(completed, age)
        case .runCompensated: end(compensated, age)
        case .runCancelled: end(cancelled, age)
        case .runFailed, .runQuarantined: end(failed, age)
        case .stepFailed(let index, _): steps[run.base(of: index)].failed.add()
        case .childStarted: children.add()
        case .childEnded(let index, let end): if end.error != nil { steps[run.base(of: index)].failed.add() }
        case .childUndoFailed(let index, _): steps[run.base(of: index)].compensationFailed.add()
        case .attemptLooked(_, _, let failure, _): (failure == nil ? looksPending : looksFailed).add()
        case .attemptAccepted(let index, _, _, let report, _, _, _):
            if report.duration > .zero { steps[run.base(of: index)].latency.observe(report.duration) }
        case .runStarted, .attemptStarted, .callbackReceived, .attemptHeartbeat, .stepSkipped, .stepAbandoned,
            .waitStarted, .awaitStarted, .parentLinked, .childCancelRequested, .childUndoRequested,
            .endCallsStarted, .signalTaken, .elementsStarted, .elementsEnded, .stepSucceeded, .stepUndoing,
            .cancelRequested, .cancelRefused, .deadlineExceeded, .runCompensating, .retryRequested, .stepResolved,
            .stepSettled,
            .runDelayed, .runPaused, .runResumed, .restartedFrom, .stepKept, .restartedAs:
            break
        case .signalReceived: signals.add()
        case .undoRequested: undone.add()
        case .deadlineMissed: deadlineMissed.add()
        }
    }

    /// A call that was never made, or was lost with its engine, took no time that anybody measured.
    private func count(_ report: CallReport, of step: Step) {
        step.attempts[report.outcome.position].add()
        if report.duration > .zero { step.latency.observe(report.duration) }
    }

    private func end(_ end: End, _ age: Duration) {
        end.count.add()
        end.duration.observe(max(.zero, age))
    }
}

extension Outcome {
    /// Its place in `allCases`.
    fileprivate var position: Int {
        switch self {
        case .succeeded: 0
        case .rejected: 1
        case .busy: 2
        case .unknown: 3
        case .notSent: 4
        }
    }
}
