import Core
import Storage

/// Refused calls on their way into the audit trail, and how many of them become rows.
///
/// Whoever is refused over and over fills neither table nor memory: of the refusals of one caller for one reason the first ten
/// in a minute are rows, and the others together are one more, which is the last of them and says how many it stands for. Callers
/// are few: only who has a key, or names one that there is, is told apart; all others are one.
struct RefusalWindows {
    /// Rows of one caller, for one reason, in one window.
    static let rowsPerWindow = 10
    /// How long a window lasts.
    static let length: Duration = .seconds(60)
    /// Callers and reasons that are told apart, and rows that wait to be written.
    static let capacity = 1000

    private struct Key: Hashable {
        let tenantID: String
        let actor: String
        let reason: String
    }

    private struct Window {
        let begunAt: ContinuousClock.Instant
        var rows = 1
        /// What is one row together: the last of them, how many, and when the first and the last of them were.
        var folded: (call: RefusedCall, count: Int, from: Instant, until: Instant)?
    }

    private var windows: [Key: Window] = [:]
    private var waiting: [RefusedCall] = []
    /// Rows there was no room for.
    private(set) var dropped = 0

    /// Rows that wait to be written.
    var waitingCount: Int { waiting.count + windows.values.count { $0.folded != nil } }

    /// Takes a refusal in.
    mutating func note(_ call: RefusedCall, at now: ContinuousClock.Instant, time: Instant) {
        let key = Key(tenantID: call.tenantID, actor: call.actor, reason: call.reason)
        close(before: now)
        guard var window = windows[key] else {
            guard windows.count < Self.capacity else { return dropped += 1 }
            windows[key] = Window(begunAt: now)
            return wait(for: call)
        }
        if window.rows < Self.rowsPerWindow {
            window.rows += 1
            windows[key] = window
            return wait(for: call)
        }
        let (count, from) = window.folded.map { ($0.count, $0.from) } ?? (0, time)
        window.folded = (call, count + 1, from, time)
        windows[key] = window
    }

    /// What is to be written now.
    ///
    /// - Parameter isEnd: nothing more comes: what would wait for the end of its window does not.
    mutating func take(at now: ContinuousClock.Instant, isEnd: Bool = false) -> [RefusedCall] {
        close(before: isEnd ? nil : now)
        defer { waiting = [] }
        return waiting
    }

    /// These could not be written: they go first the next time.
    mutating func putBack(_ calls: [RefusedCall]) {
        let kept = waiting.prefix(max(0, Self.capacity - calls.count))
        dropped += waiting.count - kept.count
        waiting = calls + kept
    }

    private mutating func wait(for call: RefusedCall) {
        guard waiting.count < Self.capacity else { return dropped += 1 }
        waiting.append(call)
    }

    /// - Parameter now: nil for all windows.
    private mutating func close(before now: ContinuousClock.Instant?) {
        for (key, window) in windows {
            if let now, now - window.begunAt < Self.length { continue }
            windows[key] = nil
            guard let folded = window.folded else { continue }
            wait(
                for: RefusedCall(
                    tenantID: folded.call.tenantID, actor: folded.call.actor, action: folded.call.action,
                    subject: folded.call.subject, reason: folded.call.reason, origin: folded.call.origin,
                    detail: [
                        "calls": JSON(folded.count), "from": RunJSON.time(folded.from),
                        "until": RunJSON.time(folded.until),
                    ]))
        }
    }
}
