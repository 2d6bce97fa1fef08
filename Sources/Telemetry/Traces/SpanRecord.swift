package import Core

/// A span that has ended.
package struct SpanRecord: Sendable {
    /// Who the span's counterpart is (OpenTelemetry trace API, "SpanKind"); the raw values are those of OTLP.
    package enum Kind: UInt8, Sendable {
        case `internal` = 1
        case server = 2
        case client = 3
    }

    /// What an attribute may be.
    package enum AttributeValue: Hashable, Sendable {
        case string(String)
        case int(Int)
        case bool(Bool)
        case double(Double)
    }

    /// Texts are cut here, so that a queue of spans has a size.
    static let longestText = 4096

    package var name: String
    package var kind: Kind
    package var context: TraceContext
    /// Nil for the first span of a trace.
    package var parentSpanID: UInt64?
    package var start: Instant
    package var end: Instant
    package var attributes: [(key: String, value: AttributeValue)]
    /// What went wrong, as the status's description; nil leaves the status unset.
    package var error: String?

    package init(
        name: String, kind: Kind, context: TraceContext, parentSpanID: UInt64?, start: Instant, end: Instant,
        attributes: [(key: String, value: AttributeValue)] = [], error: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.context = context
        self.parentSpanID = parentSpanID
        self.start = start
        self.end = end
        self.attributes = attributes
        self.error = error
    }

    /// Texts within `longestText`.
    mutating func cutTexts() {
        if let text = error, text.utf8.count > Self.longestText { error = Self.cut(text) }
        for index in attributes.indices {
            if case .string(let text) = attributes[index].value, text.utf8.count > Self.longestText {
                attributes[index].value = .string(Self.cut(text))
            }
        }
    }

    private static func cut(_ text: String) -> String {
        String(decoding: text.utf8.prefix(longestText), as: UTF8.self) + "…"
    }
}
