import ArgumentParser
import Core
import FoundationEssentials
import Glibc

/// JSON given as an argument: itself, `@FILE`, or `-` for standard input.
struct JSONArgument: Sendable {
    let json: JSON

    init(_ text: String) throws {
        let bytes: [UInt8]
        if text == "-" {
            bytes = Self.standardInput()
        } else if text.hasPrefix("@") {
            do { bytes = Array(try Data(contentsOf: URL(filePath: String(text.dropFirst())))) } catch {
                throw ValidationError("\(text.dropFirst()) can't be read.")
            }
        } else {
            bytes = Array(text.utf8)
        }
        do { json = try JSON(parsing: bytes) } catch {
            throw ValidationError(
                "\(text == "-" ? "Standard input" : text.clipped) is no usable JSON: \(error.message)")
        }
    }

    /// All of standard input.
    static func standardInput() -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return content }
            content += buffer[..<count]
        }
    }
}

/// Durations given as arguments.
enum Durations {
    /// As `DurationText` writes them.
    static func read(_ text: String) throws -> Duration {
        guard let duration = Duration(text) else {
            throw ValidationError("\(text.clipped) is no duration: write 250ms, 10s, 5m or 1h.")
        }
        return duration
    }

    /// The same, or nothing at all: `0`, `0ms`, `0s`.
    static func readOrZero(_ text: String) throws -> Duration {
        ["0", "0ms", "0s"].contains(text) ? .zero : try read(text)
    }
}
