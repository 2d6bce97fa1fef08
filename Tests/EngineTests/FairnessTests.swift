import Core
import Postgres
import Storage
import Testing
import TestSupport

@testable import Engine

@Suite("Tenants and priorities share engines that can't keep up", .timeLimit(.minutes(3)))
struct FairnessTests {
    private static func tenant(_ id: String, weight: Int, _ stage: Stage) async throws -> Lane {
        let put = PutTenant(tenantID: id, state: .active, weight: weight, limits: TenantLimits(), by: "tests")
        let number = try #require(try await stage.test.database.writes.execute(put).first).tenant.number
        return Lane(tenant: number, priority: Lane.usualPriority)
    }

    private static func live(_ lane: Lane, _ stage: Stage) async throws -> Int {
        let count = try await stage.test.value("SELECT count(*) FROM outbox WHERE lane = \(lane.stored)")
        return try #require(count.flatMap { Int($0) })
    }

    /// Waits until no run of the lane lives.
    private static func untilDone(_ lane: Lane, _ stage: Stage) async throws {
        let giveUpAt = ContinuousClock.now + .seconds(60)
        while try await live(lane, stage) > 0 {
            try #require(ContinuousClock.now < giveUpAt, "runs of the lane \(lane) never ended")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test("whoever starts a run now and then does not wait for another's backlog, whichever engine has it")
    func trickle() async throws {
        let chain = try WorkflowDefinition.sampleChain(2)
        try await Stage.with([chain]) { stage in
            let large = try await Self.tenant("large", weight: 100, stage)
            let small = try await Self.tenant("small", weight: 100, stage)
            let backlog = 1500
            _ = try await stage.start(chain, count: backlog, lane: large)
            try await stage.withEngine(["--max-in-flight", "20"]) { _ in
                try await stage.withEngine(["--max-in-flight", "20"]) { _ in
                    for number in 0..<5 {
                        let run = try await stage.start(chain, lane: small)[0]
                        #expect(try await stage.end(of: run) == .completed)
                        let left = try await Self.live(large, stage)
                        #expect(left > backlog / 2, "run \(number) of the small tenant waited for the other's")
                    }
                }
            }
        }
    }

    @Test("weights say what each gets while all have something due")
    func weights() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            let light = try await Self.tenant("light", weight: 100, stage)
            let heavy = try await Self.tenant("heavy", weight: 300, stage)
            // The lighter one is first by age, and would be done first.
            _ = try await stage.start(chain, count: 600, lane: light)
            _ = try await stage.start(chain, count: 600, lane: heavy)
            try await stage.withEngine(["--max-in-flight", "16"]) { engine in
                try await Self.untilDone(heavy, stage)
                let left = try await Self.live(light, stage)
                // 200 of them have had their turn, and what was claimed before anybody had looked.
                #expect((320...420).contains(left), "\(left) of 600 are left")
            }
        }
    }

    @Test("of one tenant the higher priority goes first, and the lower one goes on all the same")
    func priorities() async throws {
        let chain = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([chain]) { stage in
            let usual = try await Self.tenant("a", weight: 100, stage)
            let urgent = Lane(tenant: usual.tenant, priority: 9)
            _ = try await stage.start(chain, count: 600, lane: usual)
            _ = try await stage.start(chain, count: 600, lane: urgent)
            try await stage.withEngine(["--max-in-flight", "16"]) { _ in
                try await Self.untilDone(urgent, stage)
                let left = try await Self.live(usual, stage)
                #expect((450..<600).contains(left), "\(left) of 600 are left")
            }
        }
    }

    @Test("a child stands in its parent's lane, and one of a run without a lane has none", arguments: [true, false])
    func children(hasLane: Bool) async throws {
        let parent = try WorkflowDefinition.sample(
            name: "parent", steps: [["id": "kid", "run": ["workflow": "sample-chain"]]])
        let child = try WorkflowDefinition.sampleChain(1)
        try await Stage.with([parent, child]) { stage in
            let lane = try await Self.tenant("a", weight: 100, stage)
            let urgent = Lane(tenant: lane.tenant, priority: 8)
            let run = try await stage.start(parent, lane: hasLane ? urgent : nil)[0]
            try await stage.withEngine { _ in
                let end = try await stage.end(of: run)
                #expect(end == .completed)
            }
            var query = RunQuery(scope: .all)
            query.parent = run
            let kids = try await stage.reader.list(query)
            #expect(kids.count == 1 && kids.first?.lane == (hasLane ? urgent : nil))
        }
    }
}
