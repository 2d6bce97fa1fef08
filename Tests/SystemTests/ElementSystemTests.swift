import Core
import Foundation
import TestSupport
import Testing

/// Lists and waits, through real processes that die.
@Suite("Elements and timers through real processes", .serialized, .enabled(if: Program.python != nil))
struct ElementSystemTests {
    /// Picks lines. The first attempt for `b` hangs, all for `c` fail; `/calls` tells what came, by key.
    private static let warehouse = #"""
        import json, sys, threading
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        calls, hung, gate = [], set(), threading.Event()
        class Handler(BaseHTTPRequestHandler):
            protocol_version, wbufsize = "HTTP/1.1", -1
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "null")
                status, answer = 200, {"picked": body}
                if self.path == "/calls":
                    answer = calls
                elif self.path != "/health":
                    key = self.headers["Idempotency-Key"]
                    calls.append(key.split(":", 1)[1])
                    if body == "b" and not hung:
                        hung.add(key)
                        gate.wait(60)
                    if body == "c" and key.endswith(":execute"):
                        status = 503
                text = json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    pass
            do_GET = do_POST
            def log_message(self, *_):
                pass
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
        """#

    private static let picking: JSON = [
        "name": "picking", "version": "1.0.0",
        "retry": ["maxAttempts": 50, "initialInterval": "200ms", "maxInterval": "1h", "multiplier": 1, "jitter": 0],
        "steps": [
            [
                "id": "pick", "forEach": ["in": "${input.lines}", "maxParallel": 2],
                "action": ["participant": "warehouse", "path": "/pick", "body": "${item}", "timeout": "50s"],
                "compensation": ["participant": "warehouse", "path": "/put-back", "body": "${item}"],
            ],
            ["id": "rest", "wait": ["for": "1s"]],
            ["id": "pack", "action": ["participant": "warehouse", "path": "/pack", "body": "${steps.pick.output}"]],
        ],
    ]

    @Test(
        "an engine that is killed with an element half done, and one killed before a timer is due, leave nothing undone or doubled",
        .timeLimit(.minutes(3)))
    func killed() async throws {
        try await Deployment.with { system in
            let (api, port) = (try Ports.take(), try Ports.take())
            try system.start("warehouse", try #require(Program.python), ["-c", Self.warehouse, "\(port)"])
            try await system.startAPI("api", port: api, ["--admin-burst", "100"])
            try await system.waitUntilReady(port, "warehouse")
            let registered = try await system.admin(
                "PUT", port: api, "/v1/admin/participants/warehouse", ["url": .string("http://127.0.0.1:\(port)")])
            #expect(registered.status == 201)
            #expect(try await system.admin("POST", port: api, "/v1/admin/workflows", Self.picking).status == 201)
            func startEngine(_ name: String) throws {
                try system.startEngine(name, ["--poll", "200ms", "--lease", "1s"])
            }
            func get(_ run: String) async throws -> JSON {
                try await system.http.send("GET", port: api, "/v1/runs/\(run)").json
            }
            func calls() async throws -> [String] {
                try await system.http.send("GET", port: port, "/calls").json.array?.compactMap(\.string) ?? []
            }
            try startEngine("first")
            let started = try await system.http.send(
                "POST", port: api, "/v1/workflows/picking/start", ["input": ["lines": ["a", "b", "c"]]])
            let run = try #require(started.json["runId"]?.string)
            try await system.until(.seconds(30), "the second line hangs, and the third is tried") {
                let calls = try await calls()
                return calls.contains("pick[1]:execute") && calls.contains("pick[2]:execute")
            }
            await system.kill("first")
            try startEngine("second")
            try await system.until(.seconds(30), "the second line is picked, and the third waits") {
                let elements = try await get(run)["steps"]?[0]?["elements"]
                return elements?[1]?["status"] == "SUCCEEDED" && elements?[2]?["nextAttemptAt"]?.string != nil
            }
            // It may be at work at this very moment.
            try await system.until(.seconds(30), "a person says that the third was picked") {
                let answer = try await system.http.send(
                    "POST", port: api, "/v1/runs/\(run)/steps/pick%5B2%5D/complete",
                    ["output": ["picked": "c, by hand"], "reason": "It was there."])
                return answer.status == 202
            }
            try await system.until(.seconds(30), "it waits for a timer") {
                try await get(run)["run"]?["waitingFor"]?["kind"] == "timer"
            }
            await system.kill("second")
            try startEngine("third")
            try await system.untilAllTerminal(.seconds(40))
            let end = try await get(run)
            #expect(end["run"]?["status"] == "COMPLETED", "\(end.text)")
            #expect(end["steps"]?[0]?["elements"]?[2]?["output"] == ["picked": "c, by hand"])
            let seen = try await calls()
            #expect(seen.filter { $0 == "pick[0]:execute" }.count == 1)
            #expect(seen.filter { $0 == "pick[1]:execute" }.count == 2, "lost, and repeated under its key")
            #expect(seen.filter { $0 == "pack:execute" }.count == 1)
            let undone = try await system.http.send("POST", port: api, "/v1/runs/\(run)/undo", ["reason": "sent back"])
            #expect(undone.status == 202)
            try await system.until(.seconds(30), "it is undone") {
                try await get(run)["run"]?["status"] == "COMPENSATED"
            }
            #expect(try await calls().filter { $0.hasPrefix("pick") && $0.hasSuffix(":compensate") }.count == 3)
        }
    }
}
