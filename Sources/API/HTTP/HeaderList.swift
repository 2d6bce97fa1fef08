import Basics

/// Headers that are lists (RFC 9110 §5.6.1): parts between separators, which may be quoted.
enum HeaderList {
    /// The parts between separators that are in no quoted string, without blanks around them; empty ones are left out.
    static func split(_ text: some StringProtocol, at separator: Character) -> [String] {
        var parts: [String] = []
        var part = ""
        var (isQuoted, isEscaped) = (false, false)
        for character in text {
            if character == separator, !isQuoted {
                parts.append(part)
                part = ""
                continue
            }
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            }
            part.append(character)
        }
        parts.append(part)
        return parts.map { String($0.trimmingBlanks()) }.filter { !$0.isEmpty }
    }

    /// `name=value`, where the value is a token or a quoted string: the name in lower case, and what the value says.
    static func parameter(_ text: String) -> (name: String, value: String)? {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            .map { $0.trimmingBlanks() }
        guard sides.count == 2 else { return nil }
        return (sides[0].lowercased(), unquoted(sides[1]))
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
        var value = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if !isEscaped, character == "\\" {
                isEscaped = true
                continue
            }
            isEscaped = false
            value.append(character)
        }
        return value
    }
}

/// What a client takes as an answer: its `Accept` header (RFC 9110 §12.5.1), as far as it names media types in full.
struct AcceptHeader {
    private var qualities: [String: Double] = [:]

    /// - Parameter header: nil when there is none.
    init(_ header: String?) {
        for range in HeaderList.split(header ?? "", at: ",") {
            let parts = HeaderList.split(range, at: ";")
            guard let type = parts.first?.lowercased() else { continue }
            let weight = parts.dropFirst().compactMap(HeaderList.parameter).first { $0.name == "q" }?.value
            qualities[type] = weight.flatMap { Double($0) } ?? 1
        }
    }

    /// The type is named, not refused with `q=0`, and no less welcome than `other` if that is named as well.
    func prefers(_ type: String, over other: String) -> Bool {
        guard let quality = qualities[type], quality > 0 else { return false }
        return quality >= qualities[other] ?? 0
    }
}

/// The `Prefer` header (RFC 7240).
enum Preference {
    /// Longer waits are cut to this.
    static let longestWait = 60

    /// Seconds of `wait=N`, or of `wait="N"`, which is the same; nil when there is none. What is malformed or unknown is
    /// ignored, as the standard asks.
    static func wait(_ values: [String]) -> Int? {
        for preference in values.flatMap({ HeaderList.split($0, at: ",") }) {
            guard let first = HeaderList.split(preference, at: ";").first,
                let (name, value) = HeaderList.parameter(first), name == "wait",
                value.utf8.allSatisfy(\.isDigit), let seconds = Int(value)
            else { continue }
            return min(seconds, longestWait)
        }
        return nil
    }
}
