/// How long to wait before a database that failed is asked again: 50 ms doubling to 1 s, with full jitter.
package struct Backoff: Sendable {
    private var next: Duration
    private let longest: Duration

    /// - Parameters:
    ///   - first: the first wait at the most.
    ///   - longest: every later one at the most.
    package init(from first: Duration = .milliseconds(50), to longest: Duration = .seconds(1)) {
        next = first
        self.longest = longest
    }

    /// The next wait.
    package mutating func wait() -> Duration {
        defer { next = min(next * 2, longest) }
        return next * Double.random(in: 0.5...1)
    }
}
