extension DefinitionReader {
    mutating func string(_ json: JSON, at pointer: JSONPointer) -> String? {
        if let string = json.string { return string }
        refuse(pointer, "This must be a string, not \(json.typeName).")
        return nil
    }

    /// A name of a workflow or participant, or, with underscores, of a step.
    mutating func name(_ json: JSON, at pointer: JSONPointer, underscores: Bool = false) -> String? {
        guard let text = string(json, at: pointer) else { return nil }
        if Name.isValid(text, underscores: underscores) { return text }
        refuse(pointer, Name.rule(underscores: underscores))
        return nil
    }

    mutating func version(_ json: JSON, at pointer: JSONPointer) -> SemanticVersion? {
        guard let text = string(json, at: pointer) else { return nil }
        if let version = SemanticVersion(text) { return version }
        refuse(
            pointer, "A version is semantic, as in \"1.0.0\", and has at most \(SemanticVersion.maxLength) characters.")
        return nil
    }

    mutating func description(_ json: JSON, at pointer: JSONPointer) -> String? {
        guard let text = string(json, at: pointer) else { return nil }
        if text.utf8.count <= 1000 { return text }
        refuse(pointer, "A description has at most 1000 bytes.")
        return nil
    }

    mutating func duration(_ json: JSON, at pointer: JSONPointer, max: Duration) -> Duration? {
        guard let text = string(json, at: pointer) else { return nil }
        guard let duration = Duration(text) else {
            refuse(pointer, "A duration is a positive integer and one of ms, s, m, h, d, as in \"10s\".")
            return nil
        }
        if duration <= max { return duration }
        refuse(pointer, "This duration is at most \(DurationText.format(max)).")
        return nil
    }

    mutating func integer(_ json: JSON, at pointer: JSONPointer, in range: ClosedRange<Int>) -> Int? {
        if let value = json.int, range.contains(value) { return value }
        refuse(pointer, "This must be an integer from \(range.lowerBound) to \(range.upperBound).")
        return nil
    }

    mutating func number(_ json: JSON, at pointer: JSONPointer, in range: ClosedRange<Int>) -> Double? {
        if let value = json.double, Double(range.lowerBound) <= value, value <= Double(range.upperBound) {
            return value
        }
        refuse(pointer, "This must be a number from \(range.lowerBound) to \(range.upperBound).")
        return nil
    }

    /// The policy under `key`, what it leaves out (or all of it) taken from `parent`.
    mutating func retryPolicy(
        _ key: String, in object: JSONObject, at pointer: JSONPointer, inheriting parent: RetryPolicy
    ) -> RetryPolicy {
        optional(key, in: object, at: pointer) { $0.retryPolicy($1, at: $2, inheriting: parent) } ?? parent
    }

    private mutating func retryPolicy(
        _ json: JSON, at pointer: JSONPointer, inheriting parent: RetryPolicy
    ) -> RetryPolicy? {
        let members = ["maxAttempts", "initialInterval", "maxInterval", "multiplier", "jitter"]
        guard let fields = self.object(json, at: pointer, members: members) else { return nil }
        let day = Duration.seconds(86_400)
        let attempts = optional("maxAttempts", in: fields, at: pointer) { $0.integer($1, at: $2, in: 1...100) }
        let initial = optional("initialInterval", in: fields, at: pointer) { $0.duration($1, at: $2, max: day) }
        let max = optional("maxInterval", in: fields, at: pointer) { $0.duration($1, at: $2, max: day) }
        let multiplier = optional("multiplier", in: fields, at: pointer) { $0.number($1, at: $2, in: 1...10) }
        let jitter = optional("jitter", in: fields, at: pointer) { $0.number($1, at: $2, in: 0...1) }
        if let initial, let max, max < initial {
            refuse(pointer.appending("maxInterval"), "The longest interval is not shorter than the first.")
        }
        return RetryPolicy(
            maxAttempts: attempts ?? parent.maxAttempts, initialInterval: initial ?? parent.initialInterval,
            maxInterval: max ?? parent.maxInterval, multiplier: multiplier ?? parent.multiplier,
            jitter: jitter ?? parent.jitter)
    }
}
