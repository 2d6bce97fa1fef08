import Core
import Storage
import Testing

@testable import Engine

@Suite("What an engine claims while it can't keep up is divided")
struct FairSharesTests {
    private static func lane(_ tenant: Int32, _ priority: Int = 5) -> Lane { Lane(tenant: tenant, priority: priority) }

    private static func due(_ tenant: Int32, _ priority: Int = 5, weight: Int = 100) -> DueLane {
        DueLane(lane: lane(tenant, priority), since: Instant(microseconds: 1_000_000), weight: weight)
    }

    private static func taken(_ lanes: [Lane]) -> [FairShares.Taken] {
        lanes.map { FairShares.Taken(lane: $0, dueAt: Instant(microseconds: 1_000_000)) }
    }

    /// Claims `rounds` times from queues of these lengths; what each tenant got.
    private static func play(
        _ fair: inout FairShares, _ queues: inout [Lane: Int], limit: Int, rounds: Int
    ) -> [Int32: Int] {
        var got: [Int32: Int] = [:]
        for _ in 0..<rounds {
            let next = fair.next(limit: limit)
            guard let shares = next.shares else { continue }
            var taken: [Lane] = []
            var left: [Int32: Int] = [:]
            for share in shares {
                let room = left[share.lane.tenant] ?? share.quota
                let count = min(room, queues[share.lane] ?? 0)
                left[share.lane.tenant] = room - count
                queues[share.lane, default: 0] -= count
                taken += Array(repeating: share.lane, count: count)
            }
            #expect(taken.count <= limit)
            for lane in taken { got[lane.tenant, default: 0] += 1 }
            fair.claimed(Self.taken(taken))
        }
        return got
    }

    @Test("weights hold, also where a claim takes fewer runs than there are tenants", arguments: [1, 3, 7, 100])
    func weights(limit: Int) {
        var fair = FairShares()
        fair.looked(
            [Self.due(1, weight: 100), Self.due(2, weight: 200), Self.due(3, weight: 700)], at: .now, took: .zero)
        var queues = [Self.lane(1): 1 << 20, Self.lane(2): 1 << 20, Self.lane(3): 1 << 20]
        let got = Self.play(&fair, &queues, limit: limit, rounds: 2000)
        let all = Double(got.values.reduce(0, +))
        #expect(all == Double(limit * (2000 - 2000 / FairShares.turns)), "nothing of a claim is left unused")
        for (tenant, part) in [(Int32(1), 0.1), (2, 0.2), (3, 0.7)] {
            #expect(abs(Double(got[tenant] ?? 0) / all - part) < 0.01, "\(tenant): \(got)")
        }
    }

    @Test("who has little due gets that, and the others what is left; who has more again gets a part of it again")
    func light() {
        var fair = FairShares()
        fair.looked([Self.due(1), Self.due(2)], at: .now, took: .zero)
        var queues = [Self.lane(1): 1 << 20, Self.lane(2): 1]
        _ = Self.play(&fair, &queues, limit: 100, rounds: 3)
        let got = Self.play(&fair, &queues, limit: 100, rounds: 7)
        #expect((got[1] ?? 0) >= 98 * 6, "what the other does not need is not kept for it: \(got)")
        queues[Self.lane(2)] = 1 << 20
        let later = Self.play(&fair, &queues, limit: 100, rounds: 400)
        #expect(abs(Double(later[2] ?? 0) / Double(later[1] ?? 1) - 1) < 0.1, "\(later)")
    }

    @Test("the higher priority of a tenant has its part first, and by age everybody has a turn")
    func priorities() throws {
        var fair = FairShares()
        fair.looked([Self.due(1, 9), Self.due(1, 0)], at: .now, took: .zero)
        var byAge = 0
        for _ in 0..<(FairShares.turns * 3) {
            let next = fair.next(limit: 100)
            guard let shares = next.shares else {
                byAge += 1
                #expect(next.limit == 100 / FairShares.byAge)
                continue
            }
            #expect(shares.map(\.lane) == [Self.lane(1, 9), Self.lane(1, 0)])
            #expect(shares.allSatisfy { $0.quota == 100 })
            fair.claimed(Self.taken(Array(repeating: Self.lane(1, 9), count: 100)))
        }
        #expect(byAge == 3)
    }

    @Test("with one lane, or with room for all that is due, nothing is divided")
    func nothingToDivide() {
        var fair = FairShares()
        #expect(fair.next(limit: 10).shares == nil && fair.next(limit: 10).limit == 10)
        fair.looked([Self.due(1)], at: .now, took: .zero)
        #expect(!fair.isDividing)
        fair.looked([Self.due(1), Self.due(2)], at: .now, took: .zero)
        #expect(fair.isDividing)
        _ = fair.next(limit: 10)
        fair.claimed(Self.taken([Self.lane(1)]))
        #expect(!fair.isDividing, "neither had all that it was to have")
    }

    @Test(
        "lanes are looked at now and then, the less often the longer it takes; one that was due is remembered for a while"
    )
    func looks() {
        var fair = FairShares()
        let now = ContinuousClock.now
        #expect(fair.isLookDue(at: now))
        fair.looked([Self.due(1), Self.due(2)], at: now, took: .milliseconds(10))
        #expect(!fair.isLookDue(at: now + .milliseconds(199)))
        #expect(fair.isLookDue(at: now + .milliseconds(201)))
        fair.looked([Self.due(1)], at: now + .milliseconds(300), took: .zero)
        #expect(fair.isDividing, "the other was due a moment ago")
        fair.looked([Self.due(1)], at: now + .milliseconds(1301), took: .zero)
        #expect(!fair.isDividing)
    }
}
