/// Why a rule was refused.
package struct ConditionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The closed list of reasons.
    package enum Kind: Hashable, Sendable {
        case unknownOperator(String)
        case severalOperators
        case argumentCount(String, ClosedRange<Int>)
        case invalidReference(String)
        case wholeData
        case secretName
        case tooDeep(limit: Int)
    }

    package let kind: Kind
    /// The place in the rule.
    package let pointer: JSONPointer

    /// A sentence.
    package var message: String {
        switch kind {
        case .unknownOperator(let name): "\"\(name)\" is no operator of JsonLogic that can be used here."
        case .severalOperators: "A rule is an object with exactly one operator."
        case .argumentCount(let name, let range) where range.lowerBound == range.upperBound:
            "\"\(name)\" takes exactly \(range.lowerBound) argument\(range.lowerBound == 1 ? "" : "s")."
        case .argumentCount(let name, let range) where range.upperBound == .max:
            "\"\(name)\" takes at least \(range.lowerBound) argument\(range.lowerBound == 1 ? "" : "s")."
        case .argumentCount(let name, let range):
            "\"\(name)\" takes \(range.lowerBound) to \(range.upperBound) arguments."
        case .invalidReference(let path):
            Reference.refusal(of: path)
        case .secretName: "The first argument of \"hmacSha256\" is the name of a secret, written out."
        case .wholeData: "Outside of lists a variable names what it refers to."
        case .tooDeep(let limit): "A rule is nested at most \(limit) levels."
        }
    }

    package var description: String { pointer == .root ? message : "\(message) (at \(pointer))" }
}
