import ArgumentParser
@testable import Bench
import Testing

@Suite("Options of scripts/bench mean what they say")
struct OptionTests {
    @Test("Without options everything is measured, at full size")
    func none() throws {
        let command = try RunCommand.parse([])
        #expect(command.phases == Phase.allCases && command.sizes == .full)
    }

    @Test("Phases that are named are measured in their own order, each once")
    func only() throws {
        let command = try RunCommand.parse(["--only", "floor", "--only", "throughput", "--only", "floor"])
        #expect(command.phases == [.throughput, .floor])
    }

    @Test("What is said goes before what --quick says, on either side of it")
    func quick() throws {
        let command = try RunCommand.parse(["--runs", "10", "--quick", "--repeat", "2", "--snapshot-seconds", "30"])
        #expect(command.sizes.runs == 10 && command.sizes.repeats == 2 && command.sizes.snapshotSeconds == 30)
        #expect(command.sizes.history == Sizes.quick.history && command.sizes.burstStarts == 4000)
    }

    @Test(
        "Numbers out of range and phases that don't exist are refused",
        arguments: [
            ["--runs", "0"], ["--runs", "100000000"], ["--repeat", "x"], ["--history", "0"],
            ["--participant-latency", "10000"], ["--only", "everything"], ["--runs"], ["--fast"],
        ])
    func refused(arguments: [String]) {
        #expect(throws: (any Error).self) { try RunCommand.parse(arguments) }
    }

    @Test("Numbers at the ends of their ranges are taken")
    func limits() throws {
        let arguments = ["--runs", "1", "--history", "99999999", "--participant-latency", "9999"]
        #expect(try RunCommand.parse(arguments).sizes.history == 99_999_999)
        #expect(throws: (any Error).self) { try PeersCommand.parse(["--python", "p", "--peer-runs", "0"]) }
    }
}
