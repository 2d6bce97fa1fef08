// Whether a step runs at all: JsonLogic (jsonlogic.com) over what the run knows. A condition is read once, at
// registration, where unknown operators, wrong numbers of arguments and impossible references are refused; evaluating it
// afterwards is total, has no side effects and is bounded in time and memory whatever the data.
//
// Files: ConditionParser reads, Expression is what it makes, Evaluator (+Data, +Lists) computes, Coercion and Arithmetic
// are the rules of JavaScript that JsonLogic builds on.

/// A `when`: a JsonLogic rule whose variables are references (`input.x`, `steps.ID.output.y`).
///
/// Semantics are those of the published implementation, with these differences, all of them where that one would go wrong:
/// - `var` names a reference; inside `map`, `filter`, `reduce`, `all`, `none` and `some` it is a path into the element,
///   and `""` is the element itself. The whole data (`""` outside) cannot be named.
/// - Numbers are compared exactly, and computed exactly as long as they are integers of 64 bits.
/// - Arrays and objects are equal when their contents are; JavaScript compares identity.
/// - What JavaScript calls NaN or an infinity is `null`.
/// - Strings are ordered and cut by Unicode scalars, not by UTF-16 units.
/// - `log` does not exist.
package struct Condition: Sendable {
    /// What came of an evaluation.
    package enum Verdict: Hashable, Sendable {
        case yes, no
        /// The evaluation was given up after `maxCost`.
        case exhausted
    }

    /// Operations at most (long strings and lists count more): some ten milliseconds.
    package static let maxCost = 100_000

    /// Every reference with its place in the rule, in the order of the text.
    package let uses: [(pointer: JSONPointer, reference: Reference)]

    private let expression: Expression

    /// Reads a rule; the error's pointer is relative to it.
    package init(_ json: JSON) throws(ConditionError) {
        var parser = ConditionParser()
        expression = try parser.expression(json, at: .root, in: .run)
        uses = parser.uses
    }

    /// The distinct references, in the order of the text.
    package var references: [Reference] {
        var seen: Set<Reference> = []
        return uses.map(\.reference).filter { seen.insert($0).inserted }
    }

    /// Whether the rule holds: its value is truthy. An evaluation too long to finish does not hold; `verdict` tells.
    package func evaluate(_ scope: some Scope) -> Bool { verdict(scope) == .yes }

    /// Whether the rule holds, and if not, whether only because it took too long.
    package func verdict(_ scope: some Scope) -> Verdict {
        guard let value = value(scope) else { return .exhausted }
        return Coercion.isTruthy(value) ? .yes : .no
    }

    /// The rule's value; nil when exhausted. Parts may be shared many times over: not to be encoded.
    func value(_ scope: some Scope) -> JSON? {
        var evaluator = Evaluator(scope: scope, budget: Self.maxCost)
        do {
            return try evaluator.value(of: expression, with: nil)
        } catch {
            return nil
        }
    }
}
