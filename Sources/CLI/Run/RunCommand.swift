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

/// `saga run get`.
struct RunGet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Shows a run and its steps.",
        discussion:
            "With -o json: the answer of GET /v1/runs/{runId} as it is. Exit codes: 0, 1 there is no such run, 69.")

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

/// `saga run retry`.
struct RunRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Has a step tried again now.",
        discussion: """
            For a step that waits for its next attempt, and for what a FAILED run gave up on. Exit codes: 0 accepted, \
            1 refused (nothing waits there, or there is no such run or step), 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Argument(help: "The step's id.")
    var step: String

    func run() async throws {
        let answer = try await api.withClient {
            try await $0.send(.post, "/v1/runs/\(argument.runID)/steps/\(step.pathSegment)/retry").json
        }
        output.show(text: "the retry of \(step) is accepted", json: answer)
    }
}
