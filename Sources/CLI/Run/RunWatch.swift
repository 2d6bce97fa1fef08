import ArgumentParser
import Core
import Synchronization

/// `saga run watch`.
struct RunWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Shows a run's history as it happens, to its end.",
        discussion: """
            One line per event, and when nothing happens for three seconds one that says what the run waits for; with \
            -o json one event per line, as GET /v1/runs/{runId}/events has them. When the stream breaks off it is resumed, so \
            that every event is shown once. Exit codes: 0 it COMPLETED, 2 it ended otherwise, \
            1 there is no such run, 69 the API was away for 30 seconds.
            """,
        aliases: ["follow"])

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    func run() async throws {
        let status = try await api.withClient { client in
            let run = try await client.send(.get, "/v1/runs/\(argument.runID)").json
            let steps = run["steps"]?.array?.compactMap { $0["stepId"]?.string } ?? []
            let paint = Paint(isOn: Console.isColoured)
            var timeline = Timeline(stepWidth: steps.map(\.count).max() ?? 0, paint: paint)
            let news = News()
            if output.output.isJSON { news.end() }
            async let _: Void = Self.tellWaits(of: "\(argument.runID)", client, news, paint)
            return try await RunFollower(client: client, runID: argument.runID).follow { event in
                news.come()
                if output.output.isJSON {
                    Console.tell(event.text)
                } else if let line = timeline.line(event) {
                    Console.tell(line)
                }
            }
        }
        try check(status: status)
    }

    /// Says what the run waits for whenever nothing has happened for a while, each thing once. Ends with its task.
    private static func tellWaits(of runID: String, _ client: APIClient, _ news: News, _ paint: Paint) async {
        var (told, seen): (String?, String?) = (nil, nil)
        while !Task.isCancelled {
            // Cancelled: the run is over.
            try? await Task.sleep(for: .seconds(1))
            guard news.isSilent(for: .seconds(3)), !Task.isCancelled else { continue }
            // Whether the API is there is the stream's business.
            guard let run = try? await client.send(.get, "/v1/runs/\(runID)").json else { continue }
            let waitingFor = RunView(run, paint: paint).waitingFor
            // Seen twice: events take a moment on their way, and come first.
            if let waitingFor, waitingFor == seen, waitingFor != told, news.isSilent(for: .seconds(3)) {
                Console.tell(paint.dim("              … waits for \(waitingFor)"))
                told = waitingFor
            }
            seen = waitingFor
        }
    }
}

/// When the last event came.
private final class News: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(.now)

    func come() { last.withLock { if $0 != nil { $0 = .now } } }

    /// No more is to be said.
    func end() { last.withLock { $0 = nil } }

    func isSilent(for duration: Duration) -> Bool {
        last.withLock { last in last.map { .now - $0 >= duration } ?? false }
    }
}
