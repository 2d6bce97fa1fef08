import ArgumentParser
import Core

// What a person does with a run that goes on, and with one that is over.

/// `saga run undo`.
struct RunUndo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Has a run undone that has COMPLETED.",
        discussion: """
            Everything it did is compensated in reverse order, as if it had failed now. The same asked twice is one undo. Exit \
            codes: 0 accepted, 1 refused (it has not COMPLETED, is past its pivot, or its time for that is over), 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Option(help: "Why; goes into the run's history.")
    var reason: String

    func run() async throws {
        let answer = try await api.post("/v1/runs/\(argument.runID)/undo", ["reason": .string(reason)], admin)
        output.show(text: "the undo is accepted; saga run watch \(argument.runID) shows how", json: answer)
    }
}

/// `saga run signal`.
struct RunSignal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signal", abstract: "Sends a run a signal that a step waits for, or will wait for.",
        discussion: """
            It is kept until a step takes it. Exit codes: 0 accepted, 1 refused (no step waits for such a signal, the run is over \
            or on its way back, too many wait already), 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Argument(help: "The signal's name.")
    var name: String

    @Option(
        help: "What it says: JSON, @FILE, or - for standard input. The step's output.", transform: JSONArgument.init)
    var payload: JSONArgument?

    @Option(help: "Under the same key it is the same signal, however often it is sent.")
    var key: String?

    func run() async throws {
        let answer = try await api.post(
            "/v1/runs/\(argument.runID)/signals/\(name.pathSegment)", payload?.json ?? .null, admin,
            headers: key.map { [("idempotency-key", $0)] } ?? [])
        output.show(text: "the signal \(name) is accepted", json: answer)
    }
}

/// `saga run pause`.
struct RunPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Has a run begin nothing new.",
        discussion: """
            Calls in flight finish; attempts and timers come due after `saga run resume`. Exit codes: 0 accepted, 1 refused \
            (it is over), 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Option(help: "Goes into the run's history.")
    var reason: String?

    @Flag(help: "The run's deadline does not come closer meanwhile.")
    var holdDeadline = false

    func run() async throws {
        var body = JSONObject()
        body["reason"] = reason.map { .string($0) }
        if holdDeadline { body["holdDeadline"] = true }
        let answer = try await api.post("/v1/runs/\(argument.runID)/pause", .object(body), admin)
        output.show(text: "the pause is accepted; calls in flight finish", json: answer)
    }
}

/// `saga run resume`.
struct RunResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a paused run go on.",
        discussion: "Exit codes: 0 accepted, 1 refused (it is not paused, or over), 69.")

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Option(help: "Goes into the run's history.")
    var reason: String?

    func run() async throws {
        let body: JSON = reason.map { ["reason": .string($0)] } ?? [:]
        let answer = try await api.post("/v1/runs/\(argument.runID)/resume", body, admin)
        output.show(text: "the run goes on", json: answer)
    }
}

/// What ends a step by a person's word.
struct SettlementOptions: ParsableArguments {
    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Argument(help: "The step's id.")
    var step: String

    @Option(help: "Why; goes into the run's history.")
    var reason: String

    func send(_ settlement: Settlement, output value: JSON? = nil, text: String) async throws {
        var body: JSONObject = ["reason": .string(reason)]
        if let value { body["output"] = value }
        let path = "/v1/runs/\(argument.runID)/steps/\(step.pathSegment)/\(settlement.rawValue)"
        let answer = try await api.post(path, .object(body), admin)
        output.show(text: text, json: answer)
    }
}

private let settlementCodes = "Exit codes: 0 accepted, 1 refused (the step does not wait, or there is none), 69."

/// `saga run complete`.
struct RunComplete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complete", abstract: "Says that a step was done by hand.",
        discussion: """
            For a step that waits: for its next attempt, for its time, or for a person. It counts as SUCCEEDED with this output, \
            and is undone with the run if it had been tried. \(settlementCodes)
            """)

    @OptionGroup var settlement: SettlementOptions

    @Option(
        name: .customLong("step-output"), help: "The step's output: JSON, @FILE, or - for standard input.",
        transform: JSONArgument.init)
    var stepOutput: JSONArgument?

    func run() async throws {
        try await settlement.send(
            .complete, output: stepOutput?.json, text: "accepted: \(settlement.step) as done by hand")
    }
}

/// `saga run skip`.
struct RunSkip: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skip", abstract: "Says that a step is not wanted.",
        discussion: "For a step that waits. It counts as SKIPPED, and the run goes on. \(settlementCodes)")

    @OptionGroup var settlement: SettlementOptions

    func run() async throws {
        try await settlement.send(.skip, text: "accepted: \(settlement.step) is skipped")
    }
}

/// `saga run fail`.
struct RunFail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fail", abstract: "Says that a step is not to be tried any more.",
        discussion: """
            For a step that waits. It counts as FAILED, and the run is compensated, unless the step says otherwise. \
            \(settlementCodes)
            """)

    @OptionGroup var settlement: SettlementOptions

    func run() async throws {
        try await settlement.send(.fail, text: "accepted: \(settlement.step) is given up")
    }
}

extension APIOptions {
    /// Open to everybody; with a token the history says whose it is.
    func post(
        _ path: String, _ body: JSON, _ admin: AdminOptions, headers: [(String, String)] = []
    ) async throws -> JSON {
        try await withClient(token: try admin.optionalToken(self)) {
            try await $0.send(.post, path, body, headers: headers).json
        }
    }
}
