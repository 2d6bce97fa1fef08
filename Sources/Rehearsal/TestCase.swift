package import Core

/// One case beside a definition: an input, the answers, and what is expected of the run.
package struct TestCase: Sendable {
    /// Cases of a file at most.
    package static let maxCases = 1000

    package let name: String
    package let input: JSON
    package let context: JSON
    private let script: Script
    private let expect: JSONObject
    private let cancelsAfter: Int?
    /// It is undone once it has completed.
    private let isUndone: Bool
    private let definition: WorkflowDefinition

    /// Reads the cases of a file: `[{name?, input?, context?, answers?, cancelAfter?, undo?, expect}]`.
    package static func all(
        _ json: JSON, of definition: WorkflowDefinition, at pointer: JSONPointer
    ) throws(CaseError) -> [TestCase] {
        guard let elements = json.array, (1...maxCases).contains(elements.count) else {
            throw CaseError(pointer, "This must be a list of 1 to \(maxCases) cases.")
        }
        var cases: [TestCase] = []
        for (index, element) in elements.enumerated() {
            cases.append(try TestCase(element, index: index, of: definition, at: pointer.appending(index)))
        }
        return cases
    }

    private init(
        _ json: JSON, index: Int, of definition: WorkflowDefinition, at pointer: JSONPointer
    ) throws(CaseError) {
        guard let object = json.object else { throw CaseError(pointer, "A case is an object.") }
        let members = ["name", "input", "context", "answers", "cancelAfter", "undo", "expect"]
        for (key, _) in object.members where !members.contains(key) {
            throw CaseError(pointer.appending(key), "A case has \(members.joined(separator: ", ")).")
        }
        name = object["name"]?.string ?? "case \(index + 1)"
        input = object["input"] ?? .object(JSONObject())
        context = object["context"] ?? .object(JSONObject())
        self.definition = definition
        script = try Script(object["answers"], of: definition, at: pointer.appending("answers"))
        if let cancel = object["cancelAfter"] {
            guard let count = cancel.int, count >= 0 else {
                throw CaseError(pointer.appending("cancelAfter"), "This must be a number of calls.")
            }
            cancelsAfter = count
        } else {
            cancelsAfter = nil
        }
        if let undo = object["undo"], undo.bool == nil {
            throw CaseError(pointer.appending("undo"), "This must be true or false.")
        }
        isUndone = object["undo"]?.bool ?? false
        guard let expect = object["expect"]?.object, expect.count > 0 else {
            throw CaseError(pointer.appending("expect"), "A case expects something, or it can't fail.")
        }
        for (key, value) in expect.members {
            guard let kind = Self.expectations[key] else {
                let known = Self.expectations.keys.sorted().joined(separator: ", ")
                throw CaseError(pointer.appending("expect").appending(key), "Expected can be \(known).")
            }
            if !kind(value) { throw CaseError(pointer.appending("expect").appending(key), "This has another type.") }
        }
        self.expect = expect
    }

    private static let expectations: [String: @Sendable (JSON) -> Bool] = [
        "status": { $0.string.flatMap { RunStatus(rawValue: $0) } != nil }, "cause": { $0.string != nil || $0.isNull },
        "calls": { $0.array?.allSatisfy { $0.string != nil } ?? false },
        "undone": { $0.array?.allSatisfy { $0.string != nil } ?? false }, "output": { _ in true },
        "error": { $0.object != nil || $0.isNull }, "requests": { $0.object != nil }, "takes": { $0.string != nil },
    ]

    /// Answers with a 2xx that it gives, by the name of the call.
    package var responses: [String: [Response]] { script.responses }

    /// What signals say in it, by the id of the step that waits.
    package var payloads: [String: [JSON]] { script.payloads }

    /// Outputs of children in it, by the id of the step.
    package var outputs: [String: [JSON]] { script.outputs }

    /// Plays the case; what differs from what is expected, a sentence each. None: it passed.
    package func play() -> (failures: [String], rehearsal: Rehearsal) {
        var (script, rehearsal) = (script, Rehearsal(definition, input: input, context: context))
        if let breach { return (["The input breaks inputSchema, a start would be refused: \(breach)"], rehearsal) }
        var calls: [RehearsedCall] = []
        do throws(RehearsalError) {
            try answer(&rehearsal, &script)
            calls += rehearsal.calls + (try callsAfterEnd(of: rehearsal, &script))
            if isUndone, rehearsal.run.status == .completed {
                let count = rehearsal.calls.count
                try rehearsal.undo()
                try answer(&rehearsal, &script)
                calls += rehearsal.calls[count...] + (try callsAfterEnd(of: rehearsal, &script))
            }
        } catch {
            return (["\(error)"], rehearsal)
        }
        var failures = expect.members.compactMap { difference($0.key, $0.value, rehearsal, calls) }
        if !script.unused.isEmpty {
            failures.append("Answers were never asked for: \(script.unused.joined(separator: ", ")).")
        }
        return (failures, rehearsal)
    }

    /// What follows the last end.
    private func callsAfterEnd(
        of rehearsal: Rehearsal, _ script: inout Script
    ) throws(RehearsalError) -> [RehearsedCall] {
        guard rehearsal.run.status.isTerminal, var calls = rehearsal.afterEnds.last,
            case .endCallsStarted = rehearsal.events.dropLast().last?.event
        else { return [] }
        try answer(&calls, &script)
        return calls.calls
    }

    private func answer(_ rehearsal: inout Rehearsal, _ script: inout Script) throws(RehearsalError) {
        var cancelsAfter = rehearsal.run.definition.isOnEnd ? nil : cancelsAfter
        while let turn = try rehearsal.nextTurn() {
            if rehearsal.calls.count == cancelsAfter {
                cancelsAfter = nil
                try rehearsal.cancel()
                continue
            }
            switch turn {
            case .call(let call): try rehearsal.answer(call, script.next(call.name))
            case .callback(let accepted):
                let told = script.nextCallback(accepted.name)
                try rehearsal.answer(accepted, told.map { ($0.outcome, $0.says) }, after: told?.after ?? .zero)
            case .look(let look): try rehearsal.answer(look, script.nextLook(look.name))
            case .child(let child):
                let end = script.nextChild(child)
                try rehearsal.answer(child, end.status, output: end.output, after: end.after)
            case .signal(let awaited):
                let signal = script.nextSignal(awaited.step)
                try rehearsal.answer(awaited, payload: signal?.payload, after: signal?.after ?? .zero)
            }
        }
    }

    /// Why a start with its input would be refused; nil when it would not.
    private var breach: String? {
        var operations = InputSchema.maxOperations
        switch definition.contract.schema?.verdict(on: input, operations: &operations) {
        case .valid, nil: return nil
        case .invalid(let breaches, _): return breaches.first.map { "\($0.pointer) \($0.detail)" } ?? "in some place"
        case .tooCostly, .tooDeep: return "checking it takes too much"
        }
    }

    private func difference(_ key: String, _ wanted: JSON, _ rehearsal: Rehearsal, _ calls: [RehearsedCall]) -> String?
    {
        let run = rehearsal.run
        switch key {
        case "status": return Self.differ(key, wanted, .string(run.status.rawValue))
        case "cause": return Self.differ(key, wanted, JSON(run.cause?.rawValue))
        case "output": return Self.differ(key, wanted, run.output ?? .null)
        case "calls": return Self.differ(key, wanted, .array(calls.map { .string($0.name) }))
        case "undone": return Self.differ(key, wanted, .array(rehearsal.undone.map { .string($0) }))
        case "takes":
            let limit = wanted.string.flatMap { Duration($0) }
            let took = rehearsal.now - Rehearsal.start
            return limit.map { took <= $0 } ?? false
                ? nil : "It took \(DurationText.format(took)), not at most \(wanted.text)."
        case "error":
            let error = run.errorJSON ?? .null
            return Self.contains(error, wanted) ? nil : "error is \(error.text), which does not hold \(wanted.text)."
        case "requests":
            for (name, parts) in wanted.object?.members ?? [] {
                guard let call = calls.last(where: { $0.name == name }) else {
                    return "\(name) was not called."
                }
                if !Self.contains(call.json, parts) {
                    return "The request of \(name) is \(call.json.text), which does not hold \(parts.text)."
                }
            }
            return nil
        default: return nil
        }
    }

    private static func differ(_ key: String, _ wanted: JSON, _ found: JSON) -> String? {
        wanted == found ? nil : "\(key) is \(found.text), expected \(wanted.text)."
    }

    /// Every member that is wanted is there; anything but objects is equal.
    private static func contains(_ found: JSON, _ wanted: JSON) -> Bool {
        guard let members = wanted.object else { return found == wanted }
        guard let object = found.object else { return false }
        return members.members.allSatisfy { key, value in object[key].map { contains($0, value) } ?? value.isNull }
    }
}

extension Rehearsal {
    /// Steps that were undone, in order.
    package var undone: [String] {
        events.compactMap { _, event in
            switch event {
            case .attemptSucceeded(let step, .compensate, _, _, _): run.stepID(step)
            case .childEnded(let step, let end) where end.status != .completed && end.error == nil: run.stepID(step)
            default: nil
            }
        }
    }
}

extension RehearsedCall {
    /// `{participant, method, path, headers, body}`; a body that is no JSON as its text.
    package var json: JSON {
        var headers = JSONObject()
        for (name, value) in self.headers { headers[name.lowercased()] = .string(value) }
        let text = body.map { String(decoding: $0, as: UTF8.self) }
        return [
            "participant": JSON(participant), "method": .string(method), "path": JSON(path),
            "headers": .object(headers),
            "body": body.flatMap { try? JSON(parsing: $0) } ?? JSON(text),
        ]
    }
}
