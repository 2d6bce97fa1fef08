import ArgumentParser
import Core

/// `saga run failed`.
struct RunFailed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failed", abstract: "Lists FAILED runs, which wait for a person, newest first.",
        discussion: """
            With -o json as GET /v1/admin/runs/failed answers. What can be done about them: `saga run retry`, \
            `saga run resolve`. Exit codes: 0 there is none, 2 there are some, 1 refused, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var filter: FailedRunFilter
    @OptionGroup var paging: Paging

    func run() async throws {
        let list = try await api.withClient(token: try admin.token(api)) {
            try await paging.read("runs", at: "/v1/admin/runs/failed", try filter.query(), $0)
        }
        var table = Table(columns: [
            .init(title: "RUN"), .init(title: "WORKFLOW", shrinks: true), .init(title: "CREATED"),
            .init(title: "GAVE UP"), .init(title: "ASKED"), .init(title: "CAUSE", isWide: true),
            .init(title: "CORRELATION", isWide: true), .init(title: "WHY", shrinks: true),
        ])
        table.rows = list.items.map(Self.row)
        output.show(table, none: "no run is FAILED", items: list.items, json: list.json)
        list.hint()
        if !list.items.isEmpty { throw ExitCode.unwell }
    }

    private static func row(_ run: JSON) -> [String] {
        let steps = run["failedSteps"]?.array?.compactMap { $0["stepId"]?.string } ?? []
        let errors = run["failedSteps"]?.array?.compactMap { $0["error"].flatMap(RunView.failure) } ?? []
        let reason = [run["reason"]?.string, errors.first].compactMap { $0 }.joined(separator: " ")
        return [
            run["runId"]?.string ?? "?",
            "\(run["workflowName"]?.string ?? "?") \(run["workflowVersion"]?.string ?? "")",
            RunTimes.short(run["createdAt"]),
            run["quarantined"] == true ? "(quarantined)" : steps.joined(separator: ", "),
            run["requested"] == true ? "yes" : "", run["cause"]?.string ?? "", run["correlationId"]?.string ?? "",
            reason,
        ]
    }
}
