import Basics
import Console
import Core
import HTTPTypes
import Hummingbird

/// Participants: how they do, and what is registered of them.
struct ConsoleParticipants: Sendable {
    private static let path = "/v1/admin/participants/:name"

    /// What is said after a form.
    private static let notices = [
        "participant-saved": "It is saved: engines follow within a second.",
        "participant-paused": "It is paused: within a second no engine calls it any more.",
        "participant-resumed": "It is resumed: what waited for it goes on.",
        "participant-deleted": "It is deleted.",
    ]

    @Sendable func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer { try await list(visit, form: nil) }

    private func list(_ visit: ConsoleVisit, form: ParticipantForm?) async throws -> ConsoleAnswer {
        let tenant = visit.query["tenant"]
        let json = try await visit.get("/v1/admin/participants", [], [("tenant", tenant)])
        let page = ParticipantsPage(
            json["participants"]?.array?.compactMap { ParticipantView($0) } ?? [], tenant: tenant,
            find: visit.query["find"], ownTenant: visit.ownTenant, form: form, visit.frame(saying: Self.notices))
        return .page(page.html, form == nil ? .ok : .unprocessableContent)
    }

    /// As it is shown to whoever reads; nil when there is none.
    private func find(_ name: String, tenant: String?, _ visit: ConsoleVisit) async throws -> ParticipantView? {
        do { return ParticipantView(try await visit.get(Self.path, [name], [("tenant", tenant)])) } catch {
            guard (error as? Problem)?.kind == .unknownParticipant else { throw error }
            return nil
        }
    }

    // MARK: One

    @Sendable func show(_ visit: ConsoleVisit) async throws -> ConsoleAnswer { try await show(visit, form: nil) }

    private func show(
        _ visit: ConsoleVisit, form: ((ParticipantView) -> ParticipantForm)?
    ) async throws -> ConsoleAnswer {
        let name = try visit.pathText("name")
        guard let found = try await find(name, tenant: visit.query["tenant"], visit) else {
            throw ParticipantRoutes.unknown
        }
        let page = ParticipantPage(
            found, runs: try await runs(waitingFor: found, visit),
            isOwn: visit.ownTenant == nil || visit.ownTenant == found.tenant,
            form: form?(found) ?? .of(found, ownTenant: visit.ownTenant), visit.frame(saying: Self.notices))
        return .page(page.html, form == nil ? .ok : .unprocessableContent)
    }

    /// Of the newest runs of each kind those that wait for it, or are being held before it.
    private func runs(waitingFor participant: ParticipantView, _ visit: ConsoleVisit) async throws -> [RunSummary] {
        var (runs, seen) = ([RunSummary](), Set<String>())
        let filters = ["participant", "retry", "callback", "poll"].map { ("waitingFor", $0) } + [("status", "RUNNING")]
        for filter in filters {
            let query: [(String, String?)] = [
                filter, ("limit", "50"), ("tenantId", participant.isShared ? nil : participant.tenant),
            ].map { ($0.0, $0.1) }
            let json = try await visit.getIfAllowed("/v1/runs", [], query)
            for run in json?["runs"]?.array?.compactMap({ RunSummary($0) }) ?? []
            where run.wait?.participant == participant.name && seen.insert(run.id).inserted {
                runs.append(run)
            }
        }
        return runs
    }

    // MARK: Changes

    @Sendable func create(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        let tenant = visit.ownTenant ?? form.text("tenant")
        do {
            guard let name = form.text("name") else {
                throw Problem.content(JSONPointer(["name"]), "This member is required.")
            }
            if let there = try await find(name, tenant: tenant, visit), there.tenant == tenant ?? "*" {
                throw Problem.content(JSONPointer(["name"]), "There is one of this name already. Open it to change it.")
            }
            let body = try ParticipantRegistration(form, of: nil).body
            try await visit.change(.put, Self.path, [name], query: [("tenant", tenant)], body)
            return .seeOther(
                visit.paths.participant(name, tenant: tenant, more: [("did", "participant-saved")]))
        } catch {
            guard let faults = FormFaults(error) else { throw error }
            let text = ParticipantRegistration.kept(form)
            return try await list(visit, form: ParticipantForm(nil, ownTenant: visit.ownTenant, text, faults))
        }
    }

    @Sendable func save(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        let (name, tenant) = (try visit.pathText("name"), visit.query["tenant"])
        do {
            guard let there = try await find(name, tenant: tenant, visit),
                there.tenant == tenant ?? visit.ownTenant ?? "*"
            else { throw ParticipantRoutes.unknown }
            guard form["updatedAt"] == there.updatedAt?.description else {
                throw Problem(
                    .invalidContent,
                    "Somebody has changed it since you opened it, and nothing was saved. What stands now is above; what you wrote is below."
                )
            }
            let body = try ParticipantRegistration(form, of: there).body
            try await visit.change(.put, Self.path, [name], query: [("tenant", tenant)], body)
            return .seeOther(
                visit.paths.participant(name, tenant: tenant, more: [("did", "participant-saved")]))
        } catch {
            guard (error as? Problem)?.kind != .unknownParticipant, let faults = FormFaults(error) else { throw error }
            let text = ParticipantRegistration.kept(form)
            return try await show(visit) { ParticipantForm($0, ownTenant: visit.ownTenant, text, faults) }
        }
    }

    @Sendable func pause(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        try await act(visit, form, "/pause", "participant-paused")
    }

    @Sendable func resume(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        try await act(visit, form, "/resume", "participant-resumed")
    }

    private func act(
        _ visit: ConsoleVisit, _ form: ConsoleForm, _ action: String, _ did: String
    ) async throws -> ConsoleAnswer {
        let (name, tenant) = (try visit.pathText("name"), visit.query["tenant"])
        let body: JSONObject = form["reason"].map { ["reason": .string($0)] } ?? [:]
        try await visit.change(.post, Self.path + action, [name], query: [("tenant", tenant)], body)
        return .seeOther(visit.paths.participant(name, tenant: tenant, more: [("did", did)]))
    }

    @Sendable func delete(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        let (name, tenant) = (try visit.pathText("name"), visit.query["tenant"])
        try await visit.change(.delete, Self.path, [name], query: [("tenant", tenant)])
        return .seeOther(Paths.query(visit.paths.participants, [("did", "participant-deleted")]))
    }
}

/// What the form of a participant says, as the API takes it.
struct ParticipantRegistration {
    let body: JSONObject

    /// - Parameter there: as it is registered; nil for a new one.
    init(_ form: ConsoleForm, of there: ParticipantView?) throws(Problem) {
        var body: JSONObject = ["url": .string(form.text("url") ?? "")]
        body["maxConcurrent"] = form.number("maxConcurrent")
        var rate: JSONObject = [:]
        rate["perSecond"] = form.number("perSecond")
        rate["burst"] = form.number("burst")
        if !rate.isEmpty { body["rate"] = .object(rate) }
        body["breaker"] = Self.breaker(form)
        body["headers"] = .object(try Self.headers(form, of: there))
        let names = (form.text("signWith") ?? "").split { $0 == " " || $0 == "," || $0.isNewline }
        if !names.isEmpty { body["signWith"] = .array(names.map { .string(String($0)) }) }
        let tls = Self.texts(form, ["certificate", "key", "ca"])
        if !tls.isEmpty { body["tls"] = .object(tls) }
        var client = Self.texts(form, ["tokenUrl", "clientId", "scope", "audience"])
        if !client.isEmpty || form["clientSecret"] != nil {
            if let secret = form["clientSecret"] {
                client["clientSecret"] = .string(secret)
            } else if there?.client != nil {
                client["clientSecret"] = .null  // stays
            }
            // Without the place it has no client: that is how one is taken away.
            if form.text("tokenUrl") != nil || there?.client == nil { body["auth"] = ["oauth2": .object(client)] }
        }
        self.body = body
    }

    private static func texts(_ form: ConsoleForm, _ names: [String]) -> JSONObject {
        var object: JSONObject = [:]
        for name in names { object[name] = form.text(name).map { .string($0) } }
        return object
    }

    private static func breaker(_ form: ConsoleForm) -> JSON {
        guard form["breaker"] == "on" else { return false }
        var breaker = texts(form, ["openFor"])
        for name in ["failureThreshold", "successThreshold"] { breaker[name] = form.number(name) }
        return .object(breaker)
    }

    /// Those that are registered, with null for what stays; then the new ones.
    private static func headers(_ form: ConsoleForm, of there: ParticipantView?) throws(Problem) -> JSONObject {
        var headers: JSONObject = [:]
        let dropped = Set(form.all("dropHeader"))
        for place in 0..<(there?.headerNames.count ?? 0) {
            guard let name = form["headerName-\(place)"], !dropped.contains(name) else { continue }
            headers[name] = form["header-\(place)"].map { .string($0) } ?? .null
        }
        for (number, line) in lines(form).enumerated() {
            guard let colon = line.firstIndex(of: ":") else {
                throw .content(JSONPointer(["headers"]), "Line \(number + 1) is not written as Name: value.")
            }
            let name = String(line[..<colon].trimmingBlanks())
            headers[name] = .string(String(line[line.index(after: colon)...].trimmingBlanks()))
        }
        return headers
    }

    private static func lines(_ form: ConsoleForm) -> [Substring] {
        (form["newHeaders"] ?? "").split(whereSeparator: \.isNewline).filter { !$0.trimmingBlanks().isEmpty }
    }

    /// What is shown again of a form that was refused: no credential, unless it is the name of one.
    static func kept(_ form: ConsoleForm) -> FormText {
        var values = Dictionary(
            ParticipantForm.names.map { ($0, form.all($0)) }, uniquingKeysWith: { first, _ in first })
        let shown = lines(form).map { line -> String in
            let parts = line.split(separator: ":", maxSplits: 1)
            let (name, value) = (String(parts[0].trimmingBlanks()), String(parts.last?.trimmingBlanks() ?? ""))
            guard parts.count == 2 else { return String(line) }
            let isSecret = HeaderName.looksLikeCredential(name, value) && !value.contains("${secret:")
            return isSecret ? "\(name): " : String(line)
        }
        values["newHeaders"] = [shown.joined(separator: "\n")]
        return FormText(values)
    }
}
