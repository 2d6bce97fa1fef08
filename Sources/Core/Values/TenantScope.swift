/// Whose runs somebody may see: one tenant's, or everybody's. Whatever lists or looks up runs for a caller is asked with one.
package enum TenantScope: Sendable, Hashable {
    case all
    case one(String)

    /// How `all` is written, where a tenant is named. No tenant has that name.
    package static let allName = "*"

    /// - Parameter name: a tenant's id, or `*`.
    package init(name: String) { self = name == Self.allName ? .all : .one(name) }

    package var name: String { tenantID ?? Self.allName }

    /// The one tenant; nil for all.
    package var tenantID: String? {
        switch self {
        case .all: nil
        case .one(let tenantID): tenantID
        }
    }

    /// Whether what belongs to a tenant is there at all, as far as the caller can tell.
    package func sees(_ tenantID: String) -> Bool { self.tenantID.map { $0 == tenantID } ?? true }

    /// Whether all that the other sees is seen by this one.
    package func covers(_ other: TenantScope) -> Bool { self == .all || self == other }
}
