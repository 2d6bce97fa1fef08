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
