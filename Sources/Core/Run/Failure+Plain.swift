// Messages of failures are ours, but some repeat what the run knows: the reason of an `end` is a template, a wait tells the text
// that is no duration, and what a child ended with is told by its parent. Those are payloads, and stand in no log and no trace.

extension Failure {
    /// Whether the message of a failure is written by us, or by a person who asked for something, and surely repeats nothing of
    /// the run's values. What is not listed is taken to repeat them.
    ///
    /// - Parameter isAnswer: a participant's answer is what it is about; a child's end is told by the same kind.
    package static func hasPlainMessage(_ kind: String, isAnswer: Bool) -> Bool {
        if kind == rejectedKind { return isAnswer }
        return plainKinds.contains(kind)
    }

    private static let plainKinds: Set<String> = [
        Outcome.unknown.rawValue, Outcome.busy.rawValue, Outcome.notSent.rawValue, notAllowedKind, templateKind,
        conditionKind, listKind, timeoutKind, abandonedKind, settledKind, lostKind, compensationKind, quarantinedKind,
        "deadline", "cancelled", "undone",
    ]

    /// The message for those who may not see what the run knows, logs and traces among them.
    package var plainMessage: String {
        Self.hasPlainMessage(kind, isAnswer: httpStatus != nil)
            ? message : "\(kind): what it says may repeat the run's values, and is told to those who may see them."
    }
}
