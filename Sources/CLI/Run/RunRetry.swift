import ArgumentParser

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
