/// Which step a number means. The steps of the definition have their places there as numbers; the elements of a list follow, list
/// after list in the order in which they began, so that a number means the same for as long as its run is there.
///
/// Events, commands, happenings and marks speak of steps by these numbers; people and participants by ids: an element's is that of its
/// step with its place in brackets, `ship[3]`.
package struct StepNumbering: Sendable {
    package let definition: WorkflowDefinition
    /// Where the elements of each list are; in the order in which they began.
    private var lists: [(step: Int, first: Int, count: Int)] = []

    package init(_ definition: WorkflowDefinition) {
        self.definition = definition
    }

    init(_ definition: WorkflowDefinition, _ lists: [ElementList]) {
        self.definition = definition
        self.lists = lists.map { ($0.step, $0.first, $0.count) }
    }

    /// What the step of this number does.
    package func stepDefinition(_ number: Int) -> StepDefinition {
        if number < definition.steps.count { return definition.steps[number] }
        guard let place = place(of: number) else { preconditionFailure("there is no step \(number)") }
        return definition.steps[place.step]
    }

    /// The id of the step of this number.
    package func stepID(_ number: Int) -> String {
        if number < definition.steps.count { return definition.steps[number].id }
        guard let place = place(of: number) else { preconditionFailure("there is no step \(number)") }
        return "\(definition.steps[place.step].id)[\(place.element)]"
    }

    /// The number of the step with this id; nil when there is none.
    package func number(of stepID: String) -> Int? {
        guard stepID.utf8.last == UInt8(ascii: "]") else { return definition.step(stepID)?.index }
        guard let (base, element) = StepID.parts(stepID), let step = definition.step(base)?.index,
            let list = lists.first(where: { $0.step == step }), element < list.count
        else { return nil }
        return list.first + element
    }

    /// There is a step of this number.
    package func has(_ number: Int) -> Bool {
        number >= 0 && number < definition.steps.count + lists.reduce(0) { $0 + $1.count }
    }

    private func place(of number: Int) -> (step: Int, element: Int)? {
        lists.first { number >= $0.first && number < $0.first + $0.count }.map { ($0.step, number - $0.first) }
    }
}

/// How the ids of elements are written.
package enum StepID {
    /// The step and the place of an element, of an id like `ship[3]`; nil for one that is no element's.
    package static func parts(_ stepID: String) -> (step: String, element: Int)? {
        guard stepID.utf8.last == UInt8(ascii: "]"), let open = stepID.lastIndex(of: "[") else { return nil }
        let digits = stepID[stepID.index(after: open)...].dropLast()
        guard let element = Int(digits), String(element) == digits, element >= 0 else { return nil }
        return (String(stepID[..<open]), element)
    }

    /// The id in the definition of the step that this one is, or is an element of.
    package static func step(_ stepID: String) -> String { parts(stepID)?.step ?? stepID }
}

/// The elements of a list, as they began.
package struct ElementList: Sendable, Hashable {
    /// The step whose list it is, by its place in the definition.
    package let step: Int
    /// The number of the first element; those of the others follow.
    package let first: Int
    package let count: Int
    /// What they stand for, in order: an array. Null where it was left out.
    package let items: JSON
    /// The number of the event with which they began, which holds `items`.
    package let sequence: Int

    package init(step: Int, first: Int, count: Int, items: JSON, sequence: Int) {
        self.step = step
        self.first = first
        self.count = count
        self.items = items
        self.sequence = sequence
    }

    /// The same with what its elements stand for.
    package func with(_ items: JSON) -> ElementList {
        ElementList(step: step, first: first, count: count, items: items, sequence: sequence)
    }

    /// The numbers of its elements.
    package var numbers: Range<Int> { first..<first + count }
}

/// Where an element belongs.
struct ElementPlace {
    /// Its place among the run's lists.
    let list: Int
    /// Its place in the list.
    let element: Int
    let step: StepDefinition
}

extension Run {
    /// Which steps its numbers mean.
    package var numbering: StepNumbering { StepNumbering(definition, lists) }

    /// The list of a step; nil when it has none, or that has not begun.
    func list(of step: Int) -> ElementList? { lists.first { $0.step == step } }

    /// What the step of this number does.
    package func stepDefinition(_ number: Int) -> StepDefinition {
        number < definition.steps.count ? definition.steps[number] : definition.steps[base(of: number)]
    }

    /// The id of the step of this number.
    package func stepID(_ number: Int) -> String {
        number < definition.steps.count ? definition.steps[number].id : numbering.stepID(number)
    }

    /// The number of the step with this id; nil when there is none.
    package func number(of stepID: String) -> Int? { numbering.number(of: stepID) }

    /// It is an element, not a step of the definition.
    package func isElement(_ number: Int) -> Bool { number >= definition.steps.count }

    /// Where an element belongs; nil for a step of the definition.
    func place(of number: Int) -> ElementPlace? {
        guard isElement(number), let list = lists.firstIndex(where: { $0.numbers.contains(number) }) else { return nil }
        return ElementPlace(
            list: list, element: number - lists[list].first, step: definition.steps[lists[list].step])
    }

    /// What an element stands for.
    func item(_ list: Int, _ element: Int) -> JSON? {
        guard let items = lists[list].items.array, items.indices.contains(element) else { return nil }
        return items[element]
    }

    /// The step whose list an element belongs to; of a step of the definition, that.
    package func base(of number: Int) -> Int {
        guard isElement(number) else { return number }
        guard let list = lists.first(where: { $0.numbers.contains(number) }) else {
            preconditionFailure("there is no step \(number)")
        }
        return list.step
    }

    /// What begins it is the first attempt of its call.
    func isBegunByAttempt(_ number: Int) -> Bool { stepDefinition(number).action.call != nil && !hasList(number) }

    /// It is done for each entry of a list, and has nothing to do itself.
    func hasList(_ number: Int) -> Bool { !isElement(number) && definition.steps[number].forEach != nil }
}
