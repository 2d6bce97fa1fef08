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

    mutating func duration(_ json: JSON, at pointer: JSONPointer, in range: ClosedRange<Duration>) -> Duration? {
        guard let duration = duration(json, at: pointer, max: range.upperBound) else { return nil }
        if duration >= range.lowerBound { return duration }
        refuse(pointer, "This duration is at least \(DurationText.format(range.lowerBound)).")
        return nil
    }

    mutating func integer(_ json: JSON, at pointer: JSONPointer, in range: ClosedRange<Int>) -> Int? {
        if let value = json.whole, range.contains(value) { return value }
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

    mutating func condition(_ json: JSON, at pointer: JSONPointer) -> Condition? {
        do {
            let condition = try Condition(json, item: item)
            if let secret = condition.secrets.min() {
                refuse(pointer, "A secret (\(secret)) can be used only in what a call sends.")
            }
            return condition
        } catch {
            refuse(pointer.appending(error.pointer), error.message)
            return nil
        }
    }
}
