package import Core
import Synchronization

/// The runs this engine holds: what the lease keeper renews, and where others find a run's driver.
///
/// Bounded by their number and by the bytes their payloads take: the claimer asks for room before it claims. A run may still
/// grow while it is held; then nothing is claimed until others have gone.
package final class RunTable: Sendable {
    private struct Entry: Sendable {
        let lease: Lease
        let mailbox: Mailbox
        /// By this process's monotonic clock; nil once the lease is known to be lost.
        var heldUntil: ContinuousClock.Instant?
        var weight: Int
    }
    /// What more can be taken.
    package struct Room: Hashable, Sendable {
        package var runs: Int
        package var bytes: Int

        package init(runs: Int, bytes: Int) {
            self.runs = runs
            self.bytes = bytes
        }
    }
    private struct State: Sendable {
        var entries: [RunID: Entry] = [:]
        var weight = 0
        var roomNeeded = 0
        var claimer: CheckedContinuation<Void, Never>?
        var isStopping = false
    }

    /// How many runs may be held at once.
    package let capacity: Int
    /// How many bytes their payloads may take when one more is claimed.
    package let capacityInBytes: Int
    private let state = Mutex(State())

    package init(capacity: Int, bytes: Int = .max) {
        self.capacity = capacity
        capacityInBytes = bytes
    }

    /// Runs held.
    package var count: Int { state.withLock { $0.entries.count } }

    /// Bytes that the payloads of the runs take, about.
    package var weight: Int { state.withLock { $0.weight } }

    /// No more runs are to be taken.
    package var isStopping: Bool { state.withLock { $0.isStopping } }

    /// What more can be taken now; nothing less than nothing.
    package var room: Room { state.withLock { room($0) } }

    private func room(_ state: borrowing State) -> Room {
        Room(runs: max(0, capacity - state.entries.count), bytes: max(0, capacityInBytes - state.weight))
    }

    /// Waits until `room` more runs can be taken, of whatever weight, or the engine stops; returns the room there is.
    package func waitForRoom(_ room: Int) async -> Room {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isFree = state.withLock { state in
                if state.isStopping || has(room, state) { return true }
                state.roomNeeded = room
                state.claimer = continuation
                return false
            }
            if isFree { continuation.resume() }
        }
        return self.room
    }

    private func has(_ room: Int, _ state: borrowing State) -> Bool {
        let now = self.room(state)
        return now.runs >= room && now.bytes > 0
    }

    /// Somebody waits for room.
    package var isWaitedFor: Bool { state.withLock { $0.claimer != nil } }

    /// Nobody waits for room from now on.
    package func stop() {
        let claimer = state.withLock { state in
            state.isStopping = true
            defer { state.claimer = nil }
            return state.claimer
        }
        claimer?.resume()
    }

    /// Notes a claimed run. Its former lease, if this very engine held it, is superseded.
    package func add(_ lease: Lease, _ mailbox: Mailbox, heldUntil: ContinuousClock.Instant, weight: Int = 0) {
        let entry = Entry(lease: lease, mailbox: mailbox, heldUntil: heldUntil, weight: weight)
        state.withLock {
            $0.weight += weight - ($0.entries.updateValue(entry, forKey: lease.runID)?.weight ?? 0)
        }
    }

    /// Notes that the payloads of a run take more, or less, than before.
    package func weigh(_ lease: Lease, _ weight: Int) {
        let claimer = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let entry = state.entries[lease.runID], entry.lease == lease else { return nil }
            state.weight += weight - entry.weight
            state.entries[lease.runID]?.weight = weight
            return takeClaimer(&state)
        }
        claimer?.resume()
    }

    /// Who waits for room, if there is enough now.
    private func takeClaimer(_ state: inout State) -> CheckedContinuation<Void, Never>? {
        guard state.claimer != nil, has(state.roomNeeded, state) else { return nil }
        defer { state.claimer = nil }
        return state.claimer
    }

    /// Forgets a run, unless it was claimed anew in the meantime.
    package func remove(_ lease: Lease) {
        let claimer = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let entry = state.entries[lease.runID], entry.lease == lease else { return nil }
            state.entries[lease.runID] = nil
            state.weight -= entry.weight
            return takeClaimer(&state)
        }
        claimer?.resume()
    }

    /// The lease has not run out as far as this process can know. To be asked before every call.
    package func isHeld(_ lease: Lease, at now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            guard let entry = state.entries[lease.runID], entry.lease == lease, let until = entry.heldUntil
            else { return false }
            return now < until
        }
    }

    /// All leases that are not known to be lost.
    package var leases: [Lease] {
        state.withLock { state in state.entries.values.filter { $0.heldUntil != nil }.map(\.lease) }
    }

    /// Takes in the answer to a renewal that was asked for at `asked`.
    package func renewed(_ asked: [Lease], held: [RunID: Int], until: ContinuousClock.Instant) -> (
        lost: Int, inboxes: [Mailbox]
    ) {
        state.withLock { state in
            var lost = 0
            var inboxes: [Mailbox] = []
            for lease in asked where state.entries[lease.runID]?.lease == lease {
                if let unread = held[lease.runID] {
                    state.entries[lease.runID]?.heldUntil = until
                    if unread > 0, let entry = state.entries[lease.runID] { inboxes.append(entry.mailbox) }
                } else {
                    state.entries[lease.runID]?.heldUntil = nil
                    lost += 1
                }
            }
            return (lost, inboxes)
        }
    }

    /// The mailbox of a run, if this engine holds it.
    package func mailbox(of runID: RunID) -> Mailbox? {
        state.withLock { $0.entries[runID]?.mailbox }
    }

    /// Declares every lease lost, so that drivers stop at their next step; returns what was held.
    package func abandonAll() -> [Lease] {
        state.withLock { state in
            let leases = state.entries.values.filter { $0.heldUntil != nil }.map(\.lease)
            for runID in state.entries.keys { state.entries[runID]?.heldUntil = nil }
            return leases
        }
    }
}
