package import Core

/// Plays every combination of answers that a definition can get, shortest histories first, and keeps the first history for each
/// kind of end and for each finding.
///
/// Each call ends in one of four ways: it succeeds; it is refused; it has its effect and nobody hears of it; it never arrives.
/// What a run would do next depends on where it stands and not on how it got there, so histories that meet are followed
/// once. The answers are those that the cases know, and otherwise an empty one.
package struct Exploration: Sendable {
    /// How a call ends.
    package enum Choice: String, Sendable, CaseIterable {
        case succeeded, rejected
        /// The effect is there, the answer is not.
        case unanswered
        case notSent
    }

    /// A history that is worth being told.
    package struct Example: Sendable {
        /// `COMPLETED`, `COMPENSATED`, `FAILED: the compensation of charge gave up`, …; for a finding its sentence.
        package let what: String
        package let isFinding: Bool
        /// `charge succeeded`, `ship unanswered`, …
        package let history: [String]
        package let status: RunStatus
    }

    /// Where a run stands are looked at at most.
    package static let defaultLimit = 20_000

    package private(set) var examples: [Example] = []
    /// So many different states were looked at.
    package private(set) var states = 0
    /// There were more than the limit: what was not looked at may end otherwise.
    package private(set) var isCut = false

    fileprivate struct Node {
        var rehearsal: Rehearsal
        var effects: Set<Int>
        var history: [String]
    }

    /// - Parameters:
    ///   - answers: answers that participants are known to give, by the name of the call.
    ///   - signals: what signals are known to say, by the id of the step that waits.
    ///   - outputs: what children are known to give, by the id of the step.
    ///   - limit: states that are looked at at most.
    package init(
        _ definition: WorkflowDefinition, input: JSON, answers: [String: [Response]], signals: [String: [JSON]] = [:],
        outputs: [String: [JSON]] = [:], limit: Int = defaultLimit
    ) {
        var seen: Set<String> = []
        var queue = [Node(rehearsal: Rehearsal(definition, input: input), effects: [], history: [])]
        var head = 0
        while head < queue.count {
            var node = queue[head]
            head += 1
            do throws(RehearsalError) {
                guard let turn = try node.rehearsal.nextTurn() else {
                    end(node)
                    continue
                }
                guard seen.insert(Self.key(node)).inserted else { continue }
                states += 1
                if states > limit {
                    isCut = true
                    return
                }
                switch turn {
                case .call(let call):
                    queue += try Self.successors(
                        of: node, call, answers[call.name] ?? answers[Script.ofStep(call.name)] ?? [])
                case .child(let child):
                    queue += try Self.successors(
                        of: node, child, outputs[child.step] ?? outputs[Script.ofStep(child.step)] ?? [])
                case .callback(let accepted): queue += try Self.successors(of: node, accepted)
                case .look(let look):
                    queue += try Self.successors(
                        of: node, look, answers[look.name] ?? answers[Script.ofStep(look.name)] ?? [])
                case .signal(let awaited):
                    queue += try Self.successors(
                        of: node, awaited, signals[awaited.step] ?? signals[Script.ofStep(awaited.step)] ?? [])
                }
                // What was played is not needed any more.
                if head > 1024 {
                    queue.removeFirst(head)
                    head = 0
                }
            } catch {
                add("\(error)", isFinding: true, node)
            }
        }
    }

    /// Every way in which the call can end; what ends without an answer also so often that nobody tries again.
    private static func successors(
        of node: Node, _ call: RehearsedCall, _ known: [Response]
    ) throws(RehearsalError) -> [Node] {
        if call.refusal != nil {
            var next = node
            next.history.append("\(call.name) can't be built")
            try next.rehearsal.answer(call, .success())
            return [next]
        }
        var all: [Node] = []
        for choice in Choice.allCases {
            for response in choice == .succeeded ? try successes(known, node, call) : [nil] {
                var next = node
                let outcome = try next.end(call, choice, response)
                let isAccepted = next.rehearsal.run.steps[call.call.step].isAccepted
                let word = outcome?.rawValue ?? (isAccepted ? "accepted" : choice.rawValue)
                next.history.append("\(call.name) \(word)")
                all.append(next)
                if choice == .unanswered || choice == .notSent, let last = try repeated(next, call, choice) {
                    all.append(last)
                }
            }
        }
        return all
    }

    /// What was accepted succeeds, is refused, or nobody tells what became of it.
    private static func successors(of node: Node, _ accepted: RehearsedCallback) throws(RehearsalError) -> [Node] {
        var all: [Node] = []
        for told in [Callback.Outcome.succeeded, .rejected, nil] {
            var next = node
            try next.rehearsal.answer(accepted, told.map { ($0, nil) })
            switch (accepted.action, told) {
            case (.execute, .rejected): next.effects.remove(accepted.index)
            case (.execute, _): next.effects.insert(accepted.index)
            case (.compensate, .succeeded): next.effects.remove(accepted.index)
            case (.compensate, _): break
            }
            next.history.append("\(accepted.name) \(told?.rawValue ?? "never comes")")
            all.append(next)
        }
        return all
    }

    /// A look finds that the work is done, in each way that is known, that it has failed, where that can be found, or never an end.
    private static func successors(
        of node: Node, _ look: RehearsedLook, _ known: [Response]
    ) throws(RehearsalError) -> [Node] {
        let (step, action) = (look.look.call.step, look.look.call.action)
        let definition = node.rehearsal.run.definition(of: look.look.call)
        var found: [(RehearsedFinding, String)] = []
        for response in known {
            let finding = RehearsedFinding.answered(RehearsedAnswer(.answered(.response(response))))
            guard !found.contains(where: { $0.0 == finding }) else { continue }
            var trial = node
            let before = trial.rehearsal.events.count
            try trial.rehearsal.answer(look, finding)
            let events = trial.rehearsal.events[before...]
            if events.contains(where: { $0.event.kind == .attemptSucceeded }) { found.append((finding, "succeeded")) }
        }
        if found.isEmpty { found = [(.ended(.succeeded), "succeeded")] }
        if definition.completion?.poll?.failedWhen != nil { found.append((.ended(.rejected), "rejected")) }
        found.append((.nothing, "never finds an end"))
        var all: [Node] = []
        for (finding, word) in found {
            var next = node
            try next.rehearsal.answer(look, finding)
            switch (action, word) {
            case (.execute, "rejected"): next.effects.remove(step)
            case (.execute, _): next.effects.insert(step)
            case (.compensate, "succeeded"): next.effects.remove(step)
            case (.compensate, _): break
            }
            next.history.append("\(look.name) \(word)")
            all.append(next)
        }
        return all
    }

    /// A child ends in each way that it can, or FAILED, which is no end.
    private static func successors(
        of node: Node, _ child: RehearsedChild, _ known: [JSON]
    ) throws(RehearsalError) -> [Node] {
        let statuses: [RunStatus] =
            switch child.phase {
            case .cancelling: [.cancelled, .completed, .failed]
            case .undoing: [.compensated, .failed]
            default: [.completed, .compensated, .failed]
            }
        var outputs: [JSON] = []
        for output in known where !outputs.contains(output) { outputs.append(output) }
        if outputs.isEmpty { outputs = [.null] }
        var all: [Node] = []
        for status in statuses {
            for output in status == .completed ? outputs : [.null] {
                var next = node
                try next.rehearsal.answer(child, status, output: output)
                switch status {
                case .completed: next.effects.insert(child.index)
                case .failed: break
                default: next.effects.remove(child.index)
                }
                next.history.append("\(child.name) \(status.rawValue)")
                all.append(next)
            }
        }
        return all
    }

    /// A signal comes, of each kind that is known, or none.
    private static func successors(
        of node: Node, _ awaited: RehearsedAwait, _ known: [JSON]
    ) throws(RehearsalError) -> [Node] {
        var payloads: [JSON] = []
        for payload in known where !payloads.contains(payload) { payloads.append(payload) }
        if payloads.isEmpty { payloads = [.null] }
        var all: [Node] = []
        for payload in payloads {
            var next = node
            try next.rehearsal.answer(awaited, payload: payload)
            // What it does not take comes to the same as nothing.
            guard next.rehearsal.run.steps[awaited.index].status != .waiting else { continue }
            next.history.append("\(awaited.step) gets \(payload.isNull ? awaited.signal : payload.text)")
            all.append(next)
        }
        var silence = node
        try silence.rehearsal.answer(awaited, payload: nil)
        silence.history.append("\(awaited.step) gets nothing")
        return all + [silence]
    }

    /// Attempt after attempt ends alike until the call is given up; nil when there is only one, or no end.
    private static func repeated(
        _ node: Node, _ call: RehearsedCall, _ choice: Choice
    ) throws(RehearsalError) -> Node? {
        var (next, count) = (node, 1)
        while count < maxRepeats, case .call(let again)? = try next.rehearsal.nextTurn(), again.name == call.name {
            try next.end(again, choice, nil)
            count += 1
        }
        guard count > 1, count < maxRepeats else { return nil }
        next.history[next.history.count - 1] += " \(count) times"
        return next
    }

    /// More attempts than any policy that ends has.
    private static let maxRepeats = 150

    /// The known answers, each once; and an empty one, where none of them would be a success.
    private static func successes(
        _ known: [Response], _ node: Node, _ call: RehearsedCall
    ) throws(RehearsalError) -> [Response?] {
        var all: [Response] = []
        for response in known where !all.contains(response) { all.append(response) }
        for response in all {
            var trial = node
            let outcome = try trial.end(call, .succeeded, response)
            if outcome == .succeeded || trial.rehearsal.run.steps[call.call.step].isAccepted { return all }
        }
        return all + [nil]
    }

    fileprivate static func answer(_ choice: Choice, _ response: Response?) -> RehearsedAnswer {
        switch choice {
        case .succeeded: response.map { RehearsedAnswer(.answered(.response($0))) } ?? .success()
        case .rejected: RehearsedAnswer(.answered(.response(Response(status: 422, body: []))))
        case .unanswered: RehearsedAnswer(.answered(.unknown("No answer came.")))
        case .notSent: RehearsedAnswer(.answered(.notSent("The connection was refused.")))
        }
    }

    /// What the future depends on; times do not, and neither does whether it is the third attempt or the thirtieth.
    private static func key(_ node: Node) -> String {
        let run = node.rehearsal.run
        var key = "\(run.status.rawValue) \(run.cause?.rawValue ?? "-") \(node.effects.sorted())"
        key += " \(run.marks.accepted.map(\.step)) \(node.rehearsal.untoldSteps)"
        key += " \(node.rehearsal.forsakenSteps)"
        key += " \(node.rehearsal.silence) \(run.marks.signals.map(\.payload.text))"
        for step in run.steps {
            key +=
                "|\(step.status.rawValue) \(min(step.attempts, 2)) \(step.isAmbiguous) \(step.compensationStatus.rawValue) "
            key += "\(min(step.compensationAttempts, 2)) \(step.nextAttemptAt != nil) \(step.error?.kind ?? "") "
            key += "\(step.error?.hidesOutput ?? false) \(step.awaitsPerson) \(step.output?.text ?? "") "
            key += step.child?.phase.rawValue ?? ""
        }
        return key
    }

    private mutating func end(_ node: Node) {
        let run = node.rehearsal.run
        switch run.status {
        case .failed:
            let step = run.error?.stepID.map { "the compensation of \($0) gave up" } ?? run.error?.message ?? ""
            add("FAILED: \(step)", isFinding: false, node)
        case .completed:
            add(
                run.error == nil ? "COMPLETED" : "COMPLETED, and its output can't be built",
                isFinding: run.error != nil, node)
            for index in node.effects.sorted() where run.steps[index].status == .failed {
                let step = run.stepDefinition(index)
                if step.needsNoUndo { continue }
                add(
                    "The effect of \(run.stepID(index)) stands, although it gave up and the run went on.",
                    isFinding: true, node)
            }
        case .compensating where run.waitsForOutside, .running where run.waitsForOutside:
            for index in node.rehearsal.forsakenSteps {
                add("\(run.stepID(index)) waits for its child, which FAILED and needs a person", isFinding: false, node)
            }
            for (index, step) in run.steps.enumerated() where step.awaitsSignal {
                guard case .signal(let awaited) = run.stepDefinition(index).action else { continue }
                let what =
                    "\(run.stepID(index)) waits for the signal \(awaited.signal), for ever if it does not come"
                add(what, isFinding: true, node)
            }
            for (index, step) in run.steps.enumerated() where step.awaitsPerson || step.compensationStatus == .failed {
                add("\(run.stepID(index)) waits for a person, past the pivot", isFinding: false, node)
            }
        case .compensated, .cancelled, .pending, .running, .compensating:
            add(run.status.rawValue, isFinding: false, node)
            for index in node.effects.sorted() {
                let step = run.stepDefinition(index)
                if step.needsNoUndo { continue }
                let undo =
                    step.compensation == nil && !step.undoesChild
                    ? "it has no compensation" : "its compensation did not undo it"
                add("The effect of \(run.stepID(index)) stands, and nobody undoes it: \(undo).", isFinding: true, node)
            }
        }
        if var calls = node.rehearsal.afterEnds.last {
            for what in (try? calls.unbuildable) ?? [] {
                add(
                    "After \(run.status.rawValue) a call can't be built from what is known: \(what)", isFinding: true,
                    node)
            }
        }
        for case .attemptFailed(let index, .compensate, _, _, let failure, nil) in node.rehearsal.events.map({
            $0.event
        })
        where failure.kind == Failure.templateKind {
            add(
                "The compensation of \(run.stepID(index)) can't be built from what is known: \(failure.message)",
                isFinding: true, node)
        }
    }

    private mutating func add(_ what: String, isFinding: Bool, _ node: Node) {
        if examples.contains(where: { $0.what == what }) { return }
        examples.append(
            Example(what: what, isFinding: isFinding, history: node.history, status: node.rehearsal.run.status))
    }
}

extension Exploration.Node {
    /// How the call was judged; nil where there is no telling, because it was never made.
    @discardableResult
    fileprivate mutating func end(
        _ call: RehearsedCall, _ choice: Exploration.Choice, _ response: Response?
    ) throws(RehearsalError) -> Outcome? {
        let before = rehearsal.events.count
        try rehearsal.answer(call, Exploration.answer(choice, response))
        var outcome: Outcome?
        for (_, event) in rehearsal.events[before...] where outcome == nil {
            if case .attemptSucceeded(call.call.step, call.call.action, _, _, _) = event { outcome = .succeeded }
            if case .attemptFailed(call.call.step, call.call.action, _, let report, _, _) = event {
                outcome = report.outcome
            }
        }
        // A participant that says no by content has done nothing, whatever its status.
        let has = choice == .unanswered || outcome == .succeeded || (choice == .succeeded && outcome == .unknown)
        switch call.call.action {
        case .execute: if has, call.method != "GET" { effects.insert(call.call.step) }
        case .compensate: if has { effects.remove(call.call.step) }
        }
        return choice == .succeeded || choice == .rejected ? outcome : nil
    }
}
