import ArgumentParser
import Core

/// `saga run list`.
struct RunList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists runs, newest first.",
        discussion: "With -o json as GET /v1/runs answers. Exit codes: 0, 1 refused, 64 wrong usage, 69.")

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var paging: Paging

    @Option(
        help: ArgumentHelp(
            "Only those in this status: \(RunStatus.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "status"), transform: { $0.uppercased() })
    var status: String?

    @Option(
        help: ArgumentHelp(
            "Only live runs that wait for this: \(WaitKinds.names.map(\.name).joined(separator: ", ")).",
            valueName: "kind"))
    var waitingFor: String?

    @Option(help: "Only those of this workflow.")
    var workflow: String?

    @Option(help: "Only those with this correlation id.")
    var correlationID: String?

    @Option(help: "Only those of this tenant.")
    var tenantID: String?

    @Option(help: "Only those started at this time or later, as in 2026-01-31T12:00:00Z.")
    var createdAfter: String?

    @Option(help: "Only those started before this time.")
    var createdBefore: String?

    @Flag(help: "With inputs, outputs and contexts, in JSON.")
    var payloads = false

    func run() async throws {
        let query = [
            ("status", status), ("waitingFor", waitingFor), ("workflow", workflow), ("correlationId", correlationID),
            ("tenantId", tenantID),
            ("createdAfter", createdAfter), ("createdBefore", createdBefore), ("include", payloads ? "payloads" : nil),
        ]
        let list = try await api.withClient { try await paging.read("runs", at: "/v1/runs", query, $0) }
        var table = Table(columns: [
            .init(title: "RUN"), .init(title: "WORKFLOW", shrinks: true),
            .init(title: "STATUS", paint: RunView.painted),
            .init(title: "CREATED"), .init(title: "TOOK"), .init(title: "CAUSE", isWide: true),
            .init(title: "CORRELATION", isWide: true), .init(title: "WAITS FOR, OR WHY", shrinks: true),
        ])
        table.rows = list.items.map(Self.row)
        output.show(table, none: "no run", items: list.items, json: list.json)
        list.hint()
    }

    private static func row(_ run: JSON) -> [String] {
        let view = RunView(["run": run], paint: Paint(isOn: false))
        return [
            run["runId"]?.string ?? "?",
            "\(run["workflowName"]?.string ?? "?") \(run["workflowVersion"]?.string ?? "")",
            run["status"]?.string ?? "?", RunTimes.short(run["createdAt"]), RunTimes.took(run),
            run["cause"]?.string ?? "", run["correlationId"]?.string ?? "",
            view.waitingFor ?? run["error"].flatMap(RunView.failure) ?? "",
        ]
    }
}

/// Times of runs in tables.
enum RunTimes {
    /// `2026-01-31 12:00:00Z`.
    static func short(_ time: JSON?) -> String {
        guard let instant = time?.string.flatMap({ Instant($0) }) else { return "" }
        return instant.description.prefix(19).replacing("T", with: " ") + "Z"
    }

    /// From start to end; nothing while it is not over.
    static func took(_ run: JSON) -> String {
        guard let begin = run["createdAt"]?.string.flatMap({ Instant($0) }),
            let end = run["completedAt"]?.string.flatMap({ Instant($0) })
        else { return "" }
        return (end - begin).readable
    }
}
