import Postgres

/// How the writing of one batch goes on after an error.
///
/// A definite refusal is given only when nothing can have been written. From the moment a statement was sent whose outcome
/// nobody knows, the batch is in doubt: it is looked for before anything is sent again, and ends as *unavailable* when its
/// time is over before anybody knows.
struct Attempts: Sendable {
    /// What to do next.
    enum Next {
        /// Try once more after a pause.
        case again(after: Duration)
        /// Halves are tried by themselves: one bad row never fails its batch-mates.
        case split
        /// Nothing more is tried.
        case giveUp(StoreError)
    }

    let giveUpAt: ContinuousClock.Instant
    /// What was sent may be written.
    private(set) var isInDoubt = false
    private var backoff = Backoff()

    init(patience: Duration, isInDoubt: Bool = false) {
        giveUpAt = .now + patience
        self.isInDoubt = isInDoubt
    }

    /// - Parameters:
    ///   - error: the error of a statement, or of a look for what it wrote.
    ///   - batchSize: how many rows it was about.
    ///   - ranIntoItself: the error is that a row is there already, and it may be one of this very batch.
    mutating func next(after error: PostgresError, batchSize: Int, ranIntoItself: Bool) -> Next {
        isInDoubt = isInDoubt || error.mayHaveCommitted || ranIntoItself
        if !error.isTransient, !error.mayHaveCommitted, !ranIntoItself {
            if batchSize > 1, case .server = error { return .split }
            return .giveUp(isInDoubt ? .unavailable(error) : StoreError(error))
        }
        guard ContinuousClock.now < giveUpAt else { return .giveUp(.unavailable(error)) }
        return .again(after: backoff.wait())
    }
}

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
