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
        "Of those that sleep a twentieth wakes, of a tenth half, and always somebody",
        arguments: [(1_000_000, 100_000, 50_000), (20_000, 2000, 1000), (9, 1, 1)])
    func sleeping(runs: Int, fewer: Int, woken: Int) throws {
        let sizes = try RunCommand.parse(["--only", "sleeping", "--sleeping", "\(runs)"]).sizes
        #expect(sizes.sleeping == runs && sizes.fewerSleeping == fewer && sizes.wokenSleepers == woken)
    }

    @Test(
        "A participant that is told how to answer does that, or says that it does not understand",
        arguments: [
            ("busy=3", 3, nil), ("busy-third=300", nil, 300), ("busy-third=0&busy=0", nil, nil), ("", nil, nil),
        ] as [(Substring, Int?, Int?)])
    func participant(query: Substring, busy: Int?, third: Int?) {
        let mode = ParticipantMode(query: query)
        #expect(mode?.busySeconds == busy && mode?.thirdBusySeconds == third)
        #expect(mode != nil && ParticipantMode(query: "busy-third=301") == nil && ParticipantMode(query: "busy") == nil)
    }

    @Test(
        "Numbers out of range and phases that don't exist are refused",
        arguments: [
            ["--runs", "0"], ["--runs", "100000000"], ["--repeat", "x"], ["--history", "0"],
            ["--sleeping", "0"],
            ["--participant-latency", "10000"], ["--only", "everything"], ["--runs"], ["--fast"],
        ])
    func refused(arguments: [String]) {
        #expect(throws: (any Error).self) { try RunCommand.parse(arguments) }
    }

    @Test("Numbers at the ends of their ranges are taken")
    func limits() throws {
        let arguments = ["--runs", "1", "--history", "99999999", "--participant-latency", "9999"]
        #expect(try RunCommand.parse(arguments).sizes.history == 99_999_999)
        #expect(throws: (any Error).self) { try PeersCommand.parse(["--peer-runs", "0"]) }
    }

    @Test("Every peer is measured unless some are named, and settings go to the peer they are for")
    func peers() throws {
        #expect(try PeersCommand.parse([]).names == PeerName.allCases)
        let named = try PeersCommand.parse([
            "--only", "absurd", "--only", "dbos", "--peer-settings", "absurd:shape=async,batch=4", "--peer-settings",
            "absurd:batch=8",
        ])
        #expect(named.names == [.dbos, .absurd])
        #expect(named.settings(of: .absurd) == "batch=8" && named.settings(of: .dbos) == nil)
    }

    @Test("A quick run of peers tries nothing, and what is said goes before what --quick says")
    func quickPeers() throws {
        let command = try PeersCommand.parse(["--peer-runs", "10", "--quick", "--peer-settings", "temporal:pollers=5"])
        #expect(command.sizes.peerRuns == 10 && command.sizes.runs == PeersCommand.Sizes.quick.runs)
        #expect(command.settings(of: .temporal) == "pollers=5")
        #expect(command.settings(of: .dbos) == PeerName.dbos.first)
    }

    @Test(
        "Peers that don't exist and settings that don't say whose they are are refused",
        arguments: ["--only=kafka", "--peer-settings=shape=start", "--peer-settings=kafka:shape=start"])
    func refusedPeers(argument: String) {
        #expect(throws: (any Error).self) { try PeersCommand.parse([argument]) }
    }
}
