package import Core

/// An API key as the API shows it: everything but the secret.
package struct KeyView: Sendable {
    package let id: String
    package let name: String
    /// `*` for all.
    package let tenant: String
    /// Patterns; nil for all workflows.
    package let workflows: [String]?
    package let roles: [String]
    package let createdAt: Instant?
    package let createdBy: String?
    package let expiresAt: Instant?
    package let lastUsedAt: Instant?
    package let revokedAt: Instant?
    package let revokedBy: String?
    package let isValid: Bool

    package init?(_ json: JSON?) {
        guard let json, let id = json["id"]?.string, let name = json["name"]?.string else { return nil }
        (self.id, self.name) = (id, name)
        tenant = json["tenant"]?.string ?? "*"
        workflows = json["workflows"]?.array?.compactMap(\.string)
        roles = json["roles"]?.array?.compactMap(\.string) ?? []
        func time(_ name: String) -> Instant? { json[name]?.string.flatMap { Instant($0) } }
        createdAt = time("createdAt")
        createdBy = json["createdBy"]?.string
        expiresAt = time("expiresAt")
        lastUsedAt = time("lastUsedAt")
        revokedAt = time("revokedAt")
        revokedBy = json["revokedBy"]?.string
        isValid = json["valid"]?.bool ?? false
    }

    var state: HTML {
        if revokedAt != nil { return #"<span class="state quiet">\#(Icon.cancelled.svg)Revoked</span>"# }
        return isValid
            ? #"<span class="state good">\#(Icon.done.svg)Valid</span>"#
            : #"<span class="state undo">\#(Icon.waiting.svg)Expired</span>"#
    }

    /// Whose runs it sees, and of which workflows.
    var scope: HTML {
        let whose: HTML = tenant == "*" ? "all tenants" : "tenant <b>\(tenant)</b>"
        let which: HTML? = workflows.map { patterns -> HTML in
            let shown = patterns.map { "<code>\($0)</code>" as HTML }
            return ", \(shown.joined(by: " "))"
        }
        return "\(whose)\(which)"
    }
}
