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
}
