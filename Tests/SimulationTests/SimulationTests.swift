import Core
import Simulation
import Testing

@Suite("Simulated installations in which everything goes wrong", .serialized)
struct SimulationTests {
    /// Also the least that has to have been seen for it to mean something.
    @Test("no seed breaks an invariant, and everything that can go wrong did")
    func seeds() async throws {
        let campaign = try await Campaign.run(count: 20_000)
        #expect(campaign.failed.isEmpty, "\(campaign.summary)")
        for fault in Fault.allCases { #expect(campaign.seen.faults[fault, default: 0] > 100, "\(fault)") }
        for status in [RunStatus.completed, .compensated, .cancelled] {
            #expect(campaign.seen.ends[status, default: 0] > 1000, "\(status)")
        }
        #expect(campaign.seen.takeovers > 5000 && campaign.seen.requests > 5000 && campaign.seen.restarts > 1000)
        print(campaign.summary)
    }

    @Test("the same seed gives the same simulation, to the last event")
    func deterministic() throws {
        for seed in 1...50 as ClosedRange<UInt64> {
            let first = try Simulation(Plan(seed: seed), isLogged: true).run()
            let second = try Simulation(Plan(seed: seed), isLogged: true).run()
            #expect(first.log == second.log && !first.log.isEmpty)
        }
    }

    @Test("each planted fault is found, soon", arguments: PlantedBug.allCases)
    func bites(_ bug: PlantedBug) async throws {
        plant(bug)
        defer { plant(nil) }
        let campaign = try await Campaign.run(count: 20_000, stopsAtFirst: true)
        let found = try #require(campaign.failed.first, "\(bug) is not found in \(campaign.count) seeds")
        print("\(bug): seed \(found), \(campaign.violations.first ?? "")")
    }

    @Test("what fails is told as the least that fails, and how to have it again")
    func shrinks() throws {
        plant(.joinAtFirstBranch)
        defer { plant(nil) }
        let plan = try #require(
            try (1...50 as ClosedRange<UInt64>).lazy.map { Plan(seed: $0) }.first {
                try $0.runs > 1 && !Simulation($0).run().violations.isEmpty
            })
        let least = try plan.shrunk()
        let report = try Simulation(least, isLogged: true).run()
        #expect(!report.violations.isEmpty)
        // It needs no fault and no second engine, and not all of the runs.
        #expect(least.engines == 1 && least.faults.isEmpty && least.runs < plan.runs)
        #expect(
            least.command.hasPrefix(
                "scripts/simulate --seed \(plan.seed) --runs \(least.runs) --engines 1 --without kill,"))
        #expect(report.log.contains { $0.contains("attemptStarted") })
    }
}
