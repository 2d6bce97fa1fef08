import Core
import Synchronization

/// What a run's worker waits for.
enum Message: Sendable {
    /// A call ended.
    case answered(step: Int, action: CallAction, attempt: Int, CallResult)
    /// The run's inbox has rows.
    case inboxFilled
    /// A waiting step is due.
    case due
}

/// Messages for one worker: anybody posts, the worker takes all there are.
final class Mailbox: Sendable {
    private struct State: Sendable {
        var messages: [Message] = []
        var reader: CheckedContinuation<[Message], Never>?
    }

    private let state = Mutex(State())
    private let turnedBack = Atomic(false)

    /// The run goes forward no more: its forward calls that wait for their turn are not wanted.
    var hasTurnedBack: Bool {
        get { turnedBack.load(ordering: .relaxed) }
        set { turnedBack.store(newValue, ordering: .relaxed) }
    }

    /// Hands a message over and wakes the worker.
    func post(_ message: Message) {
        let reader = state.withLock { state -> CheckedContinuation<[Message], Never>? in
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
    func next() async -> [Message] {
        await withCheckedContinuation { continuation in
            let waiting = state.withLock { state -> [Message] in
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
