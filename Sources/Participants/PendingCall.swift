internal import NIOCore

/// A call between `send` and its result; lives on one event loop and is finished exactly once.
final class PendingCall {
    /// How often a call may meet a connection that died before a byte was written.
    private static let maxUnsentAttempts = 3

    let call: ParticipantCall
    let deadline: NIODeadline
    private var unsentAttempts = 0
    private let isWanted: @Sendable () -> Bool
    private var completion: (@Sendable (TransportResult) -> Void)?

    init(
        _ call: ParticipantCall, deadline: NIODeadline, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (TransportResult) -> Void
    ) {
        self.call = call
        self.deadline = deadline
        self.isWanted = isWanted
        self.completion = completion
    }

    /// Notes that a connection failed before a byte of the request was written; false when that happened too often.
    func mayTryAgain() -> Bool {
        unsentAttempts += 1
        return unsentAttempts < Self.maxUnsentAttempts
    }

    /// False, and ended, when nobody wants the call any more. To be asked before its first byte is written.
    func mayBegin() -> Bool {
        if isWanted() { return true }
        finish(.notSent(TransportFailure(.withdrawn, "The call was withdrawn before it was sent.")))
        return false
    }

    func finish(_ result: TransportResult) {
        precondition(completion != nil, "a call is finished once")
        completion?(result)
        completion = nil
    }
}
