internal import NIOCore

/// A call between `send` and its result; lives on one event loop and is finished exactly once.
final class PendingCall {
    /// How often a call may meet a connection that died before a byte was written.
    private static let maxUnsentAttempts = 3

    let call: ParticipantCall
    let deadline: NIODeadline
    private var unsentAttempts = 0
    private var continuation: CheckedContinuation<TransportResult, Never>?

    init(_ call: ParticipantCall, deadline: NIODeadline, continuation: CheckedContinuation<TransportResult, Never>) {
        self.call = call
        self.deadline = deadline
        self.continuation = continuation
    }

    /// Notes that a connection failed before a byte of the request was written; false when that happened too often.
    func mayTryAgain() -> Bool {
        unsentAttempts += 1
        return unsentAttempts < Self.maxUnsentAttempts
    }

    func finish(_ result: TransportResult) {
        precondition(continuation != nil, "a call is finished once")
        continuation?.resume(returning: result)
        continuation = nil
    }
}
