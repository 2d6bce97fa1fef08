import Glibc

/// A folder with one file per setting, as container platforms mount secrets.
///
/// Read by ourselves: the library's provider for such folders passes over symbolic links, and Kubernetes mounts every
/// secret as one.
struct SecretFolder {
    private let path: String

    /// Larger files are no settings.
    private static let maxBytes = 1 << 20

    /// - Parameter path: nil is `/run/secrets`, which need not be there.
    /// - Throws: when a folder was named and is none.
    init(_ path: String?) throws(SettingsError) {
        self.path = path ?? Sources.usualFolder
        guard let path else { return }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw SettingsError("\(SettingKey.secretsFolder.name) is \"\(path)\", which is no folder.")
        }
    }

    /// The content of `database_url` or `DATABASE_URL`.
    func find(_ key: SettingKey) throws(SettingsError) -> Found? {
        for name in [key.fileName, key.variable] {
            let file = "\(path)/\(name)"
            guard let value = try Self.read(file, for: key, mustExist: false) else { continue }
            return Found(value: value, source: .file(file))
        }
        return nil
    }

    /// A file's text without white space around it; nil when it is empty, or not there and need not be.
    static func read(_ path: String, for key: SettingKey, mustExist: Bool) throws(SettingsError) -> String? {
        let bytes: [UInt8]
        switch readFile(path) {
        case .success(let content): bytes = content
        case .failure(let error) where !mustExist && (error.code == ENOENT || error.code == ENOTDIR): return nil
        case .failure(let error):
            throw SettingsError("\(key.name) is to be read from \(path), but that failed: \(error.reason).")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SettingsError("\(key.name) is to be read from \(path), which is not UTF-8.")
        }
        let value = text.trimmed()
        return value.isEmpty ? nil : value
    }

    /// Why a file could not be read.
    struct ReadFailure: Error {
        /// As in `errno`.
        let code: Int32
        var reason: String { code == EFBIG ? "it is larger than 1 MiB" : String(cString: strerror(code)) }
    }

    static func readFile(_ path: String) -> Result<[UInt8], ReadFailure> {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return .failure(ReadFailure(code: errno)) }
        defer { close(file) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                return .failure(ReadFailure(code: errno))
            }
            if count == 0 { return .success(content) }
            content += buffer[..<count]
            if content.count > maxBytes { return .failure(ReadFailure(code: EFBIG)) }
        }
    }
}

extension String {
    /// Without ASCII white space at either end.
    package func trimmed() -> String {
        let blanks: Set<Character> = [" ", "\n", "\t", "\r", "\r\n"]
        var rest = self[...]
        while let first = rest.first, blanks.contains(first) { rest.removeFirst() }
        while let last = rest.last, blanks.contains(last) { rest.removeLast() }
        return String(rest)
    }
}
