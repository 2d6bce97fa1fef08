/// Reads a definition field by field and collects what is wrong; never stops at the first error.
///
/// Every reading function returns nil both for what is absent and for what is wrong; the latter has left an error.
struct DefinitionReader {
    /// Whose the definition is.
    var owner = Owner.shared
    var errors: [DefinitionError] = []
    /// What an element's entry is called in the step that is read; nil where there are no elements.
    var item: String?

    mutating func refuse(_ pointer: JSONPointer, _ detail: String) {
        guard errors.count < DefinitionErrors.limit else { return }
        errors.append(DefinitionError(pointer, detail))
    }

    /// The whole definition; nil when it cannot be put together.
    mutating func workflow(_ given: JSON) -> WorkflowDefinition? {
        let json = withoutSchema(given)
        guard
            let fields = object(
                json, at: .root,
                members: [
                    "name", "version", "description", "timeout", "retry", "compensationRetry", "inputSchema",
                    "examples", "steps", "output", "onEnd", "undoWithin", "sensitive",
                ])
        else { return nil }
        let name = required("name", in: fields, at: .root) { $0.name($1, at: $2) }
        let version = required("version", in: fields, at: .root) { $0.version($1, at: $2) }
        let description = optional("description", in: fields, at: .root) { $0.description($1, at: $2) }
        let timeout = optional("timeout", in: fields, at: .root) {
            $0.duration($1, at: $2, max: .seconds(366 * 86_400))
        }
        let retry = retryRules("retry", in: fields, at: .root, inheriting: RetryRules(.action))
        let compensationRetry = retryRules(
            "compensationRetry", in: fields, at: .root, inheriting: RetryRules(.compensation))
        let inherited = Inherited(retry: retry, compensationRetry: compensationRetry)
        let contract = inputContract(in: fields)
        // What is wrong with it is told in its turn.
        var later = DefinitionReader()
        let endCalls = later.optional("onEnd", in: fields, at: .root) {
            $0.endCalls($1, at: $2, inheriting: inherited)
        }
        let named =
            (fields["output"].flatMap { try? Template($0) }?.references ?? [])
            + (endCalls ?? []).flatMap { $0.uses.map(\.reference) }
        let steps = required("steps", in: fields, at: .root) {
            $0.steps($1, at: $2, inheriting: inherited, named: named)
        }
        let output = optional("output", in: fields, at: .root) { $0.template($1, at: $2) }
        let undoWithin = optional("undoWithin", in: fields, at: .root) {
            $0.duration($1, at: $2, max: .seconds(366 * 86_400))
        }
        let sensitive = optional("sensitive", in: fields, at: .root) { $0.sensitive($1, at: $2, steps) }
        errors += later.errors.prefix(DefinitionErrors.limit - errors.count)
        guard let steps else { return nil }
        if let output { checkOutput(output, of: steps) }
        if let endCalls { check(endCalls, after: steps) }
        let pivot = pivot(among: steps)
        guard let name, let version else { return nil }
        return WorkflowDefinition(
            owner: owner, name: name, version: version, description: description, timeout: timeout, contract: contract,
            steps: steps,
            output: output, pivot: pivot, undoWithin: undoWithin,
            onEnd: endCalls.map { .endCalls($0, of: name, version: version, owner: owner, source: json) },
            sensitive: sensitive ?? SensitivePaths(), source: json)
    }

    /// A definition as it is kept: `$schema` tells an editor where to look, and means nothing. The same definition with another, or
    /// without, is the same.
    private mutating func withoutSchema(_ json: JSON) -> JSON {
        guard var members = json.object, let schema = members["$schema"] else { return json }
        _ = string(schema, at: JSONPointer(["$schema"]))
        members["$schema"] = nil
        return .object(members)
    }

    /// What steps and calls fall back on.
    struct Inherited {
        var retry: RetryRules
        var compensationRetry: RetryRules
        var timeout = CallDefinition.defaultTimeout
    }

    // MARK: Members

    /// The members of an object, having refused those that are not known.
    mutating func object(_ json: JSON, at pointer: JSONPointer, members: [String]) -> JSONObject? {
        guard let object = json.object else {
            refuse(pointer, "This must be an object, not \(json.typeName).")
            return nil
        }
        for (key, _) in object.members where !members.contains(key) {
            refuse(pointer.appending(key), "This member is not known; known are \(members.joined(separator: ", ")).")
        }
        return object
    }

    typealias Read<Value> = (inout DefinitionReader, JSON, JSONPointer) -> Value?

    mutating func required<Value>(
        _ key: String, in object: JSONObject, at pointer: JSONPointer, read: Read<Value>
    ) -> Value? {
        guard let json = object[key] else {
            refuse(pointer.appending(key), "This member is required.")
            return nil
        }
        return read(&self, json, pointer.appending(key))
    }

    mutating func optional<Value>(
        _ key: String, in object: JSONObject, at pointer: JSONPointer, read: Read<Value>
    ) -> Value? {
        object[key].flatMap { read(&self, $0, pointer.appending(key)) }
    }
}

/// All that is wrong with a definition.
package struct DefinitionErrors: Error, Hashable, Sendable, CustomStringConvertible {
    /// At least one and at most `limit`, in the order of the fields.
    package let errors: [DefinitionError]

    /// Errors reported at most; one is enough to refuse, hundreds help nobody.
    package static let limit = 100

    package init(_ errors: [DefinitionError]) { self.errors = Array(errors.prefix(Self.limit)) }

    package var description: String { errors.map(\.description).joined(separator: "\n") }
}

/// One broken rule and its place in the definition.
package struct DefinitionError: Hashable, Sendable, CustomStringConvertible {
    package let pointer: JSONPointer
    /// A sentence.
    package let detail: String

    package init(_ pointer: JSONPointer, _ detail: String) {
        self.pointer = pointer
        self.detail = detail
    }

    package var description: String { "\(pointer): \(detail)" }
}
