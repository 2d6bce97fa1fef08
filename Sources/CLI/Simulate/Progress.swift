import Core
import Synchronization

/// How far a simulation is, on standard error: a bar that moves on a terminal, a line every two seconds elsewhere.
final class Progress: Sendable {
    private let total: Int
    private let isLive: Bool
    private let lastLine = Mutex<ContinuousClock.Instant?>(nil)

    private static let width = 30

    init(total: Int, isLive: Bool) {
        self.total = total
        self.isLive = isLive
    }

    func show(_ starts: StartLog.Summary, _ ends: Ends) {
        let statuses = ends.byStatus.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let refusals = starts.refused > 0 ? ["refused \(starts.refused)"] : []
        let text =
            "\(ends.count)/\(total) ended, \(starts.acknowledged.count) started  "
            + (statuses + refusals).joined(separator: "  ")
        if isLive {
            let done = Self.width * ends.count / total
            let bar = String(repeating: "█", count: done) + String(repeating: "░", count: Self.width - done)
            // Back to the line's beginning, and clear what is left of the line before.
            Console.show("\r\(bar)  \(text)\u{1B}[K")
        } else if isLineDue() {
            Console.complain(text)
        }
    }

    /// Leaves the bar's line.
    func finish() {
        if isLive { Console.show("\n") }
    }

    private func isLineDue() -> Bool {
        lastLine.withLock { last in
            let now = ContinuousClock.now
            if let last, now - last < .seconds(2) { return false }
            last = now
            return true
        }
    }
}
