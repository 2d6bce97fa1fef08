import Core
import HTTPTypes
import Testing

@testable import API

@Suite("Routes and what is said of them")
struct DescriptionTests {
    private static let admin = ["X-Admin-Token": TestAPI.token]

    private static func routes(_ api: TestAPI) throws -> [Route] {
        APIProcess(try TestAPI.configuration([:], api.database), logger: TestAPI.quiet).buildRoutes()
    }

    private static func document(_ routes: [Route], isOpen: Bool = false) -> JSON {
        OpenAPIDocument(isOpen: isOpen, version: "1").json(routes)
    }

    /// A route's path with something in the place of its variables.
    private static func path(_ route: Route) -> String {
        route.path.split(separator: "/").map { part in
            switch part {
            case ":runId": RunID(high: 1, low: 1).description
            case ":version": "1.0.0"
            case ":tenantId": "acme"
            case _ where part.hasPrefix(":"): "nothing"
            default: String(part)
            }
        }.map { "/\($0)" }.joined()
    }

    @Test("every route has its operation and every operation its route: method, path, permission, variables, names")
    func same() async throws {
        try await TestAPI.with { api in
            let routes = try Self.routes(api)
            let document = Self.document(routes)
            #expect(Operation.all.count == routes.count)
            #expect(Set(Operation.all.map(\.id)).count == Operation.all.count)
            for operation in Operation.all {
                #expect(
                    routes.contains { $0.method == operation.method && $0.path == operation.path }, "\(operation.id)")
            }
            for route in routes {
                let place = "\(route.method) \(route.path)"
                let path = try #require(document["paths"]?[route.documentedPath], "\(place)")
                let said = try #require(path[route.method.rawValue.lowercased()], "\(place) is not described")
                #expect(said["x-sagaflow-permission"]?.string == route.needs?.rawValue, "\(place)")
                #expect((said["security"]?.array?.isEmpty == true) == (route.needs == nil), "\(place)")
                #expect(said["security"]?.array?.contains([:]) == false, "\(place)")
                let variables = route.path.split(separator: "/").filter { $0.hasPrefix(":") }.map { $0.dropFirst() }
                let parameters = said["parameters"]?.array ?? []
                #expect(
                    parameters.filter { $0["in"] == "path" }.map { $0["name"]?.string } == variables.map(String.init),
                    "\(place)")
                for parameter in parameters {
                    #expect(parameter["description"]?.string?.isEmpty == false, "\(place) \(parameter.text)")
                }
                #expect(said["summary"]?.string?.isEmpty == false && said["description"]?.string?.isEmpty == false)
                let isCounted = said["responses"]?.object?.members.contains {
                    $0.value["headers"]?["RateLimit-Limit"] != nil && $0.key < "300"
                }
                #expect(isCounted == (route.counted != nil), "\(place)")
            }
            let open = Self.document(routes, isOpen: true)["paths"]
            #expect(open?["/v1/runs"]?["get"]?["security"]?[0] == [:])
            #expect(open?["/v1/admin/audit"]?["get"]?["security"]?.array?.contains([:]) == false)
        }
    }

    @Test("every reference in it leads somewhere, and every part of it is used")
    func references() async throws {
        try await TestAPI.with { api in
            let document = Self.document(try Self.routes(api))
            var named: Set<String> = []
            func look(_ json: JSON) {
                for element in json.array ?? [] { look(element) }
                for (key, value) in json.object?.members ?? [] {
                    if key == "$ref", let text = value.string { named.insert(text) }
                    look(value)
                }
            }
            look(document)
            let schemas = document["components"]?["schemas"]?.object?.members ?? []
            let responses = document["components"]?["responses"]?.object?.members ?? []
            let headers = document["components"]?["headers"]?.object?.members ?? []
            let there =
                schemas.map { "schemas/\($0.key)" } + responses.map { "responses/\($0.key)" }
                + headers.map { "headers/\($0.key)" }
            #expect(named == Set(there.map { "#/components/\($0)" }))
        }
    }

    @Test("the parameters of a query are those that its handler knows")
    func queries() async throws {
        try await TestAPI.with { api in
            for route in try Self.routes(api) {
                let said = route.operation?.parameters.filter { $0.place == .query }.map(\.name) ?? []
                let answer = try await api.client.send(
                    route.method.rawValue, Self.path(route) + "?nobody=1", body: route.method == .get ? nil : "{}",
                    Self.admin)
                let known = Self.known(answer.json["detail"]?.string ?? "", after: "Known are: ")
                #expect(Set(known) == Set(said), "\(route.method) \(route.path): \(answer.text)")
            }
        }
    }

    @Test("the members of a body are those that its handler knows, and those that it asks for")
    func bodies() async throws {
        // Whoever tells an end has to have a token first; a signal may say anything; definitions are read elsewhere, lines too.
        let others = ["tellEnd", "tellLife", "signalRun", "registerDefinition", "validateDefinition", "startRuns"]
        let components = Dictionary(uniqueKeysWithValues: Components.all)
        try await TestAPI.with { api in
            for route in try Self.routes(api) {
                guard let operation = route.operation, let body = operation.body, !others.contains(operation.id)
                else { continue }
                let name = body.contents[0].schema.keywords["$ref"]?.string?.split(separator: "/").last.map(String.init)
                let schema = try #require(name.map { components[$0] } ?? body.contents[0].schema, "\(operation.id)")
                #expect(schema.keywords["additionalProperties"] == false, "\(operation.id)")
                let said = schema.keywords["properties"]?.object.map { Set($0.keys) } ?? []
                func send(_ text: String?) async throws -> Answer {
                    try await api.client.send(route.method.rawValue, Self.path(route), body: text, Self.admin)
                }
                let answer = try await send(#"{"nobody": 1}"#)
                #expect(answer.status == 422, "\(operation.id): \(answer.text)")
                let detail = answer.json["errors"]?.array?.first { $0["pointer"] == "/nobody" }?["detail"]?.string
                #expect(Set(Self.known(detail ?? "", after: "known are ")) == said, "\(operation.id): \(answer.text)")
                let empty = try await send("{}")
                let missing = Set(empty.pointers.map { String($0.dropFirst()) })
                let required = Set(schema.keywords["required"]?.array?.compactMap(\.string) ?? [])
                #expect(required.isSubset(of: missing), "\(operation.id): \(empty.text)")
                #expect(body.isRequired == ((try await send(nil)).status == 415), "\(operation.id)")
            }
        }
    }

    /// What a refusal lists.
    private static func known(_ text: String, after words: String) -> [String] {
        guard let range = text.firstRange(of: words) else { return [] }
        return text[range.upperBound...].prefix { $0 != "." }.split(separator: ", ").map(String.init)
    }

    @Test("what a schema calls an integer is one to the handlers, however it is written")
    func integers() async throws {
        try await TestAPI.with { api in
            for (method, path, body) in [
                ("POST", "/v1/admin/runs/failed/retry", #"{"limit": 214.0, "dryRun": true}"#),
                ("PUT", "/v1/admin/tenants/acme", #"{"weight": 1e2, "limits": {"liveRuns": 5.0}}"#),
                (
                    "PUT", "/v1/admin/participants/p",
                    #"{"url": "https://example.org", "breaker": {"failureThreshold": 5.0}}"#
                ),
                (
                    "POST", "/v1/admin/workflows",
                    #"{"name":"w","version":"1.0.0","retry":{"maxAttempts":3.0},"steps":[{"id":"a","action":{"participant":"p","path":"/"}}]}"#
                ),
            ] {
                let answer = try await api.client.send(method, path, body: body, Self.admin)
                #expect([200, 201].contains(answer.status), "\(path): \(answer.text)")
            }
            let half = try await api.client.send(
                "POST", "/v1/admin/runs/failed/retry", body: #"{"limit": 214.5}"#, Self.admin)
            #expect(half.status == 422 && half.pointers == ["/limit"])
        }
    }

    @Test("the document and the schema are there for everybody, and are not sent twice")
    func served() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            for (path, type) in [
                ("/openapi.json", "application/json"), ("/schemas/workflow.json", "application/schema+json"),
            ] {
                let answer = try await api.client.send("GET", path)
                #expect(answer.status == 200 && answer.headers["content-type"] == type)
                #expect(answer.headers["cache-control"] == "public, max-age=300")
                let etag = try #require(answer.headers["etag"])
                for known in [etag, "W/\(etag)", "\"x\", \(etag)", "*"] {
                    let again = try await api.client.send("GET", path, ["If-None-Match": known])
                    #expect(again.status == 304 && again.body.isEmpty && again.headers["etag"] == etag, "\(known)")
                }
                #expect(try await api.client.send("GET", path, ["If-None-Match": "\"x\""]).status == 200)
                #expect(try await api.client.send("HEAD", path).body.isEmpty)
            }
            let schema = try await api.client.send("GET", "/schemas/workflow.json").json
            #expect(schema == DefinitionSchema.document)
            let document = try await api.client.send("GET", "/openapi.json").json
            #expect(document == Self.document(try Self.routes(api)).with(document["info"]?["version"]))
        }
    }
}

extension JSON {
    /// An OpenAPI document of another version of the API.
    fileprivate func with(_ version: JSON?) -> JSON {
        var document = self
        document["info"]?["version"] = version
        return document
    }
}
