import ArgumentParser
import Core

/// `saga run watch`.
struct RunWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Shows a run's history as it happens, to its end.",
        discussion: """
            One line per event; with -o json one event per line, as GET /v1/runs/{runId}/events has them. When the stream \
            breaks off it is resumed, so that every event is shown once. Exit codes: 0 it COMPLETED, 2 it ended otherwise, \
            1 there is no such run, 69 the API was away for 30 seconds.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    func run() async throws {
        let status = try await api.withClient { client in
            let run = try await client.send(.get, "/v1/runs/\(argument.runID)").json
            let steps = run["steps"]?.array?.compactMap { $0["stepId"]?.string } ?? []
            var timeline = Timeline(stepWidth: steps.map(\.count).max() ?? 0, paint: Paint(isOn: Console.isColoured))
            return try await RunFollower(client: client, runID: argument.runID).follow { event in
                switch output.output {
                case .json: Console.tell(event.text)
                case .text: if let line = timeline.line(event) { Console.tell(line) }
                }
            }
        }
        try check(status: status)
    }
}
