import Core
import Driver
import Logging
import Storage
import Telemetry

/// What was claimed.
struct Claim {
    let runs: [ClaimedRun]
    /// More is due than there was room for.
    let isMoreDue: Bool
    /// Those of tenants that are spared.
    let ahead: Set<RunID>
}

extension Claimer {
    /// Claims as many as there is room for: by age, or divided among tenants and priorities while more is due than that.
    func claim(
        _ limit: Int, _ bytes: Int, _ window: inout ClaimWindow, _ fair: inout FairShares
    ) async throws(StoreError) -> Claim {
        let next = fair.next(limit: limit)
        if let shares = next.shares {
            let claimed = try await context.leases.claim(shares, limit: next.limit, room: bytes)
            context.metrics.dividedClaims.add()
            let runs = claimed.map(\.run)
            if !Self.areHeavy(runs, bytes) { fair.claimed(Self.taken(claimed)) }
            let ahead = claimed.filter { fair.isSpared($0.lane) }.map(\.run.lease.runID)
            // Whatever was left is for the next one, by age if there was nothing to divide.
            return Claim(runs: runs, isMoreDue: true, ahead: Set(ahead))
        }
        let asked = ContinuousClock.now
        let since = window.open(at: asked)
        let runs: [ClaimedRun]
        var ahead: Set<RunID> = []
        if fair.isDividing {
            let oldest = try await context.leases.claimOldest(limit: next.limit, since: since, room: bytes)
            fair.claimedByAge(oldest.compactMap(\.lane))
            runs = oldest.map(\.run)
            ahead = Set(oldest.filter { $0.lane.map { fair.isSpared($0) } ?? false }.map(\.run.lease.runID))
        } else {
            runs = try await context.leases.claim(limit: next.limit, since: since, room: bytes)
        }
        window.claimed(upTo: runs.last?.availableAt, isFull: runs.count == next.limit, took: .now - asked)
        let isMoreDue = runs.count == next.limit || Self.areHeavy(runs, bytes)
        if !isMoreDue { fair.stop() }
        return Claim(runs: runs, isMoreDue: isMoreDue, ahead: ahead)
    }

    /// There is no room but for runs of tenants that are spared: waits a moment for it, and claims those as soon as somebody says
    /// that something is due.
    func claimAhead(_ fair: inout FairShares, _ bytes: Int, _ workers: inout DiscardingTaskGroup) async {
        guard await context.wakeUp.wait(atMost: Congestion.pause) else { return }
        let shares = fair.spared
        if shares.isEmpty { return }
        do {
            let asked = ContinuousClock.now
            let claimed = try await context.leases.claim(shares, limit: FairShares.ahead, room: bytes)
            count(claimed.map(\.run))
            context.metrics.dividedClaims.add()
            fair.claimedAhead(Self.taken(claimed))
            for run in claimed { carry(run.run, asked: asked, &workers, isAhead: true) }
        } catch {
            context.logger.warning("runs can't be claimed now", metadata: ["error": "\(error)"])
        }
    }

    /// How many runs the next claim takes at the most; nil for none yet, because a tenant that needs little is to be spared.
    func limit(_ room: Int, _ fair: FairShares) -> Int? {
        let limit = min(room, Self.maxBatch)
        guard fair.isSparing else {
            context.congestion.stop()
            return limit
        }
        let held = context.congestion.limit(
            at: .now, capacity: context.table.capacity, isBarred: context.precedence.isBarred)
        let free = held - context.table.count
        return free < max(1, held / 8) ? nil : min(limit, free)
    }

    private static func taken(_ claimed: [ClaimShares.Row]) -> [FairShares.Taken] {
        claimed.map { FairShares.Taken(lane: $0.lane, dueAt: $0.run.availableAt) }
    }

    /// More may be due, but for the weight of these.
    private static func areHeavy(_ runs: [ClaimedRun], _ bytes: Int) -> Bool {
        runs.reduce(0) { $0 + $1.weight } >= bytes
    }

    /// More is due than there is room for: looks who waits.
    func look(_ fair: inout FairShares) async throws(StoreError) {
        let asked = ContinuousClock.now
        guard fair.isLookDue(at: asked) else { return fair.resume(at: asked) }
        let lanes = try await context.leases.dueLanes()
        fair.looked(lanes, at: .now, took: .now - asked)
    }
}
