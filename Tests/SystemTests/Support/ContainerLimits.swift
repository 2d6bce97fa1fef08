import Foundation

/// Runs programs with the memory and the descriptors of a container of deploy/kubernetes: 512 MiB and 1,024.
///
/// Memory is limited by a cgroup of version 1 or 2 where this process may make one. Elsewhere RLIMIT_DATA takes its place:
/// unlike RLIMIT_AS it does not count what is mapped and never written to, of which threads and the allocator have much, but
/// it counts stacks whole, so it is the stricter one.
final class ContainerLimits: Sendable {
    static let memory = 512 << 20
    static let descriptors = 1024

    private let id = UUID().uuidString
    private var groups: [String] {
        ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"].map { "\($0)/sagaflow-bounds-\(id)" }
    }

    /// The program to start instead, and its arguments. It becomes the program itself, under the same process id.
    func wrap(_ program: Program, _ name: String, _ arguments: [String]) throws -> (Program, [String]) {
        let script = """
            ulimit -n \(Self.descriptors) || exit 1
            limit() { # GROUP FILE TASKS
                mkdir -p "$1" && echo \(Self.memory) > "$1/$2" && echo $$ > "$1/$3" && echo "limited by $1/$2"
            } 2> /dev/null
            limit "\(groups[0])-\(name)" memory.limit_in_bytes tasks || limit "\(groups[1])-\(name)" memory.max cgroup.procs ||
                { ulimit -d \(Self.memory >> 10) && echo "limited by RLIMIT_DATA"; } || exit 1
            exec "$@"
            """
        return (try Program(installed: "bash"), ["-c", script, "bash", program.path] + arguments)
    }

    /// To be called when the processes have ended.
    func remove(_ names: [String]) {
        for name in names { for group in groups { rmdir("\(group)-\(name)") } }
    }
}

extension Deployment {
    /// Starts an API under these limits.
    func startAPI(_ name: String, port: Int, _ arguments: [String] = [], within limits: ContainerLimits) async throws {
        let (program, all) = try limits.wrap(Program("sagaflow-api"), name, ["--port", "\(port)"] + arguments)
        try start(name, program, all, ["ADMIN_TOKENS": "tests:\(Self.adminToken)"])
        try await waitUntilReady(port, name)
    }

    /// Starts an engine under these limits.
    func startEngine(_ name: String, _ arguments: [String], within limits: ContainerLimits) throws {
        let port = try Ports.take()
        let (program, all) = try limits.wrap(Program("sagaflow-engine"), name, ["--ops-port", "\(port)"] + arguments)
        try start(name, program, all)
    }
}
