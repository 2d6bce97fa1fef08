// What scripts/bench and scripts/bench-peers run: it starts everything that is measured, lets a load generator and a
// participant that cost next to nothing at it, so that what is measured is sagaflow, and makes the table.
//
//   Run/          the phases in their order, with how much of everything
//   Phases/       what each phase does, and its figures
//   Report/       the table and the JSON, made of the figures
//   System/       Postgres, Redis, the API and engines: started and stopped through scripts/lib
//   Load/         starts runs over HTTP: as fast as they are taken, at a given rate, all at once, or one by one
//   Participant/  answers calls as it is told: at once, late, not at all, with a refusal
//   Floor/        sagaflow's own statements as a pgbench script
//   Measure/      CPU and memory from the operating system, times, percentiles, what the database says
//   Peers/        sagaflow beside others, whose Python is in bench/peers

import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sagaflow-bench", abstract: "Measures sagaflow; scripts/bench starts it.",
        subcommands: [RunCommand.self, PeersCommand.self, ParticipantCommand.self])
}
