/// What a definition says about the meaning of answers, beyond the table in `docs/architecture.md`.
package struct Judgement: Sendable {
    /// Statuses within 200...599 with the outcome they are to have. None stands in two lists.
    package var statuses: [Int: Outcome] = [:]
    /// Rules over the answer, in the order in which they are asked; the first that holds decides.
    package var rules: [(outcome: Outcome, rule: Condition)] = []
    /// What a success comes to whose body says that it is JSON and can't be read as such.
    package var onUnreadable = CallDefinition.OnUnreadable.unknown

    /// The lists of statuses, and what they make of one.
    static let lists: [(member: String, outcome: Outcome)] = [
        ("succeedOn", .succeeded), ("retryOn", .busy), ("rejectOn", .rejected), ("unknownOn", .unknown),
    ]
    /// The rules, in the order in which they are asked.
    static let conditions: [(member: String, outcome: Outcome)] = [
        ("rejectWhen", .rejected), ("retryWhen", .busy), ("unknownWhen", .unknown), ("succeedWhen", .succeeded),
    ]

    /// A success has to satisfy `succeedWhen`.
    var hasSucceedWhen: Bool { rules.contains { $0.outcome == .succeeded } }

    /// What the rules name, with their places in the call.
    var uses: [ReferenceUse] {
        rules.flatMap { outcome, rule in
            let member = Self.conditions.first { $0.outcome == outcome }?.member ?? ""
            return rule.uses.map { $0.below(JSONPointer([member])) }
        }
    }

    package init() {}
}
