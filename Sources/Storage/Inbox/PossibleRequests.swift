package import Core
import Postgres

/// What can be asked of a run as it stands: what `RunInbox` would let in, and a restart.
///
/// It is for people to choose from. By the time one of it is asked the run may stand otherwise, and is judged again.
package struct PossibleRequests: Sendable {
    /// Of the run as a whole.
    package enum OfRun: String, Sendable, Hashable, CaseIterable {
        case cancel, undo, pause, resume, restart
        /// Of all whose compensation gave up, or of a quarantined run as a whole.
        case retry
    }

    /// Of one step, or one element.
    package enum OfStep: String, Sendable, Hashable, CaseIterable { case retry, resolve, complete, skip, fail }

    package var ofRun: [OfRun] = []
    /// Of those that take something, in their order.
    package var ofSteps: [(stepID: String, requests: [OfStep])] = []
    /// Names of signals that a step waits for, first those that one waits for now; the others are kept until one does.
    package var signals: [String] = []
    /// Steps whose effects stand, or may, and that would be undone if the run turned back now; nil where nobody knows, because its
    /// definition can't be read.
    package var undoes: [String]? = []
    /// There is no way back, or may be none.
    package var mustGoOn = false
}

extension PossibleRequests {
    /// - Parameters:
    ///   - status: of a run whose standing can't be read; its engine will know what a cancel leads to.
    init(unreadable status: RunStatus?) {
        ofRun = status?.isTerminal ?? true ? [] : [.cancel]
        undoes = nil
    }

    init(_ run: RunStanding, at now: Instant) {
        mustGoOn = run.mustGoOn
        let isOver = run.status.isTerminal
        if !isOver, run.isGoingForward, !run.mustGoOn { ofRun.append(.cancel) }
        let isOwn = run.parent?.isDetached ?? true
        if run.canUndo(at: now), isOwn { ofRun.append(.undo) }
        if !isOver { ofRun.append(run.isPaused ? .resume : .pause) }
        if run.canRetry(step: nil) { ofRun.append(.retry) }
        if isOver, isOwn, run.restartedAs == nil { ofRun.append(.restart) }
        for (index, stepID) in run.stepIDs.enumerated() {
            var requests: [OfStep] = []
            if run.canRetry(step: index) { requests.append(.retry) }
            if run.canResolve(step: index) { requests.append(.resolve) }
            if run.canSettle(step: index, .complete) { requests += [.complete, .skip] }
            if run.canSettle(step: index, .fail) { requests.append(.fail) }
            if !requests.isEmpty { ofSteps.append((stepID, requests)) }
        }
        if !isOver, run.isGoingForward { signals = run.openSignals }
        undoes = run.mustGoOn ? [] : run.undoes
    }
}

extension RunStanding {
    /// What `PossibleRequests.signals` says.
    fileprivate var openSignals: [String] {
        guard let definition else { return [] }
        var (now, later): ([String], [String]) = ([], [])
        for step in definition.steps {
            guard case .signal(let awaited) = step.action, steps.indices.contains(step.index) else { continue }
            switch steps[step.index].status {
            case .pending: later.append(awaited.signal)
            case .waiting, .executing: now.append(awaited.signal)
            case .succeeded, .failed, .skipped: break
            }
        }
        var seen: Set<String> = []
        return (now + later).filter { seen.insert($0).inserted }
    }

    /// What `PossibleRequests.undoes` says.
    fileprivate var undoes: [String]? {
        guard let definition else { return nil }
        return stepIDs.indices.filter { index in
            let step = steps[index]
            guard step.mayHaveEffect, step.compensationStatus == .notRequired,
                let defined = definition.step(of: stepIDs[index])
            else { return false }
            return defined.compensation != nil || (defined.undoesChild && step.child != nil)
        }.map { stepIDs[$0] }
    }
}

extension RunReader {
    /// What can be asked of a run as it stands; nil when there is none.
    package func possibleRequests(of runID: RunID) async throws(StoreError) -> PossibleRequests? {
        guard let (standing, status) = try await standing(of: runID) else { return nil }
        guard let standing else { return PossibleRequests(unreadable: status) }
        // Only an undo asks what time it is.
        guard standing.undoWithin != nil, standing.status == .completed else {
            return PossibleRequests(standing, at: Instant(microseconds: 0))
        }
        guard let now = try await now() else { throw .unavailable(.decoding("there is a clock")) }
        return PossibleRequests(standing, at: now)
    }
}
