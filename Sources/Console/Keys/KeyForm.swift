/// A key to be made.
package struct KeyForm: Sendable {
    /// A role, or a single permission, that whoever makes the key may give.
    package struct Choice: Sendable {
        let name: String
        /// What a role holds; empty for a permission.
        let permissions: [String]

        package init(_ name: String, _ permissions: [String]) {
            self.name = name
            self.permissions = permissions
        }
    }

    let roles: [Choice]
    let permissions: [Choice]
    /// Of this tenant alone is whoever makes it.
    let ownTenant: String?
    let text: FormText
    package let faults: FormFaults?

    package init(
        roles: [Choice], permissions: [Choice], ownTenant: String?, _ text: FormText, _ faults: FormFaults?
    ) {
        self.roles = roles
        self.permissions = permissions
        self.ownTenant = ownTenant
        self.text = text
        self.faults = faults
    }

    /// The fields of the form, all of them once.
    package static let names = ["name", "roles", "tenant", "workflows", "expires", "expiresAt"]
    /// How long a key may last: a number of days, `never`, or `at`.
    package static let lives: [(value: String, title: String)] = [
        ("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("never", "never"), ("at", "at this time:"),
    ]
    package static let usual = FormText(["expires": ["90"]])

    func html(_ frame: Frame) -> HTML {
        let fields = FormFields(id: "key", text: text, faults: faults)
        let roles = roles.map { role in
            fields.check(
                "roles", value: role.name,
                #"<span><b>\#(role.name)</b> <span class="quiet">\#(role.permissions.joined(separator: ", "))</span></span>"#
            )
        }
        let permissions = permissions.map { fields.check("roles", value: $0.name, "<code>\($0.name)</code>") }
        let isOpen = self.permissions.contains { text.has("roles", $0.name) }
        let owner: HTML =
            if let ownTenant {
                #"<p class="hint">It is for \#(ownTenant) alone.</p>"#
            } else {
                fields.input(
                    "tenant", "Tenant", at: "/tenant", hint: "Whose runs are all it sees; empty: everybody's.",
                    most: 255)
            }
        return #"""
            <form class="form" method="post" action="\#(frame.paths.keys)">\#(frame.token)\#(fields.refusal(elsewhereThan: ["/name", "/roles", "/tenant", "/workflows", "/expiresAt"]))
            <div class="form-row">\#(fields.input("name", "Name", at: "/name", hint: "What histories and the audit call it.", isRequired: true, most: 64))\#(owner)</div>
            <fieldset><legend>What it may do</legend>\#(fields.fault(at: "/roles"))\#(roles)
            <details id="single"\#("open", if: isOpen)><summary>Single permissions</summary><div class="checks">\#(permissions)</div></details></fieldset>
            \#(fields.area("workflows", "Workflows", at: "/workflows", hint: "Patterns, one on each line, as in orders-*; empty: all.", rows: 2))
            <div class="form-row">\#(fields.choice("expires", "Expires", at: "/expires", options: Self.lives))\#(fields.input("expiresAt", "Time (UTC)", at: "/expiresAt", placeholder: "2030-01-31T12:00Z", most: 40))</div>
            <div class="actions"><button class="button primary">Make the key</button></div></form>
            """#
    }
}
