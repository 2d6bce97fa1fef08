import Core
import Postgres
import Testing
import TestSupport

@testable import Storage

@Suite("Claims by tenant and priority")
struct FairClaimTests {
    private static func put(_ id: String, weight: Int = 100, _ test: TestDatabase) async throws -> Int32 {
        let put = PutTenant(tenantID: id, state: .active, weight: weight, limits: TenantLimits(), by: "tests")
        return try #require(try await test.database.writes.execute(put).first).tenant.number
    }

    private static func runs(_ count: Int, _ definition: WorkflowDefinition, _ lane: Lane?) -> [NewRun] {
        (0..<count).map { _ in NewRun.sample(definition, lane: lane) }
    }

    @Test("of each tenant as many as it is given, the higher priority first; what is not claimed is free")
    func shares() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let engine = TestEngine(test, definition)
            let (a, b) = (try await Self.put("a", weight: 300, test), try await Self.put("b", test))
            let (low, high) = (Lane(tenant: a, priority: 1), Lane(tenant: a, priority: 9))
            let other = Lane(tenant: b, priority: 5)
            let (ofLow, ofHigh) = (Self.runs(30, definition, low), Self.runs(4, definition, high))
            let ofOther = Self.runs(30, definition, other)
            try await engine.start(ofLow + ofHigh + ofOther + Self.runs(5, definition, nil))
            let due = try await engine.leases.dueLanes()
            #expect(due.map(\.lane) == [high, low, other])
            #expect(due.map(\.weight) == [300, 300, 100])
            let shares = due.map { LaneShare(lane: $0.lane, since: $0.since, quota: $0.lane.tenant == a ? 6 : 2) }
            let claimed = try await engine.leases.claim(shares, limit: 100)
            let ids = Set(claimed.map(\.run.lease.runID))
            #expect(claimed.count == 8)
            #expect(ids.intersection(ofHigh.map(\.run.id)).count == 4, "the higher priority has its part first")
            #expect(ids.intersection(ofLow.map(\.run.id)).count == 2)
            #expect(ids.intersection(ofOther.map(\.run.id)).count == 2)
            #expect(claimed.allSatisfy { $0.run.lease.epoch == 1 })
            #expect(try await engine.leases.claim(shares, limit: 3).count == 3, "in all no more than there is room for")
            let rest = try await engine.leases.claim(limit: 1000)
            #expect(rest.count == 69 - 11, "what was not claimed is claimed by whoever comes")
        }
    }

    @Test("what is not due, or held, is no reason to look at a lane")
    func notDue() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let engine = TestEngine(test, definition)
            let number = try await Self.put("a", test)
            let lanes = [Lane(tenant: number, priority: 5), Lane(tenant: 0, priority: 5)]
            try await engine.start(Self.runs(3, definition, lanes[0]) + Self.runs(1, definition, lanes[1]))
            #expect(
                try await engine.leases.dueLanes().map(\.lane) == [lanes[1], lanes[0]], "also of tenants without a row")
            let shares = [LaneShare(lane: lanes[0], since: ClaimWindow.beginning, quota: 3)]
            #expect(try await engine.leases.claim(shares, limit: 100).count == 3)
            #expect(try await engine.leases.dueLanes().map(\.lane) == [lanes[1]])
            #expect(try await engine.leases.claim(shares, limit: 100).isEmpty)
        }
    }

    @Test("two engines that divide at once never get the same run")
    func together() async throws {
        try await TestDatabase.with(writes: 8) { test in
            let definition = try WorkflowDefinition.sampleChain()
            let (a, b) = (try await Self.put("a", test), try await Self.put("b", test))
            let lanes = [Lane(tenant: a, priority: 5), Lane(tenant: b, priority: 5)]
            let runs = lanes.flatMap { Self.runs(150, definition, $0) }
            try await TestEngine(test, definition).start(runs)
            let shares = lanes.map { LaneShare(lane: $0, since: ClaimWindow.beginning, quota: 4) }
            let claimed = try await withThrowingTaskGroup { group in
                for _ in 0..<6 {
                    let engine = TestEngine(test, definition)
                    group.addTask {
                        var mine: [RunID] = []
                        while true {
                            mine += try await engine.leases.claim(shares, limit: 7).map(\.run.lease.runID)
                            if try await engine.leases.dueLanes().isEmpty { return mine }
                        }
                    }
                }
                return try await group.reduce(into: [RunID]()) { $0 += $1 }
            }
            #expect(claimed.count == 300 && Set(claimed) == Set(runs.map(\.run.id)))
        }
    }

    @Test("a FAILED run that is taken up again stands in its lane again")
    func again() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let engine = TestEngine(test, definition)
            let lane = Lane(tenant: try await Self.put("a", test), priority: 8)
            let run = NewRun.sample(definition, lane: lane)
            try await engine.start([run])
            let held = try await engine.claimOne()
            #expect(try await engine.leases.quarantine(held.lease, Failure(kind: "quarantined", message: "m")))
            #expect(try await engine.leases.dueLanes().isEmpty)
            let send = SendToEndedRuns(
                runIDs: [run.run.id], request: InboxRequest(.retry(stepID: nil), sentBy: "tests"))
            #expect(try await test.database.writes.execute(send) == [run.run.id])
            #expect(try await engine.leases.dueLanes().map(\.lane) == [lane])
            #expect(try await test.database.reads.execute(FindRunLane(runID: run.run.id)) == [lane])
        }
    }

    @Test("lanes are stored so that the highest priority of a tenant comes first, and read back as they were")
    func stored() {
        for tenant: Int32 in [0, 1, 7, 10_000] {
            for priority in Lane.priorities {
                let lane = Lane(tenant: tenant, priority: priority)
                #expect(Lane(stored: lane.stored) == lane)
                if priority > 0 { #expect(lane.stored < Lane(tenant: tenant, priority: priority - 1).stored) }
            }
            #expect(Lane(stored: tenant * Lane.perTenant + 15) == Lane(tenant: tenant, priority: 0))
        }
    }

    @Test("what a tenant has stored is estimated by what its runs take, and not measured again at once")
    func measured() async throws {
        try await TestDatabase.with { test in
            let definition = try WorkflowDefinition.sampleChain()
            let engine = TestEngine(test, definition)
            let measurement = TenantMeasurement(database: test.database)
            #expect(try await !measurement.run(), "nobody has made a tenant")
            for id in ["large", "small", "none"] { _ = try await Self.put(id, test) }
            let payload = JSON.string(
                String((0..<60_000).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement() ?? "a" }))
            try await engine.start((0..<20).map { _ in .sample(definition, input: payload, tenantID: "large") })
            try await engine.start((0..<20).map { _ in .sample(definition, input: ["a": 1], tenantID: "small") })
            #expect(try await measurement.run())
            #expect(try await !measurement.run())
            let tenants = try await test.database.reads.execute(ListTenants(tenants: .all, after: nil, limit: 10))
            let bytes = Dictionary(uniqueKeysWithValues: tenants.map { ($0.tenantID, $0.stored?.bytes ?? -1) })
            let (large, small) = (try #require(bytes["large"]), try #require(bytes["small"]))
            #expect(bytes["none"] == 0)
            #expect(large > 20 * 60_000 / 2 && small > 0 && small < large / 10, "\(bytes)")
        }
    }

    @Test("a tenant's number is its own for good, however often it is changed, and two that make it at once make one")
    func numbers() async throws {
        try await TestDatabase.with(writes: 8) { test in
            let numbers = try await withThrowingTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        let put = PutTenant(
                            tenantID: "a", state: .active, weight: 5, limits: TenantLimits(), by: "tests")
                        return try await test.database.writes.execute(put).first?.tenant.number
                    }
                }
                return try await group.reduce(into: [Int32?]()) { $0.append($1) }
            }
            let number = try await Self.put("a", test)
            #expect(Set(numbers.compactMap { $0 }) == [number])
            let before = number
            for _ in 0..<20 { _ = try await Self.put("a", test) }
            #expect(try await Self.put("b", test) < before + 20, "changes take no numbers")
        }
    }
}
