/// How long to wait before a database that failed is asked again: 50 ms doubling to 1 s, with full jitter.
package struct Backoff: Sendable {
    private var next: Duration = .milliseconds(50)

    package init() {}

    /// The next wait.
    package mutating func wait() -> Duration {
        defer { next = min(next * 2, .seconds(1)) }
        return next * Double.random(in: 0.5...1)
    }
}
