import Core

/// Something that a person can ask of a run as it stands.
package struct RunAction: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case cancel, undo, pause, resume, restart, signal
        /// All that gave up, or a quarantined run as a whole.
        case retryAll = "retry-all"
        case resolve
        /// Of one step.
        case retry, complete, skip, fail
    }

    package let kind: Kind
    /// What it is about; nil for the run.
    package var stepID: String?
    /// Steps to choose from.
    package var choices: [String] = []
    /// Those that fit a run as it stands, and what whoever asks may do.
    ///
    /// - Parameter isKnown: they have said who they are, as administrators' requests need it.
    package static func fitting(_ view: RunView, permissions: Set<String>, isKnown: Bool) -> [RunAction] {
        guard permissions.contains("runs:operate"), let possible = view.possible else { return [] }
        var actions: [RunAction] = []
        if isKnown {
            if possible.ofRun.contains("retry") { actions.append(RunAction(kind: .retryAll)) }
            let resolvable = view.allSteps.map(\.id).filter { possible.ofSteps[$0]?.contains("resolve") ?? false }
            if !resolvable.isEmpty { actions.append(RunAction(kind: .resolve, choices: resolvable)) }
        }
        if !possible.signals.isEmpty { actions.append(RunAction(kind: .signal, choices: possible.signals)) }
        for kind in [Kind.cancel, .undo, .resume, .pause] where possible.ofRun.contains(kind.rawValue) {
            actions.append(RunAction(kind: kind))
        }
        if possible.ofRun.contains("restart") {
            // What a FAILED run did nobody takes over, as long as a person has not said what becomes of it.
            actions.append(
                RunAction(kind: .restart, choices: view.run.status == "FAILED" ? [] : view.steps.map(\.id)))
        }
        return actions
    }

    /// Those that fit a step, or an element.
    package static func fitting(_ step: StepView, of view: RunView, permissions: Set<String>) -> [RunAction] {
        guard permissions.contains("runs:operate"), let possible = view.possible?.ofSteps[step.id] else { return [] }
        return [Kind.retry, .complete, .skip, .fail].filter { kind in
            // A run that was set aside is taken up again as a whole.
            possible.contains(kind.rawValue) && !(kind == .retry && view.run.isQuarantined)
        }.map { RunAction(kind: $0, stepID: step.id) }
    }

    /// What its button says.
    var title: String {
        switch kind {
        case .cancel: "Cancel"
        case .undo: "Undo"
        case .pause: "Pause"
        case .resume: "Resume"
        case .restart: "Do anew"
        case .signal: "Send signal"
        case .retryAll: "Retry"
        case .resolve: "Resolve by hand"
        case .retry: "Retry now"
        case .complete: "Complete by hand"
        case .skip: "Skip"
        case .fail: "Give up"
        }
    }

    /// It may not be taken back.
    var isGrave: Bool {
        switch kind {
        case .cancel, .undo, .resolve, .complete, .skip, .fail: true
        case .pause, .resume, .restart, .signal, .retryAll, .retry: false
        }
    }

    var needsReason: Bool {
        switch kind {
        case .undo, .restart, .resolve, .complete, .skip, .fail: true
        case .cancel, .pause, .resume, .signal, .retryAll, .retry: false
        }
    }

    /// Whether a reason can be given at all.
    var takesReason: Bool {
        switch kind {
        case .retry, .signal: false
        case .cancel, .undo, .pause, .resume, .restart, .retryAll, .resolve, .complete, .skip, .fail: true
        }
    }

    /// What will happen.
    func consequence(_ view: RunView) -> String {
        let undone = view.undone
        switch kind {
        case .cancel:
            return
                "Calls in flight finish, nothing new begins, and \(undone). The run ends as cancelled."
        case .undo: return "The run has completed. Now \(undone), and it ends as undone."
        case .pause:
            return "Calls in flight finish, and nothing new begins until somebody resumes it. Its deadline goes on."
        case .resume: return "It goes on from where it is."
        case .restart:
            return
                "A new run of \(view.run.workflow) with the same input does this one anew, and takes over what need not be done again."
        case .signal: return "The step that waits for it goes on with what the signal says."
        case .retryAll:
            return view.run.isQuarantined
                ? "An engine takes the run up again from where it stands."
                : "Every undo that gave up is tried again, with all its attempts."
        case .resolve:
            return
                "These steps count as undone: nobody calls their participants any more. The run goes on undoing the others, or ends."
        case .retry: return "Its next attempt is made at once, under the same idempotency key."
        case .complete:
            return "The step counts as done: its participant is not called any more. What you give is its output."
        case .skip: return "The step counts as not wanted, and the run goes on without it."
        case .fail:
            return
                "The step is not tried any more and gives up; the run turns back, or goes on where its definition says so."
        }
    }
}

extension RunView {
    /// What is undone if the run turns back now, as the end of a sentence.
    var undone: String {
        guard let undoes = possible?.undoes else { return "every step that may have had an effect is undone" }
        let count =
            switch undoes.count {
            case 0: "no step has to be undone"
            case 1: "1 step is undone (\(undoes[0]))"
            default: "\(undoes.count) steps are undone, in reverse order"
            }
        let open = allSteps.contains { $0.elements == nil && $0.status == "EXECUTING" && !undoes.contains($0.id) }
        return open ? "\(count); what is in flight is undone, too, where it takes effect" : count
    }
}
