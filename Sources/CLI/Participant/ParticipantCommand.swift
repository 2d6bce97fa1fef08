import ArgumentParser
import Core

/// `saga participant`: the services that definitions may name.
struct ParticipantCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "participant", abstract: "Registers, shows, pauses, tries and removes participants.",
        subcommands: [
            ParticipantList.self, ParticipantShow.self, ParticipantSet.self, ParticipantDelete.self,
            ParticipantTry.self, ParticipantPause.self, ParticipantResume.self,
        ])
}

/// Whose participants a command is about.
struct ParticipantTenant: ParsableArguments {
    @Option(
        name: .customLong("tenant"),
        help: ArgumentHelp(
            "The tenant whose own it is, or as which it is seen (default: the credential's, else what is shared by all).",
            valueName: "id"))
    var id: String?

    var query: String { Paging.text([("tenant", id)]) }
}

/// The participant a command is about.
struct ParticipantArgument: ParsableArguments {
    @Argument(help: "The participant's name.")
    var name: String

    @OptionGroup var tenant: ParticipantTenant

    var path: String { path() }

    /// - Parameter action: what is done with it, as in `/pause`.
    func path(_ action: String = "") -> String { "/v1/admin/participants/\(name)\(action)\(tenant.query)" }

    func validate() throws {
        guard Name.isValid(name) else { throw ValidationError(Name.rule()) }
    }
}

/// `saga participant list`.
struct ParticipantList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the registered participants and how engines find them.",
        discussion: "With -o json as GET /v1/admin/participants answers. Exit codes: 0, 1 refused, 69.")

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var tenant: ParticipantTenant

    func run() async throws {
        let answer = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.get, "/v1/admin/participants\(tenant.query)").json
        }
        let participants = answer["participants"]?.array ?? []
        var table = Table(columns: [
            .init(title: "PARTICIPANT"), .init(title: "TENANT"), .init(title: "URL", shrinks: true),
            .init(title: "AT ONCE"),
            .init(title: "PER SECOND"),
            .init(title: "HEADERS", isWide: true), .init(title: "UPDATED", isWide: true),
            .init(title: "ENGINES SAY", shrinks: true),
        ])
        table.rows = participants.map { participant in
            [
                participant["name"]?.string ?? "?", participant["tenant"]?.string ?? "*",
                participant["url"]?.string ?? "-",
                participant["maxConcurrent"]?.int.map { "\($0)" } ?? "-",
                participant["rate"]?["perSecond"]?.number?.text ?? "-",
                participant["headerNames"]?.array?.compactMap(\.string).joined(separator: ", ") ?? "",
                RunTimes.short(participant["updatedAt"]), ParticipantView.told(participant),
            ]
        }
        output.show(table, none: "no participant is registered", items: participants, json: answer)
    }
}

/// `saga participant show`.
struct ParticipantShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a participant, and what each engine tells of it.",
        discussion: """
            With -o json as GET /v1/admin/participants/{name} answers. Values of headers are never shown. Exit codes: 0, \
            1 there is none of that name, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: ParticipantArgument

    func run() async throws {
        let participant = try await api.withClient(token: try admin.token(api)) {
            try await $0.patiently(.get, argument.path).json
        }
        output.show(text: ParticipantView.text(participant), json: participant)
    }
}

/// `saga participant delete`.
struct ParticipantDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes a participant's registration.",
        discussion: """
            Calls to it are not sent any more, and runs that need it wait, as far as their policies go; where it is a tenant's \
            own, its runs call the shared one of that name, if there is one. Exit codes: 0, 1 there is none of that name, 69.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var admin: AdminOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var argument: ParticipantArgument

    func run() async throws {
        _ = try await api.withClient(token: try admin.token(api)) { try await $0.patiently(.delete, argument.path) }
        output.show(
            text: "\(argument.name) is not registered any more",
            json: ["name": .string(argument.name), "deleted": true])
    }
}

/// A participant for people.
enum ParticipantView {
    static func text(_ participant: JSON) -> String {
        guard participant["url"] != nil else { return ofAnother(participant) }
        let limit = participant["maxConcurrent"]?.int.map { "\($0) calls from all engines" } ?? "no limit"
        let headers = participant["headerNames"]?.array?.compactMap(\.string).joined(separator: ", ") ?? ""
        var lines = names(participant)
        lines += [
            "url          \(participant["url"]?.string ?? "?")", "at once      \(limit)",
            "rate         \(rate(participant["rate"]))",
            "headers      \(headers.isEmpty ? "none" : headers)",
            "breaker      \(breaker(participant["breaker"]))",
        ]
        let secrets = participant["signWith"]?.array?.compactMap(\.string) ?? []
        if !secrets.isEmpty { lines.append("signed with  \(secrets.joined(separator: ", "))") }
        lines += trust(participant)
        if let updated = participant["updatedAt"]?.string { lines.append("updated      \(updated)") }
        if let paused = paused(participant) { lines.append("paused       \(paused)") }
        for engine in participant["engines"]?.array ?? [] { lines.append("engine       \(told(by: engine))") }
        return lines.joined(separator: "\n")
    }

    /// One that is shared, as a tenant sees it.
    private static func ofAnother(_ participant: JSON) -> String {
        (names(participant) + (paused(participant).map { ["paused       \($0)"] } ?? [])).joined(separator: "\n")
    }

    private static func names(_ participant: JSON) -> [String] {
        let tenant = participant["tenant"]?.string ?? "*"
        return [
            "participant  \(participant["name"]?.string ?? "?")",
            "tenant       \(tenant == "*" ? "shared by all" : tenant)",
        ]
    }

    private static func rate(_ json: JSON?) -> String {
        guard let perSecond = json?["perSecond"]?.number?.text else { return "no limit" }
        let burst = json?["burst"]?.int ?? 1
        return "\(perSecond) calls per second from all engines" + (burst > 1 ? ", \(burst) at once" : "")
    }

    private static func trust(_ participant: JSON) -> [String] {
        var lines: [String] = []
        if let tls = participant["tls"]?.object {
            let files = tls.members.compactMap { name, file in file.string.map { "\(name) \($0)" } }
            lines.append("tls          \(files.joined(separator: ", "))")
        }
        if let client = participant["auth"]?["oauth2"] {
            lines.append(
                "tokens from  \(client["tokenUrl"]?.string ?? "?") as \(client["clientId"]?.string ?? "?")")
        }
        if let key = participant["secretsKey"]?.string { lines.append("encrypted    with the key \(key)") }
        return lines
    }

    /// What engines tell of it, the worst first; empty when all is well.
    static func told(_ participant: JSON) -> String {
        let engines = (participant["engines"]?.array ?? []).map(told(by:))
        return ((paused(participant).map { ["paused \($0)"] } ?? []) + engines).joined(separator: "; ")
    }

    /// Since when it is paused, by whom and why; nil when it is not.
    private static func paused(_ participant: JSON) -> String? { PauseText.of(participant["paused"]) }

    private static func told(by engine: JSON) -> String {
        var parts = [
            "\(engine["host"]?.string ?? engine["id"]?.string ?? "?"): breaker \(engine["breaker"]?.string ?? "?")"
        ]
        if let open = engine["openMs"]?.int { parts.append("for \(Duration.milliseconds(open).readable) more") }
        if let failures = engine["failures"]?.int, failures > 0 { parts.append("\(failures) failures in a row") }
        for (key, text) in [
            ("waiting", "wait for its probes"), ("queued", "wait for their turn"), ("held", "wait for the resume"),
        ] {
            if let count = engine[key]?.int, count > 0 { parts.append("\(count) \(text)") }
        }
        if let lacks = engine["lacks"]?.string { parts.append(lacks.clipped) }
        if let error = engine["lastError"]?.string { parts.append(error.clipped) }
        return parts.joined(separator: ", ")
    }

    private static func breaker(_ json: JSON?) -> String {
        guard let json, json != false else { return "none" }
        let (failures, successes) = (json["failureThreshold"]?.int ?? 0, json["successThreshold"]?.int ?? 0)
        return "opens after \(failures) failures in a row for \(json["openFor"]?.string ?? "?"), closes after "
            + "\(successes) successes"
    }
}
