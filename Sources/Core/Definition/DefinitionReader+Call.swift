internal import Basics

extension DefinitionReader {
    private static let callMembers = [
        "participant", "method", "path", "query", "body", "contentType", "headers", "timeout", "retry", "succeedOn",
        "retryOn", "rejectOn", "unknownOn", "succeedWhen", "retryWhen", "rejectWhen", "unknownWhen", "output",
        "maxResponseBytes", "onUnreadable", "completion",
    ]

    /// An action or a compensation; `inheriting` has the step's timeout and the policy for this kind of call.
    mutating func call(
        _ json: JSON, at pointer: JSONPointer, timeout: Duration, retry: RetryRules
    ) -> CallDefinition? {
        guard let fields = object(json, at: pointer, members: Self.callMembers) else { return nil }
        let participant = required("participant", in: fields, at: pointer) { $0.participant($1, at: $2) }
        let method = optional("method", in: fields, at: pointer) { $0.method($1, at: $2) } ?? "POST"
        let path = required("path", in: fields, at: pointer) { $0.path($1, at: $2) }
        let query = optional("query", in: fields, at: pointer) { $0.query($1, at: $2) } ?? []
        let body = readBody(fields, at: pointer, method: method)
        let headers = optional("headers", in: fields, at: pointer) { $0.headers($1, at: $2) } ?? []
        let own = optional("timeout", in: fields, at: pointer) { $0.duration($1, at: $2, max: .seconds(3600)) }
        let rules = retryRules("retry", in: fields, at: pointer, inheriting: retry)
        let judgement = readJudgement(fields, at: pointer)
        let output = optional("output", in: fields, at: pointer) { $0.template($1, at: $2) }
        let maxBytes = readMaxResponseBytes(fields, at: pointer)
        let completion = optional("completion", in: fields, at: pointer) { $0.completion($1, at: $2) }
        if case .callback = completion, output != nil {
            refuse(pointer.appending("output"), "The output of a call that is called back is what the callback says.")
        }
        guard let participant, let path, let body else { return nil }
        return CallDefinition(
            participant: participant, method: method, path: path, query: query, body: body, headers: headers,
            timeout: own ?? timeout, retry: rules, judgement: judgement, output: output, maxResponseBytes: maxBytes,
            wantedHeaders: Self.wantedHeaders(judgement, output, rules, completion), completion: completion)
    }

    /// Headers of the answer that its own call names.
    private static func wantedHeaders(
        _ judgement: Judgement, _ output: Template?, _ rules: RetryRules, _ completion: CompletionDefinition?
    ) -> [String] {
        let ofPoll = completion?.poll?.uses ?? []
        let uses = (judgement.uses + (output?.uses ?? []) + rules.uses + ofPoll).map(\.reference)
        let names = uses.compactMap { if case .response(.header(let name)) = $0.root { name } else { nil } }
        return Set(names).sorted()
    }

    private mutating func participant(_ json: JSON, at pointer: JSONPointer) -> ParticipantChoice? {
        guard json.object != nil else { return name(json, at: pointer).map { .named($0) } }
        guard let fields = object(json, at: pointer, members: ["oneOf", "by"]) else { return nil }
        let names = required("oneOf", in: fields, at: pointer) { $0.participants($1, at: $2) }
        let by = required("by", in: fields, at: pointer) { $0.textTemplate($1, at: $2) }
        guard let names, let by else { return nil }
        if by.references.isEmpty {
            refuse(pointer.appending("by"), "This names what the choice depends on, as in \"${input.carrier}\".")
            return nil
        }
        return .oneOf(names, by: by)
    }

    private mutating func participants(_ json: JSON, at pointer: JSONPointer) -> [String]? {
        guard let elements = json.array, (1...32).contains(elements.count) else {
            refuse(pointer, "This must be an array of 1 to 32 names of participants.")
            return nil
        }
        var names: [String] = []
        for (index, element) in elements.enumerated() {
            guard let name = name(element, at: pointer.appending(index)) else { continue }
            if names.contains(name) { refuse(pointer.appending(index), "This name is listed twice.") }
            names.append(name)
        }
        return names
    }

    mutating func textTemplate(_ json: JSON, at pointer: JSONPointer) -> TextTemplate? {
        guard let text = string(json, at: pointer) else { return nil }
        do { return try TextTemplate(text, item: item) } catch {
            refuse(pointer, error.message)
            return nil
        }
    }

    mutating func template(_ json: JSON, at pointer: JSONPointer) -> Template? {
        do {
            return try Template(json, item: item)
        } catch {
            refuse(pointer.appending(error.pointer), error.message)
            return nil
        }
    }

    private mutating func method(_ json: JSON, at pointer: JSONPointer) -> String? {
        if let method = json.string, CallDefinition.methods.contains(method) { return method }
        refuse(pointer, "A method is one of \(CallDefinition.methods.joined(separator: ", ")).")
        return nil
    }

    mutating func path(_ json: JSON, at pointer: JSONPointer) -> PathTemplate? {
        guard let text = string(json, at: pointer) else { return nil }
        guard text.utf8.count <= 2048 else {
            refuse(pointer, "A path has at most 2048 bytes.")
            return nil
        }
        do {
            return try PathTemplate(text, item: item)
        } catch {
            refuse(pointer, error.message)
            return nil
        }
    }

    private mutating func query(_ json: JSON, at pointer: JSONPointer) -> [(name: String, value: Template)]? {
        guard let object = json.object else {
            refuse(pointer, "This must be an object of parameters, not \(json.typeName).")
            return nil
        }
        if object.count > CallDefinition.maxParameters {
            refuse(pointer, "A call has at most \(CallDefinition.maxParameters) parameters here.")
        }
        var parameters: [(name: String, value: Template)] = []
        for (name, value) in object.members.prefix(CallDefinition.maxParameters) {
            let place = pointer.appending(name)
            if name.isEmpty || name.utf8.count > 256 { refuse(place, "A parameter's name has 1 to 256 bytes.") }
            if TextTemplate.mentionsReference(name) { refuse(place, "Names of parameters hold no references.") }
            if value.object != nil, value.object?[Template.logicKey] == nil {
                refuse(place, "A parameter is a text, a number, a boolean, or a list of them.")
            }
            guard let template = template(value, at: place) else { continue }
            if template.isNull { refuse(place, "A parameter is never null.") }
            parameters.append((name, template))
        }
        return parameters
    }

    private mutating func readMaxResponseBytes(_ fields: JSONObject, at pointer: JSONPointer) -> Int {
        let given = optional("maxResponseBytes", in: fields, at: pointer) {
            $0.integer($1, at: $2, in: 1...CallDefinition.maxResponseBytes)
        }
        guard let given else { return CallDefinition.keptResponseBytes }
        if given > CallDefinition.keptResponseBytes, fields["output"] == nil {
            refuse(
                pointer.appending("maxResponseBytes"),
                "More than \(CallDefinition.keptResponseBytes) bytes are read only where \"output\" says what is kept of them."
            )
        }
        return given
    }

    private mutating func headers(
        _ json: JSON, at pointer: JSONPointer
    ) -> [(name: String, value: HeaderTemplate)]? {
        guard let object = json.object else {
            refuse(pointer, "This must be an object of strings, not \(json.typeName).")
            return nil
        }
        if object.count > 32 { refuse(pointer, "A call has at most 32 headers.") }
        var seen: Set<String> = []
        var headers: [(name: String, value: HeaderTemplate)] = []
        for (name, value) in object.members.prefix(32) {
            let place = pointer.appending(name)
            if !HeaderName.isToken(name) {
                refuse(place, "A header's name is an HTTP token of at most 128 characters.")
            } else if HeaderName.isReserved(name) {
                refuse(place, "This header is set by the protocol and cannot be given.")
            } else if !seen.insert(name.lowercased()).inserted {
                refuse(place, "This header is given twice.")
            }
            do {
                if HeaderTemplate.isLogic(value) {
                    headers.append((name, try HeaderTemplate(logic: value, item: item)))
                } else if let text = string(value, at: place) {
                    headers.append((name, try HeaderTemplate(text, item: item)))
                }
            } catch {
                refuse(place.appending(error.pointer), error.message)
            }
        }
        return headers
    }
}

/// What is sent.
extension DefinitionReader {
    private mutating func readBody(
        _ fields: JSONObject, at pointer: JSONPointer, method: String
    ) -> CallDefinition.Body? {
        let (form, contentType) =
            optional("contentType", in: fields, at: pointer) { $0.contentType($1, at: $2) }
            ?? (.json, "application/json")
        let isBodiless = method == "GET" || method == "DELETE"
        let content: CallDefinition.Body.Content
        switch fields["body"] {
        case nil: content = isBodiless ? .nothing : .input
        case .string("none"): content = .nothing
        case .some(let json):
            if method == "GET" { refuse(pointer.appending("body"), "A GET has no body.") }
            guard let template = template(json, at: pointer.appending("body")) else { return nil }
            content = .template(template)
        }
        if case .nothing = content, fields["contentType"] != nil {
            refuse(pointer.appending("contentType"), "This call sends no body.")
        }
        return .init(content: content, form: form, contentType: contentType)
    }

    /// JSON and its kin, a form, or text; a charset can't be chosen, all is UTF-8.
    private mutating func contentType(
        _ json: JSON, at pointer: JSONPointer
    ) -> (CallDefinition.Body.Form, String)? {
        guard let text = string(json, at: pointer) else { return nil }
        let type = text.lowercased().split(separator: ";").first.map { $0.trimmingBlanks() } ?? ""
        let isHeader = text.utf8.count <= 128 && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        if isHeader {
            switch type {
            case "application/json": return (.json, text)
            case "application/x-www-form-urlencoded": return (.form, text)
            case _ where type.hasPrefix("text/") && type.utf8.count > 5: return (.text, text)
            case _ where type.hasPrefix("application/") && type.hasSuffix("+json"): return (.json, text)
            default: break
            }
        }
        refuse(
            pointer,
            "This must be application/json, a type that ends in +json, application/x-www-form-urlencoded, or text.")
        return nil
    }
}

/// What answers mean.
extension DefinitionReader {
    private mutating func readJudgement(_ fields: JSONObject, at pointer: JSONPointer) -> Judgement {
        var judgement = Judgement()
        var seen: [Int: String] = [:]
        for (member, outcome) in Judgement.lists {
            for status in optional(member, in: fields, at: pointer, read: { $0.statuses($1, at: $2) }) ?? [] {
                if let other = seen[status] {
                    refuse(pointer.appending(member), "Status \(status) is in \(other) as well.")
                }
                seen[status] = member
                judgement.statuses[status] = outcome
            }
        }
        for (member, outcome) in Judgement.conditions {
            guard let rule = optional(member, in: fields, at: pointer, read: { $0.condition($1, at: $2) }) else {
                continue
            }
            judgement.rules.append((outcome, rule))
        }
        if let value = optional("onUnreadable", in: fields, at: pointer, read: { $0.onUnreadable($1, at: $2) }) {
            judgement.onUnreadable = value
        }
        return judgement
    }

    private mutating func onUnreadable(_ json: JSON, at pointer: JSONPointer) -> CallDefinition.OnUnreadable? {
        if let value = json.string.flatMap({ CallDefinition.OnUnreadable(rawValue: $0) }) { return value }
        refuse(pointer, "This must be \"unknown\" or \"text\".")
        return nil
    }

    private mutating func statuses(_ json: JSON, at pointer: JSONPointer) -> [Int]? {
        guard let elements = json.array else {
            refuse(pointer, "This must be an array of statuses, not \(json.typeName).")
            return nil
        }
        var statuses: [Int] = []
        for (index, element) in elements.enumerated() {
            guard let status = integer(element, at: pointer.appending(index), in: 200...599) else { continue }
            if statuses.contains(status) {
                refuse(pointer.appending(index), "Status \(status) is listed twice.")
            } else {
                statuses.append(status)
            }
        }
        return statuses
    }
}
