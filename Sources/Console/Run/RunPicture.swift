import Core

/// The graph of a run and its timeline, out of what the API tells of it.
struct RunPicture {
    let view: RunView
    let frame: Frame

    var html: HTML { "\(graph)\(timeline)" }

    private var graph: HTML? {
        guard let definition = view.definition, let run else { return nil }
        let graph = RunGraph(
            definition: definition, run: run, runPath: frame.paths.runs + "/",
            childrenPath: Paths.query(frame.paths.runs, [("parent", view.run.id)]))
        return #"""
            <section aria-labelledby="graph-title"><h2 id="graph-title">Graph</h2>
            <div class="picture" tabindex="0" role="group" aria-label="Graph">\#(graph.svg)</div>
            <details class="payload" id="graph-as-table"><summary>The graph as a table</summary><div class="scroll" tabindex="0" role="group" aria-label="The graph as a table">\#(graph.table)</div></details></section>
            """#
    }

    private var timeline: HTML? {
        let events = view.history
        guard events.count > 1, let now = view.now ?? events.last?.at else { return nil }
        let timeline = RunTimeline(events: events, now: view.run.isOver ? events[events.count - 1].at : now)
        let more: HTML = #"<p class="quiet">Of the first \#(Part.number(events.count)) events.</p>"#
        return #"""
            <section aria-labelledby="timeline-title"><h2 id="timeline-title">Timeline</h2>
            <div class="picture" tabindex="0" role="group" aria-label="Timeline">\#(timeline.svg)</div>\#(if: view.hasMoreHistory, more)</section>
            """#
    }

    /// Nil for one that stands as only a newer release knows.
    private var run: GraphRun? {
        guard let status = RunStatus(rawValue: view.run.status) else { return nil }
        var rows: [StepRow] = []
        let ordered = view.steps + view.steps.flatMap { $0.elements ?? [] }
        for (index, step) in ordered.enumerated() {
            guard let known = step.known else { return nil }
            rows.append(StepRow(index: index, stepID: step.id, step: known))
        }
        var children: [RunID: String] = [:]
        for child in ordered.compactMap(\.child) {
            if let id = RunID(child.id), let status = child.status { children[id] = status }
        }
        return GraphRun(
            status: status, cause: view.run.cause.flatMap { RunCause(rawValue: $0) },
            turnedBy: view.run.error?.beforeStep ?? view.run.error?.stepID, isPaused: view.run.isPaused, steps: rows,
            children: children)
    }
}

extension StepView {
    /// As far as a drawing needs it; nil for a state that only a newer release knows.
    fileprivate var known: Step? {
        guard let status = StepStatus(rawValue: status),
            let compensation = CompensationStatus(rawValue: compensationStatus)
        else { return nil }
        var step = Step()
        step.status = status
        step.attempts = attempts
        step.compensationStatus = compensation
        step.compensationAttempts = compensationAttempts
        (step.isAccepted, step.isKept, step.awaitsPerson) = (isAccepted, isKept, awaitsOperator)
        (step.isAmbiguous, step.isCompensationAmbiguous) = (isOutcomeUnknown, isCompensationOutcomeUnknown)
        (step.startedAt, step.completedAt, step.nextAttemptAt) = (startedAt, completedAt, nextAttemptAt)
        if let error {
            step.error = Failure(kind: error.kind, message: error.text, httpStatus: error.httpStatus)
        }
        if let child, let id = RunID(child.id) {
            step.child = ChildRun(runID: id, workflow: child.workflow ?? "", phase: Self.phase(of: child.status))
        }
        return step
    }

    private static func phase(of child: String?) -> ChildRun.Phase {
        switch child.flatMap({ RunStatus(rawValue: $0) }) {
        case .completed: .completed
        case .compensated, .cancelled: .over
        default: .live
        }
    }
}

extension EventView {
    /// As a timeline shows it; nil for one without a time.
    package var onTimeline: TimelineEvent? {
        guard let at else { return nil }
        return TimelineEvent(
            at: at, kind: RunEventKind(rawValue: kind), stepID: stepID,
            action: action.flatMap { CallAction(rawValue: $0) },
            attempt: attempt, outcome: outcome.flatMap { Outcome(rawValue: $0) }, httpStatus: httpStatus,
            errorKind: error?.kind, retryIn: retryIn, engine: engine)
    }
}
