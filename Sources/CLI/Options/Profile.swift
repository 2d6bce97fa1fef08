import Core
import Documents
import FoundationEssentials
import Glibc
import Settings

/// An installation as a file of the user's names it: `{"profiles": {"default": {"url", "token" or "tokenFile"}}}`, in JSON
/// or in YAML.
struct Profile: Equatable {
    /// What its calls are admitted with.
    enum Token: Equatable {
        case text(String)
        /// A file that holds it, read when it is needed.
        case file(String)

        func text() throws(CLIError) -> String {
            switch self {
            case .text(let text): return text
            case .file(let path):
                guard let content = try? String(contentsOf: URL(filePath: path), encoding: .utf8) else {
                    throw .unusable("\(path), which a profile names as its tokenFile, can't be read")
                }
                return content.trimmed()
            }
        }
    }

    let url: String?
    let token: Token?

    static let usualName = "default"

    /// The profile of that name, or of SAGAFLOW_PROFILE's, or `default`; nil when nobody asks for one and there is none.
    static func find(_ given: String?, environment: [String: String]) throws(CLIError) -> Profile? {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let name = given ?? variable("SAGAFLOW_PROFILE")
        let path = variable("SAGAFLOW_PROFILES") ?? usualPath(environment)
        guard let path, FileManager.default.fileExists(atPath: path) else {
            if let missing = variable("SAGAFLOW_PROFILES") {
                throw .unusable("SAGAFLOW_PROFILES names \(missing), which is not there")
            }
            if let name { throw .unusable("there is no profile \(name.clipped): \(path ?? "no file") is not there") }
            return nil
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw .unusable("\(path) can't be read") }
        return try read(Array(data), path: path, name: name, isPrivate: isPrivate(path))
    }

    /// `$XDG_CONFIG_HOME/sagaflow/config`, or below `~/.config`.
    private static func usualPath(_ environment: [String: String]) -> String? {
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return folder + "/sagaflow/config" }
        return environment["HOME"].map { $0 + "/.config/sagaflow/config" }
    }

    /// Nobody but its owner may read it.
    private static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & (S_IRGRP | S_IROTH) == 0
    }

    static func read(_ bytes: [UInt8], path: String, name: String?, isPrivate: Bool) throws(CLIError) -> Profile? {
        let json: JSON
        // The texts of the file are never told: they may be tokens.
        do throws(YAMLError) { json = try JSON(yaml: bytes) } catch {
            throw .unusable("\(path) can't be read as JSON or YAML: \(error.message) (\(error.place))")
        }
        guard let root = json.object, root.keys.allSatisfy({ $0 == "profiles" }), let all = json["profiles"]?.object
        else { throw .unusable("\(path) must be {\"profiles\": {NAME: {\"url\", \"token\" or \"tokenFile\"}}}") }
        guard let entry = all[name ?? usualName] else {
            guard let name else { return nil }
            let known = all.keys.sorted().joined(separator: ", ")
            throw .unusable("there is no profile \(name.clipped) in \(path); there are: \(known.clipped)")
        }
        let place = "profile \(name ?? usualName) in \(path)"
        guard let fields = entry.object, fields.keys.allSatisfy(["url", "token", "tokenFile"].contains) else {
            throw .unusable("\(place) has url, and token or tokenFile, and nothing else")
        }
        func text(_ key: String) throws(CLIError) -> String? {
            guard let value = fields[key] else { return nil }
            guard let text = value.string, !text.isEmpty else { throw .unusable("\(place): \(key) must be a text") }
            return text
        }
        let (url, token, file) = (try text("url"), try text("token"), try text("tokenFile"))
        if let url, !url.hasPrefix("http://"), !url.hasPrefix("https://") {
            throw .unusable("\(place): url must begin with http:// or https://")
        }
        if token != nil, file != nil { throw .unusable("\(place) has a token and a tokenFile: only one can count") }
        if token != nil, !isPrivate {
            throw .unusable("\(path) holds a token and others may read it: chmod 600 \(path)")
        }
        return Profile(url: url, token: token.map { .text($0) } ?? file.map { .file($0) })
    }
}
