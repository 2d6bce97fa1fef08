import Console
import Core
import Documents

/// A text that somebody writes and that is to be a definition: what it holds, what is wrong with it by itself, and where each
/// part of it stands.
struct WrittenDefinition: Sendable {
    /// It begins with a brace: then it is to be JSON, and otherwise YAML.
    let isJSON: Bool
    let text: String
    /// Nil when it can't be read; then there is one error.
    let json: JSON?
    /// Nil when it is refused.
    let definition: WorkflowDefinition?
    private(set) var errors: [DefinitionCheck.Remark] = []
    private let document: YAMLDocument?

    /// - Parameter owner: whose it would be.
    init(_ text: String, owner: Owner) {
        self.text = text
        let bytes = Array(text.utf8)
        isJSON = Self.isJSON(bytes)
        let read = isJSON ? Self.json(bytes) : Self.yaml(bytes)
        switch read {
        case .failure(let fault):
            (json, definition, document) = (nil, nil, nil)
            errors = [fault.remark]
        case .success(let found):
            (json, document) = (found.json, found.document)
            do throws(DefinitionErrors) { definition = try WorkflowDefinition(found.json, owner: owner) } catch {
                definition = nil
                errors = error.errors.map { remark(.error, nil, $0.pointer, $0.detail) }
            }
        }
    }

    /// The media type that it is sent as.
    var type: String { isJSON ? BodyReader.json[0] : BodyReader.yaml[0] }

    func remark(
        _ severity: Finding.Severity, _ rule: String?, _ pointer: JSONPointer, _ detail: String
    ) -> DefinitionCheck.Remark {
        let place = document?.place(of: pointer)
        return DefinitionCheck.Remark(
            severity, rule: rule, pointer: pointer.description, detail: detail, line: place?.line,
            column: place?.column)
    }

    /// On which line each step begins.
    var stepLines: [(id: String, line: Int)] {
        (definition?.steps ?? []).compactMap { step in
            document?.place(of: JSONPointer(["steps", String(step.index)])).map { (step.id, $0.line) }
        }
    }

    /// The same text with another version; nil where it can't be found in it.
    func text(withVersion new: String) -> String? {
        guard var members = json?.object, let old = members["version"]?.string,
            let place = document?.place(of: JSONPointer(["version"]))
        else { return nil }
        let start = text.offset(of: place)
        // Behind its key and on its line, or on the next.
        let near = text[start...].prefix(old.count + 200)
        guard let range = near.firstRange(of: old) else { return nil }
        let changed = text.replacingCharacters(in: range, with: new)
        members["version"] = .string(new)
        guard WrittenDefinition(changed, owner: .shared).json == .object(members) else { return nil }
        return changed
    }

    // MARK: Reading

    private struct Fault: Error { let remark: DefinitionCheck.Remark }
    private typealias Found = (json: JSON, document: YAMLDocument?)

    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        bytes.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
    }

    private static func yaml(_ bytes: [UInt8]) -> Result<Found, Fault> {
        do throws(YAMLError) {
            let document = try YAMLDocument(bytes)
            return .success((document.json, document))
        } catch {
            let remark = DefinitionCheck.Remark(
                .error, rule: nil, pointer: error.pointer.description, detail: error.message, line: error.place.line,
                column: error.place.column)
            return .failure(Fault(remark: remark))
        }
    }

    private static func json(_ bytes: [UInt8]) -> Result<Found, Fault> {
        do throws(JSONError) {
            // JSON is YAML, and the reader of YAML knows the places.
            return .success((try JSON(parsing: bytes), try? YAMLDocument(withoutSurrogates(bytes))))
        } catch {
            let place = TextPlace(ofByte: error.offset, in: bytes)
            let remark = DefinitionCheck.Remark(
                .error, rule: nil, pointer: error.pointer.description, detail: error.message, line: place.line,
                column: place.column)
            return .failure(Fault(remark: remark))
        }
    }

    /// Halves of surrogate pairs, which YAML does not have, as another character of the same length: only places are asked for.
    private static func withoutSurrogates(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var place = 0
        while place + 5 < bytes.count {
            guard bytes[place] == UInt8(ascii: "\\") else {
                place += 1
                continue
            }
            let isUnicode = bytes[place + 1] == UInt8(ascii: "u")
            if isUnicode, bytes[place + 2] | 0x20 == UInt8(ascii: "d"), bytes[place + 3] >= UInt8(ascii: "8") {
                bytes.replaceSubrange((place + 2)..<(place + 6), with: Array("0041".utf8))
            }
            place += 2
        }
        return bytes
    }
}

extension String {
    /// Where a place is.
    fileprivate func offset(of place: TextPlace) -> String.Index {
        var rest = self[...]
        for _ in 1..<max(1, place.line) {
            guard let end = rest.utf8.firstIndex(of: UInt8(ascii: "\n")) else { break }
            rest = rest[rest.utf8.index(after: end)...]
        }
        let scalars = rest.unicodeScalars
        return scalars.index(rest.startIndex, offsetBy: place.column - 1, limitedBy: rest.endIndex) ?? rest.endIndex
    }

    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
