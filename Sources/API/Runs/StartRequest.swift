import Core
import Crypto
import HTTPTypes
import Hummingbird
import Storage
import Telemetry

/// What a request's path and headers say of every run it starts.
struct StartOrigin: Sendable {
    /// The workflow's name.
    let workflow: String
    /// Whose runs whoever calls may start.
    let tenants: TenantScope
    /// For runs whose context names none.
    let correlationID: String?
    let traceparent: String?

    /// - Parameter trace: the span of the request, when it is traced; it goes before the client's own.
    init(
        workflow: String, tenants: TenantScope, _ headers: HTTPFields, _ trace: TraceContext?
    ) throws(Problem) {
        self.workflow = workflow
        self.tenants = tenants
        correlationID = try headers.single(.xCorrelationID, maxBytes: ClientLabel.maxBytes)
        if let correlationID, !ClientLabel.isValid(correlationID) {
            throw Problem(.invalidParameter, "The header X-Correlation-Id must hold \(ClientLabel.rule).")
        }
        traceparent = Self.traceparent(headers, trace)
    }

    /// The span of the request, when it is traced; else the client's own.
    static func traceparent(_ headers: HTTPFields, _ trace: TraceContext?) -> String? {
        trace?.traceparent ?? headers[.traceparent].flatMap { TraceContext(traceparent: $0) }?.traceparent
    }
}

/// A request to start a run, read and checked.
struct StartRequest: Sendable {
    /// An idempotency key, and SHA-256 over what makes two requests the same.
    struct Key: Sendable {
        let text: String
        let requestHash: [UInt8]
    }

    let origin: StartOrigin
    /// As it was asked for; nil is the highest release.
    let version: String?
    let input: JSON
    let context: JSON
    let tenantID: String
    let correlationID: String?
    /// When the run is to begin; nil for at once.
    let begin: Begin?
    /// Among its tenant's runs, when engines can't keep up; nil for the usual one.
    let priority: Int?
    let key: Key?

    /// When a run is to begin.
    enum Begin: Sendable {
        case at(Instant)
        case after(Duration)
    }

    /// How far ahead a run may be started.
    static let longestDelay = WaitDefinition.longest

    /// A request of its own, with the key in its headers.
    init(_ body: JSON, _ headers: HTTPFields, origin: @autoclosure () throws(Problem) -> StartOrigin) throws(Problem) {
        var fields = try Fields(body, known: Self.members)
        let content = try Content(&fields)
        try self.init(content, origin: try origin(), key: try headers.idempotencyKey(), hashed: body)
    }

    /// A line of a bulk start, which may hold its key.
    ///
    /// The key stands for the line without it: sent alone, with the key in its headers, it is the same request.
    init(line: JSON, origin: StartOrigin) throws(Problem) {
        var fields = try Fields(line, known: Self.members + [Self.keyMember])
        let key = fields.string(Self.keyMember, maxBytes: HTTPFields.maxKeyBytes)
        if let key, !HTTPFields.isPrintable(key) {
            fields.refuse(JSONPointer([Self.keyMember]), "A key is printable ASCII, as in a header.")
        }
        let content = try Content(&fields)
        var request = line.object ?? [:]
        request[Self.keyMember] = nil
        try self.init(content, origin: origin, key: key, hashed: .object(request))
    }

    /// - Throws: `missing-permission` for another tenant's run.
    private init(_ content: Content, origin: StartOrigin, key: String?, hashed body: JSON) throws(Problem) {
        if let asked = content.tenantID, !origin.tenants.sees(asked) {
            throw Problem(
                .missingPermission,
                "Who calls may start runs of the tenant \(origin.tenants.name) only, not of \(asked).")
        }
        self.origin = origin
        version = content.version
        input = content.input
        var context = content.context
        // Templates, participants and children know whose run it is by its context.
        if let own = origin.tenants.tenantID { context["tenantId"] = .string(own) }
        self.context = context
        tenantID = origin.tenants.tenantID ?? content.tenantID ?? "default"
        correlationID = content.correlationID ?? origin.correlationID
        begin = content.begin
        priority = content.priority
        self.key = key.map { Key(text: $0, requestHash: Self.hash(origin.workflow, content.version, body)) }
    }

    private static let members = ["version", "input", "context", "startAt", "delay", "priority"]
    private static let keyMember = "idempotencyKey"

    /// Over workflow, version as asked for, and the body's value.
    private static func hash(_ workflow: String, _ version: String?, _ body: JSON) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("\(workflow)\n\(version ?? "")\n".utf8))
        hash.update(data: body.canonicalBytes)
        return Array(hash.finalize())
    }
}

/// What a body says.
private struct Content {
    let version: String?
    let input: JSON
    let context: JSON
    private(set) var tenantID: String?
    private(set) var correlationID: String?
    private(set) var begin: StartRequest.Begin?
    let priority: Int?

    /// - Throws: `invalidContent` with everything that is wrong, what `fields` has noted before included.
    init(_ fields: inout Fields) throws(Problem) {
        version = fields.string("version", maxBytes: SemanticVersion.maxLength)
        if let version, SemanticVersion(version) == nil {
            fields.refuse(JSONPointer(["version"]), "A version is semantic, as in \"1.0.0\".")
        }
        priority = fields.integer("priority", in: Lane.priorities)
        input = fields["input"] ?? .null
        context = fields["context"] ?? .object(JSONObject())
        if case .object(let members) = context {
            tenantID = Self.label("tenantId", members, &fields)
            correlationID = Self.label("correlationId", members, &fields)
        } else {
            fields.refuse(JSONPointer(["context"]), "This must be an object, not \(context.typeName).")
        }
        begin = Self.begin(&fields)
        try fields.check()
    }

    private static func begin(_ fields: inout Fields) -> StartRequest.Begin? {
        let (time, text) = (fields.time("startAt"), fields.string("delay", maxBytes: 64))
        guard let text else { return time.map { .at($0) } }
        let pointer = JSONPointer(["delay"])
        if fields["startAt"] != nil { fields.refuse(pointer, "Only one of startAt and delay can be given.") }
        guard let delay = Duration(text) else {
            fields.refuse(pointer, "This must be a duration, as in \"10m\".")
            return nil
        }
        guard delay <= StartRequest.longestDelay else {
            fields.refuse(pointer, "This is more than \(DurationText.format(StartRequest.longestDelay)).")
            return nil
        }
        return .after(delay)
    }

    private static func label(_ key: String, _ context: JSONObject, _ fields: inout Fields) -> String? {
        guard let json = context[key] else { return nil }
        let pointer = JSONPointer(["context", key])
        guard let text = fields.string(json, at: pointer, maxBytes: ClientLabel.maxBytes) else { return nil }
        if key == "tenantId", !ClientLabel.isTenant(text) {
            fields.refuse(pointer, "This must be \(ClientLabel.tenantRule).")
        } else if !ClientLabel.isValid(text) {
            fields.refuse(pointer, "This must be \(ClientLabel.rule).")
        }
        return text
    }
}
