import Glibc

/// A process whose CPU time is read from /proc, with that of its children: Postgres is one process per connection.
struct MeasuredProcess: Sendable {
    /// What it is in a measurement; there may be several engines.
    enum Role: String, Sendable {
        case api, engine, postgres, participant, load
    }

    let role: Role
    let pid: Int32

    /// This process.
    static var own: MeasuredProcess { MeasuredProcess(role: .load, pid: getpid()) }

    /// CPU used so far, user and system: its own, that of its live children, and that of children that have ended.
    func cpuMicroseconds() throws(BenchError) -> Double {
        let ticks = try Self.ticks(pid)
        var sum = ticks
        for child in Self.children(of: pid) {
            // One that ended between the listing and the reading is counted by its parent the next time.
            if let ticks = try? Self.ticks(child) { sum += ticks }
        }
        return sum * 1_000_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// utime, stime, cutime and cstime: the 12th to 15th field behind the name, which may hold anything.
    private static func ticks(_ pid: Int32) throws(BenchError) -> Double {
        let text = read("/proc/\(pid)/stat")
        guard let name = text.lastIndex(of: ")") else { throw .noProcess(pid) }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 14 else { throw .noProcess(pid) }
        return fields[11...14].reduce(0) { $0 + (Double($1) ?? 0) }
    }

    private static func children(of pid: Int32) -> [Int32] {
        read("/proc/\(pid)/task/\(pid)/children").split(separator: " ").compactMap { Int32($0) }
    }

    /// A small file; empty when it can't be read.
    static func read(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }
}

/// What some processes and this one use from here on.
struct CPUMeter {
    private let processes: [MeasuredProcess]
    private let before: [Double]

    init(_ processes: [MeasuredProcess]) throws(BenchError) {
        self.processes = processes + [.own]
        var before: [Double] = []
        for process in self.processes { before.append(try process.cpuMicroseconds()) }
        self.before = before
    }

    /// CPU since then, in microseconds, of all processes that have a role.
    func read() throws(BenchError) -> [MeasuredProcess.Role: Double] {
        var used: [MeasuredProcess.Role: Double] = [:]
        for (process, before) in zip(processes, before) {
            used[process.role, default: 0] += try process.cpuMicroseconds() - before
        }
        return used
    }
}
