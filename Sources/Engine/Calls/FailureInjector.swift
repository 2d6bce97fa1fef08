import Participants
import Synchronization

/// Lets a share of the calls fail on purpose, for tests of what depends on this engine.
///
/// Half of the failures happen before the effect: the call is not sent at all (`notSent`). The other half happen after it:
/// the call is sent, and whatever answer comes is thrown away (`unknown`). So both ways of not knowing are met.
final class FailureInjector: Sendable {
    /// What happens to one call.
    enum Fault {
        case before, after
    }

    /// The share of calls that fail, above 0 and up to 1.
    let share: Double
    /// Uniform in 0 ..< 1, once per call.
    private let dice: @Sendable () -> Double
    private let before = Atomic(0)
    private let after = Atomic(0)

    /// Nil for a share of 0, so that nothing is in the way of calls.
    init?(share: Double, dice: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }) {
        precondition((0...1).contains(share), "a share is within 0...1")
        guard share > 0 else { return nil }
        self.share = share
        self.dice = dice
    }

    /// Failures so far.
    var count: (before: Int, after: Int) { (before.load(ordering: .relaxed), after.load(ordering: .relaxed)) }

    /// As `ParticipantClient.send`, unless the dice are against it.
    func send(
        _ call: ParticipantCall, through client: ParticipantClient, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (TransportResult) -> Void
    ) {
        switch fault() {
        case .before:
            before.add(1, ordering: .relaxed)
            completion(.notSent(TransportFailure(.connect, "Not sent: a failure was injected.")))
        case .after:
            client.send(call, isWanted: isWanted) { [self] result in
                // What never reached the participant had no effect to hide.
                if case .notSent = result { return completion(result) }
                after.add(1, ordering: .relaxed)
                completion(
                    .unknown(TransportFailure(.connectionClosed, "The answer is lost: a failure was injected.")))
            }
        case nil: client.send(call, isWanted: isWanted, completion: completion)
        }
    }

    /// Rolls the dice for one call.
    func fault() -> Fault? {
        let unit = dice()
        guard unit < share else { return nil }
        return unit < share / 2 ? .before : .after
    }
}
