import Core
import Foundation
import Testing

/// A page of the documentation, as its reader types it off.
struct Document {
    /// The folder of the checkout these tests are in.
    static let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "../../..").standardized

    let text: String

    /// - Parameter path: as in `docs/participants.md`.
    init(_ path: String) throws {
        text = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
    }

    /// The fenced blocks, without their fences.
    ///
    /// - Parameters:
    ///   - language: what stands behind the opening fence; empty for blocks without.
    ///   - section: the title of a section of the second level; nil for the whole page.
    func blocks(_ language: String, in section: String? = nil) throws -> [String] {
        var body = text[...]
        if let section {
            let begin = try #require(text.firstRange(of: "\n## \(section)\n"), "there is no section \(section)")
            let rest = text[begin.upperBound...]
            body = rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)]
        }
        let parts = body.split(separator: "```", omittingEmptySubsequences: false)
        return parts.indices.filter { $0 % 2 == 1 }.compactMap { index in
            let lines = parts[index].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            return lines.count == 2 && lines[0] == language ? String(lines[1]) : nil
        }
    }

    /// The workflow definitions among the blocks of JSON.
    func definitions() throws -> [JSON] {
        try blocks("json").map { try JSON(parsing: $0) }.filter { $0["steps"] != nil }
    }
}
