import Console
import Core
import HTTPTypes
import Hummingbird

/// API keys: which there are, another one, and one less.
struct ConsoleKeys: Sendable {
    private static let path = "/v1/admin/api-keys"
    private static let notices = [
        "key-revoked": "The key is revoked: within a second it is refused everywhere, and its logins end."
    ]

    @Sendable func list(_ visit: ConsoleVisit) async throws -> ConsoleAnswer {
        try await list(visit, form: form(visit, KeyForm.usual, nil))
    }

    private func list(_ visit: ConsoleVisit, form: KeyForm) async throws -> ConsoleAnswer {
        let cursor = visit.query["cursor"]
        let json = try await visit.get(Self.path, [], [("limit", "50"), ("cursor", cursor)])
        let page = KeysPage(
            json["keys"]?.array?.compactMap { KeyView($0) } ?? [], isFirst: cursor == nil,
            nextCursor: json["nextCursor"]?.string, form: form, visit.frame(saying: Self.notices))
        return .page(page.html, form.faults == nil ? .ok : .unprocessableContent)
    }

    /// Nobody is offered to give what they have not.
    private func form(_ visit: ConsoleVisit, _ text: FormText, _ faults: FormFaults?) -> KeyForm {
        let (own, scope) = (visit.principal.permissions, visit.principal.scope)
        let roles = Role.allCases.compactMap { role -> KeyForm.Choice? in
            let given = role.permissions.filter { $0.canBeHad(for: scope) }
            guard given.isSubset(of: own) else { return nil }
            return KeyForm.Choice(role.rawValue, given.map(\.rawValue).sorted())
        }
        let permissions = Permission.allCases.filter { own.contains($0) }.map { KeyForm.Choice($0.rawValue, []) }
        return KeyForm(roles: roles, permissions: permissions, ownTenant: visit.ownTenant, text, faults)
    }

    @Sendable func create(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        do {
            let made = try await visit.change(.post, Self.path, [], Self.body(form))
            guard let key = KeyView(made), let secret = made["key"]?.string else {
                preconditionFailure("a key that is made is shown")
            }
            // It is in this answer and nowhere else: no address, no cookie and no row has it.
            return .page(NewKeyPage(key, secret: secret, visit.frame).html, .created)
        } catch {
            guard let faults = FormFaults(error, isOfRights: true) else { throw error }
            return try await list(visit, form: self.form(visit, form.kept(KeyForm.names), faults))
        }
    }

    private static func body(_ form: ConsoleForm) -> JSONObject {
        var body: JSONObject = ["roles": .array(form.all("roles").map { .string($0) })]
        body["name"] = form.text("name").map { .string($0) }
        body["tenant"] = form.text("tenant").map { .string($0) }
        let patterns = (form["workflows"] ?? "").split { $0.isNewline || $0 == " " || $0 == "," }
        if !patterns.isEmpty { body["workflows"] = .array(patterns.map { .string(String($0)) }) }
        switch form["expires"] {
        case "at": body["expiresAt"] = .string(form.text("expiresAt").map(time) ?? "")
        case let days?:
            if let days = Int(days), (1...3660).contains(days) {
                body["expiresAt"] = .string((Instant.now + .seconds(days * 86_400)).description)
            }
        case nil: break
        }
        return body
    }

    /// What people write of a time is taken as UTC.
    private static func time(_ text: String) -> String {
        for tail in ["", "Z", ":00Z", "T00:00:00Z"] where Instant(text + tail) != nil { return text + tail }
        if text.hasSuffix("Z"), Instant(text.dropLast() + ":00Z") != nil { return text.dropLast() + ":00Z" }
        return text
    }

    @Sendable func revoke(_ visit: ConsoleVisit, _ form: ConsoleForm) async throws -> ConsoleAnswer {
        guard let id = form.text("keyId") else { throw Problem(.invalidContent, "The form names no key.") }
        guard form["sure"] == "yes" else {
            let page = ConfirmPage(
                "Revoke the key \(form.text("name") ?? id)?",
                "Within a second every call with it is refused, and every login with it ends. It can't be taken back: make another key for whoever still needs one.",
                button: "Revoke the key", path: visit.paths.revokeKey, fields: [("keyId", id)], back: visit.paths.keys,
                in: .keys, visit.frame)
            return .page(page.html)
        }
        try await visit.change(.delete, "\(Self.path)/:keyId", [id])
        return .seeOther(Paths.query(visit.paths.keys, [("did", "key-revoked")]))
    }
}
