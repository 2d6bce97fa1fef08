import Core
import Simulation

/// Signals, as a person reads the rules: each is kept in its order until a step takes it that waits for it.
extension Audit {
    mutating func beginAwaiting(_ step: Int, _ until: Instant?, _ at: Instant) {
        pass(step, at)
        guard case .signal(_, let milliseconds, _) = workflow.kinds[base(step)] else {
            return require(false, 20, "step \(step) waits for no signal")
        }
        require(
            until == milliseconds.map { at + .milliseconds($0) }, 14,
            "step \(step) waits until \(String(describing: until))")
        awaiting.insert(step)
        waiting[step] = until
    }

    mutating func receive(_ signal: ReceivedSignal) {
        if let key = signal.key {
            require(signalKeys.insert(key).inserted, 20, "a signal is received twice")
        }
        if hasLeftForward { return }
        kept.append((sequence, signal.name, signal.payload["ok"]?.bool ?? false))
    }

    mutating func take(_ step: Int, _ signal: Int, _ at: Instant) {
        requireTurn(step, at)
        require(awaiting.remove(step) != nil && !hasLeftForward, 20, "step \(step) takes what it does not wait for")
        let first = kept.first { isWanted($0, step) }?.sequence
        require(first == signal, 20, "step \(step) takes \(signal), and the first is \(String(describing: first))")
        kept.removeAll { $0.sequence == signal }
        waiting[step] = nil
        succeeded.insert(step)
    }

    mutating func timeOut(_ step: Int, _ at: Instant) {
        requireTurn(step, at)
        let due = waiting.removeValue(forKey: step)
        require(due.map { $0 <= at } ?? false && !hasLeftForward, 14, "step \(step) gives up too early or too late")
        require(!kept.contains { isWanted($0, step) }, 20, "step \(step) gives up though its signal is there")
        awaiting.remove(step)
        giveUp(step)
    }

    /// A step that could take a signal has taken it at once.
    mutating func requireNoneOverlooked() {
        if isPaused || hasLeftForward || ended != nil { return }
        for step in awaiting where kept.contains(where: { isWanted($0, step) }) {
            require(false, 20, "step \(step) waits though its signal is there")
        }
    }

    private func isWanted(_ signal: (sequence: Int, name: String, isOK: Bool), _ step: Int) -> Bool {
        guard case .signal(let name, _, let wants) = workflow.kinds[base(step)] else { return false }
        return name == signal.name && (signal.isOK || !wants)
    }
}
