import Core
import Hummingbird
import Postgres
import Storage

/// Whose participants a call is about: of a tenant's key its tenant's, of others the shared ones unless they name a tenant
/// (`?tenant=acme`).
struct ParticipantOwner: Sendable {
    /// Whose participants are changed, or as whom they are seen.
    let owner: Owner
    /// Who calls is of this tenant alone; nil for callers of all.
    private let tenantID: String?

    /// - Throws: `missing-permission` where a tenant's key names another's, or all.
    init(_ request: Request, _ context: APIContext) throws(Problem) {
        let asked = try Query(request, known: ["tenant"]).value(
            "tenant", "must be a tenant's id, or \(Owner.sharedName) for what is shared."
        ) { ClientLabel.isValid($0) ? Owner(name: $0) : nil }
        tenantID = context.principal.tenants.tenantID
        guard let tenantID else {
            owner = asked ?? .shared
            return
        }
        owner = .tenant(tenantID)
        guard asked ?? owner == owner else {
            throw Problem(
                .missingPermission,
                "\(context.principal.name) is of the tenant \(tenantID), and has nothing to do with others' participants."
            )
        }
    }

    /// A participant of that owner.
    func participant(_ name: String) -> ParticipantID { ParticipantID(name, of: owner) }

    /// Whether all of it is for whoever calls: the shared ones belong to those who are of no tenant.
    func showsAll(of participant: ParticipantID) -> Bool { tenantID == nil || participant.owner == owner }

    /// What is said where the owner has no participant of this name: who sees a shared one may be told that it is there.
    func absence(of name: String, _ database: Database) async throws -> Problem {
        guard tenantID != nil, try await !database.reads.execute(FindVisibleParticipants(to: owner, name: name)).isEmpty
        else { return ParticipantRoutes.unknown }
        return Problem(
            .missingPermission,
            "\(name) is shared by all tenants, and only callers of all may change it. Register one of your own by this name: "
                + "your runs call that.")
    }
}
