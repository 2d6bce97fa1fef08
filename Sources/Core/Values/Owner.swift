/// Whose a definition or a participant is: one tenant's own, or shared by all. A tenant's own of a name wins over the shared one.
package enum Owner: Sendable, Hashable {
    case shared
    case tenant(String)

    /// How `shared` is written, in the database and where people name an owner. No tenant has that name.
    package static let sharedName = "*"

    /// - Parameter name: a tenant's id, or `*`.
    package init(name: String) { self = name == Self.sharedName ? .shared : .tenant(name) }

    package var name: String { tenantID ?? Self.sharedName }

    /// The tenant; nil where it is shared.
    package var tenantID: String? {
        switch self {
        case .shared: nil
        case .tenant(let tenantID): tenantID
        }
    }
}
