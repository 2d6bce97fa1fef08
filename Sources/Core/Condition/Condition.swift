// Whether a step runs at all: JsonLogic (jsonlogic.com) over what the run knows. A condition is read once, at
// registration, where unknown operators, wrong numbers of arguments and impossible references are refused; evaluating it
// afterwards has no side effects and is bounded in time and memory whatever the data. What would exceed the bounds has no
// value: it is neither true nor false, and its step fails.
//
// Files: ConditionParser reads, Expression is what it makes, Evaluator (+Comparison, +Data, +Lists, +Conversion) computes, Cost
// says what that costs, Coercion, Arithmetic and NotFinite are the rules of JavaScript that JsonLogic builds on.

/// A `when`: a JsonLogic rule whose variables are references (`input.x`, `steps.ID.output.y`).
///
/// Semantics are those of the published implementation, with these differences, all of them where that one would go wrong:
/// - `var` names a reference; inside `map`, `filter`, `reduce`, `all`, `none` and `some` it is a path into the element,
///   and `""` is the element itself. The whole data (`""` outside) cannot be named.
/// - Numbers are compared exactly, and computed exactly as long as they are integers of 64 bits. As text they are as
///   written. A text of more than 1,024 characters is no number.
/// - Arrays and objects are equal when their contents are; JavaScript compares identity.
/// - Texts are ordered, cut, indexed and measured by Unicode scalars, not by UTF-16 units.
/// - `>` and `>=` take a third argument, as `<` and `<=` do.
/// - There are operators that JsonLogic has not, from `??` on in `Operator`.
/// - `log` does not exist, and what lacks arguments it needs is refused.
package struct Condition: Sendable {
    /// What came of an evaluation.
    package enum Verdict: Hashable, Sendable {
        case yes, no
        /// It needs more than `maxOperations`, or than the effort that was left: whether the rule holds is not known.
        case tooCostly
        /// A reduced value grew to more than `maxLevels` levels: whether the rule holds is not known.
        case tooDeep
    }

    /// Operations of one evaluation at most; 64 bytes that are touched count as one.
    package static let maxOperations = 100_000
    /// Levels of a reduced value at most: a body that wraps its accumulator would grow one level with every element.
    package static let maxLevels = 128

    /// Every reference with its place in the rule, in the order of the text.
    package let uses: [ReferenceUse]

    /// The secrets that it names.
    package let secrets: Set<String>

    private let expression: Expression

    /// Reads a rule; the error's pointer is relative to it.
    ///
    /// - Parameter item: see `Reference`.
    package init(_ json: JSON, item: String? = nil) throws(ConditionError) {
        var parser = ConditionParser(item: item)
        expression = try parser.expression(json, at: .root, in: .run)
        uses = parser.uses
        secrets = parser.secrets
    }

    /// The distinct references, in the order of the text.
    package var references: [Reference] {
        var seen: Set<Reference> = []
        return uses.map(\.reference).filter { seen.insert($0).inserted }
    }

    /// It names nothing, and does not hold.
    var isAlwaysFalse: Bool {
        struct Nothing: Scope { func value(_ root: Reference.Root) -> JSON? { nil } }
        var effort = Effort.full
        return uses.isEmpty && verdict(Nothing(), &effort) != .yes
    }

    /// Whether the rule holds: its value is truthy.
    package func verdict(_ scope: some Scope, _ effort: inout Effort) -> Verdict {
        let budget = effort.forOne
        var evaluator = Evaluator(scope: scope, budget: budget)
        let verdict: Verdict
        do {
            verdict = try evaluator.holds(expression, with: nil) ? .yes : .no
        } catch {
            switch error {
            case .tooCostly: verdict = .tooCostly
            case .tooDeep: verdict = .tooDeep
            }
        }
        effort.use(budget - evaluator.budget, isFinished: verdict != .tooCostly)
        return verdict
    }

    /// The rule's value.
    ///
    /// Parts may be shared many times over, and numbers may be none that JSON has: not to be encoded before it is measured.
    func value(_ scope: some Scope, _ effort: inout Effort) throws(GivenUp) -> JSON {
        let budget = effort.forOne
        var evaluator = Evaluator(scope: scope, budget: budget)
        defer { effort.use(budget - max(0, evaluator.budget), isFinished: true) }
        return try evaluator.value(of: expression, with: nil)
    }

    /// The rule's value; nil when it was given up. Parts may be shared many times over, and numbers may be none that
    /// JSON has: not to be encoded.
    func value(_ scope: some Scope) -> JSON? {
        var evaluator = Evaluator(scope: scope, budget: Effort.full.forOne)
        return try? evaluator.value(of: expression, with: nil)
    }
}
