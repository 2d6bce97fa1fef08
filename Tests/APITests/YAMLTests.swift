import Core
import Testing

@testable import API

@Suite("Definitions in YAML")
struct YAMLTests {
    private static let yaml = """
        # What people write.
        name: w
        version: 1.0.0
        steps:
          - id: a
            action: { participant: p, path: /x }   # one line
        """
    private static let json =
        #"{"version":"1.0.0","name":"w","steps":[{"action":{"path":"/x","participant":"p"},"id":"a"}]}"#

    private static func send(
        _ api: TestAPI, _ body: String, _ type: String, to path: String = "/v1/admin/workflows"
    ) async throws -> Answer {
        try await api.client.send(
            "POST", path, body: body, ["X-Admin-Token": TestAPI.token, "Content-Type": type])
    }

    @Test("The same content in YAML and in JSON is one version, and what is stored is JSON")
    func same() async throws {
        try await TestAPI.with { api in
            let first = try await Self.send(api, Self.yaml, "application/yaml")
            #expect(first.status == 201, "\(first.text)")
            for (body, type) in [
                (Self.json, "application/json"), (Self.yaml, "application/x-yaml"), (Self.yaml, "text/yaml"),
                (Self.yaml, "Application/YAML; charset=\"utf-8\""), (Self.json, "application/yaml"),
            ] {
                let again = try await Self.send(api, body, type)
                #expect(again.status == 200, "\(type): \(again.text)")
            }
            let other = try await Self.send(api, Self.yaml.replacing("/x", with: "/y"), "application/yaml")
            #expect(other.status == 409 && other.problem == "version-exists")
            let stored = try await api.client.send("GET", "/v1/workflows/w/1.0.0").json["definition"]
            #expect(try stored == JSON(parsing: Self.json))
            _ = try await api.start()
        }
    }

    @Test("A definition that is refused has the same pointers in both, and registering says what trying out says")
    func pointers() async throws {
        let yaml = "name: W\nversion: 1\nsteps:\n- {id: a, action: {path: x}}\n"
        let json = #"{"name":"W","version":1,"steps":[{"id":"a","action":{"path":"x"}}]}"#
        try await TestAPI.with { api in
            let expected = try await Self.send(api, json, "application/json")
            #expect(expected.status == 422 && expected.pointers.count == 4, "\(expected.text)")
            for path in ["/v1/admin/workflows", "/v1/admin/workflows/validate"] {
                let answer = try await Self.send(api, yaml, "application/yaml", to: path)
                #expect(answer.status == 422 && answer.json["errors"] == expected.json["errors"], "\(answer.text)")
            }
        }
    }

    @Test("What is no YAML, or none that is taken, is told with line, column and pointer")
    func refused() async throws {
        try await TestAPI.with { api in
            for (body, status, kind, pointer, place) in [
                ("name: w\nsteps: [&a 1, *a]", 400, "malformed-yaml", "/steps/0", "(line 2, column 9)"),
                ("name: w\nname: v", 400, "malformed-yaml", "/name", "(line 2, column 1)"),
                ("a: b: c", 400, "malformed-yaml", "", "(line 1, column 5)"),
                ("", 400, "malformed-yaml", "", "(line 1, column 1)"),
                ("a: .inf", 422, "invalid-content", "/a", "(line 1, column 4)"),
                (String(repeating: "[", count: 200), 400, "malformed-yaml", nil, "(line 1, column 65)"),
                (
                    String(repeating: "[", count: 100_000), 400, "malformed-yaml", nil,
                    "deeper than 64 levels. (line 1, column 1)"
                ),
            ] {
                let answer = try await Self.send(api, body, "application/yaml")
                #expect(answer.status == status && answer.problem == kind, "\(answer.text)")
                if let pointer { #expect(answer.pointers == [pointer], "\(answer.text)") }
                #expect(answer.json["detail"]?.string?.hasSuffix(place) == true, "\(answer.text)")
            }
        }
    }

    @Test("YAML is for definitions only, in UTF-8, and no larger than JSON may be")
    func elsewhere() async throws {
        try await TestAPI.with(["MAX_BODY_BYTES": "1024"]) { api in
            for (path, type) in [
                ("/v1/workflows/w/start", "application/yaml"), ("/v1/admin/workflows", "text/plain"),
                ("/v1/admin/workflows", "application/yaml; charset=utf-16"),
            ] {
                let answer = try await Self.send(api, "name: w", type, to: path)
                #expect(answer.status == 415 && answer.problem == "unsupported-media-type", "\(answer.text)")
            }
            let large = try await Self.send(api, Self.yaml + "\n#" + String(repeating: "x", count: 1024), "text/yaml")
            #expect(large.status == 413, "\(large.text)")
        }
    }
}
