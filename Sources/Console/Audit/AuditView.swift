package import Core

/// A row of the audit.
package struct AuditEntryView: Sendable {
    package let tenant: String
    package let number: Int
    package let at: Instant?
    package let actor: String
    package let action: String
    package let subject: String?
    package let outcome: String
    package let reason: String?
    package let clientAddress: String?
    package let requestID: String?
    package let traceID: String?
    package let hash: String?
    package let previousHash: String?
    package let detail: JSON

    package init?(_ json: JSON?) {
        guard let json, let number = json["number"]?.int, let actor = json["actor"]?.string,
            let action = json["action"]?.string
        else { return nil }
        (self.number, self.actor, self.action) = (number, actor, action)
        tenant = json["tenant"]?.string ?? "*"
        at = json["at"]?.string.flatMap { Instant($0) }
        subject = json["subject"]?.string
        outcome = json["outcome"]?.string ?? ""
        reason = json["reason"]?.string
        clientAddress = json["clientAddress"]?.string
        requestID = json["requestId"]?.string
        traceID = json["traceId"]?.string
        hash = json["hash"]?.string
        previousHash = json["previousHash"]?.string
        detail = json["detail"] ?? .null
    }

    /// The run that it is about.
    var runID: String? {
        guard let subject, subject.hasPrefix("runs/") else { return nil }
        return String(subject.dropFirst("runs/".count).prefix { $0 != "/" })
    }
    /// The participant that it is about.
    var participant: String? {
        guard let subject, subject.hasPrefix("participants/") else { return nil }
        return String(subject.dropFirst("participants/".count))
    }

    /// What its part of a page is called.
    var mark: String { hash.map { String($0.prefix(16)) } ?? String(number) }

    var isRefused: Bool { outcome == "refused" }

    /// `put_participant` as people say it; of a refusal the request itself.
    var title: String { action.contains(" ") ? action : action.split(separator: "_").joined(separator: " ") }
}

/// What the audit is asked for, as it stands in the page's address: texts as they came.
package struct AuditFilter: Sendable {
    package private(set) var values: [String: String] = [:]
    package let cursor: String?

    /// The names in the page's address, which are those of the API.
    package static let names = [
        "actor", "action", "subject", "runId", "outcome", "tenant", "from", "until", "requestId",
    ]

    package init(_ value: (String) -> String?) {
        cursor = value("cursor")
        for name in Self.names {
            values[name] = value(name).map { ["from", "until"].contains(name) ? Self.time($0) : $0 }
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// What people write of a time is taken as UTC.
    private static func time(_ text: String) -> String {
        if Instant(text) != nil { return text }
        for tail in ["Z", ":00Z", "T00:00:00Z"] where Instant(text + tail) != nil { return text + tail }
        if text.hasSuffix("Z"), Instant(text.dropLast() + ":00Z") != nil { return text.dropLast() + ":00Z" }
        return text
    }

    package var members: [(String, String?)] { Self.names.map { ($0, values[$0]) } }
    var isEmpty: Bool { values.isEmpty }
}
