import Core
import Testing

@testable import API

/// What the API says of itself is on pages, all of it.
@Suite(.timeLimit(.minutes(1))) struct ConsoleReferenceTests {
    private static func hrefs(_ page: String) -> Set<String> {
        Set(page.matches(of: /href="(\/[^"]+)"/).map { String($0.output.1) })
    }

    @Test func `Every operation is there with what it takes and answers, and every link leads somewhere`() async throws
    {
        try await TestAPI.with(["AUTH": "required", "CONSOLE_BURST": "10000"]) { api in
            let browser = ConsoleTests.Browser(api)
            try await browser.logIn(try await ConsoleTests.key(api, ["viewer"]).key)
            var pages: [String: String] = [:]
            func page(_ path: String) async throws -> String {
                if let known = pages[path] { return known }
                let answer = try await browser.get(path)
                #expect(answer.status == 200, "\(path)")
                #expect(answer.text.utf8.count < 100_000, "\(path) has \(answer.text.utf8.count) bytes")
                pages[path] = answer.text
                return answer.text
            }
            let overview = try await page("/console/reference")
            let document = try await api.client.send("GET", "/openapi.json").json
            var count = 0
            for (path, methods) in try #require(document["paths"]?.object).members {
                for (method, operation) in try #require(methods.object).members {
                    count += 1
                    let id = try #require(operation["operationId"]?.string)
                    let link = try #require(
                        Self.hrefs(overview).first { $0.hasSuffix("#\(id)") }, "\(id) is not on the overview")
                    let text = try await page(String(link.prefix { $0 != "#" }))
                    let start = try #require(text.firstRange(of: "id=\"\(id)\""), "\(id)").lowerBound
                    let rest = text[start...]
                    let own = rest[..<(rest.firstRange(of: "</details>")?.lowerBound ?? rest.endIndex)]
                    let head = text[..<start].suffix(2000)
                    #expect(
                        head.contains("<code class=\"method\">\(method.uppercased())</code> <code>\(path)</code>"),
                        "\(id)")
                    if let permission = operation["x-sagaflow-permission"]?.string {
                        #expect(head.contains(permission), "\(id)")
                    }
                    for parameter in operation["parameters"]?.array ?? [] {
                        let name = try #require(parameter["name"]?.string)
                        #expect(own.contains("<code>\(name)</code>"), "\(id) \(name)")
                    }
                    for (status, response) in try #require(operation["responses"]?.object).members {
                        #expect(own.contains(">\(status)<"), "\(id) \(status)")
                        for type in response["x-sagaflow-problems"]?.array?.compactMap(\.string) ?? [] {
                            #expect(
                                own.contains("<code>\(type.split(separator: ":").last ?? "")</code>"), "\(id) \(type)")
                        }
                    }
                    if let examples = operation["requestBody"]?["content"]?["application/json"]?["examples"]?.object {
                        for name in examples.members.compactMap({ $0.value["value"]?.object?.members.first?.key }) {
                            #expect(own.contains("&quot;\(name)&quot;"), "\(id): no example")
                        }
                    }
                    #expect(own.contains("-curl\""), "\(id)")
                }
            }
            #expect(count == Operation.all.count)
            for response in try #require(document["components"]?["responses"]?.object).members {
                for type in response.value["x-sagaflow-problems"]?.array?.compactMap(\.string) ?? [] {
                    let text = try await page("/console/reference/problems")
                    #expect(text.contains("<code>\(type.split(separator: ":").last ?? "")</code>"), "\(type)")
                }
            }
            // All of it, from link to link.
            var open = ["/console/reference"]
            var seen: Set<String> = []
            while let path = open.popLast() {
                guard seen.insert(path).inserted else { continue }
                let text = try await page(path)
                for href in Self.hrefs(text) where href.hasPrefix("/console/reference") {
                    let parts = href.split(separator: "#")
                    let target = try await page(String(parts[0]))
                    if parts.count > 1 { #expect(target.contains("id=\"\(parts[1])\""), "\(href) of \(path)") }
                    open.append(String(parts[0]))
                }
                for anchor in text.matches(of: /href="#([^"]+)"/).map(\.output.1) where anchor != "content" {
                    #expect(text.contains("id=\"\(anchor)\""), "#\(anchor) of \(path)")
                }
            }
            let schemas = try #require(document["components"]?["schemas"]?.object)
            for name in schemas.keys { #expect(seen.contains("/console/reference/schemas/\(name)"), "\(name)") }
            let parts = try #require(DefinitionSchema.document["$defs"]?.object)
            let schema = try await page("/console/reference/workflow-schema")
            for name in parts.keys { #expect(schema.contains("id=\"\(name)\""), "\(name)") }
            for path in ["nothing", "schemas/Nothing"] {
                #expect(try await browser.get("/console/reference/\(path)").status == 404)
            }
        }
    }

    @Test func `It is for whoever is logged in`() async throws {
        try await TestAPI.with(["AUTH": "required"]) { api in
            let browser = ConsoleTests.Browser(api)
            let answer = try await browser.get("/console/reference")
            #expect(answer.headers["location"]?.hasPrefix("/console/login") == true)
        }
    }
}
