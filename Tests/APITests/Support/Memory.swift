import Foundation
import Testing

/// What this process has in memory.
enum Memory {
    static func used(file: String = "/proc/self/statm") throws -> Int {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        return try #require(Int(text.split(separator: " ")[1])) * 4096
    }
}
