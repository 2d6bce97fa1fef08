internal import NIOCore

/// The addresses of one origin's host: one look-up at a time, shared by all who wait for it, believed for a short time.
///
/// Without it a burst of new connections would be a burst of look-ups, and with a dead name server they would queue up.
struct AddressLookup {
    private var known: (addresses: [ResolvedAddress], until: NIODeadline)?
    private var waiting: [ConnectAttempt] = []

    /// The addresses, if the last look-up is recent enough.
    func current(_ now: NIODeadline) -> [ResolvedAddress]? {
        guard let known, known.until > now else { return nil }
        return known.addresses
    }

    /// Lets the attempt wait for a look-up; true when the caller must start one.
    mutating func join(_ attempt: ConnectAttempt) -> Bool {
        waiting.append(attempt)
        return waiting.count == 1
    }

    /// Notes the result and returns the attempts that wait for it.
    mutating func finish(_ result: Result<[ResolvedAddress], any Error>, lifetime: Duration) -> [ConnectAttempt] {
        if case .success(let addresses) = result { known = (addresses, .now() + TimeAmount(lifetime)) }
        defer { waiting = [] }
        return waiting
    }

    /// The next connection asks again: an address that failed may be gone.
    mutating func forget() {
        known = nil
    }
}
