/// What the body of an answer says, read as its head declares it.
///
/// JSON is JSON whatever it is called, and other text is text. But what says that it is JSON and isn't must not be
/// taken for anything else in silence: everything looked for below it would be missing.
enum AnswerBody {
    case value(JSON)
    /// It says that it is JSON, which can't be kept as such. The reason is a sentence without the sender's text; the text
    /// is what it would be otherwise, nil when it is none.
    case unreadable(String, text: String?)
    /// Neither JSON nor text.
    case unusable

    /// - Parameter contentType: the header's value; nil says nothing.
    init(_ body: [UInt8], contentType: String?) {
        guard !body.isEmpty else {
            self = .value(.null)
            return
        }
        // Nearly all answers: what they say of themselves need not be taken apart.
        if Self.isPlain(contentType), let json = try? JSON(parsing: body) {
            self = .value(json)
            return
        }
        let type = MediaType(contentType ?? "")
        guard let (bytes, skipped) = type.charset.utf8(of: body) else {
            self =
                type.isJSON
                ? .unreadable("The text is not valid in the charset it declares.", text: nil) : .unusable
            return
        }
        do {
            self = .value(try JSON(parsing: bytes))
        } catch {
            let text = Self.text(bytes)
            if type.isJSON {
                self = .unreadable(Self.sentence(error, skipped: skipped), text: text)
            } else {
                self = text.map { .value(.string($0)) } ?? .unusable
            }
        }
    }

    private static func isPlain(_ contentType: String?) -> Bool {
        contentType == nil || contentType == "application/json" || contentType == "application/json; charset=utf-8"
    }

    /// As a string; nil for what is not UTF-8, and for what holds a NUL, which Postgres cannot store.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
    }

    private static func sentence(_ error: JSONError, skipped: Int) -> String {
        let pointer = error.pointer.description
        let place = pointer.isEmpty ? "" : ", in \(pointer.prefix(200))"
        return "\(error.message) (byte \(error.offset + skipped)\(place))"
    }

    /// What there is of a body that was cut off: text as far as it is, and nothing that can't be stored.
    static func beginning(_ body: [UInt8], contentType: String?) -> JSON? {
        guard !body.isEmpty, let (bytes, _) = MediaType(contentType ?? "").charset.utf8(of: body, isCut: true),
            !bytes.contains(0)
        else { return nil }
        return .string(String(decoding: bytes, as: UTF8.self))
    }
}
