import Core
@testable import Engine
import Logging
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("No payload is in a log or a trace", .timeLimit(.minutes(3)))
struct PayloadLogTests {
    private static let secret = "c4n4ry"
    private static let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    /// Keeps every line at every level.
    private struct Kept: LogHandler {
        let lines: Lines
        var logLevel: Logger.Level {
            get { .trace }
            nonmutating set {}
        }
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.add("\(event.message) \(metadata) \(event.metadata ?? [:])") }
    }

    private final class Lines: Sendable {
        private let kept = Mutex<[String]>([])
        var all: [String] { kept.withLock { $0 } }
        func add(_ line: String) { kept.withLock { $0.append(line) } }
    }

    private static let call: JSON = ["participant": "demo", "path": "/pay", "body": ["card": "${input.card}"]]

    /// Runs whose inputs, answers, signals, callbacks, lists, children and reasons all know the secret.
    private static func definitions() throws -> [WorkflowDefinition] {
        func workflow(_ name: String, _ steps: JSON) throws -> WorkflowDefinition {
            try WorkflowDefinition([
                "name": .string(name), "version": "1.0.0", "sensitive": ["input.card", "context.note"], "steps": steps,
                "retry": ["maxAttempts": 2, "initialInterval": "1ms"],
            ])
        }
        let pay: JSON = [
            "id": "pay", "action": call,
            "compensation": ["participant": "demo", "path": "/undo", "body": "none", "retry": ["maxAttempts": 1]],
        ]
        return [
            try workflow("ends", [pay, ["id": "end", "end": ["as": "failed", "reason": "no ${input.card}"]]]),
            try workflow("kid", [["id": "end", "end": ["as": "failed", "reason": "no ${input.card}"]]]),
            try workflow(
                "family", [pay, ["id": "kid", "run": ["workflow": "kid", "input": ["card": "${input.card}"]]]]),
            try workflow("waits", [pay, ["id": "rest", "wait": ["for": "${input.card}"]]]),
            try workflow(
                "refused",
                [pay, ["id": "no", "action": ["participant": "demo", "path": "/no/${input.card}", "body": "none"]]]),
            try workflow(
                "garbled",
                [pay, ["id": "bad", "action": ["participant": "demo", "path": "/garbled", "body": "none"]]]),
            try workflow(
                "chosen",
                [
                    pay,
                    [
                        "id": "who",
                        "action": [
                            "participant": ["oneOf": ["demo"], "by": "${input.card}"], "path": "/x", "body": "none",
                        ],
                    ],
                ]),
            try workflow(
                "listed",
                [
                    pay,
                    [
                        "id": "each", "forEach": ["in": ["${input.card}"]],
                        "action": ["participant": "demo", "path": "/no/${item}", "body": "none"],
                    ],
                ]),
        ]
    }

    @Test("whatever happens to a run that knows a secret, no line at any level and no span has it")
    func planted() async throws {
        let definitions = try Self.definitions()
        let lines = Lines()
        try await Stage.with(
            definitions,
            answer: { call in
                switch call.path {
                case "/pay": (200, #"{"token":"c4n4ry"}"#)
                case "/undo": (422, #"{"why":"c4n4ry"}"#)
                case "/garbled": (200, #"{"c4n4ry": c4n4ry"#)
                case _ where call.path.hasPrefix("/no"): (422, #"{"detail":"c4n4ry","code":"c4n4ry"}"#)
                default: (200, "{}")
                }
            }
        ) { stage in
            let url = try #require(try await stage.test.value("SELECT url FROM participants"))
            let telemetry = [
                "OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_BSP_SCHEDULE_DELAY": "20",
                "PUBLIC_URL": "http://127.0.0.1:1/saga/",
            ]
            let logger = Logger(label: "engine") { _ in Kept(lines: lines) }
            let runs = definitions.map {
                NewRun.sample($0, input: ["card": .string(Self.secret)], traceparent: Self.traceparent)
            }
            let starter = RunStarter(pool: stage.test.database.writes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await starter.run() }
                for run in runs { _ = try await starter.submit(run) }
                starter.close()
                try await group.waitForAll()
            }
            try await stage.withEngine(environment: telemetry, logger: logger) { _ in
                for run in runs {
                    let status = try await stage.end(of: run.run.id)
                    let isKid = run.run.definition.name == "kid"
                    #expect(status == (isKid ? .compensated : .failed), "\(run.run.definition.name)")
                }
            }
            let errors = try await stage.test.value("SELECT string_agg(error::text, ' ') FROM workflow_runs")
            #expect(errors?.contains(Self.secret) == true, "it was there to be told")
            #expect(lines.all.count > 60, "little was said: \(lines.all.count)")
            for line in lines.all where line.contains(Self.secret) { Issue.record("\(line)") }
            #expect(lines.all.contains { $0.contains("The participant answered 422.") }, "what is ours is told")
            let spans = stage.participant.calls.filter { $0.path == "/v1/traces" }.map(\.bytes).joined()
            let text = String(decoding: Array(spans), as: UTF8.self)
            #expect(text.contains("execute pay") && text.contains("run ends"))
            #expect(!text.contains(Self.secret))
        }
    }
}
