package import Core

/// The answers of a case, as they are written.
///
/// `{"charge": [503, {"status": 200, "body": {"id": 1}}], "charge:compensate": ["timeout", 200]}`. Calls beyond a list, and of
/// steps that are not named, are answered 200 with no body.
package struct Script: Sendable {
    /// By the name of the call.
    private let answers: [String: [RehearsedAnswer]]
    /// By the id of the step that waits; nil for one that does not come.
    private let signals: [String: [Signal?]]
    /// By the name of the callback; nil for one that does not come.
    private let callbacks: [String: [Told?]]
    /// By the name of the poll; nil for an end that is never found.
    private let looks: [String: [RehearsedAnswer?]]
    /// By the id of the step, or `STEP:undo`.
    private let children: [String: [End]]
    private var used: [String: Int] = [:]

    /// The answer of the next call of this name.
    package mutating func next(_ name: String) -> RehearsedAnswer {
        let name = key(name) { answers[$0] != nil }
        let index = used[name, default: 0]
        used[name] = index + 1
        guard let list = answers[name], index < list.count else { return .success() }
        return list[index]
    }

    /// A signal that comes, so long after it could.
    package struct Signal: Sendable, Hashable {
        package var payload: JSON
        package var after: Duration
    }

    /// The end of accepted work, told so long after it was accepted.
    package struct Told: Sendable, Hashable {
        package var outcome: Callback.Outcome
        package var says: JSON?
        package var after: Duration
    }

    /// The next callback of this name; nil when none comes. Where none is named, all is well.
    package mutating func nextCallback(_ name: String) -> Told? {
        let name = key(name) { callbacks[$0] != nil }
        let index = used[name, default: 0]
        used[name] = index + 1
        guard let list = callbacks[name] else {
            return Told(outcome: .succeeded, says: nil, after: .milliseconds(10))
        }
        return index < list.count ? list[index] : nil
    }

    /// What the next look of this name finds: where none is named, that all is done; nothing more beyond a list.
    package mutating func nextLook(_ name: String) -> RehearsedFinding {
        let name = key(name) { looks[$0] != nil }
        let index = used[name, default: 0]
        used[name] = index + 1
        guard let list = looks[name] else { return .ended(.succeeded) }
        return index < list.count ? list[index].map { .answered($0) } ?? .nothing : .nothing
    }

    /// The end of a child, so long after it was started, or asked to undo what it did.
    package struct End: Sendable, Hashable {
        package var status: RunStatus
        package var output: JSON?
        package var after: Duration
    }

    /// The end of the next child of this name. Where none is named, all is well.
    package mutating func nextChild(_ child: RehearsedChild) -> End {
        let name = key(child.name) { children[$0] != nil }
        let index = used[name, default: 0]
        used[name] = index + 1
        if let list = children[name], index < list.count { return list[index] }
        let status: RunStatus =
            switch child.phase {
            case .cancelling: .cancelled
            case .undoing: .compensated
            default: .completed
            }
        return End(status: status, output: nil, after: .milliseconds(10))
    }

    /// Outputs of children, by the id of the step.
    package var outputs: [String: [JSON]] { children.mapValues { $0.compactMap(\.output) } }

    /// The next signal for this step; nil when none comes any more. For a step that is not named comes one that says nothing.
    package mutating func nextSignal(_ step: String) -> Signal? {
        let step = key(step) { signals[$0] != nil }
        let index = used[step, default: 0]
        used[step] = index + 1
        guard let list = signals[step] else {
            return index == 0 ? Signal(payload: .null, after: .milliseconds(10)) : nil
        }
        return index < list.count ? list[index] : nil
    }

    /// Under what it is written: an element has its own answers, or takes its turn in those of its step.
    private func key(_ name: String, _ isWritten: (String) -> Bool) -> String {
        let step = Self.ofStep(name)
        return step == name || isWritten(name) || !isWritten(step) ? name : step
    }

    /// The name of a call, callback or wait of a step for that of an element: `ship` for `ship[3]`, `ship:compensate` for
    /// `ship[3]:compensate`.
    package static func ofStep(_ name: String) -> String {
        let parts = name.split(separator: ":", maxSplits: 1)
        let step = StepID.step(String(parts.first ?? ""))
        return parts.count == 2 ? "\(step):\(parts[1])" : step
    }

    /// What signals say, by the id of the step that waits.
    package var payloads: [String: [JSON]] { signals.mapValues { $0.compactMap { $0?.payload } } }

    /// Answers that were never asked for, as `NAME (so many)`.
    package var unused: [String] {
        let names = Array(answers.keys) + Array(signals.keys) + Array(callbacks.keys) + Array(looks.keys)
        return (names + Array(children.keys)).sorted().compactMap { name in
            let asked = answers[name]?.count ?? signals[name]?.count ?? callbacks[name]?.count
            let left =
                (asked ?? looks[name]?.count ?? children[name]?.count ?? 0)
                - used[name, default: 0]
            return left > 0 ? "\(name) (\(left))" : nil
        }
    }

    /// Answers with a 2xx that it gives, by the name of the call.
    package var responses: [String: [Response]] {
        let all = answers.merging(looks.mapValues { $0.compactMap(\.self) }) { first, _ in first }
        return all.mapValues { list in
            list.compactMap { answer in
                guard case .answered(.response(let response)) = answer.kind, (200..<300).contains(response.status)
                else { return nil }
                return response
            }
        }
    }

    /// Reads the member `answers` of a case.
    package init(_ json: JSON?, of definition: WorkflowDefinition, at pointer: JSONPointer) throws(CaseError) {
        var (answers, signals): ([String: [RehearsedAnswer]], [String: [Signal?]]) = ([:], [:])
        var (callbacks, looks): ([String: [Told?]], [String: [RehearsedAnswer?]]) = ([:], [:])
        guard let json else {
            (self.answers, self.signals, self.callbacks, self.looks) = (answers, signals, callbacks, looks)
            children = [:]
            return
        }
        guard let object = json.object else { throw CaseError(pointer, "This must be an object of lists.") }
        let called = Self.steps(of: definition)
        let known = called.flatMap { name, step in
            CallAction.allCases.filter { step.call(of: $0) != nil }.map {
                $0 == .execute ? name : "\(name):\($0.rawValue)"
            }
        }
        let awaits = definition.steps.filter { $0.action.kind == .awaiting }.map(\.id)
        var ends: [String: [End]] = [:]
        let runs = definition.steps.flatMap { step -> [String] in
            guard case .run(let child) = step.action, !child.isDetached else { return [] }
            return step.undoesChild ? [step.id, "\(step.id):undo"] : [step.id]
        }
        let told = called.flatMap { name, step in
            CallAction.allCases.filter { Self.isCalledBack(step, $0) }.map {
                RehearsedCallback(index: step.index, step: name, action: $0).name
            }
        }
        let polled = called.flatMap { name, step in
            CallAction.allCases.filter { step.call(of: $0)?.completion?.poll != nil }.map {
                RehearsedLook.name(name, $0)
            }
        }
        for (name, list) in object.members {
            let place = pointer.appending(name)
            let isElement = definition.step(Self.ofStep(name).prefix { $0 != ":" }.description)?.forEach != nil
            let step = isElement ? Self.ofStep(name) : name
            guard (known + told + polled + awaits + runs).contains(step) else {
                let all = (known + told + polled + awaits + runs).joined(separator: ", ")
                throw CaseError(place, "There is no such call or step that waits; there are \(all).")
            }
            guard let elements = list.array else { throw CaseError(place, "This must be a list of answers.") }
            if told.contains(step) {
                var read: [Told?] = []
                for (index, element) in elements.enumerated() {
                    read.append(try Self.callback(element, at: place.appending(index)))
                }
                callbacks[name] = read
                continue
            }
            if polled.contains(step) {
                var read: [RehearsedAnswer?] = []
                for (index, element) in elements.enumerated() {
                    let isNothing = element.string == "nothing"
                    read.append(isNothing ? nil : try Self.answer(element, at: place.appending(index)))
                }
                looks[name] = read
                continue
            }
            if runs.contains(step) {
                var read: [End] = []
                for (index, element) in elements.enumerated() {
                    read.append(try Self.end(element, at: place.appending(index)))
                }
                ends[name] = read
                continue
            }
            if awaits.contains(step) {
                var read: [Signal?] = []
                for (index, element) in elements.enumerated() {
                    read.append(try Self.signal(element, at: place.appending(index)))
                }
                signals[name] = read
                continue
            }
            var read: [RehearsedAnswer] = []
            for (index, element) in elements.enumerated() {
                read.append(try Self.answer(element, at: place.appending(index)))
            }
            answers[name] = read
        }
        (self.answers, self.signals, self.callbacks, self.looks) = (answers, signals, callbacks, looks)
        children = ends
    }

    /// All that may make calls, each under the name that a case has for it.
    private static func steps(of definition: WorkflowDefinition) -> [(name: String, step: StepDefinition)] {
        definition.steps.map { ($0.id, $0) }
            + (definition.onEnd?.steps ?? []).map { (Rehearsal.onEndPrefix + $0.id, $0) }
    }

    private static func isCalledBack(_ step: StepDefinition, _ action: CallAction) -> Bool {
        if case .callback = step.call(of: action)?.completion { true } else { false }
    }

    /// `{"payload"?, "after"?}`, or `"nothing"`.
    private static func signal(_ json: JSON, at pointer: JSONPointer) throws(CaseError) -> Signal? {
        if json.string == "nothing" { return nil }
        guard let object = json.object, object.members.allSatisfy({ ["payload", "after"].contains($0.key) }) else {
            throw CaseError(pointer, "A signal is \"nothing\", or an object with payload and after.")
        }
        let after = try duration("after", in: object, at: pointer)
        return Signal(payload: object["payload"] ?? .null, after: after ?? .milliseconds(10))
    }

    /// `{"outcome"?, "output"?, "error"?, "after"?}`, or `"nothing"`.
    private static func callback(_ json: JSON, at pointer: JSONPointer) throws(CaseError) -> Told? {
        if json.string == "nothing" { return nil }
        let members = ["outcome", "output", "error", "after"]
        guard let object = json.object, object.members.allSatisfy({ members.contains($0.key) }) else {
            throw CaseError(pointer, "A callback is \"nothing\", or an object with \(members.joined(separator: ", ")).")
        }
        let word = object["outcome"] ?? .string(Callback.Outcome.succeeded.rawValue)
        guard let outcome = word.string.flatMap({ Callback.Outcome(rawValue: $0) }) else {
            let known = Callback.Outcome.allCases.map(\.rawValue).joined(separator: ", ")
            throw CaseError(pointer.appending("outcome"), "This must be one of \(known).")
        }
        let after = try duration("after", in: object, at: pointer)
        return Told(outcome: outcome, says: object["output"] ?? object["error"], after: after ?? .milliseconds(10))
    }

    /// A status, or `{"status"?, "output"?, "after"?}`.
    private static func end(_ json: JSON, at pointer: JSONPointer) throws(CaseError) -> End {
        let known: [RunStatus] = [.completed, .compensated, .cancelled, .failed]
        let words = known.map(\.rawValue).joined(separator: ", ")
        func status(_ text: String?, at pointer: JSONPointer) throws(CaseError) -> RunStatus {
            guard let status = text.flatMap({ RunStatus(rawValue: $0) }), known.contains(status) else {
                throw CaseError(pointer, "This must be one of \(words).")
            }
            return status
        }
        if json.string != nil {
            return End(status: try status(json.string, at: pointer), output: nil, after: .milliseconds(10))
        }
        let members = ["status", "output", "after"]
        guard let object = json.object, object.members.allSatisfy({ members.contains($0.key) }) else {
            throw CaseError(
                pointer, "The end of a child is one of \(words), or an object with \(members.joined(separator: ", ")).")
        }
        let after = try duration("after", in: object, at: pointer) ?? .milliseconds(10)
        guard let word = object["status"] else {
            return End(status: .completed, output: object["output"], after: after)
        }
        return End(
            status: try status(word.string, at: pointer.appending("status")), output: object["output"], after: after)
    }

    private static func duration(
        _ key: String, in object: JSONObject, at pointer: JSONPointer
    ) throws(CaseError) -> Duration? {
        guard let json = object[key] else { return nil }
        guard let duration = json.string.flatMap({ Duration($0) }) else {
            throw CaseError(pointer.appending(key), "This must be a duration, as in \"10s\".")
        }
        return duration
    }

    private static let words =
        "a status, \"timeout\", \"refused\", \"lost\", or an object with status, body, headers, retryAfter and after"

    private static func answer(_ json: JSON, at pointer: JSONPointer) throws(CaseError) -> RehearsedAnswer {
        if let status = json.int, (200...599).contains(status) {
            return RehearsedAnswer(.answered(.response(Response(status: status, body: []))))
        }
        switch json.string {
        case "timeout": return RehearsedAnswer(.answered(.unknown("No answer came before the deadline.")))
        case "refused": return RehearsedAnswer(.answered(.notSent("The connection was refused.")))
        case "lost": return RehearsedAnswer(.lost)
        default: break
        }
        guard let object = json.object else { throw CaseError(pointer, "An answer is \(words).") }
        return try answer(object, at: pointer)
    }

    private static func answer(_ object: JSONObject, at pointer: JSONPointer) throws(CaseError) -> RehearsedAnswer {
        for (key, _) in object.members where !["status", "body", "headers", "retryAfter", "after"].contains(key) {
            throw CaseError(pointer.appending(key), "An answer is \(words).")
        }
        let status = object["status"]?.int ?? 200
        guard (200...599).contains(status) else {
            throw CaseError(pointer.appending("status"), "This must be 200 to 599.")
        }
        var headers: [String: String] = [:]
        for (name, value) in object["headers"]?.object?.members ?? [] {
            guard let text = value.string else { throw CaseError(pointer.appending("headers"), "Headers are texts.") }
            headers[name.lowercased()] = text
        }
        let body = object["body"].map { $0.isNull ? [] : $0.bytes } ?? []
        let response = Response(
            status: status, retryAfter: try duration("retryAfter", in: object, at: pointer), body: body,
            contentType: "application/json",
            headers: headers)
        return RehearsedAnswer(
            .answered(.response(response)), after: try duration("after", in: object, at: pointer) ?? .milliseconds(10))
    }
}

/// What is wrong with a file of cases.
package struct CaseError: Error, Sendable, Hashable, CustomStringConvertible {
    /// In the file.
    package let pointer: JSONPointer
    /// A sentence.
    package let detail: String

    package init(_ pointer: JSONPointer, _ detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    package var description: String { "\(pointer): \(detail)" }
}
