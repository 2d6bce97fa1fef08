extension DefinitionReader {
    /// `sensitive`: a list of paths.
    ///
    /// - Parameter steps: nil where they can't be read; then nothing is said of steps that are not there.
    mutating func sensitive(_ json: JSON, at pointer: JSONPointer, _ steps: [StepDefinition]?) -> SensitivePaths? {
        guard let list = json.array else {
            refuse(pointer, "This must be a list of paths, as [\"input.card.number\"], not \(json.typeName).")
            return nil
        }
        guard list.count <= SensitivePaths.maxPaths else {
            refuse(pointer, "There are at most \(SensitivePaths.maxPaths) sensitive paths.")
            return nil
        }
        var paths = SensitivePaths()
        var known: Set<String> = []
        for (index, element) in list.enumerated() {
            let place = pointer.appending(index)
            guard let text = string(element, at: place) else { continue }
            guard known.insert(text).inserted else {
                refuse(place, "This path is listed twice.")
                continue
            }
            guard let (root, path) = Self.sensitivePath(text) else {
                refuse(
                    place,
                    "\"\(text.prefix(80))\" is no path that can be sensitive: input…, context…, steps.ID.output… and output… are."
                )
                continue
            }
            if case .step(let id) = root, let steps, !steps.contains(where: { $0.id == id }) {
                refuse(place, "The workflow has no step \"\(id.prefix(80))\".")
                continue
            }
            paths.add(root, path)
        }
        return paths
    }

    private static func sensitivePath(_ text: String) -> (SensitivePaths.Root, [Reference.Element])? {
        guard let elements = ReferenceParser.elements(of: text) else { return nil }
        // No template names what the run puts out.
        if elements[0] == .name("output") { return (.output, Array(elements.dropFirst())) }
        guard let reference = Reference(text) else { return nil }
        switch reference.root {
        case .input: return (.input, reference.path)
        case .context: return (.context, reference.path)
        case .step(let id, .output): return (.step(id), reference.path)
        case .step, .run, .attempt, .response, .payload, .item, .index: return nil
        }
    }
}
