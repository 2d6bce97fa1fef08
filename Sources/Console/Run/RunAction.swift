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
    /// A signal's name.
    package var name: String?

    /// Those that fit a run as it stands, and what whoever asks may do.
    package static func fitting(_ view: RunView, permissions: Set<String>) -> [RunAction] {
        guard permissions.contains("runs:operate") else { return [] }
        let run = view.run
        var actions: [RunAction] = []
        switch run.status {
        case "FAILED":
            let gaveUp = view.allSteps.filter { $0.compensationStatus == "FAILED" && $0.elements == nil }.map(\.id)
            actions.append(RunAction(kind: .retryAll))
            let resolvable = run.isQuarantined ? view.allSteps.filter(\.mayHaveEffect).map(\.id) : gaveUp
            if !resolvable.isEmpty { actions.append(RunAction(kind: .resolve, choices: resolvable)) }
        case "COMPENSATING":
            let gaveUp = view.allSteps.filter { $0.compensationStatus == "FAILED" && $0.elements == nil }.map(\.id)
            if !gaveUp.isEmpty {
                actions += [RunAction(kind: .retryAll), RunAction(kind: .resolve, choices: gaveUp)]
            }
        case "COMPLETED":
            if !view.isPastPivot, run.parent == nil, run.restartedAs == nil { actions.append(RunAction(kind: .undo)) }
        case "PENDING", "RUNNING":
            if run.wait?.kind == "signal" { actions.append(RunAction(kind: .signal, name: run.wait?.name)) }
            if !view.isPastPivot { actions.append(RunAction(kind: .cancel)) }
        default: break
        }
        if run.isOver {
            if run.restartedAs == nil, run.status != "FAILED" {
                actions.append(RunAction(kind: .restart, choices: view.steps.map(\.id)))
            }
        } else {
            actions.append(RunAction(kind: run.isPaused ? .resume : .pause))
        }
        return actions
    }

    /// Those that fit a step, or an element.
    package static func fitting(_ step: StepView, of view: RunView, permissions: Set<String>) -> [RunAction] {
        guard permissions.contains("runs:operate"), step.elements == nil else { return [] }
        let run = view.run
        var actions: [RunAction] = []
        func add(_ kinds: Kind...) { actions += kinds.map { RunAction(kind: $0, stepID: step.id) } }
        let awaitsPerson = run.wait?.kind == "operator" && run.wait?.stepID == step.id
        if step.compensationStatus == "FAILED" {
            add(.retry)
        } else if !run.isOver, step.nextAttemptAt != nil, step.status != "WAITING" {
            add(.retry)
        }
        if awaitsPerson { add(.retry, .complete, .skip) }
        if ["PENDING", "RUNNING"].contains(run.status), !run.isPaused, !awaitsPerson, step.waits, !step.isBackward {
            add(.complete, .skip)
            if !view.isPastPivot { add(.fail) }
        }
        return actions
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
        let undone: String =
            switch view.undoable {
            case nil: "every step that may have had an effect is undone"
            case 0?: "no step has to be undone so far"
            case 1?: "1 step is undone"
            case let count?: "\(count) steps are undone"
            }
        switch kind {
        case .cancel:
            return
                "Calls in flight finish, nothing new begins, and \(undone), in reverse order. The run ends as cancelled."
        case .undo: return "The run has completed. Now \(undone), in reverse order, and it ends as undone."
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

extension StepView {
    /// Its participant may hold something that would have to be undone.
    var mayHaveEffect: Bool {
        elements == nil && compensationStatus != "COMPENSATED" && attempts > 0
            && ["SUCCEEDED", "EXECUTING", "FAILED"].contains(status)
    }
}
