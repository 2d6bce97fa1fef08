// What follows the end of a run (`onEnd`) is a run of its own: it is started by the commit of the end, knows of the run that has
// ended what its calls name, and nothing that becomes of it concerns that one any more.

extension Run {
    /// The run that makes the calls which follow an end; nil where none of them is wanted.
    ///
    /// - Parameters:
    ///   - event: with which the run ends.
    ///   - now: when that is decided.
    package func endCalls(after event: RunEvent, at now: Instant) -> Run? {
        guard definition.onEnd != nil else { return nil }
        var ended = self
        ended.evolve(event, at: now)
        let id = RunID.child(of: id, step: Self.endCallsPlace, sequence: lastSequence + 1, at: now)
        guard let calls = ended.endCalls(id, at: now) else { return nil }
        return Core.start(calls, now: now).last?.kind.isTerminal ?? true ? nil : calls
    }

    /// The run that makes the calls which follow this end.
    package func endCalls(_ id: RunID, at now: Instant) -> Run? {
        guard let onEnd = definition.onEnd else { return nil }
        var members: JSONObject = [:]
        var steps: JSONObject = [:]
        var about: JSONObject = [:]
        for root in onEnd.endRoots {
            switch root {
            case .input: members["input"] = input
            case .run(let member): about[member.rawValue] = value(member)
            case .step(let id, let member):
                guard let value = value(root) else { continue }
                var step = steps[id]?.object ?? [:]
                step[member.endName] = value
                steps[id] = .object(step)
            case .context, .attempt, .response, .payload, .item, .index: break
            }
        }
        members["run"] = .object(about)
        members["steps"] = .object(steps)
        return Run(id: id, definition: onEnd, input: .object(members), context: context, createdAt: now)
    }

    /// What a call after an end can name: of the run that has ended what was noted of it then.
    func ended(_ root: Reference.Root) -> JSON? {
        switch root {
        case .input: input["input"]
        case .context: context
        case .run(let member): input["run"]?[member.rawValue]
        case .step(let id, let member): input["steps"]?[id]?[member.endName]
        case .attempt, .response, .payload, .item, .index: nil
        }
    }

    /// Where a step stands in the definition.
    package func pointer(of step: Int) -> JSONPointer {
        JSONPointer([definition.isOnEnd ? "onEnd" : "steps", String(base(of: step))])
    }

    /// In the place of the step that starts a child.
    private static let endCallsPlace = -1
}

extension ParentLink {
    /// What stands in the place of the step that has started a run.
    package static let onEnd = "onEnd"
}

extension WorkflowDefinition {
    /// What calls after an end name, each once.
    fileprivate var endRoots: Set<Reference.Root> { Set(steps.flatMap(\.uses).map(\.reference.root)) }
}

extension Reference.StepMember {
    /// What it is called among what is noted of a run that has ended.
    fileprivate var endName: String {
        switch self {
        case .output: "output"
        case .status: "status"
        case .error: "error"
        case .responseStatus: "responseStatus"
        case .responseHeader(let name): "header \(name)"
        }
    }
}
