/// How many elements one decision begins at most. What is left is begun by the next ones, which follow at once, and others go
/// between.
package struct Portion: Sendable, Hashable {
    /// Elements that begin with a call.
    package var calls: Int
    /// Elements that start a child.
    package var children: Int

    package init(calls: Int, children: Int) {
        self.calls = calls
        self.children = children
    }

    /// Of a run that need not wait for others. Children are rows of one transaction; calls are as many as `maxParallel` says.
    package static let whole = Portion(calls: .max, children: 32)
    /// Of a run that has most of what is done while others are at work.
    package static let small = Portion(calls: 32, children: 3)
}
