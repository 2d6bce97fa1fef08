import ArgumentParser
import AsyncHTTPClient
import Core
import NIOCore

/// `saga audit`: who changed what, who was refused, and whether that can be believed.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Shows, exports and verifies the audit trail, and reports on runs.",
        subcommands: [AuditList.self, AuditExport.self, AuditReport.self, AuditVerify.self, AuditHeads.self])
}

/// Which rows of the audit trail.
struct AuditFilter: ParsableArguments {
    @Option(help: "Only by this caller: an admin token's name, key:NAME/ID or client.")
    var actor: String?

    @Option(help: "Only this, as in cancel_run; of refusals method and path, as in \"GET /v1/runs\".")
    var action: String?

    @Option(help: "Only about workflows/NAME, workflows/NAME/VERSION, participants/NAME, keys/ID or runs/ID.")
    var subject: String?

    @Option(name: .customLong("run"), help: "Only about this run.")
    var runID: String?

    @Option(help: "Only what was done, or only what was refused.")
    var outcome: String?

    @Option(help: "Only of this tenant; * for what belongs to all.")
    var tenant: String?

    @Option(help: "Only at this time or later, as in 2026-01-31T12:00:00Z.")
    var from: String?

    @Option(help: "Only before this time.")
    var until: String?

    @Option(help: "Only of the request with this X-Request-Id.")
    var requestID: String?

    var query: [(String, String?)] {
        [
            ("actor", actor), ("action", action), ("subject", subject), ("runId", runID), ("outcome", outcome),
            ("tenant", tenant), ("from", from), ("until", until), ("requestId", requestID),
        ]
    }
}

/// `saga audit list`.
struct AuditList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists who changed what and who was refused, latest first.",
        discussion: "With -o json as GET /v1/admin/audit answers. Exit codes: 0, 1 refused, 64 wrong usage, 69.")

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var paging: Paging
    @OptionGroup var filter: AuditFilter

    func run() async throws {
        let list = try await api.withClient(token: try admin.token(api)) {
            try await paging.read("entries", at: "/v1/admin/audit", filter.query, $0)
        }
        var table = Table(columns: [
            .init(title: "AT"), .init(title: "TENANT", isWide: true), .init(title: "NUMBER", isWide: true),
            .init(title: "WHO"), .init(title: "WHAT", shrinks: true), .init(title: "SUBJECT", shrinks: true),
            .init(title: "OUTCOME", paint: { $0 == "done" ? $0 : $1.red($0) }), .init(title: "FROM", isWide: true),
            .init(title: "REQUEST", isWide: true), .init(title: "DETAIL", shrinks: true),
        ])
        table.rows = list.items.map { entry in
            let detail = entry["detail"].flatMap { $0.isNull || $0 == [:] ? nil : $0.text }
            return [
                RunTimes.short(entry["at"]), entry["tenant"]?.string ?? "?",
                entry["number"]?.int.map { "\($0)" } ?? "?",
                entry["actor"]?.string ?? "?", entry["action"]?.string ?? "?", entry["subject"]?.string ?? "",
                entry["reason"]?.string ?? entry["outcome"]?.string ?? "?", entry["clientAddress"]?.string ?? "",
                entry["requestId"]?.string ?? "", detail ?? "",
            ]
        }
        output.show(table, none: "nothing was done", items: list.items, json: list.json)
        list.hint()
    }
}

/// `saga audit export`.
struct AuditExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes the audit trail as lines of JSON, oldest first, however long it is.",
        discussion: """
            Each line has all that the row's hash is made of. An export that breaks off ends with 69. Exit codes: 0, 1 \
            refused, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var filter: AuditFilter

    func run() async throws {
        let path = "/v1/admin/audit" + Paging.text(filter.query)
        try await api.withClient(token: try admin.token(api)) { client in
            try await client.copy(path, accept: "application/x-ndjson") { _ in }
        }
    }
}

/// `saga audit report`.
struct AuditReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Writes all that is known of a run, or of a correlation id's, as one document.",
        discussion: """
            As GET /v1/admin/reports answers: runs with their payloads, events, attempts, requests, children, and what the \
            audit says of them. Exit codes: 0, 1 refused, 64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions

    @Argument(help: ArgumentHelp("The run's id.", valueName: "run"))
    var runID: String?

    @Option(help: "Of all runs with this correlation id instead.")
    var correlationID: String?

    @Option(help: "How many of them at most, to 500; the document says whether there are more (default: 50).")
    var limit: Int?

    @Option(help: "Go on after a former report: its nextCursor.")
    var cursor: String?

    func validate() throws {
        guard (runID == nil) != (correlationID == nil) else {
            throw ValidationError("Give a run's id or --correlation-id.")
        }
        guard runID == nil || (limit == nil && cursor == nil) else {
            throw ValidationError("--limit and --cursor go with --correlation-id.")
        }
    }

    func run() async throws {
        let path =
            if let runID { "/v1/admin/reports/runs/\(runID.pathSegment)" } else {
                "/v1/admin/reports"
                    + Paging.text([
                        ("correlationId", correlationID), ("limit", limit.map { "\($0)" }), ("cursor", cursor),
                    ])
            }
        var end: [UInt8] = []
        try await api.withClient(token: try admin.token(api)) { client in
            try await client.copy(path, accept: "application/json") { end = Array((end + $0).suffix(Self.end.count)) }
        }
        guard end == Self.end else { throw CLIError.misunderstood("a report without its end") }
        Console.tell("")
    }

    /// How a whole document ends.
    private static let end = Array(#""complete":true}"#.utf8)
}

extension APIClient {
    /// Copies the body of an answer to standard output as it comes, and shows its pieces to `look`.
    ///
    /// - Throws: `CLIError.unreachable` when it breaks off, `.refused` for 400 and above.
    func copy(_ path: String, accept: String, _ look: ([UInt8]) -> Void) async throws {
        let response = try await download(path, accept: accept)
        do {
            for try await piece in response.body {
                let bytes = Array(piece.readableBytesView)
                look(bytes)
                guard Console.write(bytes, to: Console.output) else {
                    throw CLIError.unusable("standard output takes no more")
                }
            }
        } catch let error as CLIError {
            throw error
        } catch {
            throw CLIError.unreachable(url: url, reason: Self.reason(error))
        }
    }
}
