internal import Basics

// Where workflows and their versions are. As which tenant one looks goes along in `?tenant=`.
extension Paths {
    package var workflows: String { base + "/workflows" }

    /// All that is shared, or what a tenant sees.
    func workflows(seenBy tenant: String?) -> String { Paths.query(workflows, [("tenant", tenant)]) }

    /// The page of a workflow.
    ///
    /// - Parameter part: below it, as in `start`.
    package func workflow(_ name: String, part: String? = nil, _ query: [(String, String?)] = []) -> String {
        let path = "\(workflows)/\(PercentEncoding.segment(name))"
        return Paths.query(part.map { "\(path)/\($0)" } ?? path, query)
    }

    /// The page of a version.
    package func version(
        _ name: String, _ version: String, part: String? = nil, _ query: [(String, String?)] = []
    ) -> String {
        let path = "\(workflows)/\(PercentEncoding.segment(name))/\(PercentEncoding.segment(version))"
        return Paths.query(part.map { "\(path)/\($0)" } ?? path, query)
    }

    /// Where a new definition is written.
    var writeWorkflow: String { workflows + "/new" }

    /// The page of a participant.
    func participant(_ name: String, seenBy tenant: String?) -> String {
        Paths.query("\(base)/participants/\(PercentEncoding.segment(name))", [("tenant", tenant)])
    }
}
