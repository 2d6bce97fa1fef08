extension DefinitionReader {
    /// An action or a compensation; `inheriting` has the step's timeout and the policy for this kind of call.
    mutating func call(
        _ json: JSON, at pointer: JSONPointer, timeout: Duration, retry: RetryPolicy
    ) -> CallDefinition? {
        let members = [
            "participant", "method", "path", "body", "headers", "timeout", "retry", "retryOn", "rejectOn", "unknownOn",
            "onUnreadable",
        ]
        guard let fields = object(json, at: pointer, members: members) else { return nil }
        let participant = required("participant", in: fields, at: pointer) { $0.name($1, at: $2) }
        let method = optional("method", in: fields, at: pointer) { $0.method($1, at: $2) } ?? "POST"
        let path = required("path", in: fields, at: pointer) { $0.path($1, at: $2) }
        let body = optional("body", in: fields, at: pointer) { $0.template($1, at: $2) }
        if method == "GET", body != nil { refuse(pointer.appending("body"), "A GET has no body.") }
        let headers = optional("headers", in: fields, at: pointer) { $0.headers($1, at: $2) } ?? []
        let own = optional("timeout", in: fields, at: pointer) { $0.duration($1, at: $2, max: .seconds(3600)) }
        let policy = retryPolicy("retry", in: fields, at: pointer, inheriting: retry)
        let moved = movedStatuses(fields, at: pointer)
        let onUnreadable = optional("onUnreadable", in: fields, at: pointer) { $0.onUnreadable($1, at: $2) }
        guard let participant, let path else { return nil }
        return CallDefinition(
            participant: participant, method: method, path: path, body: body, headers: headers,
            timeout: own ?? timeout, retry: policy, retryOn: moved[0], rejectOn: moved[1], unknownOn: moved[2],
            onUnreadable: onUnreadable ?? .unknown)
    }

    /// The statuses of `retryOn`, `rejectOn` and `unknownOn`, none of them in two.
    private mutating func movedStatuses(_ fields: JSONObject, at pointer: JSONPointer) -> [Set<Int>] {
        let keys = ["retryOn", "rejectOn", "unknownOn"]
        var moved: [Set<Int>] = []
        for (index, key) in keys.enumerated() {
            let statuses = optional(key, in: fields, at: pointer) { $0.statuses($1, at: $2) } ?? []
            for (earlier, others) in zip(keys[..<index], moved) {
                guard let both = statuses.intersection(others).min() else { continue }
                refuse(pointer.appending(key), "Status \(both) is in \(earlier) as well.")
            }
            moved.append(statuses)
        }
        return moved
    }

    private mutating func onUnreadable(_ json: JSON, at pointer: JSONPointer) -> CallDefinition.OnUnreadable? {
        if let value = json.string.flatMap({ CallDefinition.OnUnreadable(rawValue: $0) }) { return value }
        refuse(pointer, "This must be \"unknown\" or \"text\".")
        return nil
    }

    mutating func template(_ json: JSON, at pointer: JSONPointer) -> Template? {
        do {
            return try Template(json)
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

    private mutating func path(_ json: JSON, at pointer: JSONPointer) -> PathTemplate? {
        guard let text = string(json, at: pointer) else { return nil }
        guard text.utf8.count <= 2048 else {
            refuse(pointer, "A path has at most 2048 bytes.")
            return nil
        }
        do {
            return try PathTemplate(text)
        } catch {
            refuse(pointer, error.message)
            return nil
        }
    }

    private mutating func statuses(_ json: JSON, at pointer: JSONPointer) -> Set<Int>? {
        guard let elements = json.array else {
            refuse(pointer, "This must be an array of statuses, not \(json.typeName).")
            return nil
        }
        var statuses: Set<Int> = []
        for (index, element) in elements.enumerated() {
            guard let status = integer(element, at: pointer.appending(index), in: 400...599) else { continue }
            if !statuses.insert(status).inserted {
                refuse(pointer.appending(index), "Status \(status) is listed twice.")
            }
        }
        return statuses
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
            guard let text = string(value, at: place) else { continue }
            do {
                headers.append((name, try HeaderTemplate(text)))
            } catch {
                refuse(place, error.message)
            }
        }
        return headers
    }
}
