import Testing

@testable import Settings

@Suite("How much memory a process may take")
struct MemoryTests {
    @Test("The limits of a process's cgroups are looked for in its own and in all around it, in both versions")
    func files() {
        #expect(
            MemoryLimit.files(ofCgroups: "0::/system.slice/engine.service\n") == [
                "/sys/fs/cgroup/system.slice/engine.service/memory.max", "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ])
        #expect(
            MemoryLimit.files(ofCgroups: "9:name=systemd:/\n5:memory:/docker/1\n1:cpu,memoryless:/x\n") == [
                "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            ])
        #expect(MemoryLimit.files(ofCgroups: "").isEmpty)
    }

    @Test("What stands for no limit is none")
    func numbers() {
        #expect(MemoryLimit.limit(in: "536870912\n") == 512 << 20)
        for text in ["max\n", "9223372036854771712\n", "", "0\n"] { #expect(MemoryLimit.limit(in: text) == nil) }
        #expect(MemoryLimit.ofProcess().bytes > 0)
    }

    private static let limit = MemoryLimit(bytes: 512 << 20, source: "the cgroup")

    @Test("With the manifests' 512 MiB and the defaults there is enough for payloads, in engine and API")
    func defaults() {
        let engine = MemoryBudget.engine(Self.limit, runs: 1000, connections: 256)
        #expect(engine.warning == nil && engine.refusal == nil)
        #expect(engine.runBytes > 100 << 20 && engine.runBytes + 2 * engine.claimBytes < engine.payloads * 2 / 3)
        let api = MemoryBudget.api(Self.limit, clients: 10_000)
        #expect(api.warning == nil && api.refusal == nil)
        #expect(api.bodyBytes + api.startBytes + 2 * api.startBatchBytes <= api.payloads * 2 / 3)
    }

    @Test("What is bounded by number and does not fit is refused; what leaves little for payloads is warned about")
    func tooMuch() {
        let engine = MemoryBudget.engine(Self.limit, runs: 20_000, connections: 256)
        // 64 MiB for the process, 625 for the runs, 64 for answers on their way.
        #expect(engine.payloads == (512 - 64 - 625 - 64) << 20)
        #expect(engine.refusal?.contains("512 MiB of memory that the cgroup allows") == true)
        #expect(engine.runBytes > 0)
        let api = MemoryBudget.api(Self.limit, clients: 24_000)
        #expect(api.refusal == nil && api.warning?.contains("only 73 MiB are left") == true)
    }

    @Test(
        "A process is warned about from the first client that leaves less than 128 MiB, and refused from the first too many",
        arguments: [(20_480, false, false), (20_481, true, false), (28_672, true, false), (28_673, true, true)])
    func ends(clients: Int, isWarned: Bool, isRefused: Bool) {
        let api = MemoryBudget.api(Self.limit, clients: clients)
        #expect((api.warning != nil) == isWarned && (api.refusal != nil) == isRefused)
    }
}
