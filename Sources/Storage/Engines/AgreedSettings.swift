package import Core

/// Settings that must be the same on every engine, because they decide what becomes of a run whoever carries it: each
/// engine publishes a digest of every one in its heartbeats, and compares.
///
/// For people, who are told; nothing is refused because of it. While settings are being changed engine by engine they
/// differ, and that is said.
package struct AgreedSettings: Sendable, Hashable {
    /// A digest of each value, by the setting's variable.
    private let digests: [String: String]

    /// - Parameter values: in a form in which what means the same is the same, by the setting's variable.
    package init(_ values: [String: String]) { digests = values.mapValues(Self.digest) }

    /// As an engine has published them; nil when it tells nothing of them, as other versions may.
    package init?(report: JSON) {
        guard let published = report["settings"]?.object else { return nil }
        digests = published.members.reduce(into: [:]) { digests, member in
            if let digest = member.value.string { digests[member.key] = digest }
        }
    }

    /// What is published, an object.
    package var json: JSON {
        var object = JSONObject()
        for (name, digest) in digests.sorted(by: { $0.key < $1.key }) { object[name] = .string(digest) }
        return .object(object)
    }

    /// The settings that both know and that differ, in the order of their names.
    package func differences(from other: AgreedSettings) -> [String] {
        digests.filter { name, digest in other.digests[name].map { $0 != digest } ?? false }.keys.sorted()
    }

    /// The settings in which living engines differ, each with the ids of those that have it otherwise than the engine
    /// that started last.
    package static func differences(among engines: [ListEngines.Row]) -> [String: [EngineID]] {
        let known = engines.filter(\.isAlive).compactMap { row in
            AgreedSettings(report: row.report).map { (id: row.engineID, settings: $0) }
        }
        guard let first = known.first else { return [:] }
        return known.dropFirst().reduce(into: [:]) { found, engine in
            for name in engine.settings.differences(from: first.settings) { found[name, default: []].append(engine.id) }
        }
    }

    /// FNV-1a of 64 bits (the "Fowler–Noll–Vo" hash, RFC 9923): it must tell slips apart, not resist anybody.
    private static func digest(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        let hex = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }
}
