import Core

/// The table of a run's steps.
struct RunSteps {
    let view: RunView
    let frame: Frame

    /// Elements of a list that a page shows; the first that say something else than "done" are among them.
    private static let mostElements = 50

    var html: HTML {
        guard !view.steps.isEmpty else {
            return Part.empty(
                "The steps can't be shown.", "<p>Its definition can't be read by this release, or the run has none.</p>"
            )
        }
        return #"""
            <div class="scroll" tabindex="0" role="group" aria-label="Steps"><table class="steps">
            <thead><tr><th scope="col">Step</th><th scope="col">State</th><th scope="col">Attempts</th><th scope="col">Time</th><th scope="col">What it says</th><th scope="col"><span class="hidden">What you can do</span></th></tr></thead>
            <tbody>\#(view.steps.map(rows))</tbody></table></div>
            """#
    }

    private func rows(_ step: StepView) -> HTML {
        guard let elements = step.elements, !elements.isEmpty else { return row(step, isElement: false) }
        let notable = elements.filter { $0.status != "SUCCEEDED" || $0.compensationStatus != "NOT_REQUIRED" }
        let shown = elements.count <= Self.mostElements ? elements : Array(notable.prefix(Self.mostElements))
        var html = row(step, isElement: false)
        html += shown.map { row($0, isElement: true) }.joined()
        if shown.count < elements.count {
            html +=
                #"<tr class="more"><td colspan="6">\#(Part.count(elements.count - shown.count, "more element")) of \#(step.id): <a href="\#(frame.paths.json(view.run.id))">see the run as JSON</a></td></tr>"#
        }
        return html
    }

    private func row(_ step: StepView, isElement: Bool) -> HTML {
        let actions = RunAction.fitting(step, of: view, permissions: frame.permissions)
            .map { ActionForm(action: $0, view: view, frame: frame).html }
        return #"""
            <tr id="step-\#(step.id)" class="\#(isElement ? "element" : "step")">
            <th scope="row"><span class="step-name">\#(step.id)</span>\#(marks(step))</th>
            <td>\#(Part.step(step))</td><td>\#(attempts(step))</td><td>\#(times(step))</td>
            <td class="says">\#(says(step))</td><td class="row-actions">\#(actions)</td></tr>
            """#
    }

    /// What its author says of it, in words.
    private func marks(_ step: StepView) -> HTML {
        var marks: [String] = []
        if let kind = step.kind, kind != "action" { marks.append(kind) }
        if let defined = view.definition?.step(step.id) {
            if defined.isPivot { marks.append("pivot") }
            if defined.continuesOnFailure { marks.append("may fail") }
            if let call = defined.action.call?.participant.only { marks.append(call) }
            let hasUndo = defined.compensation != nil || defined.undoesChild
            if !hasUndo, defined.action.call != nil { marks.append("no undo") }
        }
        if let elements = step.elements { marks.append("\(elements.count) elements") }
        if step.isKept { marks.append("taken over") }
        if step.isOutcomeUnknown { marks.append("outcome unknown") }
        if step.isCompensationOutcomeUnknown { marks.append("outcome of its undo unknown") }
        return marks.map { #" <span class="mark-text">\#($0)</span>"# }.joined()
    }

    private func attempts(_ step: StepView) -> HTML {
        if step.elements != nil || (step.attempts == 0 && step.compensationAttempts == 0) {
            return #"<span class="none">–</span>"#
        }
        let forward: HTML = Part.number(step.attempts)
        guard step.compensationAttempts > 0 else { return forward }
        return #"\#(forward) <span class="quiet">+ \#(Part.number(step.compensationAttempts)) to undo</span>"#
    }

    private func times(_ step: StepView) -> HTML {
        if let next = step.nextAttemptAt { return #"next \#(Part.time(next, isRelative: true))"# }
        guard let begin = step.startedAt else { return #"<span class="none">–</span>"# }
        guard let end = step.completedAt else { return #"since \#(Part.time(begin, isRelative: true))"# }
        return #"<span title="\#(begin.description) – \#(end.description)">\#(Part.duration(end - begin))</span>"#
    }

    private func says(_ step: StepView) -> HTML {
        let child: HTML? = step.child.map { child in
            #"<p>Run of \#(child.workflow ?? "a workflow"): <a href="\#(frame.paths.run(child.id))">\#(Part.short(child.id))</a> \#(child.status.map { Part.status($0) })</p>"#
        }
        let error: HTML? = step.error.map { error in
            let status: HTML? = error.httpStatus.map { #" <span class="quiet">HTTP \#($0)</span>"# }
            return
                #"<p class="error"><span class="error-kind">\#(error.kind)</span> <span dir="auto">\#(error.message ?? "")</span>\#(status)</p>"#
        }
        let whole = frame.paths.json(view.run.id)
        let output = step.output.map { PayloadView(json: $0, whole: whole).details("Output", id: "out-\(step.id)") }
        let response = step.error?.response.map {
            PayloadView(json: $0, whole: whole).details("Answer", id: "ans-\(step.id)")
        }
        return "\(child)\(error)\(response)\(output)"
    }
}
