import Core
import Synchronization

/// Whether calls go to a participant. One per participant and engine, for as long as it is registered.
///
/// A switch of its own, so that a call whose turn has come asks it without looking the participant up again.
final class PauseSwitch: Sendable {
    private let state: Atomic<Bool>

    init(_ isOn: Bool) { state = Atomic(isOn) }

    /// Somebody has paused the participant.
    var isOn: Bool {
        get { state.load(ordering: .acquiring) }
        set { state.store(newValue, ordering: .releasing) }
    }
}

/// Calls whose participant is paused, in the order in which they came, with the lease of their runs held.
///
/// Nobody knows how long a pause takes, and what is held here takes the places of runs to other participants. So there is
/// room for a part of what an engine may hold; beyond it, and when the engine is to stop, a call is not held: its run is
/// given back, as where an engine may not call a participant at all, and comes again.
final class PausedCalls: Sendable {
    /// A call that waits.
    struct Call: Sendable {
        /// Whether it is still to be sent at all.
        let isWanted: @Sendable () -> Bool
        /// How it ends.
        let end: @Sendable (End) -> Void
    }

    /// What becomes of a call that was held.
    enum End: Sendable, Hashable {
        /// The participant is paused no more: the call begins anew.
        case resumed
        /// It is not wanted any more.
        case notWanted
        /// The engine can't hold it.
        case givenBack
    }

    fileprivate struct Held: Sendable {
        let number: Int
        let call: Call
    }

    fileprivate struct State: Sendable {
        var calls: [ParticipantID: [Held]] = [:]
        var count = 0
        var lastNumber = 0
        var isStopping = false
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: calls that are held at the most.
    init(capacity: Int) { self.capacity = capacity }

    /// Calls that are held, by participant.
    var counts: [ParticipantID: Int] { state.withLock { $0.calls.mapValues(\.count) } }

    /// Holds a call until its participant is resumed; ends it at once when there is no room.
    ///
    /// A participant that is resumed in this very moment is noticed by the next `look`.
    func hold(_ call: Call, for participant: ParticipantID) {
        let isHeld = state.withLock { state in
            guard !state.isStopping, state.count < capacity else { return false }
            state.count += 1
            state.lastNumber += 1
            state.calls[participant, default: []].append(Held(number: state.lastNumber, call: call))
            return true
        }
        if !isHeld { call.end(.givenBack) }
    }

    /// Lets go whatever need not wait any more: whose participant is not among `paused`, and what is not wanted.
    ///
    /// - Parameter hidden: names of which a tenant has a participant of its own since the last look: its calls may not be to the
    ///   paused one any more, so all of them are looked up anew.
    func look(paused: Set<ParticipantID>, hidden: Set<String> = []) {
        let known = state.withLock { $0.calls }
        for (participant, held) in known {
            if !paused.contains(participant) || (participant.owner == .shared && hidden.contains(participant.name)) {
                let resumed = state.withLock { $0.take(of: participant) { _ in true } }
                for call in resumed { call.end(.resumed) }
                continue
            }
            // Asked without the lock: whoever answers has locks of its own.
            let gone = Set(held.lazy.filter { !$0.call.isWanted() }.map(\.number))
            if gone.isEmpty { continue }
            let unwanted = state.withLock { $0.take(of: participant) { gone.contains($0.number) } }
            for call in unwanted { call.end(.notWanted) }
        }
    }

    /// Holds nothing any more: the engine is to stop, and what it holds is for others.
    func stop() {
        let left = state.withLock { state in
            state.isStopping = true
            return state.calls.keys.sorted().flatMap { participant in state.take(of: participant) { _ in true } }
        }
        for call in left { call.end(.givenBack) }
    }
}

extension PausedCalls.State {
    /// Takes some of the calls to a participant out; one that somebody else has taken meanwhile is not there any more.
    fileprivate mutating func take(
        of participant: ParticipantID, where isTaken: (PausedCalls.Held) -> Bool
    ) -> [PausedCalls.Call] {
        let all = calls[participant] ?? []
        let taken = all.filter(isTaken)
        let kept = all.filter { !isTaken($0) }
        calls[participant] = kept.isEmpty ? nil : kept
        count -= taken.count
        return taken.map(\.call)
    }
}
