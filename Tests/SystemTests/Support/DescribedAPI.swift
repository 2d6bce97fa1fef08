import Core
import Testing

/// An API as it describes itself: operations are called by their ids, with the examples that stand there, and whatever is
/// answered is held against what is said of it.
struct DescribedAPI {
    let document: JSON
    private let http: HTTP
    private let port: Int
    private let token: String
    private let schemas: JSON
    /// The ids of operations that were answered as they should be.
    private(set) var answered: Set<String> = []

    init(_ http: HTTP, port: Int, token: String = Deployment.adminToken) async throws {
        (self.http, self.port, self.token) = (http, port, token)
        let answer = try await http.send("GET", port: port, "/openapi.json")
        try #require(answer.status == 200)
        document = answer.json
        schemas = Self.strict(document["components"]?["schemas"] ?? [:])
    }

    /// One operation and where it stands.
    struct Operation {
        let id: String
        let method: String
        let path: String
        let json: JSON

        var example: JSON? {
            json["requestBody"]?["content"]?["application/json"]?["examples"]?.object?.members.first?.value["value"]
        }
    }

    var operations: [Operation] {
        (document["paths"]?.object?.members ?? []).flatMap { path, methods in
            (methods.object?.members ?? []).map {
                Operation(
                    id: $0.value["operationId"]?.string ?? "", method: $0.key.uppercased(), path: path, json: $0.value)
            }
        }
    }

    /// Sends an operation's example, or `body` instead, and holds the answer against the document.
    ///
    /// - Parameter variables: of the path; those that are left out are as in the parameters' examples.
    @discardableResult
    mutating func call(
        _ id: String, _ variables: [String: String] = [:], query: String = "", body: JSON? = nil,
        headers: [(String, String)] = [], expecting status: Int
    ) async throws -> JSON {
        let operation = try #require(operations.first { $0.id == id }, "there is no operation \(id)")
        var path = operation.path
        for parameter in operation.json["parameters"]?.array ?? [] where parameter["in"] == "path" {
            let name = try #require(parameter["name"]?.string)
            let value = variables[name] ?? parameter["schema"]?["examples"]?[0]?.string
            path = path.replacing("{\(name)}", with: try #require(value, "\(id) \(name)"))
        }
        let answer = try await http.send(
            operation.method, port: port, path + (query.isEmpty ? "" : "?\(query)"), body ?? operation.example,
            headers: [("X-Admin-Token", token)] + headers)
        #expect(answer.status == status, "\(id): \(answer.text)")
        try check(answer, of: operation)
        if (answer.status ?? 500) < 400 { answered.insert(id) }
        return answer.json
    }

    private func check(_ answer: HTTP.Answer, of operation: Operation) throws {
        let status = String(answer.status ?? 0)
        var said = try #require(
            operation.json["responses"]?[status], "\(operation.id) answers \(status), which is not said of it")
        if let name = said["$ref"]?.string?.split(separator: "/").last {
            said = try #require(document["components"]?["responses"]?[String(name)])
        }
        guard let contents = said["content"]?.object else {
            return #expect(answer.body.isEmpty, "\(operation.id) \(status) has a body")
        }
        let type = try #require(answer.contentType)
        let content = try #require(
            contents[type], "\(operation.id) \(status) is \(type), which is not said of it")
        if let kinds = said["x-sagaflow-problems"]?.array {
            let kind = answer.json["type"] ?? .null
            #expect(kinds.contains(kind), "\(operation.id) \(status): \(kind.text) is not said of it")
        }
        guard type.contains("json"), !type.contains("ndjson"), let schema = content["schema"] else { return }
        try check(answer.json, against: schema, "\(operation.id) \(status)")
    }

    private func check(_ json: JSON, against schema: JSON, _ what: String) throws {
        var whole = Self.moved(Self.strict(schema))
        whole["$defs"] = Self.moved(schemas)
        var operations = InputSchema.maxOperations
        let verdict = try InputSchema(whole).verdict(on: json, operations: &operations)
        #expect(verdict == .valid, "\(what): \(verdict)\n\(json.text)")
    }

    /// The same, and no member that is not said is taken: of what the API answers nothing is left out of the document.
    private static func strict(_ schema: JSON) -> JSON {
        switch schema {
        case .array(let elements): return .array(elements.map(strict))
        case .object(let object):
            var copy = object.mapValues(strict)
            if object["type"] == "object", let members = object["properties"]?.object, !members.isEmpty,
                object["additionalProperties"] == nil
            {
                copy["additionalProperties"] = false
            }
            return .object(copy)
        default: return schema
        }
    }

    /// References lead to the parts of one schema.
    private static func moved(_ schema: JSON) -> JSON {
        switch schema {
        case .array(let elements): .array(elements.map(moved))
        case .object(let object): .object(object.mapValues(moved))
        case .string(let text): .string(text.replacing("#/components/schemas/", with: "#/$defs/"))
        default: schema
        }
    }
}
