import Core
import Driver
import Storage
import Telemetry

extension Claimer {
    /// Claims as many as there is room for: by age, or divided among tenants and priorities while more is due than that.
    func claim(
        _ limit: Int, _ bytes: Int, _ window: inout ClaimWindow, _ fair: inout FairShares
    ) async throws(StoreError) -> (runs: [ClaimedRun], isMoreDue: Bool) {
        let next = fair.next(limit: limit)
        if let shares = next.shares {
            let claimed = try await context.leases.claim(shares, limit: next.limit, room: bytes)
            context.metrics.dividedClaims.add()
            let runs = claimed.map(\.run)
            if !Self.areHeavy(runs, bytes) { fair.claimed(claimed.map(\.lane)) }
            // Whatever was left is for the next one, by age if there was nothing to divide.
            return (runs, true)
        }
        let asked = ContinuousClock.now
        let since = window.open(at: asked)
        let runs: [ClaimedRun]
        if fair.isDividing {
            let oldest = try await context.leases.claimOldest(limit: next.limit, since: since, room: bytes)
            fair.claimedByAge(oldest.compactMap(\.lane))
            runs = oldest.map(\.run)
        } else {
            runs = try await context.leases.claim(limit: next.limit, since: since, room: bytes)
        }
        window.claimed(upTo: runs.last?.availableAt, isFull: runs.count == next.limit, took: .now - asked)
        let isMoreDue = runs.count == next.limit || Self.areHeavy(runs, bytes)
        if !isMoreDue { fair.stop() }
        return (runs, isMoreDue)
    }

    /// How many runs the next claim takes at the most; nil for none yet, because a tenant that needs little is to be spared.
    func limit(_ room: Int, _ fair: FairShares) -> Int? {
        let limit = min(room, Self.maxBatch)
        guard fair.isSparing else {
            context.congestion.stop()
            return limit
        }
        let held = context.congestion.limit(at: .now, capacity: context.table.capacity)
        let free = held - context.table.count
        return free < max(1, held / 8) ? nil : min(limit, free)
    }

    /// More may be due, but for the weight of these.
    private static func areHeavy(_ runs: [ClaimedRun], _ bytes: Int) -> Bool {
        runs.reduce(0) { $0 + $1.weight } >= bytes
    }

    /// More is due than there is room for: looks who waits.
    func look(_ fair: inout FairShares) async throws(StoreError) {
        let asked = ContinuousClock.now
        guard fair.isLookDue(at: asked) else { return }
        let lanes = try await context.leases.dueLanes()
        fair.looked(lanes, at: .now, took: .now - asked)
    }
}
