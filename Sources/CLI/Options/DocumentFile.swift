import Core
import Documents
import FoundationEssentials

/// A file that holds a definition: JSON (`*.json`) or YAML (`*.yaml`, `*.yml`); others, and `-` for standard input, are
/// JSON if they begin with a brace.
struct DocumentFile {
    /// Why a file holds none.
    struct Problem: Error, Equatable {
        let pointer: JSONPointer
        let detail: String
        /// Nil where only the byte is known, or nothing at all.
        let place: TextPlace?

        var sentence: String { detail + (place.map { " (\($0))" } ?? "") }
    }

    let path: String
    let json: JSON
    /// The same with places; nil for what is JSON and no YAML.
    private let document: YAMLDocument?

    /// Files are read whole; nobody takes definitions of this size.
    private static let maxBytes = 16 << 20

    init(path: String) throws(Problem) {
        try self.init(path: path, bytes: Self.content(of: path))
    }

    init(path: String, bytes: [UInt8]) throws(Problem) {
        self.path = path
        do throws(YAMLError) { document = try YAMLDocument(bytes) } catch {
            guard Self.isJSON(path, bytes) else {
                throw Problem(pointer: error.pointer, detail: error.message, place: error.place)
            }
            document = nil
        }
        // What is called JSON must be JSON, although most of it is YAML, too, which knows the places.
        guard let document, !Self.isJSON(path, bytes) else {
            do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
                throw Problem(
                    pointer: error.pointer, detail: error.message, place: TextPlace(ofByte: error.offset, in: bytes))
            }
            return
        }
        json = document.json
    }

    /// Where a part of it begins.
    func place(of pointer: JSONPointer) -> TextPlace? { document?.place(of: pointer) }

    /// The definitions of a folder in the order of their names; the file itself if it is none.
    static func list(_ path: String) -> [String] {
        guard let all = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [path] }
        return all.filter(isDefinition).sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
    }

    /// A file of this name in a folder is a definition; cases beside one are none.
    static func isDefinition(_ name: String) -> Bool {
        [".json", ".yaml", ".yml"].contains { name.hasSuffix($0) && !name.hasSuffix(".cases\($0)") }
    }

    private static func content(of path: String) throws(Problem) -> [UInt8] {
        if path == "-" { return JSONArgument.standardInput() }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Problem(pointer: .root, detail: "The file can't be read.", place: nil)
        }
        guard data.count <= maxBytes else {
            throw Problem(pointer: .root, detail: "The file has more than \(maxBytes >> 20) MiB.", place: nil)
        }
        return Array(data)
    }

    private static func isJSON(_ path: String, _ bytes: [UInt8]) -> Bool {
        if path.hasSuffix(".json") { return true }
        if path.hasSuffix(".yaml") || path.hasSuffix(".yml") { return false }
        return bytes.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
    }
}
