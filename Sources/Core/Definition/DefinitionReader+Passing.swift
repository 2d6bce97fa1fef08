// Steps that make no call: `wait`, `await`, `run` and `end`.
extension DefinitionReader {
    mutating func wait(_ json: JSON, at pointer: JSONPointer) -> WaitDefinition? {
        guard let fields = object(json, at: pointer, members: ["for", "until"]) else { return nil }
        guard fields.count == 1, let (name, value) = fields.members.first.map({ ($0.key, $0.value) }),
            let length = WaitDefinition.Length(rawValue: name)
        else {
            if fields.members.allSatisfy({ WaitDefinition.Length(rawValue: $0.key) != nil }) {
                refuse(pointer, "A wait has one of for and until.")
            }
            return nil
        }
        let place = pointer.appending(name)
        guard let text = textTemplate(value, at: place) else { return nil }
        if let constant = text.constant {
            switch length {
            case .duration: _ = duration(value, at: place, max: WaitDefinition.longest)
            case .time where Instant(constant) == nil:
                refuse(place, "A time is written as RFC 3339 has it, as in \"2030-01-31T12:00:00Z\".")
            case .time: break
            }
        }
        return WaitDefinition(length: length, text: text)
    }

    mutating func await(
        _ json: JSON, at pointer: JSONPointer, timeout: JSON?, at timeoutPlace: JSONPointer
    ) -> AwaitDefinition? {
        let limit = timeout.flatMap { duration($0, at: timeoutPlace, in: AwaitDefinition.timeouts) }
        guard let fields = object(json, at: pointer, members: ["signal", "where"]) else { return nil }
        let signal = required("signal", in: fields, at: pointer) { $0.name($1, at: $2, underscores: true) }
        let condition = optional("where", in: fields, at: pointer) { $0.condition($1, at: $2) }
        return signal.map { AwaitDefinition(signal: $0, condition: condition, timeout: limit) }
    }

    mutating func run(
        _ json: JSON, at pointer: JSONPointer, timeout: JSON?, at timeoutPlace: JSONPointer
    ) -> ChildDefinition? {
        let limit = timeout.flatMap { duration($0, at: timeoutPlace, in: AwaitDefinition.timeouts) }
        let members = ["workflow", "version", "input", "context", "detached"]
        guard let fields = object(json, at: pointer, members: members) else { return nil }
        let workflow = required("workflow", in: fields, at: pointer) { $0.name($1, at: $2) }
        let version = optional("version", in: fields, at: pointer) { $0.version($1, at: $2) }
        let input = optional("input", in: fields, at: pointer) { $0.template($1, at: $2) }
        let context = optional("context", in: fields, at: pointer) { reader, json, place -> Template? in
            if json.object == nil, json.string == nil {
                reader.refuse(place, "This must be an object, not \(json.typeName).")
            }
            return reader.template(json, at: place)
        }
        let isDetached = optional("detached", in: fields, at: pointer) { $0.flag($1, at: $2) } ?? false
        if isDetached, timeout != nil {
            refuse(timeoutPlace, "A detached child is not waited for: its step has no timeout.")
        }
        for (name, template) in [("input", input), ("context", context)] {
            guard let secret = template?.secrets.min() else { continue }
            refuse(pointer.appending(name), "A secret (\(secret)) can be used only in what a call sends.")
        }
        return workflow.map {
            ChildDefinition(
                workflow: $0, version: version?.description, input: input, context: context, isDetached: isDetached,
                timeout: limit)
        }
    }

    mutating func end(_ json: JSON, at pointer: JSONPointer) -> EndDefinition? {
        guard let fields = object(json, at: pointer, members: ["as", "output", "reason"]) else { return nil }
        let word = required("as", in: fields, at: pointer) {
            $0.word($1, at: $2, of: EndDefinition.Result.allCases.map(\.rawValue))
        }
        let output = optional("output", in: fields, at: pointer) { $0.template($1, at: $2) }
        let reason = optional("reason", in: fields, at: pointer) { $0.textTemplate($1, at: $2) }
        guard let result = word.flatMap({ EndDefinition.Result(rawValue: $0) }) else { return nil }
        for (name, needed) in [("output", EndDefinition.Result.completed), ("reason", .failed)]
        where fields[name] != nil && result != needed {
            refuse(pointer.appending(name), "This is for an end as \(needed.rawValue).")
        }
        if let secret = output?.secrets.min() {
            refuse(pointer.appending("output"), "A secret (\(secret)) can be used only in what a call sends.")
        }
        return EndDefinition(result: result, output: output, reason: reason)
    }

    /// The step after which there is no way back. Every other has to come before it or after it, and what comes after it can't
    /// fail the run.
    mutating func pivot(among steps: [StepDefinition]) -> Int? {
        guard let pivot = steps.first(where: \.isPivot) else { return nil }
        let place = JSONPointer(["steps"])
        for other in steps where other.index != pivot.index {
            let pointer = place.appending(other.index)
            if other.isPivot {
                refuse(pointer.appending("pivot"), "The step \(pivot.id) is the pivot already; there is one at most.")
            } else if pivot.descendants.contains(other.index) {
                if case .end(let end) = other.action, end.result == .failed {
                    refuse(pointer.appending("end"), "After the pivot, \(pivot.id), a run can't fail any more.")
                }
            } else if !other.descendants.contains(pivot.index) {
                refuse(
                    pointer,
                    "This step comes neither before nor after the pivot, \(pivot.id): what becomes of it when there is no way back "
                        + "can't be said.")
            }
        }
        return pivot.index
    }

    /// True or false.
    mutating func flag(_ json: JSON, at pointer: JSONPointer) -> Bool? {
        if case .bool(let value) = json { return value }
        refuse(pointer, "This must be true or false, not \(json.typeName).")
        return nil
    }

    /// One of a few words.
    mutating func word(_ json: JSON, at pointer: JSONPointer, of words: [String]) -> String? {
        guard let text = string(json, at: pointer) else { return nil }
        if words.contains(text) { return text }
        refuse(pointer, "This must be \(words.joined(separator: " or ")).")
        return nil
    }
}
