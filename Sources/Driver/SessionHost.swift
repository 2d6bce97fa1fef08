// What a session needs of the world, as small as it can be: a store for one run, participants, time, and somebody to tell.
// An engine implements it on Postgres, HTTP and the system's clock, the simulator on a table in memory and a clock that
// jumps.

package import Core

/// The store, as the holder of one run's lease sees it.
package protocol SessionStore: Sendable {
    /// Stores a decision, or learns that it can't be. Takes its time: what is in doubt is looked for.
    func commit(_ commit: SessionCommit) async -> CommitVerdict
    /// What waits in the run's inbox, oldest first.
    func readInbox() async throws(StoreUnavailable) -> [InboxRow]
    /// Puts right the count of the inbox's rows; how many too many were counted.
    func recountInbox() async throws(StoreUnavailable) -> Int
    /// The lease has not run out and is not known to be lost. Asked before every call.
    var isHeld: Bool { get }
    /// The run leaves the driver's hands: gives it back or sets it aside as the session says.
    func end(_ end: SessionEnd, _ run: Run) async
}

/// The participants.
package protocol SessionCalls: Sendable {
    /// Makes sure that the participant that a run calls by this name is known, if it is registered.
    func prepare(_ participant: String, of run: Run) async
    /// Makes the call of an attempt; `completion` gets the judged answer, once, on any thread.
    ///
    /// - Parameter isWanted: asked when the call is about to be sent; it may have waited for its turn.
    func call(
        _ call: Command.Call, of run: Run, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (CallResult) -> Void)
    /// Looks at what an accepted attempt has come to; `completion` gets the judged answer, once, on any thread.
    ///
    /// - Parameter isWanted: as for a call.
    func look(
        _ look: Command.Look, of run: Run, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (CallResult) -> Void)
}

/// Time and chance.
package protocol SessionTime: Sendable {
    associatedtype Random: RandomNumberGenerator
    /// The database's time, as far as this process can tell.
    var now: Instant { get }
    /// For the backoff of retries.
    func makeRandom() -> Random
    /// Calls `action` at this time of the database, unless another wake-up or `cancelWake` comes first.
    func wake(at time: Instant, _ action: @escaping @Sendable () -> Void)
    func cancelWake()
    /// How many elements the next decision begins at most. Asked only of runs that may have some.
    func portion(of run: Run) -> Portion
    /// Lets the session decide where nobody waits for it.
    func think(_ work: () -> SessionTask) async -> SessionTask
}

/// Whoever is told of what goes on: metrics, traces, logs.
package protocol SessionNotes: Sendable {
    /// A decision is stored.
    func committed(_ commit: SessionCommit, at now: Instant)
    /// Something a person may want to know.
    func note(_ note: SessionNote, of run: Run)
}

/// All of it, for one run. A class: thousands of drivers wait at a time, and each keeps what it has in its hands.
package protocol SessionHost: AnyObject, SessionStore, SessionCalls, SessionTime, SessionNotes {}

/// The store could not be reached in time.
package struct StoreUnavailable: Error, Sendable {
    /// Why, for the log.
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}
