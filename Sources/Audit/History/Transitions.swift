internal import Core

/// Which status may follow which; the list in docs/state-machine.md, not the decider's.
enum Transitions {
    /// - Parameter byOperator: the event is an operator's retry, or a step that one has resolved.
    static func isLegal(from before: RunStatus, to after: RunStatus, byOperator: Bool) -> Bool {
        if before == after { return true }
        switch before {
        case .pending: return after == .running || after == .compensating || after == .completed || after == .failed
        case .running: return after == .completed || after == .compensating || after == .failed
        case .compensating: return after == .compensated || after == .cancelled || after == .failed
        case .failed: return byOperator && (after == .pending || after == .running || after == .compensating)
        case .completed, .compensated, .cancelled: return false
        }
    }
}
