// The operator's tool. Each command is a type in a file of its own, next to the options it shares with others
// (Options/); the work itself is done by Storage and Checker.

import ArgumentParser
import Storage

/// `saga`. Exit codes: 0 it worked, 1 it did not (the reason is on standard error), 64 wrong usage.
struct Saga: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "saga", abstract: "Looks after a sagaflow installation.",
        discussion: "Exit codes: 0 it worked, 1 it did not (the reason is on standard error), 64 wrong usage.",
        version: sagaflowVersion, subcommands: [Migrate.self])
}
