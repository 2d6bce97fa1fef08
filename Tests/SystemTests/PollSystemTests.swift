import Core
import Foundation
import TestSupport
import Testing

/// Work that is looked for, by real processes that die.
@Suite("Polls through real processes", .serialized, .enabled(if: Program.python != nil))
struct PollSystemTests {
    /// Accepts renders, and is at work on them until `/finish`; every call is written down.
    private static let studio = #"""
        import json, sys
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        calls, state = [], ["working"]
        class Handler(BaseHTTPRequestHandler):
            protocol_version, wbufsize = "HTTP/1.1", -1
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                status, answer = 200, {}
                if self.path == "/finish":
                    state[0] = "done"
                elif self.path == "/calls":
                    answer = calls
                elif self.path != "/health":
                    calls.append([self.path, self.headers["Idempotency-Key"]])
                    if self.path == "/render":
                        status, answer = 202, {"job": 7}
                    elif self.path.startswith("/jobs/"):
                        answer = {"state": state[0], "url": "u"}
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

    private static let film: JSON = [
        "name": "film", "version": "1.0.0",
        "steps": [
            [
                "id": "render",
                "action": [
                    "participant": "studio", "path": "/render", "body": "none",
                    "completion": [
                        "poll": [
                            "path": "/jobs/${response.body.job}", "every": "1s",
                            "succeededWhen": ["==": [["var": "response.body.state"], "done"]],
                        ]
                    ],
                ],
                "compensation": ["participant": "studio", "path": "/stop", "body": "none"],
            ],
            [
                "id": "show",
                "action": ["participant": "studio", "path": "/show", "body": "${steps.render.output}"],
                "compensation": "none",
            ],
        ],
    ]

    @Test(
        "engines that are killed between looks lose nothing of what was accepted, and nothing is called twice",
        .timeLimit(.minutes(3)))
    func killed() async throws {
        try await Deployment.with { system in
            let (api, studio) = (try Ports.take(), try Ports.take())
            try system.start("studio", try #require(Program.python), ["-c", Self.studio, "\(studio)"])
            try await system.startAPI("api", port: api, ["--admin-burst", "100"])
            try await system.waitUntilReady(studio, "studio")
            let registered = try await system.admin(
                "PUT", port: api, "/v1/admin/participants/studio", ["url": .string("http://127.0.0.1:\(studio)")])
            #expect(registered.status == 201)
            #expect(try await system.admin("POST", port: api, "/v1/admin/workflows", Self.film).status == 201)
            func startEngine(_ name: String) throws {
                try system.startEngine(name, ["--poll", "200ms", "--lease", "1s"])
            }
            func calls() async throws -> [String] {
                let calls = try await system.http.send("GET", port: studio, "/calls").json.array ?? []
                return calls.compactMap { $0[0]?.string }
            }
            func looks() async throws -> Int { try await calls().count { $0 == "/jobs/7" } }
            let started = try await system.http.send("POST", port: api, "/v1/workflows/film/start", ["input": [:]])
            let run = try #require(started.json["runId"]?.string)
            var made = 0
            for name in ["first", "second", "third"] {
                try startEngine(name)
                let before = made
                try await system.until(.seconds(40), "\(name) looks") { try await looks() > before }
                await system.kill(name)
                made = try await looks()
            }
            // Killed in the middle of a look, it holds its lease for a second more: until then a call is waited for.
            try await system.until(.seconds(20), "the run waits for a look or for an engine") {
                let answer = try await system.http.send("GET", port: api, "/v1/runs/\(run)").json
                return ["poll", "engine", "takeover"].contains(answer["run"]?["waitingFor"]?["kind"]?.string)
            }
            _ = try await system.http.send("POST", port: studio, "/finish", [:])
            try startEngine("fourth")
            try await system.untilAllTerminal(.seconds(40))
            let end = try await system.http.send("GET", port: api, "/v1/runs/\(run)").json
            #expect(end["run"]?["status"] == "COMPLETED", "\(end.text)")
            #expect(end["steps"]?[0]?["output"] == ["state": "done", "url": "u"])
            let all = try await calls()
            #expect(all.filter { $0 != "/jobs/7" } == ["/render", "/show"])
        }
    }
}
