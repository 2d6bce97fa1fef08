import Core
@testable import Engine
import Foundation
import Storage
import Testing
import TestSupport

@Suite("What a call says and what its answer means, end to end", .timeLimit(.minutes(2)))
struct CallContentTests {
    @Test("a location that an answer gave is followed, a query and a form are sent, and what is not named is not kept")
    func location() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "location",
            steps: [
                [
                    "id": "create",
                    "action": [
                        "participant": "demo", "path": "/things", "contentType": "application/x-www-form-urlencoded",
                        "body": ["order": "${input.orderId}", "none": "${input.none ?? omit}"],
                        "output": ["id": "${response.body.id}", "at": "${response.headers.location}"],
                    ],
                    "compensation": [
                        "participant": "demo", "path": "${steps.create.response.headers.location}", "method": "DELETE",
                        "succeedOn": [404], "headers": ["x-cause": "${run.cause} ${steps.ship.error.httpStatus}"],
                    ],
                ],
                [
                    "id": "look",
                    "action": [
                        "participant": "demo", "path": "${steps.create.response.headers.location}", "method": "GET",
                        "query": ["full": true, "tag": ["a", "b"], "page": "${input.page ?? omit}"],
                    ],
                ],
                ["id": "ship", "action": ["participant": "demo", "path": "/ship", "body": "${steps.create.output}"]],
            ])
        try await Stage.with(
            [definition],
            answer: { call in
                switch (call.method, call.path) {
                case ("POST", "/things"): (201, #"{"id":7,"rest":"dropped"}"#)
                case ("GET", _): (200, "{}")
                case ("DELETE", _): (404, "")
                default: (409, "{}")
                }
            }
        ) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let calls = stage.participant.calls
                #expect(calls.map(\.method) == ["POST", "GET", "POST", "DELETE"])
                #expect(calls.map(\.path) == ["/things", "/things/1", "/ship", "/things/1"])
                #expect(calls[0].body == "order=o-1")
                #expect(calls[0].headers["content-type"] == "application/x-www-form-urlencoded")
                #expect(calls[1].query == "full=true&tag=a&tag=b" && calls[1].headers["content-type"] == nil)
                #expect(calls[2].body == #"{"id":7,"at":"/things/1"}"#)
                #expect(calls[3].body.isEmpty && calls[3].headers["x-cause"] == "STEP_FAILED 409")
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("a location that leads elsewhere is not followed: the step is rejected, with its place")
    func elsewhere() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "elsewhere",
            steps: [
                [
                    "id": "a",
                    "action": ["participant": "demo", "path": "${input.at}", "method": "GET"],
                ]
            ])
        try await Stage.with([definition]) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition, input: ["at": "http://169.254.169.254/latest"])[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let error = try #require(try await stage.reader.find(runID)?.run.error)
                #expect(error["kind"] == "template" && error["pointer"] == "/steps/0/action/path")
                #expect(stage.participant.calls.isEmpty)
            }
        }
    }

    @Test("content decides: a 200 that says no undoes the run, and what takes long to judge is judged all the same")
    func content() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "content",
            steps: [
                [
                    "id": "a",
                    "action": [
                        "participant": "demo", "path": "/a",
                        "rejectWhen": ["some": [["var": "response.body.list"], [">": [["var": ""], 5]]]],
                    ],
                ],
                [
                    "id": "b",
                    "action": [
                        "participant": "demo", "path": "/b",
                        "rejectWhen": ["==": [["var": "response.body.ok"], false]],
                    ],
                ],
            ])
        let list = Array(repeating: "1", count: 10_000).joined(separator: ",")
        try await Stage.with(
            [definition], answer: { $0.path == "/a" ? (200, #"{"list":[\#(list)]}"#) : (200, #"{"ok":false}"#) }
        ) { stage in
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                #expect(stage.participant.paths == ["/a", "/b"])
                let error = try #require(try await stage.reader.find(runID)?.run.error)
                #expect(error["kind"] == "rejected" && error["httpStatus"] == 200 && error["response"] == ["ok": false])
                try await stage.expectConsistent(runID, definition)
            }
        }
    }

    @Test("a participant by data, and a name that is not in the list")
    func byData() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "by-data",
            steps: [
                [
                    "id": "a",
                    "action": ["participant": ["oneOf": ["demo", "other"], "by": "${input.carrier}"], "path": "/a"],
                ]
            ])
        try await Stage.with([definition]) { stage in
            try await stage.withEngine { _ in
                let good = try await stage.start(definition, input: ["carrier": "demo"])[0]
                #expect(try await stage.end(of: good) == .completed)
                let bad = try await stage.start(definition, input: ["carrier": "evil"])[0]
                #expect(try await stage.end(of: bad) == .compensated)
                let error = try #require(try await stage.reader.find(bad)?.run.error)
                #expect(error["pointer"] == "/steps/0/action/participant/by")
                #expect(error["message"]?.string?.contains("demo, other") == true)
                #expect(stage.participant.calls.count == 1)
            }
        }
    }

    @Test("calls are signed with secrets from a folder, and without the secret they are not made")
    func secrets() async throws {
        let definition = try WorkflowDefinition.sample(
            name: "signed",
            steps: [
                [
                    "id": "a",
                    "action": [
                        "participant": "demo", "path": "/a",
                        "body": [
                            "mac": ["$logic": ["hmacSha256": ["signing", ["cat": [["var": "input.orderId"], "!"]]]]]
                        ],
                    ],
                ]
            ])
        let folder = FileManager.default.temporaryDirectory.appending(path: "secrets-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("key\n".utf8).write(to: folder.appending(path: "signing"))
        try Data("x".utf8).write(to: folder.appending(path: "Not A Name"))
        try await Stage.with([definition]) { stage in
            try await stage.withEngine(["--participant-secrets", folder.path()]) { _ in
                let runID = try await stage.start(definition, input: ["orderId": "o"])[0]
                #expect(try await stage.end(of: runID) == .completed)
                #expect(
                    stage.participant.calls.map(\.body) == [
                        #"{"mac":"e0b1d81f896f46012d9efc0593ddacd236bb4a0c879e406018751ef74a7b5970"}"#
                    ])
            }
            try await stage.withEngine { _ in
                let runID = try await stage.start(definition, input: ["orderId": "o"])[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let error = try #require(try await stage.reader.find(runID)?.run.error)
                #expect(error["message"]?.string?.contains("no secret signing") == true)
                #expect(stage.participant.calls.count == 1)
            }
        }
    }
}
