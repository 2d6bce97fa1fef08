/// What may be named where.
private struct Reach {
    /// Steps whose outputs and answers are there by then.
    var steps: Set<String>
    /// What these steps are, for people.
    var what: String
    /// Those of them that may have failed all the same.
    var failing: Set<String> = []
    /// A compensation's: why the run turned back, and where every step stands, can be named.
    var allSteps: Set<String>?
    /// What a call sends can name the attempt.
    var isSent = false
    /// Not where the same has to be sent with every attempt.
    var isSentOnce = false
    /// What is made of an answer can name it.
    var isAnswer = false
    /// What looks at a signal can name it.
    var isSignal = false
    /// What is done for each element can name its entry.
    var isElement = false
    /// What follows the run's end can name what that was, and every step.
    var isAfterEnd = false
    /// Steps with a list, as they can be named by others: what they were answered stands with their elements.
    var lists: Set<String> = []

    /// The sentence that refuses a reference; nil for none.
    func refusal(of reference: Reference) -> String? {
        switch reference.root {
        case .input, .context: return nil
        case .run(.status):
            return isAfterEnd ? nil : "\(reference) can be named by what follows the end (onEnd) alone."
        case .run(.cause), .run(.error):
            return allSteps == nil
                ? "\(reference) can be named only by a compensation, and by what follows the end (onEnd)." : nil
        case .run: return nil
        case .step(let step, .error):
            guard let allSteps else {
                if failing.contains(step) { return nil }
                return "\(reference) can be named by a compensation, or after a step with \"onFailure\": \"continue\"."
            }
            return allSteps.contains(step) ? nil : "\(reference) names a step that the workflow does not have."
        case .step(let step, .status) where allSteps != nil:
            return allSteps?.contains(step) == true ? nil : "\(reference) names a step that the workflow does not have."
        case .step(let step, .responseStatus) where lists.contains(step),
            .step(let step, .responseHeader) where lists.contains(step):
            return "\(reference) names an answer, and \(step) has one for each of its elements."
        case .step(let step, _):
            return steps.contains(step) ? nil : "\(reference) names a step that is not among \(what)."
        case .attempt(.attempt) where isSentOnce:
            return "\(reference) can't be named here: with one key the same is sent each time."
        case .attempt: return isSent ? nil : "\(reference) can be named only in what a call sends."
        case .response: return isAnswer ? nil : "\(reference) can be named only where an answer is judged."
        case .item, .index:
            return isElement ? nil : "\(reference) can be named only in what is done for each element."
        case .payload: return isSignal ? nil : "\(reference) can be named only where a signal is looked at."
        }
    }
}

extension DefinitionReader {
    /// Checks that everything in a step refers to steps that are done by then: ancestors and, in its compensation, itself.
    mutating func checkReferences(
        of step: StepDefinition, among steps: [StepDefinition], _ graph: StepGraph, at pointer: JSONPointer
    ) {
        let ancestors = Set(steps.filter { graph.descendants[$0.index].contains(step.index) }.map(\.id))
        let failing = Set(steps.filter { ancestors.contains($0.id) && $0.continuesOnFailure }.map(\.id))
        let lists = Set(steps.filter { $0.forEach != nil }.map(\.id))
        var before = Reach(steps: ancestors, what: "the steps before \(step.id)", failing: failing, lists: lists)
        if let condition = step.condition { check(condition.uses, at: pointer.appending("when"), before) }
        if let forEach = step.forEach { check(forEach.uses, at: pointer, before) }
        before.isElement = step.forEach != nil
        if let call = step.action.call { check(call, at: pointer.appending("action"), before) }
        var reach = before
        reach.isSignal = step.action.kind == .awaiting
        check(step.action.uses, at: pointer, reach)
        if let compensation = step.compensation {
            let after = Reach(
                steps: ancestors.union([step.id]), what: "\(step.id) and the steps before it",
                allSteps: Set(steps.map(\.id)), isElement: step.forEach != nil,
                lists: lists.subtracting([step.id]))
            check(compensation, at: pointer.appending("compensation"), after)
        }
    }

    /// The output of a run may name every step.
    mutating func checkOutput(_ output: Template, of steps: [StepDefinition]) {
        let pointer = JSONPointer(["output"])
        refuseSecrets(output, at: pointer)
        let failing = Set(steps.filter(\.continuesOnFailure).map(\.id))
        let lists = Set(steps.filter { $0.forEach != nil }.map(\.id))
        check(
            output.uses, at: pointer,
            Reach(steps: Set(steps.map(\.id)), what: "this workflow", failing: failing, lists: lists))
    }

    /// What follows the end may name all there was, and how it ended.
    mutating func check(_ endCalls: [StepDefinition], after steps: [StepDefinition]) {
        let ids = Set(steps.map(\.id))
        var reach = Reach(steps: ids, what: "this workflow", allSteps: ids)
        reach.isAfterEnd = true
        reach.lists = Set(steps.filter { $0.forEach != nil }.map(\.id))
        for call in endCalls {
            let place = JSONPointer(["onEnd", String(call.index)])
            if let condition = call.condition { check(condition.uses, at: place.appending("when"), reach) }
            check(call.madeCall, at: place.appending("action"), reach)
        }
    }

    private mutating func check(_ call: CallDefinition, at pointer: JSONPointer, _ reach: Reach) {
        var sent = reach
        sent.isSent = true
        for use in call.sentUses {
            sent.isSentOnce = use.pointer.tokens.first != "headers"
            if let refusal = sent.refusal(of: use.reference) { refuse(pointer.appending(use.pointer), refusal) }
        }
        var answer = reach
        answer.isAnswer = true
        check(call.answerUses, at: pointer, answer)
        if let output = call.output { refuseSecrets(output, at: pointer.appending("output")) }
    }

    private mutating func check(
        _ uses: [ReferenceUse], at pointer: JSONPointer, _ reach: Reach
    ) {
        for use in uses {
            if let refusal = reach.refusal(of: use.reference) { refuse(pointer.appending(use.pointer), refusal) }
        }
    }

    private mutating func refuseSecrets(_ template: Template, at pointer: JSONPointer) {
        guard let secret = template.secrets.min() else { return }
        refuse(pointer, "A secret (\(secret)) can be used only in what a call sends.")
    }
}
