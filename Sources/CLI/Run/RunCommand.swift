import ArgumentParser
import Core

/// `saga run`: one run, from its start to its end.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Starts runs, shows one, watches it, cancels it, retries a step.",
        subcommands: [RunStart.self, RunImport.self, RunGet.self, RunWatch.self, RunCancel.self, RunRetry.self])
}

/// The run a command is about.
struct RunArgument: ParsableArguments {
    @Argument(help: "The run's id.")
    var runID: String

    func validate() throws {
        guard RunID(runID) != nil else { throw ValidationError("\(runID.clipped) is no run id.") }
    }
}

/// Ends the process as a run ended.
func check(status: String) throws {
    if status != RunStatus.completed.rawValue { throw ExitCode.unwell }
}
