import Basics
import Console
import Core
import HTTPTypes
import Hummingbird

// Pages of what keeps the system going. Each asks the routes of the API, which decide what its reader may see and do.

extension ConsoleRoutes {
    var administrationRoutes: [Route] {
        let (participants, tenants, keys, audit) = (
            ConsoleParticipants(), ConsoleTenants(), ConsoleKeys(), ConsoleAudit()
        )
        return [
            page("/participants", participants.list), form("/participants", participants.create),
            page("/participants/:name", participants.show), form("/participants/:name", participants.save),
            form("/participants/:name/pause", participants.pause),
            form("/participants/:name/resume", participants.resume),
            form("/participants/:name/delete", participants.delete),
            page("/engines", ConsoleEngines().show),
            page("/tenants", tenants.list), form("/tenants", tenants.create),
            page("/tenants/:tenantId", tenants.show), form("/tenants/:tenantId", tenants.save),
            page("/keys", keys.list), form("/keys", keys.create), form("/keys/revoke", keys.revoke),
            page("/audit", audit.list), page("/audit/runs/:runId/report", audit.report),
        ]
    }
}

extension ConsoleVisit {
    /// Whoever reads is of this tenant alone; nil for whoever is of all.
    var ownTenant: String? { principal.tenants.tenantID }

    /// Has a route of the API change something.
    @discardableResult
    func change(
        _ method: HTTPRequest.Method, _ path: String, _ variables: [String], query: [(String, String?)] = [],
        _ body: JSONObject = [:]
    ) async throws -> JSON {
        let response = try await api.call(
            method, path, variables, query: query, body: .object(body), headers: headers, request, context)
        return response.status == .noContent ? .null : try await response.pageJSON()
    }

    /// What is said on top of the page of what was just done.
    func frame(saying notices: [String: String]) -> Frame {
        guard let did = query["did"], let text = notices[did] else { return frame }
        var frame = frame
        frame.notice = Notice(text)
        return frame
    }
}

extension ConsoleForm {
    /// A field without the blanks around it; nil when nothing is left.
    func text(_ name: String) -> String? {
        guard let text = self[name].map({ String($0.trimmingBlanks()) }), !text.isEmpty else { return nil }
        return text
    }

    /// A number as JSON; what is none stays a text, so that the API says what is wrong with it.
    func number(_ name: String) -> JSON? {
        text(name).map { text in JSONNumber(text).map { .number($0) } ?? .string(text) }
    }

    /// What is shown again.
    func kept(_ names: [String]) -> FormText {
        FormText(Dictionary(names.map { ($0, all($0)) }, uniquingKeysWith: { first, _ in first }))
    }
}

extension FormFaults {
    /// Why a form was refused, for its own page; nil for what is not to be mended in it.
    ///
    /// - Parameter isOfRights: with other fields whoever sent it may be allowed to.
    init?(_ error: any Error, isOfRights: Bool = false) {
        guard let problem = error as? Problem, (400..<500).contains(problem.kind.status.code),
            problem.kind != .unauthorized, isOfRights || problem.kind != .missingPermission
        else { return nil }
        self.init(problem.detail, problem.places.map { ($0.pointer.description, $0.detail) })
    }
}
