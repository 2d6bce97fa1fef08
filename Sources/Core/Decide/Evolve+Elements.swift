// What becomes of a step that has a list, and of its elements.
extension Run {
    /// The step is at work for as long as its elements are.
    mutating func beginElements(of index: Int, _ count: Int, _ items: JSON, _ at: Instant) {
        // What is taken over from another run does not begin this one.
        if status != .pending || !hasMarks || marks.restartedFrom == nil { begin(index, at) }
        steps[index].status = .executing
        marks.lists.append(
            ElementList(step: index, first: steps.count, count: count, items: items, sequence: lastSequence))
        steps.append(count)
    }

    mutating func endElements(of index: Int, _ at: Instant) {
        steps[index].status = .succeeded
        steps[index].completedAt = at
        gatherOutputs(of: index)
    }

    /// The output of a step with a list is what its elements have put out, in order; it is stored with them alone.
    package mutating func gatherOutputs(of index: Int) {
        guard let list = list(of: index) else { return }
        steps[index].output = .array(list.numbers.map { steps[$0].output ?? .null })
    }

    /// With an element that gave up its step has failed.
    mutating func failList(of element: Int, _ failure: Failure, _ at: Instant) {
        let step = base(of: element)
        guard steps[step].status == .executing else { return }
        steps[step].status = .failed
        steps[step].error = failure
        steps[step].completedAt = at
    }
}
