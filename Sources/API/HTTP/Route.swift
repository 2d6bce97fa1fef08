import HTTPTypes
import Hummingbird

/// One method of one path, and what answers it.
struct Route: Sendable {
    /// Answers a request or throws what `Problem(_:)` understands.
    typealias Handler = @Sendable (Request, APIContext) async throws -> Response

    let method: HTTPRequest.Method
    /// As in `/v1/runs/:runId`.
    let path: String
    /// What whoever calls has to be allowed; nil for nothing, as where a signed URL says it all.
    let needs: Permission?
    /// Under which rates of administrators it counts; nil for none.
    let counted: AccessGate.Kind?
    let handler: Handler

    /// A variable of the path is a workflow's name.
    var namesWorkflow: Bool { path.contains("/workflows/:name") }
    /// A variable of the path is a run's id.
    var namesRun: Bool { path.contains("/:runId") }
    /// What only reads is not in the audit, and a start is its own record.
    var isAudited: Bool { method != .get && needs != nil && needs != .startRuns }
    /// What is said of it where the API describes itself.
    var operation: Operation? { Operation.all.first { $0.method == method && $0.path == path } }

    init(
        _ method: HTTPRequest.Method, _ path: String, needs: Permission?, counted: AccessGate.Kind? = nil,
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.needs = needs
        self.counted = counted
        self.handler = handler
    }
}

/// Which methods each path takes, to tell 404 from 405.
struct RouteTable: Sendable {
    private let entries: [(pattern: [Substring], methods: [String])]

    init(_ routes: [Route]) {
        var methods: [String: [String]] = [:]
        for route in routes {
            methods[route.path, default: []].append(route.method.rawValue)
            if route.method == .get { methods[route.path, default: []].append("HEAD") }
        }
        entries = methods.map { ($0.key.split(separator: "/"), $0.value.sorted()) }
    }

    /// The value of an `Allow` header; nil when no route has this path.
    ///
    /// As in the router, a path that is written out comes before one with variables.
    func allowed(_ path: String) -> String? {
        let segments = path.split(separator: "/")
        let matches = entries.filter { entry in
            entry.pattern.count == segments.count
                && zip(entry.pattern, segments).allSatisfy { $0.hasPrefix(":") || $0 == $1 }
        }
        func variables(_ pattern: [Substring]) -> Int { pattern.filter { $0.hasPrefix(":") }.count }
        return matches.min { variables($0.pattern) < variables($1.pattern) }?.methods.joined(separator: ", ")
    }
}
