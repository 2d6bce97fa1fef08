package import Core
package import Postgres

/// What an engine has of a limit: of `maxConcurrent` in calls, of `rate` in thousandths of a call per second.
package struct CallShare: Sendable, Hashable {
    /// What it could use now.
    package var wanted: Int
    /// What nobody else may use: its share, or what it still uses of a larger one that it had.
    package var taken: Int

    package init(wanted: Int, taken: Int) {
        self.wanted = wanted
        self.taken = taken
    }

    /// What an engine that was not heard of for so many seconds has taken is free again.
    package static let silence = 15
    /// How many seconds what does not divide evenly is one engine's.
    static let turn = 4
}

/// What an engine wants of a participant's limits.
package struct CallDemand: Sendable, Hashable {
    package let participant: ParticipantID
    /// Calls in flight and waiting.
    package let calls: Int
    /// Thousandths of a call per second that it could begin.
    package let rate: Int

    package init(participant: ParticipantID, calls: Int, rate: Int) {
        self.participant = participant
        self.calls = calls
        self.rate = rate
    }
}

/// What an engine may use of a participant's limits from now on.
package struct CallGrant: Sendable, Hashable {
    package let participant: ParticipantID
    /// Calls in flight; nil for no limit.
    package let calls: Int?
    /// How calls may begin, 0 thousandths for not at all; nil for no limit.
    package let rate: CallRate?
    /// The whole rate; nil for no limit.
    package let wholeRate: CallRate?
    /// No other engine calls the participant.
    package let isAlone: Bool

    package init(participant: ParticipantID, calls: Int?, rate: CallRate?, wholeRate: CallRate?, isAlone: Bool) {
        self.participant = participant
        self.calls = calls
        self.rate = rate
        self.wholeRate = wholeRate
        self.isAlone = isAlone
    }

    /// This engine's part, beside what `others` want and have taken.
    init(_ limit: LockCallLimits.Row, _ demand: CallDemand, of engine: EngineID, among others: [FindCallShares.Row]) {
        let inOrder = (others.map(\.engine) + [engine]).sorted { $0.description < $1.description }
        let index = inOrder.firstIndex(of: engine) ?? 0
        func part(of total: Int, _ own: Int, _ share: (FindCallShares.Row) -> CallShare) -> Int {
            var (wants, taken) = (inOrder.map { _ in own }, inOrder.map { _ in 0 })
            for other in others {
                guard let place = inOrder.firstIndex(of: other.engine) else { continue }
                (wants[place], taken[place]) = (share(other).wanted, share(other).taken)
            }
            return CallShares.grant(
                of: total, wants: wants, taken: taken, at: index, turn: limit.seconds / CallShare.turn)
        }
        participant = limit.participant
        calls = limit.maxConcurrent.map { part(of: $0, demand.calls, \.calls) }
        rate = limit.rate.map { whole in
            let thousandths = part(of: whole.thousandths, demand.rate, \.rate)
            return CallRate(thousandths: thousandths, burst: whole.burst * thousandths / whole.thousandths)
        }
        wholeRate = limit.rate
        isAlone = others.isEmpty
    }
}

extension Connection {
    /// Takes an engine's shares of limits that hold over all engines, one engine after the other.
    ///
    /// What is taken of a limit is never more than the limit, whenever it is looked at: an engine takes what is free, and one
    /// that is to have less gives it back before others see it as free.
    ///
    /// - Parameters:
    ///   - demands: of the participants that this engine calls; those without limits are passed over.
    ///   - lower: is told the grants before anybody else can know them, and must see to it that not more is begun; answers
    ///     how many calls are in flight, by participant.
    /// - Returns: the grants, which hold now; only now may more be begun than before.
    package func takeCallShares(
        _ demands: [CallDemand], of engine: EngineID, lower: @Sendable ([CallGrant]) -> [ParticipantID: Int]
    ) throws(PostgresError) -> [CallGrant] {
        try inTransaction { connection throws(PostgresError) in
            let limits = try connection.execute(LockCallLimits(demands.map(\.participant)))
            if limits.isEmpty { return [] }
            // A statement of its own sees what was committed before the locks were had.
            let others = try connection.execute(FindCallShares(limits.map(\.participant), engine: engine))
            let wanted = Dictionary(demands.map { ($0.participant, $0) }) { first, _ in first }
            let grants = limits.compactMap { limit in
                wanted[limit.participant].map { demand in
                    CallGrant(limit, demand, of: engine, among: others.filter { $0.participant == limit.participant })
                }
            }
            let inFlight = lower(grants)
            _ = try connection.execute(
                PutCallShares(
                    engine: engine,
                    shares: grants.map { grant in
                        let (demand, flying) = (wanted[grant.participant], inFlight[grant.participant] ?? 0)
                        return (
                            grant.participant,
                            CallShare(wanted: demand?.calls ?? 0, taken: max(grant.calls ?? 0, flying)),
                            CallShare(wanted: demand?.rate ?? 0, taken: grant.rate?.thousandths ?? 0)
                        )
                    }))
            return grants
        }
    }
}
