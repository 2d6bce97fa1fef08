import ArgumentParser
import Core

/// `saga key`: keys with which the API is called.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Makes, lists and revokes API keys.",
        subcommands: [KeyCreate.self, KeyList.self, KeyRevoke.self])
}

/// `saga key create`.
struct KeyCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes an API key, and prints it: it is not shown again.",
        discussion: """
            A role is viewer, starter, operator, author or admin; single permissions, as audit:read, may stand among them. No \
            role shows inputs, outputs and what else is in runs: that takes payloads:read, or payloads:read-masked. \
            What is sent as SAGAFLOW_API_KEY, Authorization: Bearer or X-Api-Key is such a key. Exit codes: 0, 1 refused, \
            64 wrong usage, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "What it is called in histories and audits: key:NAME.")
    var name: String

    @Option(help: "What it may do; may be given several times.")
    var role: [String]

    @Option(help: "Whose runs are all it sees and starts; * for everybody's (default: those of whoever makes it).")
    var tenant: String?

    @Option(
        help: ArgumentHelp(
            "Which workflows are all it sees, starts and registers: a name, * for any characters; may be given several times (default: all).",
            valueName: "pattern"))
    var workflow: [String] = []

    @Option(help: "From when on it counts no more (RFC 3339; default: never).")
    var expiresAt: String?

    func run() async throws {
        var body: JSON = ["name": .string(name), "roles": .array(role.map { .string($0) })]
        if let tenant { body["tenant"] = .string(tenant) }
        if !workflow.isEmpty { body["workflows"] = .array(workflow.map { .string($0) }) }
        if let expiresAt { body["expiresAt"] = .string(expiresAt) }
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.post, "/v1/admin/api-keys", body).json
        }
        output.show(text: answer["key"]?.string ?? "?", json: answer)
    }
}

/// `saga key list`.
struct KeyList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists API keys, newest first, those that count no more included.",
        discussion: "With -o json as GET /v1/admin/api-keys answers. Exit codes: 0, 1 refused, 69.")

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var paging: Paging

    func run() async throws {
        let list = try await api.withClient(token: try admin.token(api)) {
            try await paging.read("keys", at: "/v1/admin/api-keys", [], $0)
        }
        let keys = list.items
        var table = Table(columns: [
            .init(title: "KEY"), .init(title: "NAME"), .init(title: "TENANT"), .init(title: "ROLES", shrinks: true),
            .init(title: "WORKFLOWS", shrinks: true),
            .init(title: "STATE"),
            .init(title: "LAST USED"), .init(title: "MADE BY", isWide: true), .init(title: "MADE", isWide: true),
        ])
        table.rows = keys.map { key in
            [
                key["id"]?.string ?? "?", key["name"]?.string ?? "?", key["tenant"]?.string ?? "?",
                key["roles"]?.array?.compactMap(\.string).joined(separator: ", ") ?? "",
                key["workflows"]?.array?.compactMap(\.string).joined(separator: ", ") ?? "all", Self.state(key),
                key["lastUsedAt"]?.string == nil ? "never" : RunTimes.short(key["lastUsedAt"]),
                key["createdBy"]?.string ?? "?", RunTimes.short(key["createdAt"]),
            ]
        }
        output.show(table, none: "there is no key", items: keys, json: list.json)
        list.hint()
    }

    private static func state(_ key: JSON) -> String {
        if let by = key["revokedBy"]?.string { return "revoked by \(by)" }
        if key["valid"] == true { return key["expiresAt"]?.string.map { "until \($0)" } ?? "valid" }
        return "expired"
    }
}

/// `saga key revoke`.
struct KeyRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revokes an API key, for good: it is refused everywhere within a second.",
        discussion: "Exit codes: 0, 1 there is none with this id, 69.")

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Its id: what stands between sf_ and the next _.")
    var id: String

    func run() async throws {
        // Whoever pastes the whole key means its id, and its secret is to go nowhere.
        let parts = id.split(separator: "_", maxSplits: 2)
        let id = parts.count > 1 && id.hasPrefix(APIClient.keyPrefix) ? String(parts[1]) : id
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.delete, "/v1/admin/api-keys/\(id.pathSegment)").json
        }
        output.show(text: "\(answer["name"]?.string ?? id) is revoked", json: answer)
    }
}
