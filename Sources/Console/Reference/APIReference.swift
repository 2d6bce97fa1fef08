package import Core

// The API as people read it. There is one description, the OpenAPI document that `/openapi.json` serves: it is read here, and
// nothing is said of a route that does not stand there.

/// What an OpenAPI document says, in the order in which it is read.
package struct APIReference: Sendable {
    /// The routes of one kind.
    package struct Group: Sendable {
        package let title: String
        package let text: String
        package let operations: [Operation]

        /// In addresses: `requests-to-runs`.
        package var slug: String { APIReference.slug(title) }
    }

    /// One method of one path.
    package struct Operation: Sendable {
        package let id: String
        /// `GET`
        package let method: String
        /// `/v1/runs/{runId}`
        package let path: String
        let summary: String
        let details: String
        /// Nil for what anybody may ask.
        package let permission: String?
        let parameters: [Parameter]
        let body: Body?
        let answers: [Answer]
    }

    struct Parameter: Sendable {
        let name: String
        /// `path`, `query` or `header`.
        let place: String
        let isRequired: Bool
        let text: String
        let schema: JSON
    }

    struct Body: Sendable {
        let isRequired: Bool
        let types: [String]
        let schema: JSON
        let examples: [(name: String, value: JSON)]
    }

    package struct Answer: Sendable {
        package let status: String
        let text: String
        let contents: [(type: String, schema: JSON)]
        let headers: [String]
        /// The types of problems it may be; empty for no refusal.
        package let problems: [String]
        /// It is told once, for all routes.
        let isUsual: Bool
    }

    let version: String
    let introduction: String
    package let groups: [Group]
    /// What is sent and answered, by its name.
    package let schemas: [(name: String, schema: JSON)]
    /// What any route may refuse.
    let usual: [Answer]

    /// - Parameter document: OpenAPI 3.1 as the API writes it.
    package init(_ document: JSON) {
        let components = document["components"]
        version = document["info"]?["version"]?.string ?? ""
        introduction = document["info"]?["description"]?.string ?? ""
        schemas = (components?["schemas"]?.object?.members ?? []).map { ($0.key, $0.value) }
        let responses = components?["responses"]?.object ?? [:]
        usual = responses.members.map { name, response in
            Self.answer(String(name.drop { !$0.isNumber }), response, isUsual: true)
        }
        var operations: [String: [Operation]] = [:]
        for (path, methods) in document["paths"]?.object?.members ?? [] {
            for (method, said) in methods.object?.members ?? [] {
                guard let tag = said["tags"]?[0]?.string else { continue }
                operations[tag, default: []].append(Self.operation(method, path, said, responses))
            }
        }
        groups = (document["tags"]?.array ?? []).compactMap { tag in
            guard let title = tag["name"]?.string, let found = operations[title] else { return nil }
            return Group(title: title, text: tag["description"]?.string ?? "", operations: found)
        }
    }

    package func group(_ slug: String) -> Group? { groups.first { $0.slug == slug } }

    static func slug(_ title: String) -> String { title.lowercased().replacing(" ", with: "-") }

    private static func operation(
        _ method: String, _ path: String, _ said: JSON, _ responses: JSONObject
    ) -> Operation {
        let answers = (said["responses"]?.object?.members ?? []).map { status, response in
            guard let name = response["$ref"]?.string?.split(separator: "/").last,
                let usual = responses[String(name)]
            else { return answer(status, response, isUsual: false) }
            return answer(status, usual, isUsual: true)
        }
        return Operation(
            id: said["operationId"]?.string ?? "", method: method.uppercased(), path: path,
            summary: said["summary"]?.string ?? "", details: said["description"]?.string ?? "",
            permission: said["x-sagaflow-permission"]?.string,
            parameters: (said["parameters"]?.array ?? []).map { parameter in
                Parameter(
                    name: parameter["name"]?.string ?? "", place: parameter["in"]?.string ?? "",
                    isRequired: parameter["required"] == true, text: parameter["description"]?.string ?? "",
                    schema: parameter["schema"] ?? .object([:]))
            },
            body: said["requestBody"].map(body), answers: answers)
    }

    private static func body(_ said: JSON) -> Body {
        let contents = said["content"]?.object?.members ?? []
        let first = contents.first?.value
        return Body(
            isRequired: said["required"] == true, types: contents.map(\.key),
            schema: first?["schema"] ?? .object([:]),
            examples: (first?["examples"]?.object?.members ?? []).map { ($0.key, $0.value["value"] ?? .null) })
    }

    private static func answer(_ status: String, _ said: JSON, isUsual: Bool) -> Answer {
        Answer(
            status: status, text: said["description"]?.string ?? "",
            contents: (said["content"]?.object?.members ?? []).map { ($0.key, $0.value["schema"] ?? .object([:])) },
            headers: said["headers"]?.object.map { Array($0.keys) } ?? [],
            problems: said["x-sagaflow-problems"]?.array?.compactMap(\.string) ?? [], isUsual: isUsual)
    }
}
