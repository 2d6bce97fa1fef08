// The operator's tool. Each command is a type in a file of its own, next to the options it shares with others
// (Options/); the work itself is done by Storage and Checker.

import ArgumentParser
import Glibc
import Storage

/// `saga`. Exit codes: 0 it worked, 1 it did not (the reason is on standard error), 64 wrong usage.
@main
struct Saga: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "saga", abstract: "Looks after a sagaflow installation.",
        discussion: "Exit codes: 0 it worked, 1 it did not (the reason is on standard error), 64 wrong usage.",
        version: sagaflowVersion, subcommands: [Migrate.self, Check.self])

    static func main() async {
        // A reader that goes away (`saga … | head`) ends the output, not the process in the middle of its work.
        signal(SIGPIPE, SIG_IGN)
        await main(nil)
    }
}
