import Basics
import Core
import HTTPServer
import HTTPTypes
import Hummingbird
import NIOCore
import Participants
import Storage
import TestSupport
import Testing

@testable import API
@testable import Tokens

/// docs/limits.md is what users believe: each figure there is accepted, and one more is refused.
@Suite("Every limit is on one page, and true")
struct LimitDocumentTests {
    /// Whether so many are accepted, by what the page calls them.
    private typealias Probe = @Sendable (Int) -> Bool

    @Test("every figure of docs/limits.md is accepted, and one more is refused")
    func figures() throws {
        let probes = Self.definitions.merging(Self.schemas) { $1 }.merging(Self.rendered) { $1 }
            .merging(Self.json) { $1 }
            .merging(Self.requests) { $1 }.merging(Self.administration) { $1 }.merging(Self.tokens) { $1 }
        let rows = try LimitTables().figures
        #expect(Set(rows.map(\.what)) == Set(probes.keys), "on the page or in this test only")
        for row in rows {
            guard let accepts = probes[row.what] else { continue }
            let figure = try row.figure
            #expect(accepts(figure), "\(row.what): \(figure) is refused")
            #expect(!accepts(figure + 1), "\(row.what): \(figure + 1) is accepted")
        }
    }

    @Test("the page has every operator of conditions with its arguments")
    func operators() throws {
        let rows = try LimitTables().operators
        try #require(rows.count > 30)
        for row in rows {
            let name = row.what.filter { $0 != "`" }
            let numbers = row.most.split(separator: " ").compactMap { Int($0) }
            let isAnyNumber = row.most == "any number"
            let least = isAnyNumber ? 0 : try #require(numbers.first, "\(row)")
            let most = isAnyNumber || row.most.hasSuffix("more") ? 40 : try #require(numbers.last, "\(row)")
            for count in 0...41 {
                // What one argument stands for needs no brackets; a name is a reference that `var` accepts.
                // The name of a secret is none of those.
                let argument: JSON = name == "hmacSha256" ? "key" : "input.a"
                let arguments = JSON.array(Array(repeating: argument, count: count))
                let isAccepted = (try? Condition(.object([name: arguments]))) != nil
                let isBoundless = most == 40 && count == 41
                #expect(isAccepted == ((least...most).contains(count) || isBoundless), "\(name) with \(count)")
            }
        }
        for name in Set(Self.operatorNames).subtracting(rows.map { $0.what.filter { $0 != "`" } }) {
            Issue.record("docs/limits.md does not name the operator \(name)")
        }
    }

    /// As the messages and the published language have them; what is none of ours is refused.
    private static let operatorNames = [
        "var", "missing", "missing_some", "if", "?:", "==", "===", "!=", "!==", "!", "!!", "or", "and", ">", ">=", "<",
        "<=", "max", "min", "+", "-", "*", "/", "%", "map", "filter", "reduce", "all", "none", "some", "merge", "in",
        "cat", "substr", "log", "method", "??", "object", "text", "number", "json", "parse", "join", "split", "round",
        "floor",
        "ceil", "abs", "dateAdd", "dateDiff", "day", "unix", "fromUnix", "sha256", "hmacSha256", "base64",
    ].filter { name in
        (0...3).contains { count in
            ["input.a", "key"].contains { (argument: JSON) in
                (try? Condition(.object([name: .array(Array(repeating: argument, count: count))]))) != nil
            }
        }
    }

    private static func text(_ count: Int) -> String { String(repeating: "a", count: count) }
    private static func string(_ count: Int) -> JSON { .string(text(count)) }
    private static func members(_ count: Int, _ value: JSON = "x") -> JSON {
        .object((0..<count).reduce(into: JSONObject()) { $0["x-\($1)"] = value })
    }

    // MARK: Definitions

    private static func registers(
        _ workflow: JSONObject = [:], step: JSONObject = [:], call: JSONObject = [:], steps: Int = 1
    ) -> Bool {
        func merged(_ base: JSONObject, _ more: JSONObject) -> JSONObject {
            more.members.reduce(into: base) { $0[$1.key] = $1.value }
        }
        let action = merged(["participant": "p", "path": "/x"], call)
        let list = (0..<steps).map { JSON.object(merged(["id": .string("s\($0)"), "action": .object(action)], step)) }
        let whole = merged(["name": "n", "version": "1.0.0", "steps": .array(list)], workflow)
        return (try? WorkflowDefinition(.object(whole))) != nil
    }

    private static let definitions: [String: Probe] = [
        "steps of a workflow": { registers(steps: $0) },
        "name of a workflow, step or participant": { count in
            let accepted = [
                registers(["name": string(count)]), registers(step: ["id": string(count)]),
                registers(call: ["participant": string(count)]),
            ]
            return accepted.allSatisfy { $0 == accepted[0] } && accepted[0]
        },
        "version": { registers(["version": .string("1.0.0-" + text($0 - 6))]) },
        "description": { registers(["description": string($0)]) && registers(step: ["description": string($0)]) },
        "`timeout` of a workflow": { registers(["timeout": .string("\($0)s")]) },
        "`timeout` of a step or call": {
            let time = JSON.string("\($0)s")
            return registers(step: ["timeout": time]) && registers(call: ["timeout": time])
        },
        "`maxParallel` of a list": {
            registers(step: ["forEach": ["in": "${input.l}", "maxParallel": JSON($0)]])
        },
        "`as` of a list": { registers(step: ["forEach": ["in": "${input.l}", "as": string($0)]]) },
        "`wait`": { count in
            registers(["steps": [["id": "a", "wait": ["for": .string("\(count)s")]]]])
        },
        "`timeout` of a step that waits for a signal": { count in
            registers(["steps": [["id": "a", "await": ["signal": "go"], "timeout": .string("\(count)s")]]])
        },
        "`timeout` of a step that waits for a child run": { count in
            registers(["steps": [["id": "a", "run": ["workflow": "w"], "timeout": .string("\(count)s")]]])
        },
        "children of children, one below the other": { count in
            guard
                let definition = try? WorkflowDefinition([
                    "name": "w", "version": "1.0.0", "steps": [["id": "a", "run": ["workflow": "w"]]],
                ])
            else { return false }
            let now = Instant(microseconds: 0)
            var run = Run(
                id: RunID(high: 1, low: 2), definition: definition, input: .null, context: .null, createdAt: now)
            let link = ParentLink(runID: RunID(high: 0, low: 1), stepID: "a", depth: count - 1, isDetached: false)
            run.evolve(.parentLinked(link), at: now)
            for event in (try? decide(run, .woke, now: now, jitter: 0)) ?? [] { run.evolve(event, at: now) }
            return run.steps[0].child != nil
        },
        "`timeout` of a callback": { count in
            registers(call: ["completion": ["callback": ["timeout": .string("\(count)s")]]])
        },
        "`heartbeatTimeout` of a callback": { count in
            registers(call: ["completion": ["callback": ["heartbeatTimeout": .string("\(count)s")]]])
        },
        "`every` of a poll": { count in
            registers(
                call: [
                    "completion": [
                        "poll": [
                            "path": "/jobs", "every": .string("\(count)s"), "succeededWhen": true, "timeout": "1d",
                        ]
                    ]
                ])
        },
        "`timeout` of a poll": { count in
            registers(
                call: [
                    "completion": [
                        "poll": [
                            "path": "/jobs", "every": "1h", "succeededWhen": true, "timeout": .string("\(count)s"),
                        ]
                    ]
                ])
        },
        "looks at one attempt": { count in
            registers(
                call: [
                    "completion": [
                        "poll": [
                            "path": "/jobs", "every": "1s", "succeededWhen": true, "timeout": .string("\(count)s"),
                        ]
                    ]
                ])
        },
        "time between looks that fail": { .seconds($0) <= PollDefinition.longestBackoff },
        "`output` of a callback": { $0 <= Callback.maxOutput },
        "`error` of a callback": { $0 <= Callback.maxError },
        "what a signal says": { $0 <= KeptSignal.maxPayload },
        "signals of a run that no step has taken": { $0 <= KeptSignal.mostWaiting },
        "the same signals, together": { $0 <= KeptSignal.maxWaitingBytes },
        "keys of signals that a run remembers": { $0 <= KeptSignal.maxKeys },
        "calls in `onEnd`": { count in
            registers([
                "onEnd": .array((0..<count).map { _ in ["action": ["participant": "p", "path": "/"]] })
            ])
        },
        "paths in `sensitive`": { count in
            registers(["sensitive": .array((0..<count).map { .string("input.a\($0)") })])
        },
        "`undoWithin`": { registers(["undoWithin": .string("\($0)s")]) },
        "`maxAttempts`": { registers(["retry": ["maxAttempts": JSON($0)]]) },
        "`initialInterval`, `maxInterval`": {
            let time = JSON.string("\($0)s")
            return registers(["retry": ["initialInterval": time, "maxInterval": time]])
        },
        "`multiplier`": { registers(["retry": ["multiplier": JSON($0)]]) },
        "`jitter`": { registers(["retry": ["jitter": JSON($0)]]) },
        "path of a call, as written": { registers(call: ["path": .string("/" + text($0 - 1))]) },
        "headers of a call": { registers(call: ["headers": members($0)]) },
        "name of a header": { registers(call: ["headers": .object([text($0): "x"])]) },
        "references in one body or path": {
            registers(call: ["body": .array(Array(repeating: "${input.a}", count: $0))])
        },
        "levels of a condition": { count in
            let rule = (0..<count).reduce(into: JSON.bool(true)) { rule, _ in rule = .object(["!": rule]) }
            return (try? Condition(rule)) != nil
        },
        "`maxElapsed`": { registers(["retry": ["maxElapsed": .string("\($0)s")]]) },
        "policies of a `retry` list": { registers(["retry": .array(Array(repeating: ["on": 503], count: $0))]) },
        "kinds of failures in one `on`": {
            registers(["retry": [["on": .array((0..<$0).map { JSON(400 + $0) })]]])
        },
        "parameters in `query`": { registers(call: ["query": members($0)]) },
        "name of a parameter": { registers(call: ["query": .object([text($0): "x"])]) },
        "participants in `oneOf`": { count in
            let names = JSON.array((0..<count).map { .string("p\($0)") })
            return registers(call: ["participant": ["oneOf": names, "by": "${input.p}"]])
        },
        "`maxResponseBytes`": { registers(call: ["maxResponseBytes": JSON($0), "output": "x"]) },
        "elements of a reference": { count in
            Reference("input" + String(repeating: ".a", count: count - 1)) != nil
        },
        "size of a definition": { $0 <= defaultBody },
    ]

    // MARK: Input schemas

    /// An expression of so many instructions: one of them is its end.
    private static func pattern(_ instructions: Int) -> JSON { ["pattern": string(instructions - 1)] }

    private static let schemas: [String: Probe] = [
        "`examples`": { registers(["examples": .array(Array(repeating: 1, count: $0))]) },
        "schemas in an `inputSchema`": { count in
            (try? InputSchema(["anyOf": .array(Array(repeating: true, count: count - 1))])) != nil
        },
        "instructions of a `pattern`": { (try? InputSchema(pattern($0))) != nil },
        "instructions of all patterns of a schema": { count in
            let patterns = stride(from: count, to: 0, by: -4000).map { pattern(min($0, 4000)) }
            return (try? InputSchema(["allOf": .array(patterns)])) != nil
        },
        "groups in each other in a `pattern`": { count in
            let groups = String(repeating: "(", count: count) + String(repeating: ")", count: count)
            return (try? InputSchema(["pattern": .string(groups)])) != nil
        },
        "digits of `multipleOf`": { count in
            let number = JSONNumber(String(repeating: "1", count: count))
            return number.flatMap { try? InputSchema(["multipleOf": .number($0)]) } != nil
        },
    ]

    // MARK: While a run goes on

    private struct OneValue: Scope {
        let value: JSON

        func value(_ root: Reference.Root) -> JSON? { value }
    }

    /// Steps begin with lists of so many entries.
    private static func begins(_ counts: [Int]) -> Bool {
        let steps = counts.enumerated().map { index, count -> JSON in
            [
                "id": .string("s\(index)"), "dependsOn": [],
                "forEach": ["in": .array(Array(repeating: 1, count: count))],
                "action": ["participant": "p", "path": "/x"],
            ]
        }
        guard let definition = try? WorkflowDefinition(["name": "n", "version": "1.0.0", "steps": .array(steps)]) else {
            return false
        }
        let at = Instant(microseconds: 0)
        var run = Run(
            id: RunID(high: 1, low: 2), definition: definition, input: [:], context: [:], createdAt: at)
        for event in start(run, now: at) { run.evolve(event, at: at) }
        for event in (try? decide(run, .woke, now: at, jitter: 0)) ?? [] { run.evolve(event, at: at) }
        return run.error == nil
    }

    private static let rendered: [String: Probe] = [
        "text from a template with references": {
            (try? TextTemplate("b${input}").render(OneValue(value: string($0 - 1)))) != nil
        },
        "path of a call, with its values": {
            (try? PathTemplate("/${input}").render(OneValue(value: string($0 - 1)))) != nil
        },
        "value of a header": { (try? HeaderTemplate("${input}").render(OneValue(value: string($0)))) != nil },
        "operations of a condition": { $0 <= Condition.maxOperations },
        "levels of what a condition's `reduce` makes": { $0 <= Condition.maxLevels },
        "body of a call": { size in
            (try? Template(.string("${input}")).bytes(OneValue(value: string(size - 2))))?.count == size
        },
        "operations of all `$logic` in a template": { $0 <= Template.maxOperations },
        "output made by `output` of a call": { $0 <= CallDefinition.keptResponseBytes },
        "answer in the error of an element": { $0 <= Failure.elementResponse },
        "entries of a list": { begins([$0]) },
        "elements of a run": { begins(Array(repeating: 1000, count: 10) + [$0 - 10_000]) },
        "lost attempts of an action": { $0 <= RetryPolicy.maxLostAttempts },
        "memory of a run's values": { $0 <= Run.maxWeight },
    ]

    // MARK: JSON

    private static func parses(_ text: String) -> Bool { (try? JSON(parsing: text)) != nil }

    private static let json: [String: Probe] = [
        "arrays and objects in each other": {
            parses(String(repeating: "[", count: $0) + String(repeating: "]", count: $0))
        },
        "name of a member": { parses("{\"\(text($0))\":1}") },
        "number, as written": { parses(String(repeating: "1", count: $0)) },
        "exponent of a number": { parses("1e\($0)") && parses("1e-\($0)") },
    ]

    // MARK: Requests

    private static func starts(_ line: JSON, correlationID: String? = nil) -> Bool {
        var headers = HTTPFields()
        if let correlationID { headers[.xCorrelationID] = correlationID }
        guard let origin = try? StartOrigin(workflow: "w", tenants: .all, headers, nil) else { return false }
        return (try? StartRequest(line: line, origin: origin)) != nil
    }

    private static func limit(_ count: Int) -> Bool {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "h", path: "/x?limit=\(count)")
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        return (try? Query(request, known: ["limit"]).limit()) != nil
    }

    private static let defaultBody = 1 << 20
    private static let server = StrictHTTPChannel.Limits()

    private static let requests: [String: Probe] = [
        "path and query": { $0 <= server.uriBytes },
        "one header": { $0 <= server.headerBytes },
        "headers": { $0 <= server.headerCount },
        "body, or line of a bulk start": { $0 <= defaultBody },
        "idempotency key": { starts(["idempotencyKey": string($0)]) },
        "correlation id": {
            starts(["context": ["correlationId": string($0)]]) && starts([:], correlationID: text($0))
        },
        "`tenantId`": { starts(["context": ["tenantId": string($0)]]) },
        "operations of checking an input": { $0 <= InputSchema.maxOperations },
        "schemas within each other while an input is checked": { $0 <= InputSchema.maxDepth },
        "seconds of `Prefer: wait`": { Preference.wait(["wait=\($0)"]) == $0 },
        "`limit` of a list": { limit($0) },
        "runs of a version's statistics": { $0 <= VersionRuns.Bounds().runs },
        "newest runs among which those are found": { $0 <= VersionRuns.Bounds().window },
        "events of those runs, together": { $0 <= VersionRuns.Bounds().events },
        "bytes of their histories as they are stored, together": { $0 <= VersionRuns.Bounds().bytes },
        "`limit` of a retry of FAILED runs": { (try? FailedRunRequest(["limit": JSON($0)], .all)) != nil },
        "`error` that runs are looked for by": { $0 <= RunRoutes.longestError },
        "runs that a page of a list is looked for among": { $0 <= RunQuery.window },
        "the same by step, attempts or error, and of live runs": { $0 <= RunQuery.costlyWindow },
        "FAILED runs that are grouped": { $0 <= GroupFailedRuns.window },
        "live runs of each kind that are looked at for slow ones": { $0 <= FindSlowRuns.window },
        "tenants and workflows that a process counts apart in a chart": { $0 <= MinuteCounts.mostApart },
        "runs that the console asks in one go": { $0 <= ConsoleBulk.most },
        "runs selected on a page of the console": { $0 <= ConsoleBulk.mostChosen },
        "`startAt`, `delay` of a start": { starts(["delay": .string("\($0)s")]) },
        "output that a person gives": { $0 <= CallDefinition.keptResponseBytes },
        "`reason`": { (try? FailedRunRequest(["reason": string($0)], .all)) != nil },
        "`stepIds` resolved at once": { count in
            let ids = JSON.array((0..<count).map { .string("s\($0)") })
            return (try? ResolveRequest(["stepIds": ids, "resolution": "compensated", "reason": "r"])) != nil
        },
    ]

    // MARK: Administration

    private static func participates(_ more: JSONObject) -> Bool {
        let whole = more.members.reduce(into: ["url": "https://pay.example"] as JSONObject) { $0[$1.key] = $1.value }
        let rules = AddressRules(allowing: AllowList())
        return (try? ParticipantRequest(.object(whole), of: "p", rules: rules, secrets: .plain)) != nil
    }

    private static let administration: [String: Probe] = [
        "URL of a participant": { participates(["url": .string("https://pay.example/" + text($0 - 20))]) },
        "headers of a participant": { participates(["headers": members($0)]) },
        "value of a participant's header": { participates(["headers": members(1, string($0))]) },
        "`maxConcurrent`": { participates(["maxConcurrent": JSON($0)]) },
        "`perSecond` of a rate": { participates(["rate": ["perSecond": JSON($0)]]) },
        "`burst` of a rate": { participates(["rate": ["perSecond": 5, "burst": JSON($0)]]) },
        "secrets that sign a participant's calls": { count in
            participates(["signWith": .array((0..<count).map { .string("secret-\($0)") })])
        },
        "keys that sign a participant's calls": { count in
            participates(["signWith": .array((0..<count).map { .string("ed25519:key-\($0)") })])
        },
        "each part of a client for access tokens": { count in
            let parts: [String: JSON] = [
                "tokenUrl": .string("https://id.example/" + text(count - 19)), "clientId": string(count),
                "clientSecret": string(count), "scope": string(count), "audience": string(count),
            ]
            let short: JSONObject = ["tokenUrl": "https://id.example/", "clientId": "c", "clientSecret": "s"]
            let accepted = parts.map { key, value in
                var client = short
                client[key] = value
                return participates(["auth": ["oauth2": .object(client)]])
            }
            return accepted.allSatisfy { $0 == accepted[0] } && accepted[0]
        },
        "keys in `SECRET_KEYS`": { count in
            let key = Base64.encode(Array(repeating: 1, count: 32))
            return (try? SecretKeys((0..<count).map { "k\($0):\(key)" }.joined(separator: ","))) != nil
        },
        "`failureThreshold`": { participates(["breaker": ["failureThreshold": JSON($0)]]) },
        "`successThreshold`": { participates(["breaker": ["successThreshold": JSON($0)]]) },
        "`openFor`": { participates(["breaker": ["openFor": .string("\($0)s")]]) },
        "patterns of an API key": { count in takesPatterns((0..<count).map { "w\($0)" }) },
        "pattern of an API key": { takesPatterns([text($0)]) },
        "tenants that have been made": { $0 <= StoredTenant.most },
        "participants": { $0 <= StoredParticipant.most },
        "participants of a tenant of its own": { $0 <= StoredParticipant.mostOfTenant },
        "weight of a tenant": { isTenant(["weight": JSON($0)]) },
        "`startsPerSecond` of a tenant": { isTenant(["limits": ["startsPerSecond": JSON($0)]]) },
        "`liveRuns` of a tenant": { isTenant(["limits": ["liveRuns": JSON($0)]]) },
        "`payloadBytes` of a tenant": { isTenant(["limits": ["payloadBytes": JSON($0)]]) },
        "`priority` of a start": { starts(["priority": JSON($0)]) },
        "admin token": { AdminToken.parse("a:" + text($0)) != nil },
        "name of an admin token": { AdminToken.parse(text($0) + ":a-long-token") != nil },
    ]

    private static func isTenant(_ body: JSON) -> Bool { (try? TenantRoutes.read(body)) != nil }

    private static func takesPatterns(_ patterns: [String]) -> Bool {
        let json: JSON = ["workflows": .array(patterns.map { .string($0) })]
        guard var fields = try? Fields(json, known: ["workflows"]) else { return false }
        _ = APIKeyRoutes.workflows(&fields)
        return (try? fields.check()) != nil
    }

    // MARK: Tokens of other issuers

    private static func names(_ issuer: JSONObject = [:], count: Int = 1) -> Bool {
        let list = (0..<count).map { number -> JSON in
            var entry: JSONObject = [
                "name": .string("n\(number)"), "issuer": .string("urn:\(number)"), "audience": "a",
                "jwksURL": "https://idp.example/", "roles": ["r": "viewer"],
            ]
            for (key, value) in issuer.members { entry[key] = value.isNull ? JSON?.none : value }
            return .object(entry)
        }
        return (try? IssuersFile(["issuers": .array(list)], folder: "", isRole: { _ in true })) != nil
    }

    private static func logsIn(_ login: JSONObject) -> Bool {
        var login = login
        if login["clientId"] == nil { login["clientId"] = "c" }
        return names([
            "issuer": "https://idp.example", "jwksURL": .null, "discovery": true, "audience": "c",
            "login": .object(login),
        ])
    }

    private static func isRead(_ token: String) -> Bool { (try? CompactToken(token)) != nil }

    private static func encoded(_ json: JSON) -> String { Base64URL.encode(json.bytes) }

    private static let tokens: [String: Probe] = [
        "token of another issuer (JWT)": { size in
            let head = encoded(["alg": "ES256"]) + "." + encoded([:]) + "."
            return isRead(head + String(repeating: "A", count: size - head.utf8.count))
        },
        "name of a token's owner": { PrincipalName.isValid(text($0)) },
        "`kid` of a token": { isRead(encoded(["alg": "ES256", "kid": string($0)]) + "." + encoded([:]) + ".") },
        "issuers of tokens": { names(count: $0) },
        "`clockSkew`": { names(["clockSkew": .string("\($0)s")]) },
        "name of a claim": { names(["rolesClaim": string($0)]) },
        "public keys in a file": { $0 <= IssuerReader.maxKeys },
        "keys in a key set": { $0 <= KeySet.maxEntries },
        "key set, and configuration of an issuer": { $0 <= KeyFetcher.maxBytes },
        "`clientId` of a login": { logsIn(["clientId": string($0), "credential": "access-token"]) },
        "client secret of a login": { $0 <= IssuerReader.maxSecretBytes },
        "`scopes` of a login": { count in
            let scopes = ["openid"] + (1..<max(1, count)).map { "s\($0)" }
            return logsIn(["clientId": "c", "scopes": .array(scopes.map { .string($0) })])
        },
        "`title` of a login": { logsIn(["clientId": "c", "title": string($0)]) },
        "RSA key": { bits in
            var modulus = [UInt8](repeating: 0xFF, count: (bits + 7) / 8)
            if bits % 8 != 0 { modulus[0] = UInt8(1 << (bits % 8) - 1) }
            return VerificationKey(jwk: ["kty": "RSA", "e": "AQAB", "n": .string(Base64URL.encode(modulus))]) != nil
        },
    ]
}
