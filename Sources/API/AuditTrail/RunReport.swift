import Core
import Hummingbird
import Postgres
import Storage

/// All that is known of one run: as it stands, what waits in its inbox, its children, every event, every attempt, and what the
/// audit says of it. Page by page, so that it takes the memory of a page; of a run that is at work each part is of the moment at
/// which it is read.
struct RunReport: Sendable {
    let reader: RunReader
    let reads: Pool
    let waiting: WaitingFor
    let scope: RunScope
    /// What whoever asks sees of payloads.
    let sight: PayloadSight

    private static let eventsPerPage = 500
    private static let pageBytes = 256 * 1024
    /// A row of an inbox has up to 256 KiB.
    private static let inboxPerPage = 16
    private static let auditPerPage = 100
    private static let childrenPerPage = 500

    /// Writes `{run, steps, inbox, children, events, attempts, audit}`.
    ///
    /// - Parameter before: what goes before it.
    /// - Returns: false, with nothing written, when there is no such run.
    @concurrent func write(_ id: RunID, to stream: inout AnswerStream, after before: String = "") async throws -> Bool {
        guard let (run, steps) = try await reader.shown(id) else { return false }
        let waits = try await waiting.json(of: [run.head], for: sight)
        let definition = try await waiting.definition(of: run.head)
        let children = try await reader.statuses(of: steps.compactMap { $0.child?.runID } + run.endCalls)
        let text = RunJSON.run(
            run, steps, of: definition, for: sight, waitingFor: waits[id], children: children)
        try await stream.write(before)
        try await write(text, of: id, to: &stream)
        try await writeInbox(of: id, to: &stream)
        try await writeChildren(of: id, to: &stream)
        try await writeEvents(of: id, for: sight.view(of: definition), to: &stream)
        try await writeAttempts(of: id, to: &stream)
        try await writeAudit(of: id, to: &stream)
        try await stream.write("}")
        return true
    }

    /// `{"run": …, "steps": […]`, without its end.
    @concurrent private func write(_ text: JSONText, of id: RunID, to stream: inout AnswerStream) async throws {
        let pieces = text.all
        for (index, piece) in pieces.enumerated() {
            switch piece {
            case .bytes(let bytes):
                try await stream.write(index == pieces.count - 1 ? Array(bytes.dropLast()) : bytes)
            case .stored(let payload, _, let mask):
                try await stream.write(try await reader.payload(payload, of: id, mask) ?? Array("null".utf8))
            }
        }
    }

    @concurrent private func writeInbox(of id: RunID, to stream: inout AnswerStream) async throws {
        var list = StreamedList("inbox")
        var after: Int64 = 0
        while true {
            let page = try await reads.execute(ListInbox(runID: id, after: after, limit: Self.inboxPerPage))
            try await list.write(page.map { $0.text(for: sight) }, to: &stream)
            guard page.count == Self.inboxPerPage, let last = page.last else { break }
            after = last.inboxID
        }
        try await list.end(&stream)
    }

    @concurrent private func writeChildren(of id: RunID, to stream: inout AnswerStream) async throws {
        var list = StreamedList("children")
        var query = RunQuery(scope: scope, limit: Self.childrenPerPage)
        query.parent = id
        while true {
            let page = try await reader.list(query)
            try await list.write(page.map { JSON.string($0.runID.description).bytes }, to: &stream)
            guard page.count == Self.childrenPerPage, let last = page.last else { break }
            query.before = last.runID
        }
        try await list.end(&stream)
    }

    @concurrent private func writeEvents(
        of id: RunID, for view: PayloadView, to stream: inout AnswerStream
    ) async throws {
        var list = StreamedList("events")
        try await eachEventPage(of: id, &stream) { page, stream in
            try await list.write(page.map { $0.text(for: view) }, to: &stream)
        }
        try await list.end(&stream)
    }

    /// What is in the events, put together: an attempt with its end, or without while it is under way.
    @concurrent private func writeAttempts(of id: RunID, to stream: inout AnswerStream) async throws {
        var list = StreamedList("attempts")
        var open: [String: ShownAttempt] = [:]
        try await eachEventPage(of: id, &stream) { page, stream in
            var ended: [[UInt8]] = []
            for event in page {
                let key = "\(event.stepID ?? "")/\(event.action ?? "")"
                if event.kind == RunEventKind.attemptStarted.rawValue { open[key] = ShownAttempt(event) }
                guard Self.ends.contains(event.kind), let attempt = open.removeValue(forKey: key) else { continue }
                ended.append(attempt.text(endedBy: event))
            }
            try await list.write(ended, to: &stream)
        }
        let left = open.values.sorted { $0.startedSeq < $1.startedSeq }
        try await list.write(left.map { $0.text(endedBy: nil) }, to: &stream)
        try await list.end(&stream)
    }

    private static let ends = Set([RunEventKind.attemptSucceeded, .attemptFailed].map(\.rawValue))

    @concurrent private func eachEventPage(
        of id: RunID, _ stream: inout AnswerStream,
        _ body: @concurrent ([ShownEvent], inout AnswerStream) async throws -> Void
    ) async throws {
        var after = 0
        while true {
            let page = try await reader.eventPage(
                of: id, after: after, limit: Self.eventsPerPage, maxBytes: Self.pageBytes)
            try await body(page, &stream)
            guard let last = page.last, last.sequence < last.newest else { return }
            after = last.sequence
        }
    }

    @concurrent private func writeAudit(of id: RunID, to stream: inout AnswerStream) async throws {
        var list = StreamedList("audit")
        var query = AuditQuery(tenants: scope.tenants)
        query.subject = "runs/\(id)"
        var after: AuditPlace?
        while true {
            let page = try await reads.execute(ExportAuditEntries(query, after: after, limit: Self.auditPerPage))
            try await list.write(page.map(\.text), to: &stream)
            guard page.count == Self.auditPerPage, let last = page.last else { break }
            after = AuditPlace(last)
        }
        try await list.end(&stream)
    }
}

/// A member of an object that is a list, written piece by piece.
private struct StreamedList {
    private var opening: String
    private var isEmpty = true

    init(_ name: String) { opening = #","\#(name)":["# }

    @concurrent mutating func write(_ items: [[UInt8]], to stream: inout AnswerStream) async throws {
        if items.isEmpty { return }
        var bytes = Array(opening.utf8)
        opening = ""
        for item in items {
            if !isEmpty { bytes.append(UInt8(ascii: ",")) }
            isEmpty = false
            bytes += item
        }
        try await stream.write(bytes)
    }

    @concurrent mutating func end(_ stream: inout AnswerStream) async throws { try await stream.write(opening + "]") }
}

/// An attempt, from its beginning on.
private struct ShownAttempt {
    let startedSeq: Int
    private var object: JSONObject

    init(_ event: ShownEvent) {
        startedSeq = event.sequence
        object = [
            "stepId": JSON(event.stepID), "action": JSON(event.action), "attempt": JSON(event.attempt ?? 1),
            "startedAt": RunJSON.time(event.at), "startedSeq": JSON(event.sequence),
            "engine": JSON(event.engineID?.description), "epoch": JSON(Int(event.epoch)),
        ]
    }

    func text(endedBy event: ShownEvent?) -> [UInt8] {
        var object = object
        object["endedAt"] = RunJSON.time(event?.at)
        object["endedSeq"] = event.map { JSON($0.sequence) } ?? .null
        object["outcome"] = JSON(event?.outcome)
        object["httpStatus"] = event?.httpStatus.map { JSON($0) } ?? .null
        object["durationMs"] =
            event?.duration.flatMap { JSONNumber(Double($0.microseconds) / 1000) }.map { .number($0) } ?? .null
        return JSON.object(object).bytes
    }
}

extension InboxEntry {
    /// The row as a report shows it.
    fileprivate func text(for sight: PayloadSight) -> [UInt8] {
        var text = JSONText()
        text.begin([
            "kind": .string(kind), "sentBy": .string(sentBy), "sentAt": RunJSON.time(sentAt),
        ])
        text.member("payload", sight == .everything ? payload : PayloadView.marker(payload.count))
        text.end()
        return text.whole ?? []
    }
}
