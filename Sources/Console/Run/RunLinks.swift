internal import Basics
internal import Core

/// Where else something of a run is to be seen, as an operator has said: in a store of traces, in one of logs.
package struct RunLinks: Sendable, Hashable {
    package var trace: LinkTemplate?
    package var logs: LinkTemplate?

    package init(trace: LinkTemplate? = nil, logs: LinkTemplate? = nil) {
        self.trace = trace
        self.logs = logs
    }

    /// Before the start and after the end, for clocks that differ.
    private static let slack: Duration = .seconds(60)
    /// After the last change of a run that goes on.
    private static let ahead: Duration = .seconds(3600)

    /// What can be said of this run: a title, and where it leads.
    func links(for run: RunSummary) -> [(title: String, url: String)] {
        var values: [LinkTemplate.Place: String] = [
            .runID: run.id, .correlationID: run.correlationID, .workflow: run.workflow, .version: run.version,
        ]
        values[.traceID] = run.traceID
        if let begin = run.createdAt {
            let from = begin - Self.slack
            let to = run.completedAt.map { $0 + Self.slack } ?? (run.updatedAt ?? begin) + Self.ahead
            (values[.from], values[.to]) = (from.shortText, to.shortText)
            values[.fromMs] = String(from.microseconds / 1000)
            values[.toMs] = String(to.microseconds / 1000)
        }
        return [("Trace", trace), ("Logs", logs)].compactMap { title, template in
            template?.url(values).map { (title, $0) }
        }
    }
}

/// An address with places for what is known of a run, as in `https://tempo.example/trace/{traceId}`.
package struct LinkTemplate: Sendable, Hashable {
    /// What can stand in braces.
    package enum Place: String, Sendable, CaseIterable {
        case traceID = "traceId"
        case runID = "runId"
        case correlationID = "correlationId"
        case workflow, version
        /// In UTC, as in `2026-01-31T12:00:00Z`.
        case from, to
        /// Milliseconds since 1970.
        case fromMs, toMs
    }

    private enum Part: Hashable {
        case text(String)
        case place(Place)
    }

    /// Why a text is none: the rest of a sentence that begins with its name.
    package struct Fault: Error, Sendable {
        package let reason: String
    }

    private let parts: [Part]

    package init(parsing text: String) throws(Fault) {
        guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else {
            throw Fault(reason: "must begin with https:// or http://.")
        }
        guard text.utf8.count <= 2048, text.utf8.allSatisfy(Self.isURLCharacter) else {
            throw Fault(
                reason:
                    "must be a URL of at most 2048 visible ASCII characters, without quotation marks, angle brackets, backslashes, ^, ` and |."
            )
        }
        let authority = text.dropFirst(scheme.count).prefix { !["/", "?", "#"].contains($0) }
        guard !authority.isEmpty, !authority.contains(where: { ["{", "}", "@"].contains($0) }) else {
            throw Fault(reason: "must name its host as it is, without a place or a user in it.")
        }
        var (parts, rest) = ([Part](), text[...])
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            parts.append(.text(String(rest[..<open])))
            guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}"),
                let place = Place(rawValue: String(rest[rest.index(after: open)..<close]))
            else {
                let known = Place.allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ")
                throw Fault(reason: "can have \(known) in it; other braces are written %7B and %7D.")
            }
            parts.append(.place(place))
            rest = rest[rest.index(after: close)...]
        }
        parts.append(.text(String(rest)))
        self.parts = parts
    }

    package func has(_ place: Place) -> Bool { parts.contains(.place(place)) }

    /// Nil where something is not known that it needs.
    func url(_ values: [Place: String]) -> String? {
        var url = ""
        for part in parts {
            switch part {
            case .text(let text): url += text
            case .place(let place):
                guard let value = values[place] else { return nil }
                url += PercentEncoding.segment(value)
            }
        }
        return url
    }

    private static func isURLCharacter(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"\"<>\\^`|".utf8.contains(byte)
    }
}
