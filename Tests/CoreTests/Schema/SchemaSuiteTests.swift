import Core
import Foundation
import Testing

/// The official tests of draft 2020-12: all that are required, and those of formats and expressions that are supported.
///
/// Nothing is left out silently: what is refused at registration is listed with its reason, and all else has to come out as
/// the suite says.
@Suite(
    "The official test suite of JSON Schema",
    .enabled(
        if: SchemaSuite.folder != nil,
        "TEST_JSON_SCHEMA_SUITE is not set: it must name a folder with the suite; scripts/test sees to it"))
struct SchemaSuiteTests {
    @Test("every required test of what is supported passes")
    func required() throws {
        var ran = 0
        let files = try SchemaSuite.files("")
        try #require(files.count > 40)
        for file in files { ran += try run(file, leavingOut: SchemaSuite.refused[file] ?? [:]) }
        #expect(ran == 1084)
    }

    @Test("every optional test of the formats that are known passes, all other formats are refused")
    func formats() throws {
        let known = [
            "date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference",
            "uuid",
            "json-pointer",
        ]
        var ran = 0
        for file in try SchemaSuite.files("optional/format") {
            let name = String(file.split(separator: "/")[2].dropLast(".json".count))
            if known.contains(name) {
                ran += try run(file)
            } else {
                for group in try SchemaSuite.groups(file) {
                    #expect(throws: SchemaErrors.self, "\(file)") { try InputSchema(#require(group["schema"])) }
                }
            }
        }
        #expect(ran == 344)
    }

    @Test("expressions are those of ECMA-262, and large numbers are exact")
    func optional() throws {
        var ran = 0
        for name in ["ecmascript-regex", "non-bmp-regex", "bignum", "float-overflow"] {
            ran += try run("optional/\(name).json")
        }
        #expect(ran == 96)
    }

    /// Runs the tests of a file but those of the groups that are refused; says how many.
    private func run(_ file: String, leavingOut refused: [String: String] = [:]) throws -> Int {
        var ran = 0
        var met: Set<String> = []
        for group in try SchemaSuite.groups(file) {
            let name = try #require(group["description"]?.string)
            let schema = try #require(group["schema"])
            let tests = try #require(group["tests"]?.array)
            guard refused[name] == nil, refused["*"] == nil else {
                met.insert(name)
                #expect(throws: SchemaErrors.self, "\(file): \(name) is not refused") { try InputSchema(schema) }
                continue
            }
            let compiled: InputSchema
            do { compiled = try InputSchema(schema) } catch {
                Issue.record("\(file): \(name): \(error.errors)")
                continue
            }
            for test in tests {
                let what = test["description"]?.string ?? ""
                guard case .bool(var isValid)? = test["valid"] else {
                    Issue.record("\(file): \(name): \(what) says nothing")
                    continue
                }
                // By default a format is a hint; here it is a rule.
                if what.hasSuffix("only an annotation by default") { isValid.toggle() }
                var operations = InputSchema.maxOperations
                let verdict = compiled.verdict(on: try #require(test["data"]), operations: &operations)
                #expect((verdict == .valid) == isValid, "\(file): \(name): \(what): \(verdict)")
                ran += 1
            }
        }
        if refused["*"] == nil { #expect(met == Set(refused.keys), "\(file): refused groups that there are not") }
        return ran
    }
}

enum SchemaSuite {
    static let folder = ProcessInfo.processInfo.environment["TEST_JSON_SCHEMA_SUITE"].map { URL(filePath: $0) }

    private static let draft = "tests/draft2020-12"

    /// The JSON files in a folder of the draft, by their paths there.
    static func files(_ path: String) throws -> [String] {
        let folder = try #require(folder).appending(path: draft).appending(path: path)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
            .sorted().map { path.isEmpty ? $0 : "\(path)/\($0)" }
    }

    static func groups(_ file: String) throws -> [JSON] {
        let url = try #require(folder).appending(path: draft).appending(path: file)
        // No input has a U+0000; with another control character the tests say the same.
        let text = try String(contentsOf: url, encoding: .utf8).replacing("\\u0000", with: "\\u0001")
        return try #require(try JSON(parsing: text).array)
    }

    private static let remote = "it refers to another document"
    private static let identified = "it refers to a part by an $id of its own"
    private static let dynamic = "dynamic references are not supported"

    /// Groups of required tests whose schemas are refused; `*` stands for all of a file.
    static let refused: [String: [String: String]] = [
        "anchor.json": ["*": "anchors are not supported"],
        "dynamicRef.json": ["*": dynamic],
        "refRemote.json": ["*": remote],
        "vocabulary.json": ["*": "other dialects are not supported"],
        "defs.json": ["validate definition against metaschema": remote],
        "unevaluatedItems.json": ["unevaluatedItems with $dynamicRef": dynamic],
        "unevaluatedProperties.json": ["unevaluatedProperties with $dynamicRef": dynamic],
        "ref.json": [
            "remote ref, containing refs itself": remote,
            "Recursive references between schemas": identified,
            "refs with relative uris and defs": identified,
            "relative refs with absolute uris and defs": identified,
            "$id must be resolved against nearest parent, not just immediate parent": identified,
            "order of evaluation: $id and $ref": identified,
            "order of evaluation: $id and $anchor and $ref": identified,
            "simple URN base URI with $ref via the URN": identified,
            "URN base URI with URN and JSON pointer ref": identified,
            "URN base URI with URN and anchor ref": identified,
            "URN ref with nested pointer ref": identified,
            "ref to if": identified,
            "ref to then": identified,
            "ref to else": identified,
            "ref with absolute-path-reference": identified,
        ],
        "format.json": Dictionary(
            uniqueKeysWithValues: [
                "idn-email", "regex", "idn-hostname", "iri", "iri-reference", "uri-template", "relative-json-pointer",
            ].map { ("\($0) format", "the format is not known") }),
    ]
}
