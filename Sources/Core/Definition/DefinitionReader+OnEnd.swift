// `onEnd`: calls that follow the end of a run, whatever it was.
extension DefinitionReader {
    /// Reads them as steps of which none depends on another, and none turns anything back.
    mutating func endCalls(
        _ json: JSON, at pointer: JSONPointer, inheriting inherited: Inherited
    ) -> [StepDefinition]? {
        guard let elements = json.array else {
            refuse(pointer, "This must be an array of calls, not \(json.typeName).")
            return nil
        }
        guard (1...WorkflowDefinition.maxEndCalls).contains(elements.count) else {
            refuse(pointer, "A workflow makes 1 to \(WorkflowDefinition.maxEndCalls) calls after its end.")
            return nil
        }
        var calls: [StepDefinition] = []
        for (index, element) in elements.enumerated() {
            let place = pointer.appending(index)
            guard let call = endCall(element, index, at: place, inheriting: inherited) else { continue }
            if calls.contains(where: { $0.id == call.id }) {
                refuse(place.appending("id"), "Another of these calls has this id already.")
            }
            calls.append(call)
        }
        return calls.count == elements.count ? calls : nil
    }

    /// A call that does not say what it sends tells of the run.
    private static func told(_ action: JSON) -> JSON {
        let method = action["method"]?.string ?? "POST"
        guard var members = action.object, members["body"] == nil, method != "GET", method != "DELETE" else {
            return action
        }
        members["body"] = [
            "runId": "${run.id}", "workflow": "${run.workflow}", "version": "${run.version}",
            "status": "${run.status}", "cause": "${run.cause}", "error": "${run.error}",
        ]
        return .object(members)
    }

    private mutating func endCall(
        _ json: JSON, _ index: Int, at pointer: JSONPointer, inheriting inherited: Inherited
    ) -> StepDefinition? {
        let members = ["id", "description", "when", "timeout", "retry", "action"]
        guard let fields = object(json, at: pointer, members: members) else { return nil }
        let before = errors.count
        let id = optional("id", in: fields, at: pointer) { $0.name($1, at: $2, underscores: true) }
        _ = optional("description", in: fields, at: pointer) { $0.description($1, at: $2) }
        let condition = optional("when", in: fields, at: pointer) { $0.condition($1, at: $2) }
        let timeout = optional("timeout", in: fields, at: pointer) { $0.duration($1, at: $2, max: .seconds(3600)) }
        let retry = retryRules("retry", in: fields, at: pointer, inheriting: inherited.retry)
        let action = required("action", in: fields, at: pointer) {
            $0.call(Self.told($1), at: $2, timeout: timeout ?? inherited.timeout, retry: retry)
        }
        guard let action, errors.count == before else { return nil }
        return StepDefinition(
            id: id ?? "call-\(index)", index: index, dependencies: [], dependents: [], descendants: [],
            condition: condition, runsIfSucceeded: false, action: .call(action), forEach: nil,
            continuesOnFailure: true, isPivot: false, compensation: nil, needsNoUndo: true, keptAnswer: nil)
    }
}

extension StepDefinition {
    /// Everything that its condition and its action name.
    var uses: [ReferenceUse] {
        let call = action.call.map { $0.sentUses + $0.answerUses } ?? []
        return (condition?.uses ?? []) + action.uses + call
    }
}

extension WorkflowDefinition {
    /// Calls that follow an end at most.
    package static let maxEndCalls = 10
    /// What stands behind the name of a workflow in the name of the runs that make its calls after the end. No workflow that is
    /// registered is called so.
    package static let onEndSuffix = ":onEnd"

    /// The name of the workflow that is registered; nil unless `name` is that of runs that make its calls after the end.
    package static func registered(_ name: String) -> String? {
        name.hasSuffix(onEndSuffix) ? String(name.dropLast(onEndSuffix.count)) : nil
    }

    /// The calls that follow the end of a run of a workflow, as one of their own.
    static func endCalls(
        _ steps: [StepDefinition], of name: String, version: SemanticVersion, owner: Owner, source: JSON
    ) -> WorkflowDefinition {
        WorkflowDefinition(
            owner: owner, name: name + onEndSuffix, version: version, description: nil, timeout: nil,
            contract: InputContract(schema: nil, examples: []), steps: steps, output: nil,
            // There is nothing to undo.
            undoWithin: .zero, isOnEnd: true, source: source)
    }
}
