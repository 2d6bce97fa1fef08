import Core
import Foundation
import Participants
import Storage
import Synchronization
import TestSupport
import Testing

@testable import Engine

@Suite("Access tokens of participants", .timeLimit(.minutes(2)))
struct AccessTokenTests {
    /// An authorization server and a participant that takes its tokens, on one port.
    private final class Issuer: Sendable {
        struct State {
            var issued = 0
            var isDown = false
            var accepted: Set<String> = []
            var lifetime = 3600
            /// Tokens that the participant takes: those that were issued last, unless it takes none.
            var takesNone = false
        }

        let state = Mutex(State())

        var answer: TestParticipant.Answer {
            { call in
                self.state.withLock { state in
                    if call.path == "/token" {
                        if state.isDown { return (503, #"{"error":"temporarily_unavailable"}"#) }
                        state.issued += 1
                        let token = "t\(state.issued)"
                        state.accepted = [token]
                        return (
                            200,
                            #"{"access_token":"\#(token)","token_type":"Bearer","expires_in":\#(state.lifetime)}"#
                        )
                    }
                    let token = call.headers["authorization"]?.dropFirst("Bearer ".count) ?? ""
                    let isTaken = !state.takesNone && state.accepted.contains(String(token))
                    return isTaken ? (200, "{}") : (401, #"{"error":"invalid_token"}"#)
                }
            }
        }
    }

    private static func with(
        _ body: @Sendable @escaping (Stage, Issuer, WorkflowDefinition, SecretFiles) async throws -> Void
    ) async throws {
        let (definition, issuer) = (try TrustTests.definition(), Issuer())
        try await SecretFiles.with(["idp": "cl13nt s3cret"]) { files in
            try await Stage.with([definition], answer: issuer.answer) { stage in
                try await stage.register(
                    """
                    auth = json_build_object('oauth2', json_build_object('tokenUrl', url || '/token', 'clientId', 'saga:flow',
                        'clientSecret', '${secret:idp}', 'scope', 'pay refund', 'audience', 'https://pay'))
                    """)
                try await body(stage, issuer, definition, files)
            }
        }
    }

    private static func calls(_ stage: Stage, _ path: String) -> [SeenCall] {
        stage.participant.calls.filter { $0.path == path }
    }

    @Test("one is asked for, with the client's secret, and serves all calls")
    func shared() async throws {
        try await Self.with { stage, issuer, definition, files in
            try await stage.withEngine(files.flags) { _ in
                let runs = try await stage.start(definition, count: 40)
                for runID in runs { #expect(try await stage.end(of: runID) == .completed) }
                let asked = Self.calls(stage, "/token")
                #expect(asked.count == 1, "one request at a time, however many wait")
                #expect(asked[0].body == "grant_type=client_credentials&scope=pay+refund&audience=https%3A%2F%2Fpay")
                let basic = asked[0].headers["authorization"]?.dropFirst("Basic ".count) ?? ""
                let pair = Data(base64Encoded: String(basic)).map { String(decoding: $0, as: UTF8.self) }
                #expect(pair == "saga%3Aflow:cl13nt+s3cret")
                #expect(asked[0].headers["idempotency-key"] == nil)
                #expect(Self.calls(stage, "/a").allSatisfy { $0.headers["authorization"] == "Bearer t1" })
                let dump = try await stage.test.value("SELECT string_agg(j::text, '') FROM run_journal j")
                #expect(dump?.contains("s3cret") == false && dump?.contains("Bearer") == false)
            }
        }
    }

    @Test("one that is refused is renewed, and the call made again under its key: the same attempt")
    func refused() async throws {
        try await Self.with { stage, issuer, definition, files in
            try await stage.withEngine(files.flags) { _ in
                #expect(try await stage.end(of: try await stage.start(definition)[0]) == .completed)
                issuer.state.withLock { $0.accepted = [] }  // revoked
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .completed)
                let calls = Self.calls(stage, "/a").filter { $0.key.hasPrefix(runID.description) }
                #expect(calls.map { $0.headers["authorization"] } == ["Bearer t1", "Bearer t2"])
                #expect(calls.map(\.attempt) == [1, 1] && Set(calls.map(\.key)).count == 1)
                #expect(calls.map(\.bytes).allSatisfy { $0 == Array(#"{"n":1}"#.utf8) })
            }
        }
    }

    @Test("a 401 to a new token is an answer like others: the participant refuses the call")
    func refusedAgain() async throws {
        try await Self.with { stage, issuer, definition, files in
            issuer.state.withLock { $0.takesNone = true }
            try await stage.withEngine(files.flags) { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let (row, steps) = try #require(try await stage.reader.find(runID))
                #expect(steps[0].step.error?.httpStatus == 401 && row.error?["httpStatus"] == 401)
                #expect(Self.calls(stage, "/a").count == 2 && Self.calls(stage, "/token").count == 2)
                // A participant that takes none does not make engines ask for one with every call.
                for runID in try await stage.start(definition, count: 30) { _ = try await stage.end(of: runID) }
                #expect(Self.calls(stage, "/token").count <= 6, "\(Self.calls(stage, "/token").count)")
            }
        }
    }

    @Test("while the server gives none nothing is sent; its pause grows, and the run says why it waits")
    func down() async throws {
        let patient = try WorkflowDefinition.sample(
            name: "patient",
            steps: [
                [
                    "id": "a",
                    "action": [
                        "participant": "demo", "path": "/a", "body": ["n": 1],
                        "retry": ["maxAttempts": 50, "initialInterval": "50ms", "maxInterval": "100ms"],
                    ],
                ]
            ])
        try await Self.with { stage, issuer, _, files in
            try await stage.test.register(patient)
            issuer.state.withLock { $0.isDown = true }
            try await stage.register(
                #"breaker = '{"failureThreshold": 1, "successThreshold": 1, "openFor": "30s"}'"#)
            try await stage.withEngine(files.flags) { engine in
                let runID = try await stage.start(patient)[0]
                try await stage.wait(for: runID, "tried more than once") { _, steps in
                    guard let error = steps[0].step.error else { return false }
                    #expect(error.kind == "notSent", "\(error)")
                    let message = error.message
                    #expect(message.contains("No access token"), "\(message)")
                    #expect(message.contains("answered 503 (temporarily_unavailable)"), "\(message)")
                    #expect(!message.contains("s3cret"))
                    return Self.calls(stage, "/token").count >= 2
                }
                #expect(Self.calls(stage, "/a").isEmpty)
                #expect(
                    engine.participants.report.shared["demo"]?["lacks"]?.string?.contains("No access token") == true)
                let breaker = engine.breakers.first { $0.participant == "demo" }
                #expect(breaker?.state == .closed, "the participant has done nothing wrong")
                issuer.state.withLock { $0.isDown = false }
                #expect(try await stage.end(of: runID) == .completed)
                #expect(Self.calls(stage, "/a").count == 1)
                #expect(engine.participants.report.shared["demo"]?["lacks"] == nil)
            }
        }
    }

    @Test(
        "it is renewed at four fifths of its lifetime, while calls go on with the old one, and never used past its end")
    func renewed() async throws {
        try await Self.with { stage, issuer, definition, files in
            issuer.state.withLock { $0.lifetime = 1 }
            try await stage.withEngine(files.flags) { _ in
                let until = ContinuousClock.now + .seconds(3)
                while ContinuousClock.now < until {
                    let runID = try await stage.start(definition)[0]
                    let status = try await stage.end(of: runID)
                    #expect(status == .completed)
                }
                let refused = Self.calls(stage, "/a").count { $0.attempt > 1 }
                #expect(refused == 0)
                let issued = Self.calls(stage, "/token").count
                #expect((3...6).contains(issued), "\(issued) tokens of a second in three seconds")
            }
        }
    }

    @Test("a server at an address that may not be called is not called")
    func address() async throws {
        try await Self.with { stage, _, definition, files in
            try await stage.register(
                "auth = replace(auth::text, '127.0.0.1', '169.254.169.254')::json")
            try await stage.withEngine(files.flags) { _ in
                let runID = try await stage.start(definition)[0]
                #expect(try await stage.end(of: runID) == .compensated)
                let error = try #require(try await stage.reader.find(runID)?.1[0].step.error)
                #expect(error.message.contains("a metadata service"), "\(error)")
                #expect(stage.participant.calls.isEmpty)
            }
        }
    }

    @Test(
        "what is no token is none",
        arguments: [
            (200, #"{"access_token":"abc","token_type":"bearer","expires_in":60}"#, 60),
            (200, #"{"access_token":"abc","expires_in":"60"}"#, 60), (200, #"{"access_token":"abc"}"#, 300),
            (200, #"{"access_token":"abc","expires_in":999999}"#, 86_400),
            (200, #"{"access_token":"abc","expires_in":-1}"#, 1), (200, #"{"access_token":"a b"}"#, nil),
            (200, #"{"access_token":""}"#, nil), (200, #"{"access_token":"a\r\nb"}"#, nil), (200, "token", nil),
            (200, #"{"access_token":"abc","token_type":"mac"}"#, nil), (201, #"{"access_token":"abc"}"#, nil),
            (401, #"{"error":"invalid_client"}"#, nil),
        ] as [(Int, String, Int?)])
    func answers(status: Int, body: String, lifetime: Int?) throws {
        let endpoint = try #require(TokenEndpoint("https://id.example/token/"))
        #expect(endpoint.path == "/token/")
        let answer = TokenAnswer(
            .response(status: status, retryAfter: nil, contentType: nil, body: Array(body.utf8)), from: endpoint)
        switch answer {
        case .token(let token, let given):
            #expect(token == "abc" && given == lifetime.map { .seconds($0) }, "\(body)")
        case .failure(let sentence):
            #expect(lifetime == nil, "\(body)")
            #expect(!sentence.contains("abc") && sentence.hasSuffix("."))
            if status == 401 { #expect(sentence.contains("(invalid_client)")) }
        }
    }
}
