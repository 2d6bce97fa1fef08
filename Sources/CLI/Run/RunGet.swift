import ArgumentParser

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
