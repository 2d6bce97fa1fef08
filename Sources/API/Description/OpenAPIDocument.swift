import Core
import HTTPTypes

/// OpenAPI 3.1 of routes and what is said of them.
struct OpenAPIDocument {
    /// Whoever reaches the API may do what is open without saying who they are.
    let isOpen: Bool
    let version: String

    /// The document.
    ///
    /// - Parameter routes: each with an operation of its own.
    func json(_ routes: [Route]) -> JSON {
        var paths: [(String, JSONObject)] = []
        for route in routes {
            guard let operation = route.operation else { continue }
            let path = route.documentedPath
            let method = route.method.rawValue.lowercased()
            let place = paths.firstIndex { $0.0 == path } ?? paths.count
            if place == paths.count { paths.append((path, [:])) }
            paths[place].1[method] = json(of: operation, route)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "sagaflow", "version": .string(version),
                "summary": "Workflows of services that are undone when they can't be done.",
                "description": .string(Self.introduction),
            ],
            "servers": [["url": "/"]],
            "tags": .array(
                Operation.Tag.allCases.map { ["name": .string($0.rawValue), "description": .string($0.text)] }),
            "paths": .object(JSONObject(paths.map { (key: $0.0, value: .object($0.1)) })),
            "components": [
                "schemas": .object(JSONObject(Components.all.map { (key: $0.0, value: $0.1.json) })),
                "responses": .object(
                    JSONObject(
                        Refusals.usual.map {
                            (key: Refusals.name($0.status), value: Refusals.whole($0.status, $0.problems))
                        })),
                "headers": .object(JSONObject(ReplyHeader.allCases.map { (key: $0.rawValue, value: $0.json) })),
                "securitySchemes": Self.securitySchemes,
            ],
        ]
    }

    private static let introduction = """
        JSON in, JSON out. Every refusal is a problem document (RFC 9457); its `type` is for programs, and \
        `x-sagaflow-problems` lists those of each answer. JSON that comes in is strict: members that nobody knows are refused. \
        `x-sagaflow-permission` is what a caller has to be allowed. Answers may get more members, and more words where \
        words are listed, with newer versions.
        """

    private static let securitySchemes: JSON = [
        "bearer": [
            "type": "http", "scheme": "bearer", "bearerFormat": "API key or JWT",
            "description": "An API key, or a token of another issuer.",
        ],
        "apiKey": ["type": "apiKey", "in": "header", "name": "X-Api-Key", "description": "An API key."],
        "adminToken": [
            "type": "apiKey", "in": "header", "name": "X-Admin-Token", "description": "One of ADMIN_TOKENS.",
        ],
    ]

    private func security(of route: Route) -> JSON {
        guard let permission = route.needs else { return [] }
        let nobody: [JSON] = isOpen && permission.isOpen && route.counted == nil ? [[:]] : []
        return .array(nobody + [["bearer": []], ["apiKey": []], ["adminToken": []]])
    }

    private func json(of operation: Operation, _ route: Route) -> JSON {
        var object: JSONObject = [
            "operationId": .string(operation.id), "tags": [.string(operation.tag.rawValue)],
            "summary": .string(operation.summary), "description": .string(Self.text(of: operation, route)),
            "security": security(of: route),
        ]
        if let needs = route.needs { object["x-sagaflow-permission"] = .string(needs.rawValue) }
        let parameters = PathVariable.parameters(of: route.path) + operation.parameters
        if !parameters.isEmpty { object["parameters"] = .array(parameters.map(Self.json)) }
        object["requestBody"] = operation.body.map(Self.json)
        var responses = JSONObject()
        for reply in operation.replies { responses[String(reply.status)] = Self.json(of: reply, route) }
        for (status, problems) in Refusals(operation, route).byStatus {
            responses[String(status)] = Refusals.response(status, problems)
        }
        object["responses"] = .object(responses)
        return .object(object)
    }

    private static func text(of operation: Operation, _ route: Route) -> String {
        var text = operation.details
        if let needs = route.needs {
            let all = ([needs] + operation.alsoNeeds).map { "`\($0.rawValue)`" }.joined(separator: " and ")
            text += (text.isEmpty ? "" : "\n\n") + "Needs \(all)."
        }
        return text.isEmpty ? operation.summary + "." : text
    }

    private static func json(of parameter: Parameter) -> JSON {
        var object: JSONObject = [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "description": .string(parameter.text), "schema": parameter.schema.json,
        ]
        if parameter.isRequired { object["required"] = true }
        return .object(object)
    }

    private static func json(of content: RequestContent) -> JSON {
        var types = JSONObject()
        for (index, (type, schema)) in content.contents.enumerated() {
            var entry: JSONObject = ["schema": schema.json]
            if index == 0, !content.examples.isEmpty {
                entry["examples"] = .object(
                    JSONObject(content.examples.map { (key: $0.name, value: ["value": $0.value]) }))
            }
            types[type] = .object(entry)
        }
        return ["required": .bool(content.isRequired), "content": .object(types)]
    }

    private static func json(of reply: Reply, _ route: Route) -> JSON {
        var object: JSONObject = ["description": .string(reply.text)]
        var headers = reply.headers
        if route.counted != nil { headers += [.rateLimit, .rateRemaining, .rateReset] }
        if route.isAudited { headers.append(.requestID) }
        object["headers"] = Self.json(of: headers)
        if let schema = reply.schema {
            let contents = [(reply.type, schema)] + reply.others.map { ($0.type, $0.schema) }
            object["content"] = .object(
                JSONObject(contents.map { (key: $0.0, value: ["schema": $0.1.json]) }))
        }
        return .object(object)
    }

    static func json(of headers: [ReplyHeader]) -> JSON? {
        if headers.isEmpty { return nil }
        return .object(
            JSONObject(
                headers.map { ($0.rawValue, ["$ref": .string("#/components/headers/\($0.rawValue)")]) }))
    }
}

extension ReplyHeader {
    fileprivate var json: JSON { ["description": .string(text), "schema": schema.json] }
}
