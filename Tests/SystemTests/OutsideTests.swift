import Core
import Foundation
import TestSupport
import Testing

/// What comes to runs from outside, through real processes that die.
@Suite("Callbacks and signals through real processes", .serialized, .enabled(if: Program.python != nil))
struct OutsideTests {
    /// Accepts renders and keeps their callback URLs; `/tell` tells their ends there, and answers with what it was answered.
    private static let studio = #"""
        import json, sys, urllib.request
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        urls, calls = [], []
        class Handler(BaseHTTPRequestHandler):
            protocol_version, wbufsize = "HTTP/1.1", -1
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "null")
                status, answer = 200, {}
                if self.path == "/tell":
                    answer = []
                    for url in urls:
                        request = urllib.request.Request(
                            url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST")
                        try:
                            answer.append(urllib.request.urlopen(request).status)
                        except urllib.error.HTTPError as error:
                            answer.append(error.code)
                elif self.path == "/calls":
                    answer = calls
                elif self.path != "/health":
                    calls.append([self.path, self.headers["Idempotency-Key"]])
                    if self.path == "/render":
                        urls[:] = [self.headers["X-Saga-Callback-Url"]]
                        status = 202
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
                "action": ["participant": "studio", "path": "/render", "body": "none", "completion": "callback"],
                "compensation": ["participant": "studio", "path": "/stop", "body": "none"],
            ],
            ["id": "decision", "await": ["signal": "decision"], "timeout": "1h"],
            [
                "id": "show",
                "action": ["participant": "studio", "path": "/show", "body": "${steps.render.output}"],
                "compensation": "none",
            ],
        ],
    ]

    @Test(
        "engines that are killed lose neither what was accepted nor what is told of it, and no signal; nothing is done twice",
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
            let publicURL = ["PUBLIC_URL": "http://127.0.0.1:\(api)"]
            func startEngine(_ name: String) throws {
                try system.startEngine(name, ["--poll", "200ms", "--lease", "1s"], publicURL)
            }
            func waits(_ run: String, _ kind: JSON) async throws {
                try await system.until(.seconds(40), "\(run) waits for a \(kind.text)") {
                    let answer = try await system.http.send("GET", port: api, "/v1/runs/\(run)")
                    return answer.json["run"]?["waitingFor"]?["kind"] == kind
                }
            }
            try startEngine("first")
            let started = try await system.http.send("POST", port: api, "/v1/workflows/film/start", ["input": [:]])
            let run = try #require(started.json["runId"]?.string)
            try await waits(run, "callback")
            await system.kill("first")
            // Nobody lives who could take it: it waits in the run's inbox.
            let told: JSON = ["outcome": "succeeded", "output": ["url": "u", "n": 1.50]]
            for _ in 0..<2 {
                #expect(try await system.http.send("POST", port: studio, "/tell", told).json == [202])
            }
            let other = try await system.http.send("POST", port: studio, "/tell", ["outcome": "rejected"])
            #expect(other.json == [409])
            try startEngine("second")
            try await waits(run, "signal")
            await system.kill("second")
            let signal = try await system.http.send(
                "POST", port: api, "/v1/runs/\(run)/signals/decision", ["by": "ann"],
                headers: [("Idempotency-Key", "once")])
            #expect(signal.status == 202)
            try startEngine("third")
            try await system.untilAllTerminal(.seconds(40))
            let end = try await system.http.send("GET", port: api, "/v1/runs/\(run)").json
            #expect(end["run"]?["status"] == "COMPLETED", "\(end.text)")
            #expect(
                end["steps"]?[0]?["output"] == ["url": "u", "n": 1.50] && end["steps"]?[1]?["output"] == ["by": "ann"])
            #expect(
                try await system.http.send("POST", port: studio, "/tell", told).json == [202], "the same, long after")
            let calls = try await system.http.send("GET", port: studio, "/calls").json.array ?? []
            #expect(calls.compactMap { $0[0]?.string } == ["/render", "/show"])
        }
    }
}
