import ArgumentParser
import Core
import NIOPosix
import Participants

/// `saga participant try`.
struct ParticipantTry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Makes one call to a participant from here, as an engine would, and shows it.",
        discussion: """
            The call is real: what it does, it does. It goes from this machine, which may find the participant at another \
            address than engines do (--at), and without the headers of its registration, whose values can't be read back \
            (--header-from). Its run id is a random one; the same --key is the same call again. Exit codes: 0 an engine would \
            count it as succeeded, 2 as anything else, 1 refused, 64 wrong usage, 69 the API can't be reached.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: ParticipantArgument

    @Argument(help: "The path below its base URL, as in /charge.")
    var callPath: String

    @Option(name: .customLong("at"), help: "Its base URL from here (default: as it is registered).")
    var address: String?

    @Option(help: "POST, PUT, PATCH, DELETE or GET.", transform: { $0.uppercased() })
    var method = "POST"

    @Option(
        help: "The body: JSON, @FILE, or - for standard input (default: {}; none for GET).",
        transform: JSONArgument.init)
    var body: JSONArgument?

    @Option(
        name: .customLong("header-from"),
        help: ArgumentHelp("A header whose value is in a file, repeatable.", valueName: "name=file"))
    var headers: [String] = []

    @Option(help: "What stands for the run's id in the idempotency key: the same again is the same call.")
    var key: String?

    @Flag(help: "Say that it is a compensation, of the action with the same --key.")
    var compensate = false

    @Option(help: "How long the answer may take.", transform: Durations.read)
    var timeout = Duration.seconds(10)

    func validate() throws {
        guard callPath.hasPrefix("/") else { throw ValidationError("A path begins with a slash.") }
        guard ["POST", "PUT", "PATCH", "DELETE", "GET"].contains(method) else {
            throw ValidationError("--method is POST, PUT, PATCH, DELETE or GET.")
        }
        guard timeout <= .seconds(300) else { throw ValidationError("--timeout is at most 5m.") }
        try HeaderFiles.check(headers)
    }

    func run() async throws {
        let url = try await baseURL()
        let own = try HeaderFiles.read(headers)
        let call: ParticipantCall
        let client: ParticipantClient
        do throws(ParticipantsError) {
            call = self.call(try BaseURL(parsing: url), own)
            client = try ParticipantClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        } catch {
            throw CLIError.unusable(error.description)
        }
        let begun = ContinuousClock.now
        let result = await client.send(call)
        let trial = try Trial(call, result, after: ContinuousClock.now - begun, path: callPath)
        await client.shutdown()
        output.show(text: trial.text(Paint(isOn: Console.isColoured)), json: trial.json)
        if trial.judged.outcome != .succeeded { throw ExitCode.unwell }
    }

    private func baseURL() async throws -> String {
        if let address { return address }
        let registered = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.get, argument.path).json
        }
        guard let url = registered["url"]?.string else {
            throw CLIError.unusable("\(argument.name) is shared by all tenants, and where it is not told: give --at")
        }
        return url
    }

    private func call(_ base: BaseURL, _ own: JSONObject) -> ParticipantCall {
        let run = key ?? "try-" + RandomKey.make()
        let action = compensate ? "compensate" : "execute"
        let idempotencyKey = "\(run):try:\(action)"
        var all = [
            ("content-type", "application/json"), ("accept", "application/json"), ("idempotency-key", idempotencyKey),
            ("x-idempotency-key", idempotencyKey), ("x-saga-run-id", run), ("x-saga-step-id", "try"),
            ("x-saga-action", action), ("x-saga-attempt", "1"), ("x-correlation-id", run),
        ]
        for (name, value) in own.members { all.append((name, value.string ?? "")) }
        let bytes = body?.json.bytes ?? (method == "GET" ? [] : Array("{}".utf8))
        return ParticipantCall(
            method: method, baseURL: base, path: callPath, headers: all, body: bytes, timeout: timeout)
    }
}
