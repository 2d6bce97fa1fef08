import ArgumentParser
import Core

/// `saga workflow list`.
struct WorkflowList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the registered workflows.",
        discussion: "With -o json as GET /v1/workflows answers. Exit codes: 0, 69.")

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var paging: Paging
    @OptionGroup var owner: OwnerOptions

    func run() async throws {
        let list = try await api.withClient { try await paging.read("workflows", at: "/v1/workflows", owner.query, $0) }
        let isAnyOwn = list.items.contains { !Self.tenant($0).isEmpty }
        var table = Table(columns: [
            .init(title: "WORKFLOW"), .init(title: "TENANT", isWide: !isAnyOwn, shrinks: true), .init(title: "LATEST"),
            .init(title: "VERSIONS"),
            .init(title: "HIGHEST", shrinks: true), .init(title: "PAUSED", shrinks: true),
            .init(title: "REGISTERED", isWide: true),
            .init(title: "BY", isWide: true),
        ])
        for workflow in list.items {
            let versions = workflow["versions"]?.array ?? []
            let names = versions.prefix(5).map { version in
                (version["version"]?.string ?? "?") + (version["deprecation"]?.isNull == false ? " (deprecated)" : "")
            }
            table.rows.append([
                workflow["name"]?.string ?? "?", Self.tenant(workflow), workflow["latest"]?.string ?? "-",
                "\(workflow["versionCount"]?.int ?? 0)", names.joined(separator: ", "),
                PausedWorkflow.text(workflow) ?? "",
                versions.first?["createdAt"]?.string ?? "", versions.first?["createdBy"]?.string ?? "",
            ])
        }
        output.show(table, none: "no workflow is registered", items: list.items, json: list.json)
        list.hint()
    }

    /// Nothing for what all tenants share.
    private static func tenant(_ workflow: JSON) -> String {
        workflow["tenant"]?.string.flatMap { $0 == Owner.sharedName ? nil : $0 } ?? ""
    }
}

/// A workflow on the server, with one of its versions or without: `order`, `order@1.2.0`.
struct WorkflowReference: Equatable {
    let name: String
    let version: String?

    init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.first, !name.isEmpty, parts.last?.isEmpty == false else { return nil }
        self.name = name
        version = parts.count > 1 ? parts[1] : nil
    }

    /// The version that is named, or the one that a start without a version takes, or the highest.
    ///
    /// Answers as `GET /v1/workflows/{name}/{version}` does.
    func definition(_ owner: OwnerOptions, _ client: APIClient) async throws -> JSON {
        var version = version
        if version == nil {
            let workflow = try await client.send(.get, "/v1/workflows/\(name.pathSegment)\(owner.text)").json
            version = workflow["latest"]?.string ?? workflow["versions"]?[0]?["version"]?.string
        }
        let path = "/v1/workflows/\(name.pathSegment)/\((version ?? "").pathSegment)\(owner.text)"
        return try await client.send(.get, path).json
    }
}

/// `saga workflow show`.
struct WorkflowShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a workflow's versions, or the definition of one.",
        discussion: """
            With -o json as GET /v1/workflows/{name} and /v1/workflows/{name}/{version} answer. Exit codes: 0, 1 there is \
            none of that name and version, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var owner: OwnerOptions

    @Argument(help: "NAME for its versions, NAME@VERSION for the definition, NAME@latest for that of the latest.")
    var workflow: String

    func validate() throws {
        guard WorkflowReference(workflow) != nil else { throw ValidationError("Write NAME or NAME@VERSION.") }
    }

    func run() async throws {
        guard let reference = WorkflowReference(workflow) else { return }
        if reference.version == nil { return try await showVersions(of: reference.name) }
        let wanted =
            reference.version == "latest" ? WorkflowReference(reference.name) ?? reference : reference
        let answer = try await api.withClient { try await wanted.definition(owner, $0) }
        output.show(text: Self.text(answer), json: answer)
    }

    private static func text(_ answer: JSON) -> String {
        var lines = [
            "\(answer["name"]?.string ?? "?") \(answer["version"]?.string ?? "?")\(OwnerOptions.suffix(answer)), registered "
                + "\(answer["createdAt"]?.string ?? "?") by \(answer["createdBy"]?.string ?? "?")"
        ]
        if let deprecation = answer["deprecation"], !deprecation.isNull {
            lines.append("deprecated " + VersionRow.text(deprecation))
        }
        return (lines + ["", PrettyJSON.text(answer["definition"] ?? .null)]).joined(separator: "\n")
    }

    private func showVersions(of name: String) async throws {
        let path = "/v1/workflows/\(name.pathSegment)\(owner.text)"
        let workflow = try await api.withClient { try await $0.send(.get, path).json }
        let versions = workflow["versions"]?.array ?? []
        var table = Table(columns: [
            .init(title: "VERSION"), .init(title: ""), .init(title: "REGISTERED"), .init(title: "BY"),
            .init(title: "DEPRECATED", shrinks: true),
        ])
        for version in versions {
            let isLatest = version["version"] == workflow["latest"]
            table.rows.append([
                version["version"]?.string ?? "?", isLatest ? "latest" : "", version["createdAt"]?.string ?? "",
                version["createdBy"]?.string ?? "", version["deprecation"].map(VersionRow.text) ?? "",
            ])
        }
        if !output.output.isJSON {
            let tenant = OwnerOptions.suffix(workflow)
            if !tenant.isEmpty { Console.tell("\(name)\(tenant)") }
            if let paused = PausedWorkflow.text(workflow) { Console.tell("\(name) is paused \(paused)") }
        }
        output.show(table, none: "no version", items: versions, json: workflow)
    }
}

/// How a workflow's pause reads.
enum PausedWorkflow {
    /// Nil when it is not paused.
    static func text(_ workflow: JSON) -> String? {
        guard let pause = workflow["paused"], let text = PauseText.of(pause) else { return nil }
        return text + (pause["starts"] == "refuse" ? " (starts are refused)" : " (starts wait)")
    }
}

/// How a version's deprecation reads.
enum VersionRow {
    static func text(_ deprecation: JSON) -> String {
        guard !deprecation.isNull else { return "" }
        let reason = deprecation["reason"]?.string.map { ": \($0)" } ?? ""
        return "\(deprecation["at"]?.string ?? "") by \(deprecation["by"]?.string ?? "?")" + reason
    }
}
