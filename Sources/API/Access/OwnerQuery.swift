import Core

/// `?tenant=`: whose definitions a request is about.
extension Query {
    static let tenant = "tenant"

    /// Whose are written: its own tenant's by whoever is of one; by others what `?tenant=` says, or what all tenants share.
    ///
    /// - Throws: `missing-permission` for another's.
    func owner(for principal: Principal) throws(Problem) -> Owner {
        let asked = try ownerAsked()
        guard let own = principal.tenants.tenantID else { return asked ?? .shared }
        guard let asked, asked != .tenant(own) else { return .tenant(own) }
        throw Problem(
            .missingPermission,
            "\(principal.name) is of the tenant \(own) and changes its own alone, not what is of \(asked.name).")
    }

    /// As whom the request looks: as its tenant whoever is of one; others as the tenant they name, or at what all tenants share.
    ///
    /// What is shared may be looked at by everybody, also where an own one hides it.
    ///
    /// - Throws: `missing-permission` for another tenant.
    func sight(for principal: Principal) throws(Problem) -> Owner {
        let asked = try ownerAsked()
        guard let own = principal.tenants.tenantID else { return asked ?? .shared }
        guard let asked else { return .tenant(own) }
        guard asked == .shared || asked == .tenant(own) else {
            throw Problem(
                .missingPermission,
                "\(principal.name) is of the tenant \(own) and sees what it sees, not what \(asked.name) does.")
        }
        return asked
    }

    private func ownerAsked() throws(Problem) -> Owner? {
        try value(Self.tenant, "must be a tenant's id, or \(Owner.sharedName) for what is shared.") { text in
            text == Owner.sharedName || ClientLabel.isTenant(text) ? Owner(name: text) : nil
        }
    }
}
