import Glibc

/// How much memory this process may take, and who says so: the smallest of what its cgroups, its resource limits and the
/// machine allow.
package struct MemoryLimit: Hashable, Sendable {
    package let bytes: Int
    /// For people: `the cgroup`, `RLIMIT_DATA`, ...
    package let source: String

    package init(bytes: Int, source: String) {
        self.bytes = bytes
        self.source = source
    }

    /// That of this process.
    package static func ofProcess() -> MemoryLimit {
        let limits = [machine, resource(RLIMIT_AS, "RLIMIT_AS"), resource(RLIMIT_DATA, "RLIMIT_DATA"), cgroup()]
        return limits.compactMap { $0 }.min { $0.bytes < $1.bytes } ?? MemoryLimit(bytes: fallback, source: "nobody")
    }

    /// Beyond this budgets do not grow where only the machine limits us: others live there, too.
    private static let fallback = 2 << 30

    private static var machine: MemoryLimit? {
        let bytes = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        return bytes > 0 ? MemoryLimit(bytes: min(bytes, fallback), source: "the machine") : nil
    }

    private static func resource(_ resource: __rlimit_resource, _ name: String) -> MemoryLimit? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur < UInt64(Int.max)
        else { return nil }
        return MemoryLimit(bytes: Int(limit.rlim_cur), source: name)
    }

    private static func cgroup() -> MemoryLimit? {
        files(ofCgroups: text(of: "/proc/self/cgroup") ?? "")
            .compactMap { text(of: $0).flatMap(limit(in:)) }.min().map { MemoryLimit(bytes: $0, source: "the cgroup") }
    }

    /// Where the limits of a process's cgroups stand, its own and those around it.
    ///
    /// - Parameter cgroups: `/proc/PID/cgroup`: `0::/path` for version 2, `4:memory:/path` for version 1. A container
    ///   sees its own group as the root, whatever the path says.
    static func files(ofCgroups cgroups: String) -> [String] {
        var files: [String] = []
        for line in cgroups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isUnified = fields[0] == "0" && fields[1].isEmpty
            guard isUnified || fields[1].split(separator: ",").contains("memory") else { continue }
            let (root, file) =
                isUnified
                ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            var folder = fields[2].split(separator: "/")
            while true {
                files.append(([root] + folder.map { String($0) } + [file]).joined(separator: "/"))
                if folder.popLast() == nil { break }
            }
        }
        return files
    }

    /// What a file says; nil for `max`, and for the number near 2⁶³ that stands for no limit in version 1.
    static func limit(in text: String) -> Int? {
        guard let bytes = Int(text.prefix { $0.isNumber }), bytes > 0, bytes < 1 << 60 else { return nil }
        return bytes
    }

    private static func text(of path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
