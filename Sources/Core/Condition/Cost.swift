/// What evaluating costs: an operation is worth some dozens of nanoseconds, and so are the bytes it may touch meanwhile.
enum Cost {
    /// One operation, in bytes: in the time of one, so many bytes are copied, compared or searched.
    static let operation = 64

    /// A member's name of so many bytes. Short ones are compared; long ones may be hashed, which for text beyond ASCII
    /// takes far longer.
    static func ofName(_ bytes: Int) -> Int { bytes <= 16 ? bytes : bytes * 4 }

    /// A number of so many bytes, read: what no integer of 64 bits can hold is taken apart digit by digit.
    static func ofNumber(_ bytes: Int) -> Int { bytes <= 19 ? bytes : bytes * 8 }
}

/// How much evaluating one decision may do where it keeps others waiting.
///
/// Counted in operations and bytes, never in time: the same run with the same effort always comes to the same decision.
package struct Effort: Sendable {
    /// In bytes; see `Cost`.
    private(set) var left: Int
    /// It did not suffice. What was decided with it is worth nothing, and is to be decided again with more.
    package private(set) var isSpent = false

    /// One to two milliseconds at worst, whatever the conditions: what an event loop may do between two waits.
    package static let brief = Effort(left: 5000 * Cost.operation)
    /// Whatever `Condition.maxOperations` allows for each condition: for where nobody waits.
    package static let full = Effort(left: .max)

    /// Of all rules in one template.
    static let ofTemplate = Effort(left: Template.maxOperations * Cost.operation)

    /// What one condition may use.
    var forOne: Int { min(left, Condition.maxOperations * Cost.operation) }

    /// A condition has used so much of `forOne`; with `isFinished` false it would have needed more.
    mutating func use(_ cost: Int, isFinished: Bool) {
        if !isFinished, forOne < Condition.maxOperations * Cost.operation { isSpent = true }
        if left != .max { left -= min(left, cost) }
    }
}
