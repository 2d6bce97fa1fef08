import ArgumentParser
import Core

/// `saga run restart`.
struct RunRestart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Does a run anew that is over, from a step on or all of it.",
        discussion: """
            Prints the id of the new run. With --from that step and what depends on it is done again, and what did not succeed; of the \
            rest the new run takes over outputs and effects, and only it can be undone from then on. The request carries an \
            idempotency key, a random one without --key. Exit codes: 0 accepted, 1 refused (the run has not ended, was restarted \
            before, or what would be taken over is not there any more), 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Option(help: "Why; goes into the histories of both runs.")
    var reason: String

    @Option(help: "The first step that is done again (default: all are).")
    var from: String?

    @Option(help: "Another version of its workflow (default: the run's).")
    var version: String?

    @Option(
        help: "Another input: JSON, @FILE, or - for standard input (default: the run's).", transform: JSONArgument.init)
    var input: JSONArgument?

    @Flag(help: "Also do again what still stands: it is done twice then.")
    var `repeat` = false

    @Option(help: "The idempotency key: the same key restarts once, however often.")
    var key: String?

    func validate() throws {
        if `repeat`, from == nil { throw ValidationError("--repeat needs --from: without it all is done anew.") }
    }

    func run() async throws {
        var body: JSONObject = ["reason": .string(reason)]
        if let from { body["fromStep"] = .string(from) }
        if let version { body["version"] = .string(version) }
        if let input { body["input"] = input.json }
        if `repeat` { body["repeat"] = true }
        let answer = try await api.post(
            "/v1/runs/\(argument.runID)/restart", .object(body), admin,
            headers: [("idempotency-key", key ?? RandomKey.make())])
        output.show(text: answer["runId"]?.string ?? "?", json: answer)
    }
}
