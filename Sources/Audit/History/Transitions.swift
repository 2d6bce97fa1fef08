internal import Core

/// Which status may follow which; the list in docs/state-machine.md, not the decider's.
enum Transitions {
    /// - Parameter kind: of the event that leads from the one to the other.
    static func isLegal(from before: RunStatus, to after: RunStatus, by kind: RunEventKind) -> Bool {
        if before == after { return true }
        switch before {
        case .pending: return after == .running || after == .compensating || after == .completed || after == .failed
        case .running: return after == .completed || after == .compensating || after == .failed
        case .compensating: return after == .compensated || after == .cancelled || after == .failed
        case .failed:
            guard kind == .retryRequested || kind == .stepResolved else { return false }
            return after == .pending || after == .running || after == .compensating
        // Whoever was to undo it may not be able to process it.
        case .completed:
            return (kind == .undoRequested && after == .running) || (kind == .runQuarantined && after == .failed)
        case .compensated, .cancelled: return false
        }
    }
}
