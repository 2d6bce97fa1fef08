/// What the holder of a session does next. It then tells the session what came of it, and asks again.
package enum SessionTask: Sendable {
    /// Read the run's inbox, oldest row first: `inboxRead`, or `storeFailed`.
    case readInbox
    /// Put the count of its rows right, which promises more than there are: `inboxRecounted`, or `storeFailed`.
    case recountInbox
    /// Store this: `stored`.
    case commit(SessionCommit)
    /// The decision takes more than the effort it was given: ask again with more, where nobody waits for it.
    case think
    /// Everything is stored. Execute these commands, in their order, and wait: `received`.
    case execute([Command])
    /// The run is out of this holder's hands.
    case end(SessionEnd)
}

/// How a run leaves its holder's hands.
package enum SessionEnd: Sendable, Hashable {
    /// It is over or waits, and the lease went with the last commit.
    case settled
    /// Somebody else holds it, or may: nothing more is to be done under this lease.
    case leaseLost
    /// The store could not be reached in time: give the run back. The text says why.
    case giveBack(String)
    /// The store refuses what the run leads to: set it aside for a person. The text says why.
    case setAside(String)
    /// All that is asked is a newer version's: give it back, for an engine that knows it. The text says what is not known.
    case leaveToOthers(String)
}

/// What came in for a session while its commands were executed.
package enum SessionMessage: Sendable {
    /// A call ended.
    case answered(step: Int, action: CallAction, attempt: Int, CallResult)
    /// A look ended.
    case looked(Command.Look, CallResult)
    /// The run's inbox has rows.
    case inboxFilled
    /// The time of the last `wake` has come.
    case due
}

/// Something about a session that a person may want to know.
package enum SessionNote: Sendable, Hashable {
    /// A request did not fit the run any more.
    case tooLate(String)
    /// Something happened that can't have; nothing is changed by it.
    case broken(String)
}
