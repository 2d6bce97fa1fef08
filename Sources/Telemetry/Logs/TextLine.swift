import Core
import Logging

/// A log line for a person: `12:03:04.567 INFO  message  key=value …`, in UTC, like everything else that shows a time.
enum TextLine {
    static func encode(_ line: LogLine, members: [(String, JSON)], isColoured: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        func appendColour(_ code: String) {
            if isColoured { bytes += Array("\u{1B}[\(code)m".utf8) }
        }
        // From an RFC 3339 time, 2025-01-31T12:03:04.567890Z.
        bytes += Array(line.time.description.utf8.dropFirst(11).prefix(12))
        bytes.append(UInt8(ascii: " "))
        appendColour(line.level.colour)
        let level = line.level.rawValue.uppercased()
        bytes += Array(level.utf8)
        appendColour("0")
        bytes += repeatElement(UInt8(ascii: " "), count: max(1, 6 - level.utf8.count))
        LineText.appendBare(line.message, to: &bytes)
        for (index, (key, value)) in members.enumerated() {
            bytes += Array((index == 0 ? "  " : " ").utf8)
            appendColour("2")
            LineText.appendBare(key, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            appendColour("0")
            append(value, to: &bytes)
            guard bytes.count <= JSONLine.longest else {
                bytes += Array(" …".utf8)
                break
            }
        }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// A word as it is, everything else as JSON.
    private static func append(_ value: JSON, to bytes: inout [UInt8]) {
        if case .string(let text) = value, isWord(text) {
            LineText.appendBare(text, to: &bytes)
        } else {
            LineText.append(value, to: &bytes)
        }
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C && $0 != 0x7F }
    }
}

extension Logger.Level {
    fileprivate var colour: String {
        switch self {
        case .trace, .debug: "2"
        case .info: "32"
        case .notice: "36"
        case .warning: "33"
        case .error, .critical: "31"
        }
    }
}
