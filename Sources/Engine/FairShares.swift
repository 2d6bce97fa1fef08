import Core
import Storage

/// How claims are divided while more is due than this engine has room for.
///
/// Tenants share by their weights, among those of which something is due: each claim gives a tenant its part, and what is left of a
/// part that is no whole run is kept for the next. One of which less is due than its part gets that, and the others share the rest. Of
/// a tenant the higher priority comes first, then age.
///
/// Now and then a small claim goes by age alone, whatever the lane: so no run waits for ever behind higher priorities, and those
/// without a lane, which were started before there were any, have their turn.
///
/// As long as an engine has room for all that is due there is nothing to divide, and none of this is looked at.
struct FairShares {
    /// Which lanes there are is looked at no more often than this, and no more often than `sparing` times what a look took.
    static let interval: Duration = .milliseconds(20)
    /// The same where no lane was found: nobody uses them.
    static let emptyInterval: Duration = .milliseconds(500)
    static let sparing = 20
    /// A lane that was due is asked for so long afterwards, without a look.
    static let memory: Duration = .seconds(1)
    /// A claim begins so long before the place up to which the last one took everything. What was written late, or was locked just then,
    /// is found by the next look.
    static let slack: Duration = .milliseconds(20)
    /// Every so many claims go by age.
    static let turns = 8
    /// These claim so many times less.
    static let byAge = 4

    /// So many runs of tenants that are spared are claimed where there is no room for others.
    static let ahead = 8

    private struct Known {
        let lane: Lane
        let weight: Int
        /// Claims begin here.
        var since: Instant
        var seenAt: ContinuousClock.Instant

        /// - Parameter quota: how many runs.
        func share(_ quota: Int) -> LaneShare { LaneShare(lane: lane, since: since - FairShares.slack, quota: quota) }

        /// These were claimed of it, oldest first.
        mutating func took(upTo last: Instant) {
            since = max(since, last)
            seenAt = .now
        }
    }

    private struct Tenant {
        var weight: Int
        /// Parts of runs that it has not been given yet.
        var credit = 0.0
        /// No more than this is due, as far as is known; nil for more than its part.
        var demand: Int?
        /// What it was to have of the claim under way.
        var quota = 0
    }

    /// A claimed run.
    struct Taken {
        let lane: Lane
        /// Since when it had been due.
        let dueAt: Instant
    }

    private var lanes: [Lane: Known] = [:]
    private var tenants: [Int32: Tenant] = [:]
    private var nextLook: ContinuousClock.Instant?
    private var turn = 0

    /// Claims are divided.
    private(set) var isDividing = false

    /// One tenant with a backlog shares the engine with one whose runs come one by one.
    var isSparing: Bool {
        guard isDividing else { return false }
        let light = tenants.values.count { $0.demand != nil }
        return light > 0 && light < tenants.count
    }

    /// Whether a run of this lane is of a tenant that is spared.
    func isSpared(_ lane: Lane) -> Bool { isSparing && tenants[lane.tenant]?.demand != nil }

    /// Whether to look which lanes are due, now that more is due than there is room for.
    func isLookDue(at now: ContinuousClock.Instant) -> Bool { nextLook.map { now >= $0 } ?? true }

    /// These lanes are due.
    mutating func looked(_ due: [DueLane], at now: ContinuousClock.Instant, took: Duration) {
        nextLook = now + max(due.isEmpty ? Self.emptyInterval : Self.interval, took * Self.sparing)
        for lane in due {
            lanes[lane.lane] = Known(lane: lane.lane, weight: lane.weight, since: lane.since, seenAt: now)
        }
        resume(at: now)
    }

    /// More is due than there is room for, and it is not time to look: what is known is divided by.
    mutating func resume(at now: ContinuousClock.Instant) {
        lanes = lanes.filter { now - $0.value.seenAt < Self.memory }
        var known: [Int32: Tenant] = [:]
        for (lane, seen) in lanes where known[lane.tenant] == nil {
            var tenant = tenants[lane.tenant] ?? Tenant(weight: seen.weight)
            tenant.weight = seen.weight
            known[lane.tenant] = tenant
        }
        tenants = known
        isDividing = lanes.count > 1
    }

    /// Less is due than there is room for: the next claim takes whatever there is.
    mutating func stop() {
        isDividing = false
        for key in tenants.keys { tenants[key]?.credit = 0 }
    }

    /// What the next claim is to take, of `limit` runs at the most; nil for one by age, and how many that may take.
    mutating func next(limit: Int) -> (shares: [LaneShare]?, limit: Int) {
        guard isDividing else { return (nil, limit) }
        turn = (turn + 1) % Self.turns
        if turn == 0 { return (nil, max(1, limit / Self.byAge)) }
        divide(limit)
        let shares = lanes.values.compactMap { known -> LaneShare? in
            guard let quota = tenants[known.lane.tenant]?.quota, quota > 0 else { return nil }
            return known.share(quota)
        }
        return (shares.sorted { $0.lane.stored < $1.lane.stored }, limit)
    }

    /// What a claim of the tenants that are spared takes, while there is no room for others.
    var spared: [LaneShare] {
        guard isSparing else { return [] }
        return lanes.values.filter { isSpared($0.lane) }.map { $0.share(Self.ahead) }
            .sorted { $0.lane.stored < $1.lane.stored }
    }

    /// Weighted shares of those of whom more is due than their part; the others get what is due of them.
    private mutating func divide(_ limit: Int) {
        var (left, open) = (limit, Set(tenants.keys))
        for key in tenants.keys { tenants[key]?.quota = 0 }
        while !open.isEmpty {
            let sum = weight(of: open)
            let sated = open.filter { key in
                guard let tenant = tenants[key], let demand = tenant.demand else { return false }
                return Double(demand) <= Double(left) * Double(tenant.weight) / sum
            }
            if sated.isEmpty { break }
            for key in sated {
                let demand = tenants[key]?.demand ?? 0
                tenants[key]?.quota = demand
                tenants[key]?.credit = 0
                left -= demand
            }
            open.subtract(sated)
        }
        let sum = weight(of: open)
        var given = 0
        for key in open {
            guard var tenant = tenants[key] else { continue }
            tenant.credit += Double(left) * Double(tenant.weight) / sum
            tenant.quota = max(0, Int(tenant.credit))
            tenant.credit -= Double(tenant.quota)
            given += tenant.quota
            tenants[key] = tenant
        }
        // What rounding left goes to whoever it owes most.
        for key in open.sorted(by: { (tenants[$0]?.credit ?? 0, $1) > (tenants[$1]?.credit ?? 0, $0) })
        where given < left {
            tenants[key]?.quota += 1
            tenants[key]?.credit -= 1
            given += 1
        }
    }

    private func weight(of keys: Set<Int32>) -> Double {
        Double(keys.reduce(0) { $0 + (tenants[$1]?.weight ?? 0) })
    }

    /// What a claim of those that are spared took, of each lane the oldest first.
    mutating func claimedAhead(_ taken: [Taken]) {
        for run in taken { lanes[run.lane]?.took(upTo: run.dueAt) }
    }

    /// What a claim by age took of each lane counts for its tenant all the same.
    mutating func claimedByAge(_ taken: [Lane]) {
        for lane in taken where tenants[lane.tenant]?.demand == nil { tenants[lane.tenant]?.credit -= 1 }
    }

    /// What a divided claim took, of each lane the oldest first. Where no tenant had all that it was to have, nothing is left to divide.
    mutating func claimed(_ taken: [Taken]) {
        var counts: [Int32: Int] = [:]
        for run in taken {
            counts[run.lane.tenant, default: 0] += 1
            lanes[run.lane]?.took(upTo: run.dueAt)
        }
        for (key, tenant) in tenants where tenant.quota > 0 {
            let count = counts[key] ?? 0
            if count < tenant.quota {
                // A little more than what came, for those whose runs come one by one.
                tenants[key]?.demand = count * 2 + 2
            } else {
                tenants[key]?.demand = tenant.demand.flatMap { tenant.quota < $0 ? nil : $0 * 2 }
            }
        }
        if tenants.allSatisfy({ key, tenant in tenant.quota == 0 || counts[key] ?? 0 < tenant.quota }) { stop() }
    }
}
