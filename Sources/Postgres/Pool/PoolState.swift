internal import DequeModule

/// What a pool knows, as a pure state machine: methods decide, the `Pool` acts.
///
/// Invariant: while somebody waits, no connection is idle and no slot is free. So whoever comes later cannot overtake.
struct PoolState {
    /// What a checkout ends with.
    enum Grant {
        /// A connection, to be given back.
        case connection(Connection)
        /// The right to open a connection: a slot is reserved.
        case slot
        case failure(PostgresError)
    }

    /// A checkout in the queue.
    struct Waiter {
        let ticket: UInt64
        let continuation: CheckedContinuation<Grant, Never>
    }

    let maximum: Int
    private(set) var isClosed = false
    /// Slots taken: connections open or being opened.
    private(set) var size = 0
    /// Most recently used last, and used first: the others may rest.
    private(set) var idle: [Connection] = []
    /// All that are open, to be interrupted when the pool closes.
    private(set) var open: [ObjectIdentifier: Connection] = [:]
    /// First come, first served.
    private(set) var waiters: Deque<Waiter> = []
    private(set) var failuresInARow = 0
    private var lastTicket: UInt64 = 0
    /// Totals since the start.
    var totals = Pool.Totals()

    init(maximum: Int) { self.maximum = maximum }

    /// What can be had at once; nil means to wait.
    mutating func checkout() -> Grant? {
        if isClosed { return .failure(.poolClosed) }
        if let connection = idle.popLast() { return .connection(connection) }
        guard size < maximum else { return nil }
        size += 1
        return .slot
    }

    mutating func nextTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    mutating func enqueue(_ waiter: Waiter) { waiters.append(waiter) }

    /// Takes a waiter out of the queue; nil if it has been served.
    mutating func withdraw(_ ticket: UInt64) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return waiters.remove(at: index)
    }

    /// Records a new connection in a reserved slot. False if the pool was closed meanwhile: close it, give the slot up.
    mutating func opened(_ connection: Connection) -> Bool {
        failuresInARow = 0
        totals.opened += 1
        guard !isClosed else { return false }
        open[ObjectIdentifier(connection)] = connection
        return true
    }

    mutating func openingFailed() {
        failuresInARow += 1
        totals.failedToOpen += 1
    }

    /// A usable connection comes back. Returns who gets it now; nil if it rests. Not for a closed pool.
    mutating func giveBack(_ connection: Connection) -> Waiter? {
        if waiters.isEmpty {
            idle.append(connection)
            return nil
        }
        return waiters.removeFirst()
    }

    /// A connection is given up; its slot stays reserved for the caller.
    mutating func remove(_ connection: Connection) {
        open[ObjectIdentifier(connection)] = nil
    }

    /// A reserved slot comes back. Returns who may open a connection in it now; nil if the slot is free.
    mutating func giveBackSlot() -> Waiter? {
        if waiters.isEmpty {
            size -= 1
            return nil
        }
        return waiters.removeFirst()
    }

    /// Gives up all connections at rest and their slots; nobody waits for one then. To be closed by the caller.
    mutating func takeIdle() -> [Connection] {
        let taken = idle
        size -= taken.count
        totals.lost += taken.count
        for connection in taken { remove(connection) }
        idle = []
        return taken
    }

    /// Closes. Returns who waits in vain, which connections rest, and which are in use.
    mutating func close() -> (waiters: Deque<Waiter>, idle: [Connection], inUse: [Connection]) {
        isClosed = true
        let resting = Set(idle.map { ObjectIdentifier($0) })
        let closed = (waiters, idle, open.filter { !resting.contains($0.key) }.map(\.value))
        waiters = []
        size -= idle.count
        for connection in idle { remove(connection) }
        idle = []
        return closed
    }
}
