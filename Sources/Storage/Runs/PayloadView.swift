// Payloads are what clients and participants gave: inputs, contexts, outputs, bodies of answers, what signals say. They come out
// of this module as `StoredText` and `StoredError`, whose text nobody outside of it can get at but through a view: whoever
// presents a run can't forget to ask what the caller may see.

package import Core

/// What of payloads somebody may see.
package enum PayloadSight: Sendable, Hashable {
    /// All of them, as they are stored.
    case everything
    /// What the definition's `sensitive` paths can speak of, with what they name masked; nothing else.
    case masked
    /// That they are there, and how many bytes they have.
    case nothing

    /// What is seen of the runs of a definition.
    ///
    /// - Parameter definition: nil where it can't be read: then nobody knows what is sensitive.
    package func view(of definition: WorkflowDefinition?) -> PayloadView { PayloadView(self, definition) }

    /// The message of a failure, as far as it may be seen.
    package func message(of failure: Failure) -> String {
        self == .everything ? failure.message : failure.plainMessage
    }
}

/// What somebody sees of the payloads of one run.
package struct PayloadView: Sendable {
    private enum Sight: Sendable {
        case everything
        case masked(WorkflowDefinition)
        case nothing
    }

    private let sight: Sight

    fileprivate init(_ sight: PayloadSight, _ definition: WorkflowDefinition?) {
        switch sight {
        case .everything: self.sight = .everything
        case .nothing: self.sight = .nothing
        case .masked:
            // What is noted of a run for the calls after its end has other places than the run's own.
            guard let definition, !definition.isOnEnd else {
                self.sight = .nothing
                return
            }
            self.sight = .masked(definition)
        }
    }

    private var seesEverything: Bool { if case .everything = sight { true } else { false } }

    // MARK: Of a run

    package func input(of run: ShownRun) -> SeenText { seen(run.input) { $0.sensitive.mask(of: .input) } }

    package func context(of run: ShownRun) -> SeenText { seen(run.context) { $0.sensitive.mask(of: .context) } }

    package func output(of run: ShownRun) -> SeenText { seen(run.output, Self.outputMask) }

    package func error(of run: ShownRun) -> SeenText { seen(error: run.error) }

    /// As lists show it; null for none.
    package func error(of run: RunHead) -> JSON { run.error.map { seen($0) } ?? .null }

    // MARK: Of steps

    package func output(of step: ShownStep) -> SeenText {
        seen(step.output) { $0.sensitive.mask(ofStep: step.stepID) }
    }

    package func error(of step: ShownStep) -> SeenText { seen(error: step.error) }

    /// As lists show it; null for none.
    package func error(of step: FailedRunRow.FailedStep) -> JSON { seen(step.error) }

    package func error(of group: GroupFailedRuns.Row) -> JSON { seen(group.error) }

    // MARK: Of events

    /// The data of an event, as JSON text; nil for none.
    package func data(of event: ShownEvent) -> [UInt8]? {
        guard let data = event.data, !seesEverything else { return event.data }
        let kind = RunEventKind(rawValue: event.kind)
        return Self.filtered(data) { member, value in
            switch kind?.holds(member) ?? .payload {
            case .plain: return Array(value)
            case .payload: break
            case .stepOutput:
                guard case .masked(let definition) = sight, let stepID = event.stepID,
                    event.action != CallAction.compensate.rawValue
                else { break }
                return Self.masked(value, definition.sensitive.mask(ofStep: stepID))
            case .runOutput:
                guard case .masked(let definition) = sight else { break }
                return Self.masked(value, Self.outputMask(definition))
            }
            return nil
        }
    }

    /// The error of an event, as JSON text; nil for none.
    package func error(of event: ShownEvent) -> [UInt8]? {
        guard let error = event.error, !seesEverything else { return event.error }
        return Self.plain(error)
    }

    // MARK: How

    /// Of a run without an `output` of its own, which puts out what its last step does, what is sensitive there is sensitive here.
    private static func outputMask(_ definition: WorkflowDefinition) -> SensitiveMask {
        let own = definition.sensitive.mask(of: .output)
        guard definition.output == nil, let last = definition.steps.last else { return own }
        return own.with(definition.sensitive.mask(ofStep: last.id))
    }

    private func seen(_ text: StoredText, _ mask: (WorkflowDefinition) -> SensitiveMask) -> SeenText {
        switch (sight, text.form) {
        case (_, .absent): return .absent
        case (.everything, .here(let text)): return .here(text)
        case (.everything, .large(let size, _)): return .large(size, SensitiveMask.none)
        case (.masked(let definition), .here(let text)):
            return .here(Self.masked(text[...], mask(definition)) ?? Self.marker(text.count))
        case (.masked(let definition), .large(let size, _)): return .large(size, mask(definition))
        case (.nothing, .here), (.nothing, .large): return .here(Self.marker(text.size))
        }
    }

    private func seen(error: StoredText) -> SeenText {
        if seesEverything { return seen(error) { _ in .none } }
        switch error.form {
        case .absent: return .absent
        case .here(let text): return .here(Self.plain(text))
        // What of it is plain is always there.
        case .large(let size, let short): return .here(short.map(Self.plain) ?? Self.marker(size))
        }
    }

    private func seen(_ error: StoredError) -> JSON {
        if seesEverything || error.json.isNull { return error.json }
        // What it was made of was read as JSON before.
        return (try? JSON(parsing: Self.plain(error.json.bytes))) ?? Self.marker(bytes: error.json.bytes.count)
    }

    /// An error without what repeats the run's values. What participants answered stands in `response`.
    private static func plain(_ error: [UInt8]) -> [UInt8] {
        let known = [
            "kind", "httpStatus", "stepId", "pointer", "lostAttempts", "notAllowedAttempts", "patientAttempts",
            "hidesOutput",
        ]
        let (kind, isAnswer) = kind(of: error)
        return filtered(error) { member, value in
            switch member {
            case "message": return Failure.hasPlainMessage(kind, isAnswer: isAnswer) ? Array(value) : nil
            case "before": return plain(Array(value))
            case _ where known.contains(member): return Array(value)
            default: return nil
            }
        }
    }

    private static func kind(of error: [UInt8]) -> (String, isAnswer: Bool) {
        var (kind, isAnswer) = ("", false)
        guard var members = JSONMembers(error) else { return (kind, isAnswer) }
        while let (key, value) = members.next() {
            if key == "kind" { kind = String(decoding: value.dropFirst().dropLast(), as: UTF8.self) }
            if key == "httpStatus" { isAnswer = true }
        }
        return (kind, isAnswer)
    }

    /// An object's text with those of its members' values that are to be seen, and the size of the others.
    private static func filtered(
        _ text: [UInt8], _ show: (String, ArraySlice<UInt8>) -> [UInt8]?
    ) -> [UInt8] {
        guard var members = JSONMembers(text) else { return marker(text.count) }
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        while let (key, value) = members.next() {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes += "\"\(key)\":".utf8
            bytes += show(key, value) ?? marker(value.count)
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// Nil for what can't be read.
    static func masked(_ text: ArraySlice<UInt8>, _ mask: SensitiveMask) -> [UInt8]? {
        if mask.isEmpty { return Array(text) }
        return (try? JSON(parsing: text)).map { mask.applied(to: $0).bytes }
    }

    /// What stands in the place of a payload of so many bytes: `{"redacted": true, "bytes": n}`.
    package static func marker(_ bytes: Int) -> [UInt8] { Array(#"{"redacted":true,"bytes":\#(bytes)}"#.utf8) }

    private static func marker(bytes: Int) -> JSON { ["redacted": true, "bytes": JSON(bytes)] }
}

/// What somebody sees of a payload.
package enum SeenText: Sendable {
    case absent
    case here([UInt8])
    /// So many bytes, which are read when their turn comes: see `RunReader.payload`. Then they are masked.
    case large(Int, SensitiveMask)

    /// There is something to be seen.
    package var isThere: Bool { if case .absent = self { false } else { true } }
}

/// A payload of a run or a step, as its text: nobody who only shows it needs to take it apart. See `PayloadView`.
package struct StoredText: Sendable, Hashable {
    enum Form: Sendable, Hashable {
        case absent
        case here([UInt8])
        /// So many bytes, which are read when their turn comes; and, of an error, what is here of it.
        case large(Int, short: [UInt8]?)
    }

    let form: Form

    init(_ form: Form) { self.form = form }

    static let absent = StoredText(.absent)
    static func here(_ text: [UInt8]) -> StoredText { StoredText(.here(text)) }
    static func large(_ size: Int, short: [UInt8]? = nil) -> StoredText { StoredText(.large(size, short: short)) }

    /// There is one.
    package var isThere: Bool { form != .absent }

    /// Its bytes, wherever they are.
    package var size: Int {
        switch form {
        case .absent: 0
        case .here(let bytes): bytes.count
        case .large(let size, _): size
        }
    }
}

/// An error in a list, without what participants answered. See `PayloadView`.
package struct StoredError: Sendable, Hashable {
    let json: JSON

    init(_ json: JSON) { self.json = json }

    /// The word to branch on.
    package var kind: String? { json["kind"]?.string }
}
