import ArgumentParser
import Core

/// `saga run import`.
struct RunImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Starts a run for every line of a file.",
        discussion: """
            A line is an object, {"version"?, "input"?, "context"?, "idempotencyKey"?}; empty lines are left out. Refused \
            lines are told on standard error, or as JSON in --results, and keep no other from being started. When the \
            import ends before its file, it says with which line to go on (--from); lines that have an idempotency key may \
            be sent again. Exit codes: 0 every line was started, now or before, 1 some were refused, or the API ended the \
            import, 64 wrong usage, 69 the API can't be reached any more.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The file, or - for standard input.")
    var file: String

    @Option(help: "The workflow's name.")
    var workflow: String

    @Option(help: "Kept with runs whose context names no correlationId.")
    var correlationID: String?

    @Option(help: "The first line to send, counted from 1.")
    var from = 1

    @Option(help: "A file for the results of refused lines, made anew.")
    var results: String?

    func validate() throws {
        guard from >= 1 else { throw ValidationError("--from is at least 1.") }
    }

    func run() async throws {
        let lines = try LineFile(path: file, from: from)
        defer { lines.close() }
        let refusals = try results.map(ResultFile.init)
        let request = ImportRequest(workflow: workflow, correlationID: correlationID, file: lines)
        let begun = ContinuousClock.now
        var report = ImportReport(workflow: workflow, first: from)
        var progress = ImportProgress(isLive: Console.isWatched)
        var failure: CLIError?
        do {
            try await api.withClient { client in
                try await request.send(client) { result throws(CLIError) in
                    if let refused = try report.add(result) {
                        if let refusals {
                            try refusals.write(refused)
                        } else {
                            progress.clear()
                            Console.complain("saga: \(ImportReport.sentence(refused))")
                        }
                    }
                    progress.show(report.progress)
                    return report.end == nil
                }
            }
        } catch let error as CLIError {
            // Nothing was taken, so there is nothing to sum up.
            if case .refused = error { throw error }
            failure = error
            report.breakOff("\(error)")
        }
        progress.clear()
        let duration = ContinuousClock.now - begun
        output.show(text: report.text(after: duration), json: report.json(after: duration))
        if let end = report.end { Console.complain("saga: \(end.reason)\nsaga: go on with --from \(end.resumeFrom)") }
        if let failure { throw failure.exitCode }
        if !report.isComplete { throw ExitCode.failure }
    }
}
