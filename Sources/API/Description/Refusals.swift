import Core
import HTTPTypes

/// What a route may refuse, and with which status: what its operation says, and what follows from what it asks for.
struct Refusals {
    private let kinds: Set<ProblemKind>

    init(_ operation: Operation, _ route: Route) {
        var kinds = Set(operation.problems).union(Self.ofAll)
        if let needs = route.needs {
            kinds.formUnion([
                .unauthorized, .missingPermission, .tenantClosed, .rateLimited, .invalidParameter, .issuerUnavailable,
                .databaseUnavailable,
            ])
            // Whose run or workflow it is, the gate looks for.
            if needs.isOfTenants, route.namesRun { kinds.insert(.unknownRun) }
        }
        if route.namesWorkflow { kinds.insert(.unknownWorkflow) }
        if !PathVariable.parameters(of: route.path).isEmpty {
            kinds.formUnion([.invalidParameter, .databaseUnavailable])
        }
        if !operation.parameters.isEmpty { kinds.insert(.invalidParameter) }
        if let body = operation.body {
            kinds.formUnion([.bodyTooLarge, .unsupportedMediaType])
            if !body.contents.contains(where: { BodyReader.lines.contains($0.type) }) {
                kinds.formUnion([.malformedJSON, .invalidContent])
            }
        }
        self.kinds = kinds
    }

    /// What is refused before anybody knows which route it is for, or where something of ours is wrong.
    private static let ofAll: Set<ProblemKind> = [
        .malformedRequest, .requestTimeout, .bodyTooLarge, .uriTooLong, .expectationFailed, .headersTooLarge,
        .internalError,
        .overloaded,
    ]

    /// What most routes answer with a status: said once, where many refer to.
    static let usual: [(status: Int, problems: [ProblemKind])] = [
        (400, [.malformedRequest, .invalidParameter]), (401, [.unauthorized]),
        (403, [.missingPermission, .tenantClosed]),
        (408, [.requestTimeout]), (413, [.bodyTooLarge]), (414, [.uriTooLong]), (415, [.unsupportedMediaType]),
        (417, [.expectationFailed]), (429, [.rateLimited]), (431, [.headersTooLarge]), (500, [.internalError]),
        (503, [.overloaded, .databaseUnavailable, .issuerUnavailable]),
    ]

    var byStatus: [(status: Int, problems: [ProblemKind])] {
        Dictionary(grouping: kinds) { $0.status.code }.sorted { $0.key < $1.key }.map { status, problems in
            (status, ProblemKind.allCases.filter { problems.contains($0) })
        }
    }

    static func name(_ status: Int) -> String { "Problem\(status)" }

    /// What a route answers with a status, or where that is said.
    static func response(_ status: Int, _ problems: [ProblemKind]) -> JSON {
        guard usual.contains(where: { $0.status == status && $0.problems == problems }) else {
            return whole(status, problems)
        }
        return ["$ref": .string("#/components/responses/\(name(status))")]
    }

    static func whole(_ status: Int, _ kinds: [ProblemKind]) -> JSON {
        let words = kinds.map { "`\($0.rawValue)`: \($0.title)" }
        var object: JSONObject = [
            "description": .string(words.joined(separator: "\n\n")),
            "x-sagaflow-problems": .array(kinds.map { .string($0.type) }),
        ]
        var headers: [ReplyHeader] = []
        if status == 401 { headers.append(.challenge) }
        if status == 429 { headers += [.retryAfter, .rateLimit, .rateRemaining, .rateReset] }
        if status == 503 { headers.append(.retryAfter) }
        object["headers"] = OpenAPIDocument.json(of: headers)
        object["content"] = ["application/problem+json": ["schema": Components.schema("Problem").json]]
        return .object(object)
    }
}
