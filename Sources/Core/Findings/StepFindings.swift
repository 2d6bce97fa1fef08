extension WorkflowDefinition {
    /// What there is to say about one step.
    func findings(of step: StepDefinition, _ participants: KnownParticipants?) -> [Finding] {
        let place = JSONPointer(["steps", String(step.index)])
        var findings: [Finding] = []
        if let condition = step.condition { findings += conditionFindings(step, condition, place) }
        findings += waitFindings(step, place)
        findings += skippedReads(step.action.uses, below: place, by: step)
        findings += undoFindings(step, place)
        findings += childFindings(step, place)
        for action in CallAction.allCases {
            guard let call = step.call(of: action) else { continue }
            let place = place.appending(action.member)
            findings += callFindings(call, of: step, action, place)
            findings += patienceFindings(call, of: step, action, place, participants)
            if let participants { findings += registryFindings(call, place, participants) }
            findings += missingReads(call, of: step, place)
            findings += skippedReads(call.sentUses + call.answerUses, below: place, by: step)
        }
        return findings
    }

    private func conditionFindings(
        _ step: StepDefinition, _ condition: Condition, _ place: JSONPointer
    ) -> [Finding] {
        let pointer = place.appending("when")
        guard condition.uses.isEmpty else { return skippedReads(condition.uses, below: pointer, by: step) }
        let never = "\(step.id) is never reached: its condition is always false. Remove the step, or the condition."
        let always = "This condition is always true: remove it."
        return condition.isAlwaysFalse
            ? [Finding("unreachable-step", .warning, at: pointer, never)]
            : [Finding("constant-condition", .warning, at: pointer, always)]
    }

    /// A wait that the run does not outlast.
    private func waitFindings(_ step: StepDefinition, _ place: JSONPointer) -> [Finding] {
        if case .signal(let awaited) = step.action { return awaitFindings(step, awaited, place) }
        guard case .wait(let wait) = step.action, wait.length == .duration, let timeout,
            let length = wait.text.constant.flatMap({ Duration($0) }), length >= timeout
        else { return [] }
        return [
            Finding(
                "outlives-run", .warning, at: place.appending("wait").appending("for"),
                "This wait takes \(DurationText.format(length)), and the run's timeout is \(DurationText.format(timeout)): it "
                    + "ends the run before.")
        ]
    }

    /// A wait for a signal that nothing ends, or that the run does not outlast.
    private func awaitFindings(_ step: StepDefinition, _ awaited: AwaitDefinition, _ place: JSONPointer) -> [Finding] {
        guard let limit = awaited.timeout else {
            guard timeout == nil || isPastPivot(step) else { return [] }
            return [
                Finding(
                    "waits-forever", .warning, at: place.appending("await"),
                    "If \(awaited.signal) never comes, the run never ends: give \(step.id) a timeout, or the workflow.")
            ]
        }
        guard let timeout, limit >= timeout, !isPastPivot(step) else { return [] }
        return [
            Finding(
                "outlives-run", .warning, at: place.appending("timeout"),
                "\(step.id) waits up to \(DurationText.format(limit)), and the run's timeout is \(DurationText.format(timeout)): it "
                    + "ends the run before.")
        ]
    }

    /// What stays when the run is undone.
    private func undoFindings(_ step: StepDefinition, _ place: JSONPointer) -> [Finding] {
        if isPastPivot(step), step.compensation != nil, !step.continuesOnFailure {
            return [
                Finding(
                    "unused-undo", .warning, at: place.appending("compensation"),
                    "\(step.id) comes after the pivot: from there no run turns back, and this is never called.")
            ]
        }
        guard step.compensation == nil, !step.needsNoUndo, !step.isPivot, !isPastPivot(step),
            let method = step.action.call?.method, method != "GET"
        else { return [] }
        let others = steps.filter { $0.index != step.index && !step.dependencies.contains($0.index) }
        let canFail =
            others.first { step.descendants.contains($0.index) }
            ?? others.first { !$0.descendants.contains(step.index) }
        guard let canFail else {
            return [
                Finding(
                    "no-undo", .note, at: place,
                    "\(step.id) has no compensation: what it did stays when the run is cancelled later than that.")
            ]
        }
        return [
            Finding(
                "no-undo", .warning, at: place,
                "\(step.id) has no compensation, and \(canFail.id) can fail after it: what it did stays then. Give it one, or say "
                    + "\"compensation\": \"none\" if there is nothing to undo.")
        ]
    }

    /// A child that nobody undoes, or that the run does not outlast.
    private func childFindings(_ step: StepDefinition, _ place: JSONPointer) -> [Finding] {
        guard case .run(let child) = step.action else { return [] }
        if child.isDetached, step.compensation == nil, !step.needsNoUndo, !isPastPivot(step) {
            return [
                Finding(
                    "no-undo", .warning, at: place,
                    "\(step.id) starts a detached run of \(child.workflow), which nobody undoes with this one. Give it a "
                        + "compensation, or say \"compensation\": \"none\" if there is nothing to undo.")
            ]
        }
        guard let limit = child.timeout, let timeout, limit >= timeout, !isPastPivot(step) else { return [] }
        return [
            Finding(
                "outlives-run", .warning, at: place.appending("timeout"),
                "\(step.id) waits up to \(DurationText.format(limit)), and the run's timeout is \(DurationText.format(timeout)): it "
                    + "ends the run before.")
        ]
    }

    private func isPastPivot(_ step: StepDefinition) -> Bool {
        pivot.map { steps[$0].descendants.contains(step.index) } ?? false
    }

    private func callFindings(
        _ call: CallDefinition, of step: StepDefinition, _ action: CallAction, _ place: JSONPointer
    ) -> [Finding] {
        var findings: [Finding] = []
        if case .input = call.body.content {
            findings.append(
                Finding(
                    "whole-input", .note, at: place,
                    "Without \"body\" the whole input is sent, whatever else will be in it one day: name what \(step.id) needs."
                ))
        }
        guard action == .compensate else { return findings }
        for use in call.sentUses where use.reference.step == step.id && !use.isGuarded {
            switch use.reference.root {
            case .step(_, .output), .step(_, .responseStatus), .step(_, .responseHeader): break
            default: continue
            }
            let part = use.pointer.tokens.first ?? ""
            let effect =
                Self.unbuildableParts.contains(part)
                ? "then this call can't be made, and the run is left for a person" : "then it is null here"
            findings.append(
                Finding(
                    "own-answer", .warning, at: place.appending(use.pointer),
                    "\(use.reference) is there only if the answer came: when it was lost, the effect may stand all the same, and "
                        + "\(effect). Let the participant find it by run and step."))
        }
        return findings
    }

    /// A policy that the run's timeout or a breaker outlasts.
    private func patienceFindings(
        _ call: CallDefinition, of step: StepDefinition, _ action: CallAction, _ place: JSONPointer,
        _ participants: KnownParticipants?
    ) -> [Finding] {
        var findings: [Finding] = []
        let pointer = place.appending("retry")
        let isPastPivot = isPastPivot(step)
        let patience = call.retry.rules.map { $0.policy.patience }.max() ?? .zero
        if action == .execute, let timeout, patience > timeout, !isPastPivot {
            let text = patience == .seconds(Int64.max / 1_000_000) ? "for ever" : DurationText.format(patience)
            findings.append(
                Finding(
                    "outlives-run", .warning, at: pointer,
                    "These attempts wait \(text) together, and the run's timeout is \(DurationText.format(timeout)): it ends them before."
                ))
        }
        if action == .execute, isPastPivot, !step.continuesOnFailure, let bound = Self.bound(of: call.retry) {
            findings.append(
                Finding(
                    "tried-without-end", .note, at: pointer,
                    "After the pivot there is no way back: \(step.id) is tried without end, at its policy's longest interval, and not "
                        + "\(bound). Say \"maxAttempts\": \"unlimited\", and which interval you mean."))
        }
        for name in call.participant.names {
            guard action == .execute, let timeout, let breaker = participants?.breakers[name] ?? nil,
                timeout <= breaker.openFor
            else { continue }
            findings.append(
                Finding(
                    "breaker-outlasts-run", .warning, at: place.appending("participant"),
                    "The breaker of \(name) stays open for \(DurationText.format(breaker.openFor)), and the run's timeout is "
                        + "\(DurationText.format(timeout)): once it opens, no run outlasts it."))
        }
        return findings
    }

    /// What ends the attempts of a policy; nil when nothing does.
    private static func bound(of retry: RetryRules) -> String? {
        for policy in retry.rules.map(\.policy) {
            if let maxElapsed = policy.maxElapsed { return "for \(DurationText.format(maxElapsed))" }
            if policy.maxAttempts != RetryPolicy.unlimited { return "\(policy.maxAttempts) times" }
        }
        return nil
    }

    func registryFindings(
        _ call: CallDefinition, _ place: JSONPointer, _ participants: KnownParticipants
    ) -> [Finding] {
        let pointer = place.appending("participant")
        return call.participant.names.compactMap { name in
            if participants.breakers[name] == nil {
                return Finding(
                    "unknown-participant", .warning, at: pointer,
                    "No participant \(name) is registered: calls to it are not sent.")
            }
            return participants.refusals[name].map {
                Finding("refused-participant", .warning, at: pointer, "Calls to \(name) are not sent: \($0)")
            }
        }
    }

    /// Where a call can't be made without a value.
    static let unbuildableParts = ["path", "headers", "query", "participant"]

    /// Places that can't be built of nothing, and read what a step may end without.
    private func missingReads(_ call: CallDefinition, of reader: StepDefinition, _ place: JSONPointer) -> [Finding] {
        call.sentUses.compactMap { use in
            guard Self.unbuildableParts.contains(use.pointer.tokens.first ?? ""), let reason = mayMiss(use, reader)
            else {
                return nil
            }
            return Finding(
                "missing-output", .error, at: place.appending(use.pointer),
                "\(reason), and without \(use.reference) this call can't be made: give it a value with \"??\", or let the step's "
                    + "\"when\" ask for it.")
        }
    }

    /// Why what is read may not be there when the reader begins; nil when it is, or the reader's own condition asks for it.
    private func mayMiss(_ use: ReferenceUse, _ reader: StepDefinition) -> String? {
        guard !use.isGuarded, let id = use.reference.step, let step = step(id), step.index != reader.index else {
            return nil
        }
        switch use.reference.root {
        case .step(_, .output), .step(_, .responseStatus), .step(_, .responseHeader): break
        default: return nil
        }
        if hasSucceeded(step, before: reader) { return nil }
        if let condition = reader.condition, condition.uses.contains(where: { $0.reference.step == id }) { return nil }
        let source = self.source["steps"]?.array ?? []
        if let own = source[reader.index]["when"], own == source[step.index]["when"], !step.continuesOnFailure {
            return nil
        }
        if step.condition.map({ !$0.uses.isEmpty || $0.isAlwaysFalse }) ?? false { return "\(id) may be skipped" }
        if step.continuesOnFailure { return "\(id) may fail" }
        if step.runsIfSucceeded, step.dependencies.contains(where: { mayEndOtherwise(steps[$0]) }) {
            return "\(id) is skipped when what it needs did not succeed"
        }
        return nil
    }

    /// It may be done without having succeeded.
    private func mayEndOtherwise(_ step: StepDefinition) -> Bool {
        step.condition != nil || step.continuesOnFailure
            || (step.runsIfSucceeded && step.dependencies.contains { mayEndOtherwise(steps[$0]) })
    }

    /// The reader does not begin unless this one has succeeded.
    private func hasSucceeded(_ step: StepDefinition, before reader: StepDefinition) -> Bool {
        guard reader.runsIfSucceeded else { return false }
        return reader.dependencies.contains { $0 == step.index || hasSucceeded(step, before: steps[$0]) }
    }

    /// Reads of what a step that may be skipped would have answered.
    func skippedReads(_ uses: [ReferenceUse], below place: JSONPointer, by reader: StepDefinition? = nil) -> [Finding] {
        uses.compactMap { use in
            guard !use.isGuarded, let id = use.reference.step, let step = step(id), step.index != reader?.index else {
                return nil
            }
            let mayBeSkipped = step.condition.map { !$0.uses.isEmpty || $0.isAlwaysFalse } ?? false
            guard
                mayBeSkipped || step.continuesOnFailure || step.runsIfSucceeded
                    || (reader == nil && mayEnd(without: step))
            else { return nil }
            switch use.reference.root {
            case .step(_, .output), .step(_, .responseStatus), .step(_, .responseHeader): break
            default: return nil
            }
            let reason = step.continuesOnFailure && !mayBeSkipped ? "may fail" : "may be skipped"
            return Finding(
                "skipped-output", .warning, at: place.appending(use.pointer),
                "\(id) \(reason), and \(use.reference) is null then: give it a value with \"??\".")
        }
    }
}

extension WorkflowDefinition {
    /// A step completes the run, with the workflow's output, while this one may not have begun.
    private func mayEnd(without step: StepDefinition) -> Bool {
        steps.contains {
            guard case .end(let end) = $0.action, end.result == .completed, end.output == nil else { return false }
            return step.index != $0.index && !step.descendants.contains($0.index)
        }
    }
}

extension RetryPolicy {
    /// All its waits together, without jitter; held at the end of time where there is no end.
    fileprivate var patience: Duration {
        if let maxElapsed { return maxElapsed }
        if maxAttempts == Self.unlimited { return .seconds(Int64.max / 1_000_000) }
        return (1..<max(maxAttempts, 1)).reduce(.zero) { $0 + delay(afterAttempt: $1, jitter: 0.5) }
    }
}
