import FoundationEssentials

/// The folder of migration files: where it is, and what is in it.
package enum MigrationDirectory {
    /// Finds the folder: the one named, or the nearest `migrations` that holds an up file, looking upwards from `start`
    /// and then from the executable (so a program in `.build/debug` finds its checkout).
    ///
    /// - Parameters:
    ///   - named: what the user asked for; nothing else is tried then.
    ///   - start: usually the current directory.
    ///   - executable: the path of the running program; nil if unknown.
    package static func find(named: String?, from start: String, executable: String?) throws(MigrationError) -> String {
        if let named {
            guard holdsMigrations(named) else { throw .directory("there are no migrations in \(named)") }
            return named
        }
        let starts = [start] + (executable.map { [$0] } ?? [])
        for start in starts {
            for folder in ancestors(of: start) where holdsMigrations(folder + "/migrations") {
                return folder + "/migrations"
            }
        }
        throw .directory("found no directory `migrations` above \(start) or the program; name it with --migrations")
    }

    /// Reads all migrations, in order.
    ///
    /// Throws `files` unless the numbered ones are numbered from 1 without gaps, each once and with both files; other names
    /// than `NNN_title.up.sql` and `NNN_title.down.sql`, and `NN_title.sql` in the folder `repeatable` (which may be
    /// missing), that end in `.sql` are refused rather than overlooked.
    package static func read(_ directory: String) throws(MigrationError) -> MigrationFiles {
        MigrationFiles(numbered: try numbered(directory), repeatable: try repeatable(directory))
    }

    private static func numbered(_ directory: String) throws(MigrationError) -> [Migration] {
        var titles: [Int: String] = [:]
        var texts: [Int: [Substring: String]] = [:]
        for name in try list(directory).sorted() where name.hasSuffix(".sql") {
            guard let (version, title, direction) = parse(name) else {
                throw .files("\(name) is not named like 001_title.up.sql or 001_title.down.sql")
            }
            if let known = titles[version], known != title {
                throw .files("migration \(version) exists twice: \(known) and \(title)")
            }
            // `1_a` and `001_a` are the same version and title.
            if texts[version]?[direction] != nil {
                throw .files("\(name) has the number and title of another file")
            }
            titles[version] = title
            texts[version, default: [:]][direction] = try text("\(directory)/\(name)")
        }
        return try titles.sorted { $0.key < $1.key }.enumerated().map { position, entry throws(MigrationError) in
            let (version, title) = entry
            guard version == position + 1 else { throw .files("migration \(position + 1) is missing") }
            guard let up = texts[version]?["up"], let down = texts[version]?["down"] else {
                throw .files("migration \(version) needs both an up and a down file")
            }
            return Migration(version: version, title: title, up: up, down: down)
        }
    }

    private static func repeatable(_ directory: String) throws(MigrationError) -> [RepeatableMigration] {
        let folder = "\(directory)/\(RepeatableMigration.folder)"
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        var files: [RepeatableMigration] = []
        for name in try list(folder).sorted() where name.hasSuffix(".sql") {
            guard let title = repeatableTitle(name) else {
                throw .files("\(RepeatableMigration.name(name)) is not named like 10_title.sql")
            }
            files.append(RepeatableMigration(title: title, sql: try text("\(folder)/\(name)")))
        }
        return files
    }

    /// `10_views.sql` → `10_views`. Always two digits: the order is that of the names.
    private static func repeatableTitle(_ name: String) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let digits = parts[0].prefix { $0.isASCII && $0.isNumber }
        guard parts.count == 2, digits.count == 2 else { return nil }
        let rest = parts[0].dropFirst(2)
        return rest.first == "_" && rest.count > 1 ? String(parts[0]) : nil
    }

    /// `012_add_index.up.sql` → 12, `add_index`, `up`.
    private static func parse(_ name: String) -> (version: Int, title: String, direction: Substring)? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1] == "up" || parts[1] == "down" else { return nil }
        guard let underscore = parts[0].firstIndex(of: "_") else { return nil }
        let (digits, title) = (parts[0][..<underscore], parts[0][underscore...].dropFirst())
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let version = Int(digits), version > 0, !title.isEmpty
        else { return nil }
        return (version, String(title), parts[1])
    }

    private static func holdsMigrations(_ directory: String) -> Bool {
        let names = try? FileManager.default.contentsOfDirectory(atPath: directory)
        return names?.contains { $0.hasSuffix(".up.sql") } ?? false
    }

    private static func list(_ directory: String) throws(MigrationError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: directory) } catch {
            throw .directory("cannot read the directory \(directory)")
        }
    }

    private static func text(_ path: String) throws(MigrationError) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { throw .directory("cannot read \(path)") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .files("\(path) is not UTF-8") }
        return text
    }

    /// The path itself, its folder, and so on up to the root.
    private static func ancestors(of path: String) -> [String] {
        var parts = path.split(separator: "/")
        var ancestors: [String] = []
        while true {
            ancestors.append(parts.isEmpty ? "" : "/" + parts.joined(separator: "/"))
            if parts.popLast() == nil { return ancestors }
        }
    }
}
