import ArgumentParser
import Core

/// `saga run events`.
struct RunEvents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Shows a run's history as it is now.",
        discussion: """
            `saga run watch` shows it as it happens. With -o json as GET /v1/runs/{runId}/events answers, all pages in one; \
            with -o jsonl one event per line. Exit codes: 0, 1 there is no such run, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Option(help: "Only what came after the event with this number.")
    var after = 0

    func validate() throws {
        guard after >= 0 else { throw ValidationError("--after is not negative.") }
    }

    func run() async throws {
        let events = try await api.withClient { client in
            var events: [JSON] = []
            var next: Int? = after
            while let place = next {
                let path = "/v1/runs/\(argument.runID)/events?after=\(place)"
                let page = try await client.send(.get, path).json
                guard let more = page["events"]?.array else { throw CLIError.misunderstood("a page without events") }
                events += more
                next = page["nextAfter"]?.int
            }
            return events
        }
        switch output.output {
        case .json:
            Console.tell(
                JSON.object(["runId": .string(argument.runID), "events": .array(events), "nextAfter": .null]).text)
        case .jsonl: for event in events { Console.tell(event.text) }
        case .text, .wide:
            let width = events.compactMap { $0["stepId"]?.string?.count }.max() ?? 0
            var timeline = Timeline(stepWidth: width, paint: Paint(isOn: Console.isColoured))
            for event in events { if let line = timeline.line(event) { Console.tell(line) } }
        }
    }
}
