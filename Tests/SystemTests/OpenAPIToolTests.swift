import Core
import Foundation
import TestSupport
import Testing

/// What others make of the API's description, and of the schema of definitions.
@Suite("What the API says of itself, to programs of others", .serialized)
struct OpenAPIToolTests {
    private static let token = Deployment.adminToken

    /// A whole system with the demo workflows; `body` gets the API's port.
    private static func with(_ body: (Deployment, Int) async throws -> Void) async throws {
        try await Deployment.with { system in
            let port = try Ports.take()
            try await system.startMocks(injectFailure: 0, seed: 1)
            try await system.startAPI("api", port: port, ["--admin-rate", "10000/1s", "--admin-burst", "10000"])
            try system.startEngine("engine", ["--poll", "100ms"])
            try await system.register(port: port)
            try await body(system, port)
        }
    }

    private static func document(_ system: Deployment, _ port: Int, in folder: URL) async throws -> URL {
        let file = folder.appending(path: "openapi.json")
        let answer = try await system.http.send("GET", port: port, "/openapi.json")
        try Data(answer.body).write(to: file)
        return file
    }

    @Test(
        "openapi-spec-validator accepts it, and a client that openapi-python-client makes of it has every operation, starts a run and reads its history",
        .timeLimit(.minutes(3)))
    func client() async throws {
        try await Self.with { system, port in
            try await OpenAPITools.withFolder { folder in
                let file = try await Self.document(system, port, in: folder)
                let judged = try await OpenAPITools.run(module: "openapi_spec_validator", [file.path])
                #expect(judged.exitCode == 0 && judged.output.contains("OK"), "\(judged)")

                let package = folder.appending(path: "client_of_sagaflow")
                let made = try await OpenAPITools.run(
                    module: "openapi_python_client",
                    ["generate", "--path", file.path, "--output-path", package.path, "--meta", "none"])
                #expect(made.exitCode == 0, "\(made)")
                // Of lines it knows nothing.
                let operations = try await DescribedAPI(system.http, port: port).operations.map(\.id)
                let modules = try FileManager.default.subpathsOfDirectory(
                    atPath: package.appending(path: "api").path
                ).filter { $0.hasSuffix(".py") && !$0.hasSuffix("__init__.py") }
                #expect(modules.count == operations.count - 1, "\(made.output)")

                let ran = try await OpenAPITools.run(
                    script: Self.script, [folder.path, "http://127.0.0.1:\(port)", Self.token])
                #expect(ran.exitCode == 0, "\(ran)")
                #expect(ran.output.contains("COMPLETED run_started"), "\(ran)")
                #expect(ran.output.contains("attempt_succeeded") && ran.output.contains("run_completed"), "\(ran)")
                #expect(ran.output.contains("urn:sagaflow:problem:unknown-workflow 404"), "\(ran)")
            }
        }
    }

    /// What somebody writes who has such a client.
    private static let script = """
        import sys
        sys.path.insert(0, sys.argv[1])
        from client_of_sagaflow import AuthenticatedClient
        from client_of_sagaflow.api.runs import get_run, get_run_events
        from client_of_sagaflow.api.starts import start_run
        from client_of_sagaflow.models import Problem, RunView, StartRequest

        client = AuthenticatedClient(
            base_url=sys.argv[2], token=sys.argv[3], prefix="", auth_header_name="X-Admin-Token",
            raise_on_unexpected_status=True)
        body = StartRequest(input_={"orderId": "o-1", "amount": 20, "sku": "book", "quantity": 1})
        started = start_run.sync("order-processing", client=client, body=body, prefer="wait=30")
        assert isinstance(started, RunView), started
        run = get_run.sync(started.run.run_id, client=client)
        page = get_run_events.sync(run.run.run_id, client=client)
        assert page.next_after is None and len(run.steps) == 3
        print(run.run.status, *[event.kind for event in page.events])
        problem = start_run.sync("nothing", client=client, body=StartRequest())
        assert isinstance(problem, Problem), problem
        print(problem.type_, problem.status)
        """

    @Test(
        "schemathesis finds nothing: no failure that is ours, no answer that is not described, no bad request that is taken",
        .timeLimit(.minutes(4)))
    func attacked() async throws {
        try await Self.with { system, port in
            try await OpenAPITools.withFolder { folder in
                let file = try await Self.document(system, port, in: folder)
                let configuration = Document.root.appending(path: "scripts/lib/schemathesis").path
                let outcome = try await OpenAPITools.run(
                    program: "schemathesis",
                    [
                        "--config-file", configuration + ".toml", "run", file.path, "--url", "http://127.0.0.1:\(port)",
                        "--header", "X-Admin-Token: \(Self.token)", "--checks", "all", "--max-time", "60", "--no-color",
                    ], ["SCHEMATHESIS_HOOKS": configuration + "_hooks.py"])
                #expect(outcome.exitCode == 0, "\(outcome.output.suffix(20_000))\n\(outcome.errors.suffix(2000))")
                let tested = try #require(outcome.output.firstMatch(of: /([0-9]+) generated/)?.output.1)
                #expect((Int(tested) ?? 0) > 500, "\(outcome.output.suffix(2000))")
                for name in ["api", "engine"] { #expect(system.isRunning(name), "\(name) has ended") }
            }
        }
    }

    @Test(
        "jsonschema and our own validator come to the same, of definitions and of what is made of them by changing a member"
    )
    func schemas() async throws {
        let schema = try InputSchema(DefinitionSchema.document)
        var values: [JSON] = []
        for definition in try Self.definitions() {
            values.append(definition)
            values += Self.variants(of: definition)
        }
        let verdicts = values.map { value in
            var operations = InputSchema.maxOperations
            return JSON.bool(schema.verdict(on: value, operations: &operations) == .valid)
        }
        #expect(values.count > 1000)
        #expect(verdicts.contains(true) && verdicts.contains(false))
        try await OpenAPITools.withFolder { folder in
            let file = folder.appending(path: "cases.json")
            let cases: JSON = [
                "schema": DefinitionSchema.document, "values": .array(values), "verdicts": .array(verdicts),
            ]
            try Data(cases.bytes).write(to: file)
            let ran = try await OpenAPITools.run(
                script: """
                    import json, sys
                    from jsonschema import Draft202012Validator, FormatChecker
                    cases = json.load(open(sys.argv[1]))
                    Draft202012Validator.check_schema(cases["schema"])
                    validator = Draft202012Validator(cases["schema"], format_checker=FormatChecker())
                    different = [v for v, ours in zip(cases["values"], cases["verdicts"]) if validator.is_valid(v) != ours]
                    for value in different[:5]: print(json.dumps(value))
                    print(len(cases["values"]), "compared,", len(different), "different")
                    """, [file.path])
            #expect(ran.exitCode == 0 && ran.output.hasSuffix(" 0 different\n"), "\(ran)")
        }
    }

    private static func definitions() throws -> [JSON] {
        let folder = Document.root.appending(path: "mocks/workflows")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let demos = try files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.map {
            try JSON(parsing: Array(try Data(contentsOf: $0)))
        }
        return try demos + Document("docs/definitions.md").definitions()
    }

    /// The same with one member taken away, called otherwise, or with another value, for each member there is.
    private static func variants(of json: JSON) -> [JSON] {
        switch json {
        case .array(let elements):
            return elements.indices.flatMap { index in
                variants(of: elements[index]).map { changed in
                    var copy = elements
                    copy[index] = changed
                    return JSON.array(copy)
                }
            }
        case .object(let object):
            return object.members.flatMap { key, value -> [JSON] in
                var (without, renamed) = (object, object)
                without[key] = nil
                renamed[key] = nil
                renamed["\(key)x"] = value
                let others: [JSON] = [7, "x", [:], []]
                let changed = others + variants(of: value)
                return [.object(without), .object(renamed)]
                    + changed.map { other in
                        var copy = object
                        copy[key] = other
                        return .object(copy)
                    }
            }
        default: return []
        }
    }
}
