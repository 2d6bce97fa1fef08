/// What a tenant may have.
package struct TenantForm: Sendable {
    /// Nil for one that is not made yet.
    let tenant: TenantView?
    let limits: [TenantLimit]
    let text: FormText
    package let faults: FormFaults?

    package init(_ tenant: TenantView?, limits: [TenantLimit], _ text: FormText, _ faults: FormFaults?) {
        self.tenant = tenant
        self.limits = limits
        self.text = text
        self.faults = faults
    }

    /// As it stands; for a new one as is usual.
    package static func of(_ tenant: TenantView?, limits: [TenantLimit]) -> TenantForm {
        var values: [String: [String]] = [
            "state": [tenant?.state ?? "active"], "weight": [tenant.map { String($0.weight) } ?? "100"],
        ]
        for limit in limits { values[limit.name] = tenant?.limits[limit.name].map { [String($0)] } }
        return TenantForm(tenant, limits: limits, FormText(values), nil)
    }

    func html(_ frame: Frame) -> HTML {
        let fields = FormFields(id: "tenant", text: text, faults: faults)
        let path = tenant.map { frame.paths.tenant($0.id) } ?? frame.paths.tenants
        let limits = self.limits.map { limit in
            fields.input(limit.name, limit.title, at: "/limits/\(limit.name)", hint: HTML(text: limit.hint), most: 20)
        }
        let name = fields.input(
            "id", "Id", at: "/id", hint: "As starts name it in context.tenantId.", isRequired: true, most: 255)
        return #"""
            <form class="form" method="post" action="\#(path)">\#(frame.token)\#(fields.refusal(elsewhereThan: ["/state", "/weight", "/id"] + self.limits.map { "/limits/\($0.name)" }))
            \#(if: tenant == nil, name)
            <div class="form-row">\#(fields.choice("state", "State", at: "/state", hint: "Suspended: nothing new begins, what runs goes on. Closed: its keys are refused, too.", options: [("active", "active"), ("suspended", "suspended"), ("closed", "closed")]))
            \#(fields.input("weight", "Weight", at: "/weight", hint: "Its share of what engines take up while more is due than they can: 100 is usual.", most: 9))</div>
            <fieldset><legend>Limits: empty for none</legend><div class="form-row">\#(limits)</div></fieldset>
            <div class="actions"><button class="button primary">\#(tenant == nil ? "Make the tenant" : "Save")</button></div></form>
            """#
    }
}
