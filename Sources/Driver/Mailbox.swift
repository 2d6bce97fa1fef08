package import Core
import Synchronization

/// Messages for one session: anybody posts, its driver takes all there are.
package final class Mailbox: Sendable {
    private struct State: Sendable {
        var messages: [SessionMessage] = []
        var reader: CheckedContinuation<[SessionMessage], Never>?
    }

    private let state = Mutex(State())
    private let turnedBack = Atomic(false)

    package init() {}

    /// The run goes forward no more: its forward calls that wait for their turn are not wanted.
    package var hasTurnedBack: Bool {
        get { turnedBack.load(ordering: .relaxed) }
        set { turnedBack.store(newValue, ordering: .relaxed) }
    }

    /// Hands a message over and wakes the driver.
    package func post(_ message: SessionMessage) {
        let reader = state.withLock { state -> CheckedContinuation<[SessionMessage], Never>? in
            guard let reader = state.reader else {
                state.messages.append(message)
                return nil
            }
            state.reader = nil
            return reader
        }
        reader?.resume(returning: [message])
    }

    /// Waits until there is something, and takes it all. One reader at a time.
    package func next() async -> [SessionMessage] {
        await withCheckedContinuation { continuation in
            let waiting = state.withLock { state -> [SessionMessage] in
                if state.messages.isEmpty {
                    precondition(state.reader == nil, "a mailbox has one reader")
                    state.reader = continuation
                    return []
                }
                defer { state.messages = [] }
                return state.messages
            }
            if !waiting.isEmpty { continuation.resume(returning: waiting) }
        }
    }
}
