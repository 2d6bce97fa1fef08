import Glibc

extension MeasuredProcess {
    /// Memory a process has in use, in bytes.
    struct Memory: Sendable {
        let now: Int
        /// The most since it was started, or since `forgetPeak`.
        let peak: Int
    }

    /// VmRSS and VmHWM of /proc; children don't count.
    func memory() throws(BenchError) -> Memory {
        let text = Self.read("/proc/\(pid)/status")
        guard let now = Self.bytes("VmRSS:", in: text), let peak = Self.bytes("VmHWM:", in: text) else {
            throw .noProcess(pid)
        }
        return Memory(now: now, peak: peak)
    }

    /// From here on the peak begins anew; see proc(5), clear_refs.
    func forgetPeak() throws(BenchError) {
        guard let file = fopen("/proc/\(pid)/clear_refs", "w") else { throw .noProcess(pid) }
        fputs("5", file)
        guard fclose(file) == 0 else { throw .invalid("the peak of the memory of the \(role) can't be reset") }
    }

    /// Files that this process, and each that it starts, may have open.
    static var fileLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }

    private static func bytes(_ name: String, in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
                .map { $0 * 1024 }
        }
        return nil
    }
}
