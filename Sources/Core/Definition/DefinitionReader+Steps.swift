extension DefinitionReader {
    /// A step as it is written, before its place in the graph is known.
    private struct Draft {
        let id: String?
        let dependsOn: [String]?
        let condition: Condition?
        let action: StepAction?
        var forEach: ForEachDefinition?
        let compensation: CallDefinition?
        var needsNoUndo = false
        var runsIfSucceeded = false
        var continuesOnFailure = false
        var isPivot = false
    }

    /// The steps with their graph; nil when an error leaves no graph to speak of.
    ///
    /// - Parameter named: what the run's output names.
    mutating func steps(
        _ json: JSON, at pointer: JSONPointer, inheriting inherited: Inherited, named: [Reference]
    ) -> [StepDefinition]? {
        guard let elements = json.array else {
            refuse(pointer, "This must be an array of steps, not \(json.typeName).")
            return nil
        }
        guard (1...WorkflowDefinition.maxSteps).contains(elements.count) else {
            refuse(pointer, "A workflow has 1 to \(WorkflowDefinition.maxSteps) steps.")
            return nil
        }
        var drafts: [Draft] = []
        for (index, element) in elements.enumerated() {
            let place = pointer.appending(index)
            let list = element.object?["forEach"].flatMap { forEach($0, of: element, at: place) }
            item = list?.itemName
            var draft = draft(element, at: place, inheriting: inherited)
            draft.forEach = list
            drafts.append(draft)
            item = nil
        }
        guard let graph = graph(of: drafts, at: pointer) else { return nil }
        let named = Self.named(in: drafts) + named
        var steps: [StepDefinition] = []
        for (index, draft) in drafts.enumerated() {
            guard let id = draft.id, let action = draft.action else { return nil }
            let step = StepDefinition(
                id: id, index: index, dependencies: graph.dependencies[index], dependents: graph.dependents[index],
                descendants: graph.descendants[index], condition: draft.condition,
                runsIfSucceeded: draft.runsIfSucceeded, action: action, forEach: draft.forEach,
                continuesOnFailure: draft.continuesOnFailure,
                isPivot: draft.isPivot, compensation: draft.compensation, needsNoUndo: draft.needsNoUndo,
                keptAnswer: Self.keptAnswer(of: id, in: named))
            steps.append(step)
        }
        for step in steps { checkReferences(of: step, among: steps, graph, at: pointer.appending(step.index)) }
        return steps
    }

    private mutating func draft(_ json: JSON, at pointer: JSONPointer, inheriting inherited: Inherited) -> Draft {
        let members = [
            "id", "description", "dependsOn", "when", "runIf", "timeout", "retry", "action", "wait", "await", "run",
            "end", "forEach", "onFailure", "pivot", "compensation",
        ]
        guard let fields = object(json, at: pointer, members: members) else {
            return Draft(id: nil, dependsOn: nil, condition: nil, action: nil, compensation: nil)
        }
        let id = required("id", in: fields, at: pointer) { $0.name($1, at: $2, underscores: true) }
        _ = optional("description", in: fields, at: pointer) { $0.description($1, at: $2) }
        let dependsOn = optional("dependsOn", in: fields, at: pointer) { $0.dependencies($1, at: $2) }
        let condition = optional("when", in: fields, at: pointer) { $0.condition($1, at: $2) }
        let runIf = optional("runIf", in: fields, at: pointer) { $0.word($1, at: $2, of: ["done", "succeeded"]) }
        let onFailure = optional("onFailure", in: fields, at: pointer) {
            $0.word($1, at: $2, of: ["compensate", "continue"])
        }
        let isPivot = optional("pivot", in: fields, at: pointer) { $0.flag($1, at: $2) } ?? false
        if isPivot {
            // A step after it could be reached without it otherwise.
            for name in ["when", "runIf", "onFailure", "end"] where fields[name] != nil {
                refuse(pointer.appending(name), "A pivot is always made and has to succeed: it has no \(name).")
            }
        }
        guard let kind = kind(of: fields, at: pointer) else {
            return Draft(id: id, dependsOn: dependsOn, condition: condition, action: nil, compensation: nil)
        }
        if kind == .run, isPivot {
            refuse(
                pointer.appending("pivot"),
                "A child run is no pivot: whether there is a way back from it its own workflow says.")
        }
        if kind != .action {
            for name in ["timeout", "retry", "compensation", "onFailure"] where fields[name] != nil {
                if kind != .end, name == "onFailure" { continue }
                if name == "timeout", kind == .awaiting || kind == .run { continue }
                if name == "compensation", kind == .run { continue }
                refuse(pointer.appending(name), "A step that makes no call has no \(name).")
            }
            let needsNoUndo = kind != .run || fields["compensation"] == "none"
            let compensation =
                needsNoUndo
                ? nil
                : optional("compensation", in: fields, at: pointer) {
                    $0.call($1, at: $2, timeout: inherited.timeout, retry: inherited.compensationRetry)
                }
            return Draft(
                id: id, dependsOn: dependsOn, condition: condition, action: passing(kind, in: fields, at: pointer),
                compensation: compensation, needsNoUndo: needsNoUndo, runsIfSucceeded: runIf == "succeeded",
                continuesOnFailure: onFailure == "continue", isPivot: isPivot)
        }
        let own = optional("timeout", in: fields, at: pointer) { $0.duration($1, at: $2, max: .seconds(3600)) }
        let timeout = own ?? inherited.timeout
        let retry = retryRules("retry", in: fields, at: pointer, inheriting: inherited.retry)
        let action = required("action", in: fields, at: pointer) {
            $0.call($1, at: $2, timeout: timeout, retry: retry)
        }
        let needsNoUndo = fields["compensation"] == "none"
        let compensation =
            needsNoUndo
            ? nil
            : optional("compensation", in: fields, at: pointer) {
                $0.call($1, at: $2, timeout: timeout, retry: inherited.compensationRetry)
            }
        return Draft(
            id: id, dependsOn: dependsOn, condition: condition, action: action.map { .call($0) },
            compensation: compensation, needsNoUndo: needsNoUndo, runsIfSucceeded: runIf == "succeeded",
            continuesOnFailure: onFailure == "continue", isPivot: isPivot)
    }

    /// Which kind of step it is; nil when that can't be told.
    private mutating func kind(of fields: JSONObject, at pointer: JSONPointer) -> StepKind? {
        let kinds = StepKind.allCases.filter { fields[$0.rawValue] != nil }
        let known = StepKind.allCases.map(\.rawValue).joined(separator: ", ")
        if kinds.isEmpty { refuse(pointer.appending("action"), "A step has one of \(known).") }
        for kind in kinds.dropFirst() {
            refuse(
                pointer.appending(kind.rawValue),
                "A step has only one of \(known), and this one has \(kinds[0].rawValue).")
        }
        return kinds.count == 1 ? kinds[0] : nil
    }

    /// What a step does that makes no call.
    private mutating func passing(_ kind: StepKind, in fields: JSONObject, at pointer: JSONPointer) -> StepAction? {
        switch kind {
        case .action: nil
        case .wait: required("wait", in: fields, at: pointer) { $0.wait($1, at: $2).map { .wait($0) } }
        case .awaiting:
            required("await", in: fields, at: pointer) { reader, json, place in
                reader.await(json, at: place, timeout: fields["timeout"], at: pointer.appending("timeout"))
                    .map { .signal($0) }
            }
        case .run:
            required("run", in: fields, at: pointer) { reader, json, place in
                reader.run(json, at: place, timeout: fields["timeout"], at: pointer.appending("timeout"))
                    .map { .run($0) }
            }
        case .end: required("end", in: fields, at: pointer) { $0.end($1, at: $2).map { .end($0) } }
        }
    }

    /// Everything that steps name.
    private static func named(in drafts: [Draft]) -> [Reference] {
        var named: [Reference] = []
        for draft in drafts {
            named += draft.condition?.uses.map(\.reference) ?? []
            named += draft.action?.uses.map(\.reference) ?? []
            named += draft.forEach?.uses.map(\.reference) ?? []
            for call in [draft.action?.call, draft.compensation].compactMap(\.self) {
                named += call.sentUses.map(\.reference)
                named += call.answerUses.map(\.reference)
            }
        }
        return named
    }

    /// What of a step's answer is kept beside its output: what something names.
    private static func keptAnswer(of id: String, in references: [Reference]) -> KeptAnswer? {
        var kept = KeptAnswer()
        for case .step(id, let member) in references.map(\.root) {
            switch member {
            case .responseStatus: kept.keepsStatus = true
            case .responseHeader(let name): kept.headers.insert(name)
            case .output, .status, .error: break
            }
        }
        return kept.keepsStatus || !kept.headers.isEmpty ? kept : nil
    }

    private mutating func dependencies(_ json: JSON, at pointer: JSONPointer) -> [String]? {
        guard let elements = json.array else {
            refuse(pointer, "This must be an array of step ids, not \(json.typeName).")
            return nil
        }
        var ids: [String] = []
        for (index, element) in elements.enumerated() {
            // A wrong type keeps its place, so that the pointers of the others stay right.
            ids.append(string(element, at: pointer.appending(index)) ?? "")
        }
        return ids
    }

    /// Resolves ids; nil when ids are wrong, unknown or ambiguous, or when steps wait for each other.
    private mutating func graph(of drafts: [Draft], at pointer: JSONPointer) -> StepGraph? {
        var indices: [String: Int] = [:]
        var isSound = true
        for (index, draft) in drafts.enumerated() {
            guard let id = draft.id else {
                isSound = false
                continue
            }
            if let first = indices[id] {
                refuse(pointer.appending(index).appending("id"), "Step \(first) has this id already.")
                isSound = false
            } else {
                indices[id] = index
            }
        }
        var dependencies: [[Int]] = []
        for (index, draft) in drafts.enumerated() {
            guard let ids = draft.dependsOn else {
                dependencies.append(index > 0 ? [index - 1] : [])
                continue
            }
            let place = pointer.appending(index).appending("dependsOn")
            var resolved: Set<Int> = []
            for (position, id) in ids.enumerated() where !id.isEmpty {
                let target = indices[id]
                if target == nil {
                    refuse(place.appending(position), "There is no step with this id.")
                } else if target == index {
                    refuse(place.appending(position), "A step cannot depend on itself.")
                } else if let target, !resolved.insert(target).inserted {
                    refuse(place.appending(position), "This step is listed twice.")
                }
                isSound = isSound && target != nil && target != index
            }
            dependencies.append(resolved.sorted())
        }
        guard isSound else { return nil }
        switch StepGraph.resolve(dependencies) {
        case .success(let graph): return graph
        case .failure(let cycle):
            let names = (cycle.steps + cycle.steps.prefix(1)).map { drafts[$0].id ?? "" }
            refuse(
                pointer.appending(cycle.steps[0]).appending("dependsOn"),
                "These steps wait for each other: \(names.joined(separator: ", ")).")
            return nil
        }
    }
}
