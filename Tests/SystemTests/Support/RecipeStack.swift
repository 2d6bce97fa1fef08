import Core
import Foundation
import TestSupport
import Testing

/// What the recipes of docs/recipes.md need: an API, an engine, `tasks.py`, and somebody who answers for all the others.
struct RecipeStack {
    static let page = "docs/recipes.md"

    let system: Deployment
    let api: Int
    let tasks: Int
    private let stub: Int

    /// Says yes to everything, unless told to say something else of a path; tells what came.
    private static let others = #"""
        import json, sys
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        rules, calls = {}, []
        class Handler(BaseHTTPRequestHandler):
            protocol_version, wbufsize = "HTTP/1.1", -1
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "null")
                status, answer = 200, {"ok": True}
                if self.path == "/rules":
                    rules.update(body)
                elif self.path == "/calls":
                    answer = [list(call) for call in calls]
                elif self.path != "/health":
                    calls.append((self.path, body))
                    status, answer = rules.get(self.path, (status, answer))
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)
            do_GET = do_POST
            def log_message(self, *_):
                pass
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
        """#

    /// Runs `body` with all recipes registered.
    static func with(_ body: (RecipeStack) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "recipes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Deployment.with { system in
            let stack = RecipeStack(
                system: system, api: try Ports.take(), tasks: try Ports.take(), stub: try Ports.take())
            let python = try #require(Program.python)
            let tasks = SeatsSample.folder.appending(path: "tasks.py").path
            try system.start("others", python, ["-c", others, "\(stack.stub)"])
            try system.start(
                "tasks", python, [tasks, "\(stack.tasks)", folder.appending(path: "tasks.db").path],
                ["SAGAFLOW_URL": "http://127.0.0.1:\(stack.api)"])
            try await system.startAPI("api", port: stack.api, ["--admin-burst", "100"])
            try await stack.register()
            try system.startEngine("engine", ["--poll", "200ms"])
            try await system.waitUntilReady(stack.tasks, "tasks")
            try await system.waitUntilReady(stack.stub, "others")
            try await body(stack)
        }
    }

    private func register() async throws {
        let definitions = try Document(Self.page).definitions()
        var participants: Set<String> = []
        for step in definitions.flatMap({ $0["steps"]?.array ?? [] }) {
            participants.formUnion(["action", "compensation"].compactMap { step[$0]?["participant"]?.string })
        }
        for name in participants {
            let port = ["tasks": tasks, "sagaflow": api][name] ?? stub
            let answer = try await system.admin(
                "PUT", port: api, "/v1/admin/participants/\(name)", ["url": .string("http://127.0.0.1:\(port)")])
            try #require(answer.status == 201, "\(name): \(answer.json.text)")
        }
        for definition in definitions {
            let answer = try await system.admin("POST", port: api, "/v1/admin/workflows", definition)
            try #require(answer.status == 201, "\(definition.text): \(answer.json.text)")
        }
    }

    // MARK: Runs

    /// Starts a run; its id.
    func start(_ workflow: String, _ input: JSON) async throws -> String {
        let answer = try await system.http.send(
            "POST", port: api, "/v1/workflows/\(workflow)/start", ["input": input])
        return try #require(answer.json["runId"]?.string, "\(answer)")
    }

    func run(_ runID: String) async throws -> JSON {
        try await system.http.send("GET", port: api, "/v1/runs/\(runID)").json
    }

    /// Waits until the run has ended, and expects that it ended so. Its output.
    @discardableResult
    func end(of runID: String, _ status: JSON) async throws -> JSON {
        try await system.until(.seconds(30), "\(runID) is over") {
            let value = try await self.system.test.value("SELECT status FROM workflow_runs WHERE run_id = '\(runID)'")
            return ["COMPLETED", "COMPENSATED", "CANCELLED", "FAILED"].contains(value)
        }
        let ended = try await run(runID)
        #expect(ended["run"]?["status"] == status, "\(ended.text)")
        return ended["run"]?["output"] ?? .null
    }

    /// Waits until a step of it was told to come later.
    func untilWaiting(_ runID: String, at step: String, for kind: JSON = "retry") async throws {
        try await system.until(.seconds(30), "\(step) waits") {
            let waiting = try await self.run(runID)["run"]?["waitingFor"]
            return waiting?["kind"] == kind && waiting?["stepId"]?.string == step
        }
    }

    /// The only run of a workflow, which somebody else has started.
    func only(_ workflow: String) async throws -> String {
        let find = "SELECT run_id FROM workflow_runs WHERE workflow_name = '\(workflow)'"
        try await system.until(.seconds(30), "a run of \(workflow)") { try await !self.system.test.query(find).isEmpty }
        let rows = try await system.test.query(find)
        #expect(rows.count == 1)
        return try #require(rows.first?.first ?? nil)
    }

    // MARK: Participants

    /// Types what a section prints, for this run; of several lines the one of that number.
    func type(_ line: Int, of section: String, for runID: String) async throws {
        let blocks = try Document(Self.page).blocks("", in: section)
        let lines = try #require(blocks.last).split(separator: "\n")
        let typed = String(lines[line]).replacing("localhost:4002", with: "localhost:\(tasks)")
            .replacing("localhost:3000", with: "localhost:\(api)").replacing("RUN", with: runID)
        let outcome = try await Tool(try Program(installed: "bash")).run(["-c", typed])
        let isAccepted = ["{}", "{\"runId\":\"\(runID)\"}"].contains(outcome.output)
        #expect(outcome.exitCode == 0 && isAccepted, "\(typed): \(outcome)")
    }

    /// What nobody has ended yet.
    /// From now on the others answer so, by path: status and body.
    func answer(_ rules: JSON) async throws { _ = try await system.http.send("POST", port: stub, "/rules", rules) }

    /// What was sent to a path of the others, in order.
    func sent(_ path: String) async throws -> [JSON] {
        let calls = try await system.http.send("GET", port: stub, "/calls").json.array ?? []
        return calls.filter { $0[0]?.string == path }.compactMap { $0[1] }
    }
}
