import Configuration
import Synchronization

/// The settings of a YAML file. Keys below a program's name (`sagaflow-engine:`) are for that program alone, and stronger.
struct YAMLFile {
    private let path: String
    private let snapshot: YAMLSnapshot
    /// Every key that holds a value, with points.
    private let keys: [String]

    private static let programPrefix = "sagaflow-"

    init(path: String) throws(SettingsError) {
        self.path = path
        let bytes: [UInt8]
        switch SecretFolder.readFile(path) {
        case .success(let content): bytes = content
        case .failure(let error):
            throw SettingsError("\(SettingKey.configFile.name) names \(path), which can't be read: \(error.reason).")
        }
        // The library does not list a snapshot's keys, but it asks of each whether its value is a secret.
        let seen = Mutex<[String]>([])
        let options = YAMLSnapshot.ParsingOptions(
            secretsSpecifier: .dynamic { key, _ in
                seen.withLock { $0.append(key) }
                return true
            })
        do {
            snapshot = try YAMLSnapshot(data: bytes.span.bytes, providerName: path, parsingOptions: options)
        } catch {
            // Of what the parser says only the place is told: the line itself may hold a secret.
            throw SettingsError("\(path) is no YAML file of settings\(Self.place(of: error)).")
        }
        keys = seen.withLock { $0 }
        if let twice = Dictionary(grouping: keys, by: \.self).first(where: { $1.count > 1 })?.key {
            throw SettingsError("\(path) sets \(twice) twice.")
        }
    }

    /// The value, a list joined by commas; nil when it is not there or empty.
    func find(_ key: SettingKey, program: String) throws(SettingsError) -> Found? {
        for components in [[program] + key.components, key.components] {
            let name = components.joined(separator: ".")
            guard keys.contains(name) else { continue }
            let value = text(components).trimmed()
            if !value.isEmpty { return Found(value: value, source: .yaml(path, key: name)) }
        }
        return nil
    }

    private func text(_ components: [String]) -> String {
        let key = AbsoluteConfigKey(components)
        // A key holds a text or a list of texts; the other reading of it fails.
        if case .string(let text)? = try? snapshot.value(forKey: key, type: .string).value?.content { return text }
        if case .stringArray(let list)? = try? snapshot.value(forKey: key, type: .stringArray).value?.content {
            return list.joined(separator: ",")
        }
        return ""
    }

    /// Refuses keys that are no settings; those below another program's name are its own affair.
    func refuseUnknown(_ known: [SettingKey], program: String) throws(SettingsError) {
        let known = Set(known.map(\.dotted)).subtracting(Sources.own.map(\.0.dotted))
        for key in keys.sorted() {
            var name = key
            if key.hasPrefix(program + ".") {
                name = String(key.dropFirst(program.count + 1))
            } else if key.hasPrefix(Self.programPrefix) {
                continue
            }
            guard known.contains(name) else {
                throw SettingsError("\(path) sets \(key), which is no setting of \(program); --help lists them.")
            }
        }
    }

    /// The parser names the line as in `3:7: error: …`.
    private static func place(of error: any Error) -> String {
        let text = "\(error)"
        if text.contains("duplicated key") { return ": a key is there twice" }
        guard let match = text.firstMatch(of: #/\b(\d+):\d+:/#) else { return "" }
        return " (line \(match.output.1))"
    }
}
