import ArgumentParser
import Core

/// `saga run`: runs, from their starts to their ends.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Starts, lists, shows and watches runs, and what a person can do with them.",
        subcommands: [
            RunStart.self, RunImport.self, RunList.self, RunGet.self, RunWatch.self, RunEvents.self, RunCancel.self,
            RunSignal.self, RunUndo.self, RunRestart.self, RunPause.self, RunResume.self, RunComplete.self,
            RunSkip.self, RunFail.self,
            RunFailed.self,
            RunRetry.self, RunResolve.self,
        ])
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

/// `saga run get`.
struct RunGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows a run and its steps.",
        discussion:
            "With -o json: the answer of GET /v1/runs/{runId} as it is. Exit codes: 0, 1 there is no such run, 69.",
        aliases: ["show"])

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    func run() async throws {
        let run = try await api.withClient { try await $0.send(.get, "/v1/runs/\(argument.runID)").json }
        output.show(text: RunView(run, paint: Paint(isOn: Console.isColoured)).text, json: run)
    }
}

/// `saga run cancel`.
struct RunCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Asks for a run to be undone.",
        discussion: """
            The engine that holds the run does it; `saga run watch` shows how. Exit codes: 0 accepted, 1 refused (the run is \
            over, or there is none), 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Option(help: "Goes into the run's history.")
    var reason: String?

    func run() async throws {
        let body: JSON = reason.map { ["reason": .string($0)] } ?? [:]
        let answer = try await api.withClient {
            try await $0.send(.post, "/v1/runs/\(argument.runID)/cancel", body).json
        }
        output.show(text: "the cancel is accepted; what was done will be undone", json: answer)
    }
}
