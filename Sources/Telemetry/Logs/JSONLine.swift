import Core
import Logging

/// A log line as one JSON object: `time`, `level`, `logger`, `message`, `service`, then the metadata's members.
enum JSONLine {
    /// Members beyond this many bytes are left out, and `"cut":true` says so.
    static let longest = 64 << 10
    private static let prefix = "metadata."

    /// - Parameter members: the metadata, redacted. A member called like one of ours gets the prefix `metadata.`; so
    ///   does one that has this prefix already, so that no two become the same.
    static func encode(_ line: LogLine, members: [(String, JSON)], service: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes += Array("{\"time\":\"".utf8)
        bytes += Array(line.time.description.utf8)
        bytes += Array("\",\"level\":\"".utf8)
        bytes += Array(line.level.rawValue.utf8)
        bytes.append(UInt8(ascii: "\""))
        for (key, value) in [("logger", line.logger), ("message", line.message), ("service", service)] {
            appendKey(key, to: &bytes)
            LineText.appendQuoted(value, to: &bytes)
        }
        for (key, value) in members {
            let before = bytes.count
            appendKey(isTaken(key) ? prefix + key : key, to: &bytes)
            LineText.append(value, to: &bytes)
            if bytes.count > longest {
                bytes.removeSubrange(before...)
                bytes += Array(",\"cut\":true".utf8)
                break
            }
        }
        bytes += Array("}\n".utf8)
        return bytes
    }

    private static func isTaken(_ key: String) -> Bool {
        switch key {
        case "time", "level", "logger", "message", "service", "cut": true
        default: key.hasPrefix(prefix)
        }
    }

    private static func appendKey(_ key: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: ","))
        LineText.appendQuoted(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }
}
