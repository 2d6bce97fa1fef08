/// When starts are sent, and what becomes of those that are turned away.
enum Arrival: Sendable, Hashable {
    /// A closed loop: `inFlight` connections, each of which sends its next start when the last is accepted. A 503 is
    /// repeated after its `Retry-After`.
    case closed(runs: Int, inFlight: Int = 64)
    /// An open loop: each start has its time, and is sent then, whatever became of those before, on a connection that has
    /// nothing in flight; if there is none it is sent late. A 503 is counted and not repeated: that start was turned away.
    /// What could not be sent by the end never is.
    case open(rate: Double, seconds: Double, connections: Int = 1000)
    /// All at once: every connection sends its share, one start behind the other, without waiting for answers. Whatever
    /// the answers are, they are counted.
    case burst(starts: Int, connections: Int)

    /// Open loops at these shares of a rate, to be offered one after the other.
    static func sweep(
        of rate: Double, shares: [Double] = [0.5, 1, 2], seconds: Double
    ) -> [(share: Double, arrival: Arrival)] {
        shares.map { ($0, .open(rate: rate * $0, seconds: seconds)) }
    }

    /// Starts altogether.
    var total: Int {
        switch self {
        case .closed(let runs, _): runs
        case .open(let rate, let seconds, _): Int((rate * seconds).rounded())
        case .burst(let starts, _): starts
        }
    }

    /// Keep-alive connections they are sent on.
    var connections: Int {
        switch self {
        case .closed(_, let inFlight): inFlight
        case .open(_, _, let connections), .burst(_, let connections): connections
        }
    }

    /// Starts that a connection has in flight at once.
    var depth: Int {
        switch self {
        case .closed, .open: 1
        case .burst(let starts, let connections): starts / connections
        }
    }

    /// What the answer to a start means.
    ///
    /// - Parameter retryAfter: seconds of its `Retry-After`, if it has one that can be read.
    func verdict(status: Int, retryAfter: Int64?) -> Verdict {
        switch (self, status) {
        case (_, 202): .accepted
        case (.closed, 503): .repeated(afterSeconds: retryAfter ?? 1)
        case (.open, 503): .refused
        case (.burst, 503): retryAfter == nil ? .other("503 without Retry-After") : .refused
        case (.burst, _): .other("\(status)")
        case (.closed, _), (.open, _): .failed
        }
    }

    enum Verdict: Hashable {
        case accepted
        /// Turned away, and that was it.
        case refused
        /// Turned away, to be sent again.
        case repeated(afterSeconds: Int64)
        /// A wrong answer that is counted.
        case other(String)
        /// A wrong answer that ends the measurement.
        case failed
    }
}

/// Which starts of an `Arrival` are due, and how many were sent: times come in, nanoseconds since the load began.
struct Schedule {
    let arrival: Arrival
    let total: Int
    /// Starts sent, or given up.
    private(set) var takenCount = 0

    init(_ arrival: Arrival) {
        self.arrival = arrival
        total = arrival.total
    }

    /// Whether there is a start whose time has come.
    func hasDue(at elapsed: Int64) -> Bool { takenCount < dueCount(at: elapsed) }

    /// Takes the next start; its time.
    mutating func take() -> Int64 {
        defer { takenCount += 1 }
        return switch arrival {
        case .closed, .burst: 0
        case .open(let rate, _, _): Int64(Double(takenCount) * 1e9 / rate)
        }
    }

    /// Once the time of the last start has come: gives up those not sent. How many; nil before.
    mutating func giveUp(at elapsed: Int64) -> Int? {
        guard case .open = arrival, dueCount(at: elapsed) >= total else { return nil }
        defer { takenCount = total }
        return total - takenCount
    }

    private func dueCount(at elapsed: Int64) -> Int {
        switch arrival {
        case .closed, .burst: total
        case .open(let rate, _, _): min(Int(Double(elapsed) * rate / 1e9) + 1, total)
        }
    }
}
