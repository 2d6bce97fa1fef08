extension DefinitionReader {
    /// The list of a step.
    ///
    /// - Parameter step: as it is written.
    mutating func forEach(_ json: JSON, of step: JSON, at place: JSONPointer) -> ForEachDefinition? {
        let pointer = place.appending("forEach")
        if step["end"] != nil { refuse(pointer, "A run ends once: an end has no list.") }
        if step["pivot"] == true {
            refuse(
                pointer,
                "A pivot is one call that is made or not: it has no list. A step behind the list can be the pivot.")
        }
        guard let fields = object(json, at: pointer, members: ["in", "as", "maxParallel"]) else { return nil }
        let list = required("in", in: fields, at: pointer) { $0.template($1, at: $2) }
        let name = optional("as", in: fields, at: pointer) { $0.itemName($1, at: $2) }
        let limit = optional("maxParallel", in: fields, at: pointer) {
            $0.integer($1, at: $2, in: 1...ForEachDefinition.maxElements)
        }
        guard let list else { return nil }
        if let secret = list.secrets.min() {
            refuse(pointer.appending("in"), "A secret (\(secret)) can be used only in what a call sends.")
        }
        return ForEachDefinition(list: list, itemName: name ?? "item", maxParallel: limit ?? 1)
    }

    private mutating func itemName(_ json: JSON, at pointer: JSONPointer) -> String? {
        guard let text = string(json, at: pointer) else { return nil }
        if Reference.isItemName(text) { return text }
        refuse(
            pointer,
            "An entry is named by a lower-case letter and up to 31 letters, digits and underscores after it, and not as other "
                + "references begin.")
        return nil
    }
}
