import Core
import Crypto
import HTTPTypes
import Hummingbird
import Storage
import Telemetry

/// A request to start a run, read and checked.
struct StartRequest {
    /// As it was asked for; nil is the highest release.
    let version: String?
    let input: JSON
    let context: JSON
    let tenantID: String
    let correlationID: String?
    let traceparent: String?
    let idempotency: NewRun.Idempotency?
    /// How long the client would wait for the run's end, in seconds.
    let wait: Int?

    /// - Parameters:
    ///   - workflow: the name in the path.
    ///   - keyLifetime: how long idempotency keys are remembered.
    init(_ body: JSON, _ headers: HTTPFields, workflow: String, keyLifetime: Duration) throws(Problem) {
        var fields = try Fields(body, known: ["version", "input", "context"])
        let version = fields.string("version", maxBytes: SemanticVersion.maxLength)
        if let version, SemanticVersion(version) == nil {
            fields.refuse(JSONPointer(["version"]), "A version is semantic, as in \"1.0.0\".")
        }
        let context = fields["context"] ?? .object(JSONObject())
        var (tenantID, correlationID): (String?, String?)
        if case .object(let members) = context {
            tenantID = members["tenantId"].flatMap {
                fields.string($0, at: JSONPointer(["context", "tenantId"]), maxBytes: 255)
            }
            correlationID = members["correlationId"].flatMap {
                fields.string($0, at: JSONPointer(["context", "correlationId"]), maxBytes: 255)
            }
        } else {
            fields.refuse(JSONPointer(["context"]), "This must be an object, not \(context.typeName).")
        }
        try fields.check()
        self.version = version
        self.context = context
        input = fields["input"] ?? .null
        self.tenantID = tenantID ?? "default"
        let header = try headers.single(.xCorrelationID, maxBytes: 255)
        self.correlationID = correlationID ?? header
        traceparent = headers[.traceparent].flatMap { TraceContext(traceparent: $0) }?.traceparent
        wait = Preference.wait(headers[values: .prefer])
        idempotency = try Self.key(headers).map { key in
            NewRun.Idempotency(
                key: key, requestHash: Self.hash(workflow, version, body), lifetime: keyLifetime)
        }
    }

    private static func key(_ headers: HTTPFields) throws(Problem) -> String? {
        let key = try headers.single(.idempotencyKey, maxBytes: 255)
        let other = try headers.single(.xIdempotencyKey, maxBytes: 255)
        if let key, let other, key != other {
            throw Problem(.invalidParameter, "Idempotency-Key and X-Idempotency-Key differ.")
        }
        return key ?? other
    }

    /// SHA-256 over what makes two requests the same: workflow, version as asked for, and the body's value.
    private static func hash(_ workflow: String, _ version: String?, _ body: JSON) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("\(workflow)\n\(version ?? "")\n".utf8))
        hash.update(data: body.canonicalBytes)
        return Array(hash.finalize())
    }
}
