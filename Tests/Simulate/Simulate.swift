import ArgumentParser
import Core
import Simulation
import Synchronization

/// Runs simulations, and shows the least of what fails.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs seeded simulations of engines, a store, a network and participants that fail.")

    @Option(help: "How many seeds.")
    var seeds: UInt64 = 20_000

    @Option(help: "The first of them.")
    var from: UInt64 = 1

    @Option(help: "This seed alone, told in full.")
    var seed: UInt64?

    @Option(help: "With --seed: how many runs, instead of what follows from the seed.")
    var runs: Int?

    @Option(help: "With --seed: how many engines, instead of what follows from the seed.")
    var engines: Int?

    @Option(help: "With --seed: faults that are left out, of all there are; none leaves out none.")
    var without: String?

    @Option(help: "Plants a fault in the code, to see it found.")
    var plant: String?

    @Option(help: "Threads.")
    var threads = 2

    mutating func run() async throws {
        if let plant {
            guard let bug = PlantedBug.allCases.first(where: { "\($0)" == plant }) else {
                throw ValidationError("no such fault: \(PlantedBug.allCases.map { "\($0)" }.joined(separator: ", "))")
            }
            #if DEBUG
            Core.plant(bug)
            #else
            throw ValidationError("\(bug) can't be planted: only a debug build has faults to plant")
            #endif
        }
        if let seed { return try tell(plan(seed)) }
        let campaign = try await Campaign.run(from: from, count: seeds, threads: threads)
        print(campaign.summary)
        guard let failed = campaign.failed.first else { return }
        try tell(Plan(seed: failed).shrunk())
    }

    private func plan(_ seed: UInt64) throws -> Plan {
        var plan = Plan(seed: seed)
        if let runs { plan.runs = runs }
        if let engines { plan.engines = engines }
        if let without {
            plan.faults = Set(Fault.allCases)
            for name in without.split(separator: ",") where name != "none" {
                guard let fault = Fault(rawValue: String(name)) else { throw ValidationError("no such fault: \(name)") }
                plan.faults.remove(fault)
            }
        }
        return plan
    }

    private func tell(_ plan: Plan) throws {
        let report = try Simulation(plan, isLogged: true).run()
        for line in report.log { print(line) }
        print(report.violations.isEmpty ? "All is well." : report.violations.joined(separator: "\n"))
        print(plan.command)
        if !report.violations.isEmpty { throw ExitCode.failure }
    }
}
