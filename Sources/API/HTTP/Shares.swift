import Synchronization

/// So much of something for all clients together, and at most a part of it for each client address: nobody takes all of it.
final class Shares: Sendable {
    /// What somebody has taken; given back when nobody holds it any more, whatever became of the request.
    final class Share: Sendable {
        private let amount: Int
        private let client: String
        private let shares: Shares

        fileprivate init(_ amount: Int, _ client: String, _ shares: Shares) {
            self.amount = amount
            self.client = client
            self.shares = shares
        }

        deinit { shares.give(amount, client) }
    }

    private struct State {
        var taken = 0
        var byClient: [String: Int] = [:]
        var refused = 0
    }

    let total: Int
    let perClient: Int
    private let state = Mutex(State())

    init(total: Int, perClient: Int) {
        self.total = total
        self.perClient = min(perClient, total)
    }

    /// Nil when that much is not left, or the client has its part. Who asks for more than there is gets it alone.
    ///
    /// - Parameter client: see `APIContext.limitedAddress`.
    func take(_ amount: Int, for client: String) -> Share? {
        let isTaken = state.withLock { state in
            let own = state.byClient[client] ?? 0
            let fits =
                (own == 0 || own + amount <= perClient) && (state.taken == 0 || state.taken + amount <= total)
            guard fits else {
                state.refused += 1
                return false
            }
            state.taken += amount
            state.byClient[client] = own + amount
            return true
        }
        return isTaken ? Share(amount, client, self) : nil
    }

    /// What is taken now.
    var taken: Int { state.withLock { $0.taken } }
    /// How often somebody was refused.
    var refused: Int { state.withLock { $0.refused } }

    private func give(_ amount: Int, _ client: String) {
        state.withLock { state in
            state.taken -= amount
            let own = (state.byClient[client] ?? 0) - amount
            state.byClient[client] = own > 0 ? own : nil
        }
    }
}
