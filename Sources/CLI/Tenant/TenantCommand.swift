import ArgumentParser
import Core

/// `saga tenant`: what each tenant may have of what all share.
struct TenantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenant", abstract: "Makes, changes and lists tenants: their state, weight and limits.",
        subcommands: [TenantSet.self, TenantList.self, TenantShow.self])
}

/// `saga tenant set`.
struct TenantSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Makes a tenant, or changes it.",
        discussion: """
            What is not given stays as it is. A limit is one of \
            \(TenantLimits.Kind.allCases.map(\.rawValue).joined(separator: ", ")). A suspended tenant starts nothing new; a closed \
            one's keys are refused, too; what runs goes on. APIs and engines follow within a second. Exit codes: 0, 1 refused, 64 \
            wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The tenant's id, as in context.tenantId.")
    var id: String

    @Option(help: "active, suspended or closed.")
    var state: String?

    @Option(help: "Its share of what engines do while they can't keep up, among the others' (1 to 10000, usually 100).")
    var weight: Int?

    @Option(
        name: .customLong("limit"),
        help: ArgumentHelp("How much it may have, repeatable; none takes a limit away.", valueName: "name=number"))
    var limits: [String] = []

    func validate() throws {
        for limit in limits { _ = try Self.read(limit) }
    }

    private static func read(_ text: String) throws -> (name: String, value: Int?) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, TenantLimits.Kind(rawValue: parts[0]) != nil,
            parts[1] == "none" || Int(parts[1]) != nil
        else { throw ValidationError("--limit \(text): say name=number or name=none, as in startsPerSecond=50.") }
        return (parts[0], Int(parts[1]))
    }

    func run() async throws {
        let path = "/v1/admin/tenants/\(id.pathSegment)"
        let (isNew, shown) = try await api.withClient(token: try admin.token(api)) { client in
            var known: JSON?
            do { known = try await client.patiently(.get, path).json } catch CLIError.refused(status: 404, _) {}
            var kept = known?["limits"]?.object ?? JSONObject()
            for limit in limits {
                let (name, value) = try Self.read(limit)
                kept[name] = value.map { JSON($0) }
            }
            var body: JSONObject = ["limits": .object(kept)]
            body["state"] = state.map { .string($0) } ?? known?["state"]
            body["weight"] = weight.map { JSON($0) } ?? known?["weight"]
            let answer = try await client.patiently(.put, path, .object(body))
            return (answer.status == 201, answer.json)
        }
        output.show(text: (isNew ? "made" : "changed") + "\n" + TenantView.text(shown), json: shown)
    }
}

/// `saga tenant list`.
struct TenantList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists tenants that somebody has made.",
        discussion: "With -o json as GET /v1/admin/tenants answers. Exit codes: 0, 1 refused, 69.")

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var paging: Paging

    func run() async throws {
        let list = try await api.withClient(token: try admin.token(api)) {
            try await paging.read("tenants", at: "/v1/admin/tenants", [], $0)
        }
        var table = Table(columns: [
            .init(title: "TENANT"), .init(title: "STATE"), .init(title: "WEIGHT"),
            .init(title: "LIMITS", shrinks: true),
            .init(title: "CHANGED BY", isWide: true), .init(title: "CHANGED", isWide: true),
        ])
        table.rows = list.items.map { tenant in
            [
                tenant["id"]?.string ?? "?", tenant["state"]?.string ?? "?", tenant["weight"]?.text ?? "?",
                TenantView.limits(tenant), tenant["updatedBy"]?.string ?? "?", RunTimes.short(tenant["updatedAt"]),
            ]
        }
        output.show(table, none: "no tenant has been made", items: list.items, json: list.json)
        list.hint()
    }
}

/// `saga tenant show`.
struct TenantShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows one tenant: its limits, and how much it has.",
        discussion: "With -o json as GET /v1/admin/tenants/{tenantId} answers. Exit codes: 0, 1 there is none, 69.")

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The tenant's id.")
    var id: String

    func run() async throws {
        let shown = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.get, "/v1/admin/tenants/\(id.pathSegment)").json
        }
        output.show(text: TenantView.text(shown), json: shown)
    }
}

/// A tenant as text.
enum TenantView {
    static func text(_ tenant: JSON) -> String {
        var lines = [
            "tenant   \(tenant["id"]?.string ?? "?")", "state    \(tenant["state"]?.string ?? "?")",
            "weight   \(tenant["weight"]?.text ?? "?")", "limits   \(limits(tenant))",
        ]
        if let usage = tenant["usage"] {
            let more = usage["isMore"] == true ? " or more" : ""
            let (live, sleeping) = (usage["liveRuns"]?.text ?? "?", usage["sleepingRuns"]?.text ?? "?")
            lines.append("has      \(live) live runs, \(sleeping) of them waiting\(more)")
            if let bytes = usage["storedBytes"]?.int {
                lines.append("stored   about \(bytes) bytes, as of \(RunTimes.short(usage["storedBytesAt"]))")
            }
        }
        return lines.joined(separator: "\n")
    }

    static func limits(_ tenant: JSON) -> String {
        let limits = tenant["limits"]?.object?.members.map { "\($0.0)=\($0.1.text)" } ?? []
        return limits.isEmpty ? "none" : limits.joined(separator: " ")
    }
}
