// What scripts/bench runs: a load generator and a participant that cost next to nothing, so that what is measured is
// sagaflow, and the pgbench script that shows what Postgres alone could do with the same statements. One executable
// with a subcommand for each; each prints one JSON object, which the script puts together.
//
//   Load/         starts runs over HTTP: as fast as they are taken, at a given rate, or one by one for latencies
//   Scenarios/    what else may happen: an engine killed, a burst, thousands of runs at once, an old snapshot
//   Participant/  answers calls as it is told: at once, late, not at all, with a refusal
//   Floor/        sagaflow's own statements as a pgbench script
//   Measure/      CPU and memory from the operating system, times, percentiles, what the database says

import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sagaflow-bench", abstract: "The parts of scripts/bench.",
        subcommands: [
            DefinitionCommand.self, ParticipantCommand.self, LoadCommand.self, OfferCommand.self, LatencyCommand.self,
            HoldCommand.self, TakeoverCommand.self, InFlightCommand.self, WaitingCommand.self, BurstCommand.self,
            SnapshotCommand.self, FloorCommand.self,
        ])
}
