import Core
import Foundation
import Testing

@testable import Console

/// What the program has of the files under `Sources/Console/Assets` is what stands there. `SAGAFLOW_UPDATE_DOCS=1` writes it.
@Suite struct AssetTests {
    private static let folder = URL(filePath: #filePath).appending(path: "../../../Sources/Console").standardized

    private static func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: "Assets/\(name)")), as: UTF8.self)
    }

    /// The console's own first, then those of its parts.
    private static func joined(_ kind: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "Assets").path)
            .filter { $0.hasSuffix(".\(kind)") }.sorted()
        let own = "console.\(kind)"
        return try (names.filter { $0 == own } + names.filter { $0 != own }).map { try text($0) }.joined(
            separator: "\n")
    }

    @Test func `The program holds the files as they are`() throws {
        let parts = [
            ("style", try Self.joined("css")), ("script", try Self.joined("js")), ("icon", try Self.joined("svg")),
        ]
        var source = "// Made from the files in Assets; see AssetTests.\n\nenum EmbeddedAssets {\n"
        for (name, text) in parts {
            #expect(!text.contains("\"\"\"##"), "\(name) would end its own literal")
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
                $0.isEmpty ? "" : "        \($0)"
            }
            source += "    static let \(name) = ##\"\"\"\n\(lines.joined(separator: "\n"))\n        \"\"\"##\n"
        }
        source += "}\n"
        let file = Self.folder.appending(path: "EmbeddedAssets.swift")
        if ProcessInfo.processInfo.environment["SAGAFLOW_UPDATE_DOCS"] == "1" {
            try Data(source.utf8).write(to: file)
        } else {
            #expect(
                String(decoding: try Data(contentsOf: file), as: UTF8.self) == source,
                "run it with SAGAFLOW_UPDATE_DOCS=1")
        }
    }

    @Test func `Scripts are small, and neither make markup of texts nor ask elsewhere`() throws {
        let script = Asset.script.text
        #expect(script.utf8.count <= 40_000)
        for word in [
            "innerHTML =", "outerHTML =", "insertAdjacentHTML", "document.write", "eval(", "new Function", "http://",
            "https://",
        ] {
            #expect(!script.contains(word), "\(word)")
        }
    }

    @Test func `A page hears of every kind of event`() {
        for kind in RunEventKind.allCases { #expect(Asset.script.text.contains("\"\(kind.rawValue)\""), "\(kind)") }
    }

    @Test func `An asset's name is that of its content`() {
        #expect(Asset("a", .style, "x").fileName != Asset("a", .style, "y").fileName)
        #expect(Asset.all.count == 3 && Asset.all.allSatisfy { $0.key == $0.value.fileName })
    }

    /// A sheet loads nothing from elsewhere, and each of its braces has its end.
    @Test func `The style is whole`() {
        let text = Asset.style.text
        #expect(text.count(where: { $0 == "{" }) == text.count(where: { $0 == "}" }))
        #expect(!text.contains("@import") && text.count(of: "url(") == text.count(of: "url(#"))
    }
}

extension String {
    fileprivate func count(of text: String) -> Int { ranges(of: text).count }
}
