// What keeps the system going: participants, engines, tenants, API keys, and the audit of who changed what.

internal import Basics

extension Paths {
    package var participants: String { base + "/participants" }
    package var engines: String { base + "/engines" }
    package var tenants: String { base + "/tenants" }
    package var keys: String { base + "/keys" }
    package var revokeKey: String { keys + "/revoke" }
    package var audit: String { base + "/audit" }

    /// - Parameter tenant: whose it is; nil, or `*`, for what all share.
    package func participant(
        _ name: String, tenant: String?, part: String = "", more: [(String, String?)] = []
    ) -> String {
        let path = "\(participants)/\(PercentEncoding.segment(name))\(part)"
        return Self.query(path, [("tenant", tenant == "*" ? nil : tenant)] + more)
    }

    package func tenant(_ id: String) -> String { "\(tenants)/\(PercentEncoding.segment(id))" }

    /// All that is known of a run, as one document.
    package func report(_ runID: String) -> String { "\(audit)/runs/\(PercentEncoding.segment(runID))/report" }
}
