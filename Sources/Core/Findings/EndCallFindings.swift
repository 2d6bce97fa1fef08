extension WorkflowDefinition {
    /// What there is to say about the calls after the end.
    func endCallFindings(_ participants: KnownParticipants?) -> [Finding] {
        (onEnd?.steps ?? []).flatMap { call in
            let place = JSONPointer(["onEnd", String(call.index)])
            var findings: [Finding] = []
            if let condition = call.condition, condition.uses.isEmpty {
                findings.append(
                    Finding(
                        "constant-condition", .warning, at: place.appending("when"),
                        "This condition is always \(condition.isAlwaysFalse ? "false: the call is never made" : "true")."
                    )
                )
            }
            let action = place.appending("action")
            if let participants { findings += registryFindings(call.madeCall, action, participants) }
            return findings + unbuildable(call, action)
        }
    }

    /// Places that can't be built of nothing, and read what a run may end without.
    private func unbuildable(_ call: StepDefinition, _ place: JSONPointer) -> [Finding] {
        call.madeCall.sentUses.compactMap { use in
            guard Self.unbuildableParts.contains(use.pointer.tokens.first ?? ""), !use.isGuarded else { return nil }
            switch use.reference.root {
            case .step(_, .status): return nil
            case .step, .run(.cause), .run(.error): break
            case .run(.deadlineAt) where timeout == nil: break
            default: return nil
            }
            let asks = call.condition?.uses.contains {
                $0.reference.root == .run(.status)
                    || ($0.reference.step != nil && $0.reference.step == use.reference.step)
                    || $0.reference.root == use.reference.root
            }
            if asks ?? false { return nil }
            return Finding(
                "missing-output", .error, at: place.appending(use.pointer),
                "A run may end without \(use.reference), and then this call can't be made: give it a value with \"??\", or let "
                    + "the call's \"when\" ask for it.")
        }
    }
}
