internal import Glibc

/// What Prometheus's client libraries tell of every process: CPU time, memory, descriptors, start. Memory, descriptors and
/// start come from /proc; where there is none they are left out.
package enum ProcessMetrics {
    /// Registers them, `sagaflow_build_info` and `log_lines_lost_total`.
    ///
    /// - Parameters:
    ///   - program: as in `sagaflow-engine`.
    ///   - version: of the program.
    package static func register(in registry: MetricsRegistry, program: String, version: String) {
        registry.read(
            "sagaflow_build_info", "Always 1; which program and version this is.", .gauge,
            labels: ["program", "version"]
        ) { [.init(1, program, version)] }
        registry.read("process_cpu_seconds_total", "CPU time of the process, user and system, in seconds.", .counter) {
            [.init(cpuSeconds)]
        }
        registry.read("process_resident_memory_bytes", "Resident memory of the process, in bytes.", .gauge) {
            residentBytes.map { [.init($0)] } ?? []
        }
        registry.read("process_open_fds", "Open file descriptors of the process.", .gauge) {
            openDescriptors.map { [.init($0)] } ?? []
        }
        registry.read("process_max_fds", "File descriptors the process may have open.", .gauge) {
            [.init(Double(descriptorLimit))]
        }
        registry.read("log_lines_lost_total", "Log lines that standard error did not take.", .counter) {
            [.init(StandardError.process.lost.value)]
        }
        let start = Double(time(nil))
        registry.read("process_start_time_seconds", "When the process was started, in seconds of Unix time.", .gauge) {
            [.init(start)]
        }
    }

    private static var cpuSeconds: Double {
        var usage = rusage()
        guard getrusage(Int32(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// The second number of /proc/self/statm, in pages.
    private static var residentBytes: Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = fread(&buffer, 1, buffer.count, file)
        let words = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: " ")
        guard words.count > 1, let pages = Int(words[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static var descriptorLimit: UInt {
        var limits = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
        return limits.rlim_cur
    }

    private static var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) { count += entry.pointee.d_name.0 == UInt8(ascii: ".") ? 0 : 1 }
        // One of them is this look at the folder.
        return count - 1
    }
}
