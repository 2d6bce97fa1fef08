import ArgumentParser
import Core

/// `saga run retry`.
struct RunRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Has a step tried again now, what a FAILED run gave up on, or many such runs.",
        discussion: """
            RUN STEP is for a step that waits for its next attempt, and for a compensation that gave up; it needs no token. RUN \
            alone tries all compensations of a FAILED run again that gave up, or a quarantined run as a whole. --where does so \
            for the newest FAILED runs that match, at most --limit; try it with --dry-run before. Exit codes: 0 accepted, \
            1 refused, or some runs were skipped, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The run's id.")
    var runID: String?

    @Argument(help: "The step's id.")
    var step: String?

    @OptionGroup var filter: FailedRunFilter

    @Flag(help: "All FAILED runs, without --where.")
    var allFailed = false

    @Option(help: "How many runs at most, with --where or --all-failed: 1 to 1000.")
    var limit = 100

    @Flag(help: "Only say which runs it would be.")
    var dryRun = false

    @Option(help: "Goes into the runs' histories, with the token's name.")
    var reason: String?

    private var isBulk: Bool { !filter.isEmpty || allFailed }

    func validate() throws {
        if let runID {
            guard RunID(runID) != nil else { throw ValidationError("\(runID.clipped) is no run id.") }
            if isBulk { throw ValidationError("Name a run, or give --where, not both.") }
            if dryRun { throw ValidationError("--dry-run is for --where.") }
        } else if !isBulk {
            throw ValidationError("Name a run, or say which FAILED ones by --where or --all-failed.")
        }
        guard (1...1000).contains(limit) else { throw ValidationError("--limit lies within 1...1000.") }
    }

    func run() async throws {
        guard let runID else { return try await retryMany() }
        if let step, reason == nil {
            // Open to everybody; with a token the history says whose it is.
            let answer = try await api.withClient(token: try admin.optionalToken(api)) {
                try await $0.send(.post, "/v1/runs/\(runID)/steps/\(step.pathSegment)/retry").json
            }
            return output.show(text: "the retry of \(step) is accepted", json: answer)
        }
        var body = JSONObject()
        body["stepId"] = step.map { .string($0) }
        body["reason"] = reason.map { .string($0) }
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.post, "/v1/admin/runs/\(runID)/retry", .object(body)).json
        }
        output.show(text: "the retry of \(step ?? "what gave up") is accepted", json: answer)
    }

    private func retryMany() async throws {
        var body = try filter.body()
        body["limit"] = JSON(limit)
        body["reason"] = reason.map { .string($0) }
        if dryRun { body["dryRun"] = true }
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.post, "/v1/admin/runs/failed/retry", .object(body)).json
        }
        let (retried, skipped) = (answer["retried"]?.array ?? [], answer["skipped"]?.array ?? [])
        var lines = retried.compactMap(\.string).map { (dryRun ? "would be retried  " : "retried  ") + $0 }
        for run in skipped {
            lines.append("skipped  \(run["runId"]?.string ?? "?"): \(run["reason"]?.string ?? "")")
        }
        let verb = dryRun ? "would be retried" : "are retried"
        lines.append("\(answer["matched"]?.int ?? 0) matched, \(retried.count) \(verb), \(skipped.count) skipped")
        switch output.output {
        case .text, .wide: Console.tell(lines.joined(separator: "\n"))
        case .json: Console.tell(answer.text)
        case .jsonl:
            for run in retried { Console.tell(JSON.object(["runId": run, "retried": .bool(!dryRun)]).text) }
            for run in skipped { Console.tell(run.text) }
        }
        if !skipped.isEmpty, !dryRun { throw ExitCode.failure }
    }
}

/// `saga run resolve`.
struct RunResolve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Says that steps of a FAILED run were undone by hand.",
        discussion: """
            They count as COMPENSATED, and the run goes on backward or ends. All of them or none; of a quarantined run name \
            all steps at once that were put right by hand. Exit codes: 0 accepted, 1 refused, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: RunArgument

    @Argument(help: "The ids of the steps.")
    var steps: [String]

    @Option(help: "What was done; goes into the run's history, with the token's name.")
    var reason: String

    func run() async throws {
        let body: JSON = [
            "stepIds": .array(steps.map { .string($0) }), "resolution": "compensated", "reason": .string(reason),
        ]
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.post, "/v1/admin/runs/\(argument.runID)/resolve", body).json
        }
        output.show(text: "accepted: \(steps.joined(separator: ", ")) as undone by hand", json: answer)
    }
}
