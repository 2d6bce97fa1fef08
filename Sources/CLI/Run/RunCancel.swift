import ArgumentParser
import Core

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
