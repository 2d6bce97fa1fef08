internal import Basics

/// Where the console's pages are.
package struct Paths: Sendable, Hashable {
    /// What every path begins with: `/console`.
    package let base: String

    package init(base: String) { self.base = base }

    package var now: String { base + "/now" }
    package var runs: String { base + "/runs" }
    package var failed: String { base + "/failed" }
    package var login: String { base + "/login" }
    /// Sends a browser to log in elsewhere.
    package func provider(_ name: String) -> String { "\(login)/\(PercentEncoding.segment(name))" }
    /// Where it comes back to.
    package func providerCallback(_ name: String) -> String { provider(name) + "/callback" }
    package var logout: String { base + "/logout" }
    package var help: String { base + "/help" }
    package var bulk: String { base + "/runs/bulk" }
    package var bulkGo: String { base + "/runs/bulk/go" }
    package var bulkProgress: String { base + "/runs/bulk/progress" }
    package var retryMany: String { base + "/failed/retry" }

    package func run(_ id: String) -> String { "\(runs)/\(PercentEncoding.segment(id))" }
    package func actions(_ id: String) -> String { run(id) + "/actions" }
    /// What happens in a run after this event.
    package func stream(_ id: String, after sequence: Int) -> String { run(id) + "/stream?after=\(sequence)" }
    /// The whole run as the API answers it.
    package func json(_ id: String) -> String { run(id) + "/json" }
    package func asset(_ asset: Asset) -> String { "\(base)/assets/\(asset.fileName)" }

    /// A path with a query of what is there, in this order.
    package static func query(_ path: String, _ members: [(String, String?)]) -> String {
        let parts = members.compactMap { name, value in
            value.map { "\(PercentEncoding.segment(name))=\(PercentEncoding.segment($0))" }
        }
        return parts.isEmpty ? path : "\(path)?\(parts.joined(separator: "&"))"
    }
}
