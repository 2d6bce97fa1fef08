/// `{"in": LIST, "as"?, "maxParallel"?}`: what its step does is done for each entry of a list, as an element of its own.
package struct ForEachDefinition: Sendable {
    /// What the list is made of.
    package let list: Template
    /// What an element calls its entry; `item` unless `as` says otherwise.
    package let itemName: String
    /// So many elements are at work at the same time at the most, forward and backward.
    package let maxParallel: Int

    /// Entries of a list at most.
    package static let maxElements = 1000
    /// Elements of a run at most.
    package static let maxElementsOfRun = 10_000

    /// The list of a run.
    ///
    /// - Parameter index: the step's place in the definition.
    /// - Throws: why its step is rejected.
    func entries(of run: Run, step index: Int) throws(Failure) -> [JSON] {
        let pointer = JSONPointer(["steps", String(index), "forEach", "in"])
        func refusal(_ reason: String) -> Failure {
            Failure(kind: Failure.listKind, message: "The list can't be used: \(reason)", pointer: pointer.description)
        }
        let value: JSON
        do throws(TemplateError) { value = try list.render(run) } catch {
            let place = error.below(pointer)
            throw Failure(
                kind: Failure.templateKind, message: "The list can't be built: \(place)",
                pointer: place.pointer.description)
        }
        guard let entries = value.array else { throw refusal("it is \(value.typeName) and no list.") }
        guard entries.count <= Self.maxElements else {
            throw refusal("it has \(entries.count) entries, and at most \(Self.maxElements) are allowed.")
        }
        let elements = run.steps.count - run.definition.steps.count
        guard elements + entries.count <= Self.maxElementsOfRun else {
            throw refusal("with its \(entries.count) the run would have more than \(Self.maxElementsOfRun) elements.")
        }
        guard value.isWithin(levels: JSON.Limits().depth) else {
            throw refusal("it has more than \(JSON.Limits().depth) levels.")
        }
        guard run.weight + value.footprint <= Run.maxWeight else {
            throw refusal("with it the run's values would take more than \(Run.maxWeight >> 20) MiB.")
        }
        return entries
    }

    var uses: [ReferenceUse] { list.uses.map { $0.below(JSONPointer(["forEach", "in"])) } }
}
