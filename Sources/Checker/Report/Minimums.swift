/// What must have been seen for a check to prove anything.
package struct Minimums: Sendable, Hashable {
    /// Runs that ended so.
    package var completed = 0
    package var compensated = 0
    package var cancelled = 0
    /// Calls that were lost with their engine.
    package var takeovers = 0
    /// Compensations that succeeded.
    package var compensations = 0
    /// Attempts that were repeated.
    package var retries = 0
    /// Runs at all.
    package var runs = 1

    package init() {}

    /// Sets one by its name, as it is given on a command line; false for an unknown name.
    package mutating func set(_ name: String, to count: Int) -> Bool {
        switch name {
        case "completed": completed = count
        case "compensated": compensated = count
        case "cancelled": cancelled = count
        case "takeovers": takeovers = count
        case "compensations": compensations = count
        case "retries": retries = count
        case "runs": runs = count
        default: return false
        }
        return true
    }
}
