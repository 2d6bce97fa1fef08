import Core
import Storage

extension Deprecation {
    /// `{at, by, reason}`.
    var json: JSON { ["at": RunJSON.time(at), "by": .string(by), "reason": JSON(reason)] }

    /// The value of a `Deprecation` header: whole seconds since 1970 after an at sign (RFC 9745 §2.1).
    var headerValue: String { "@\(at.microseconds / 1_000_000)" }
}
