// The operator's tool. Each command is a type in a file of its own, next to what only it needs; options they share are
// in Options/, talking to the API in Client/. Work on the database is done by Storage and Checker.

import ArgumentParser
import Core
import Glibc
import Logging

/// `saga`.
@main
struct Saga: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "saga", abstract: "Looks after a sagaflow installation.",
        discussion: """
            Exit codes: 0 it worked; 1 it did not, and the reason is on standard error; 2 it worked, and what was looked at \
            is not well (a run did not end COMPLETED, runs are stuck); 3 the time was over first; 64 wrong usage; 69 the \
            API can't be reached. `saga --version` shows which release this is.
            """,
        subcommands: [
            DevCommand.self, RunCommand.self, WorkflowCommand.self, ParticipantCommand.self, ClusterCommand.self,
            AuditCommand.self, KeyCommand.self, TenantCommand.self, SecretsCommand.self,
            Doctor.self, Recover.self, Check.self, Migrate.self, Seed.self, Simulate.self, Completion.self,
        ])

    static func main() async {
        // A reader that goes away (`saga … | head`) ends the output, not the process in the middle of its work.
        signal(SIGPIPE, SIG_IGN)
        // What a pool says about its connections is for services: a command ends with one sentence.
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        // Told to the parser, it would be an option of every command, also of those whose `--version` is a workflow's.
        if CommandLine.arguments.dropFirst() == ["--version"] { return print(sagaflowVersion) }
        if let unknown = Verbs.unknown(Array(CommandLine.arguments.dropFirst()), in: Saga.self) {
            Console.complain("saga: \(unknown.sentence)")
            Glibc.exit(ExitCode.validationFailure.rawValue)
        }
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as CLIError {
            Console.complain("saga: \(error)")
            Glibc.exit(error.exitCode.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}

extension ExitCode {
    /// What was looked at is not well.
    static let unwell = ExitCode(2)
    /// The time was over first.
    static let timeout = ExitCode(3)
    /// The API can't be reached (`EX_UNAVAILABLE`).
    static let unreachable = ExitCode(69)
}
