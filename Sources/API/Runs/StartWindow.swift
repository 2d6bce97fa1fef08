import DequeModule
import Storage
import Synchronization

/// How many starts are written at once. Others wait their turn; beyond a number of those, starts are refused.
///
/// Whoever accepts all that comes as fast as it can, where API, Postgres and engines share a machine, has nothing left to carry
/// out what was accepted. A window bounds it by what it takes to write a start: the longer that is, the fewer are accepted.
///
/// Turns go round the tenants whose starts wait, and of each the first one has it. Where there is no room for one more to wait, the
/// tenant that has the most waiting loses its last one to a tenant that has fewer.
final class StartWindow: Sendable {
    /// Is told whether it is its turn; false for one that is refused.
    fileprivate typealias Waiter = CheckedContinuation<Bool, Never>

    fileprivate struct State: Sendable {
        var free: Int
        /// Of each tenant, in the order they came; none is empty.
        var waiting: [String: Deque<Waiter>] = [:]
        /// Whose turn it is next.
        var turns = Deque<String>()
        var count = 0
    }

    /// What becomes of a start that comes.
    private enum Place {
        case now, later
        /// There is no room, also none that another should leave.
        case refused
    }

    private let state: Mutex<State>
    private let maxWaiting: Int
    private let patience: Duration

    /// - Parameters:
    ///   - size: starts written at once.
    ///   - maxWaiting: starts that may wait for their turn.
    ///   - patience: whose turn comes later than this is refused: most likely its client is gone, and those behind it
    ///     have waited nearly as long.
    init(size: Int, maxWaiting: Int, patience: Duration = .seconds(5)) {
        state = Mutex(State(free: size))
        self.maxWaiting = maxWaiting
        self.patience = patience
    }

    /// Starts that wait.
    var waitingCount: Int { state.withLock { $0.count } }

    /// Does `work` when it is its turn.
    ///
    /// - Parameter tenantID: whose start it is.
    /// - Throws: `StoreError.overloaded` when too many wait, or it has waited too long; and what `work` throws.
    func pass<T>(of tenantID: String, _ work: () async throws -> T) async throws -> T {
        try await enter(tenantID)
        defer { leave() }
        return try await work()
    }

    private func enter(_ tenantID: String) async throws(StoreError) {
        let asked = ContinuousClock.now
        let isIn = await withCheckedContinuation { (waiter: Waiter) in
            let (place, refused) = state.withLock { take(&$0, waiter, of: tenantID) }
            refused?.resume(returning: false)
            switch place {
            case .now: waiter.resume(returning: true)
            case .refused: waiter.resume(returning: false)
            case .later: break
            }
        }
        guard isIn else { throw .overloaded }
        guard .now - asked > patience else { return }
        leave()
        throw .overloaded
    }

    /// A place for a start, and another's that has to leave for it.
    private func take(_ state: inout State, _ waiter: Waiter, of tenantID: String) -> (Place, refused: Waiter?) {
        if state.free > 0 {
            state.free -= 1
            return (.now, nil)
        }
        var refused: Waiter?
        if state.count >= maxWaiting {
            let own = state.waiting[tenantID]?.count ?? 0
            guard let most = state.waiting.max(by: { $0.value.count < $1.value.count }), most.value.count > own + 1
            else { return (.refused, nil) }
            refused = state.removeLast(of: most.key)
        }
        state.add(waiter, of: tenantID)
        return (.later, refused)
    }

    private func leave() {
        let next = state.withLock { state in
            let next = state.removeNext()
            if next == nil { state.free += 1 }
            return next
        }
        next?.resume(returning: true)
    }
}

extension StartWindow.State {
    fileprivate mutating func add(_ waiter: CheckedContinuation<Bool, Never>, of tenantID: String) {
        if waiting[tenantID] == nil { turns.append(tenantID) }
        waiting[tenantID, default: []].append(waiter)
        count += 1
    }

    /// The first of the tenant whose turn it is.
    fileprivate mutating func removeNext() -> CheckedContinuation<Bool, Never>? {
        guard let tenantID = turns.popFirst(), let next = waiting[tenantID]?.popFirst() else { return nil }
        count -= 1
        if waiting[tenantID]?.isEmpty == true { waiting[tenantID] = nil } else { turns.append(tenantID) }
        return next
    }

    fileprivate mutating func removeLast(of tenantID: String) -> CheckedContinuation<Bool, Never>? {
        guard let last = waiting[tenantID]?.popLast() else { return nil }
        count -= 1
        if waiting[tenantID]?.isEmpty == true {
            waiting[tenantID] = nil
            turns.removeAll { $0 == tenantID }
        }
        return last
    }
}
