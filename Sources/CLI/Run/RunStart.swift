import ArgumentParser
import Core

/// `saga run start`.
struct RunStart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Starts a run.",
        discussion: """
            Prints the run's id, or with --wait what became of it. The request carries an idempotency key, a random one \
            without --key, and is repeated under it when no answer comes. Exit codes: 0 started (with --wait: COMPLETED), \
            1 refused, 2 it ended otherwise, 3 it had not ended in time, 64 wrong usage, 69 the API can't be reached.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The workflow's name.")
    var workflow: String

    @Option(help: "The version of its definition (default: the highest release).")
    var version: String?

    @Option(help: "The run's input: JSON, @FILE, or - for standard input.", transform: JSONArgument.init)
    var input: JSONArgument?

    @Option(help: "The run's context, an object: JSON, @FILE, or - for standard input.", transform: JSONArgument.init)
    var context: JSONArgument?

    @Option(help: "The idempotency key: the same key starts one run, however often.")
    var key: String?

    @Option(help: "Kept with the run and passed on to participants.")
    var correlationID: String?

    @Option(help: "Begin no sooner than so long from now, as in 10m.", transform: Durations.read)
    var delay: Duration?

    @Option(help: "Begin no sooner than then: RFC 3339, as in 2030-01-31T12:00:00Z.")
    var startAt: String?

    @Option(help: "0 to 9, usually 5: what is larger goes first when engines can't keep up.")
    var priority: Int?

    @Option(help: "Wait for the run's end, at most this long, as in 10s.", transform: Durations.read)
    var wait: Duration?

    func validate() throws {
        if delay != nil, startAt != nil { throw ValidationError("--delay and --start-at exclude each other.") }
    }

    func run() async throws {
        try await api.withClient { client in
            let answer = try await StartRequest(
                workflow: workflow, version: version, input: input?.json, context: context?.json,
                correlationID: correlationID, key: key ?? RandomKey.make(),
                delay: delay, startAt: startAt, priority: priority
            ).send(client)
            guard let wait else {
                return output.show(
                    text: answer.isReplay ? "\(answer.runID)  (started before under this key)" : answer.runID,
                    json: [
                        "runId": .string(answer.runID), "status": .string(answer.status),
                        "replayed": .bool(answer.isReplay),
                    ])
            }
            let status = try await end(of: answer.runID, within: wait, client)
            let run = try await client.send(.get, "/v1/runs/\(answer.runID)").json
            output.show(text: RunView(run, paint: Paint(isOn: Console.isColoured)).text, json: run)
            guard let status else {
                Console.complain("saga: the run had not ended after \(wait.readable)")
                throw ExitCode.timeout
            }
            try check(status: status)
        }
    }

    /// The run's last status; nil when the time is over before.
    private func end(of runID: String, within limit: Duration, _ client: APIClient) async throws -> String? {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await RunFollower(client: client, runID: runID).follow { _ in } }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}
