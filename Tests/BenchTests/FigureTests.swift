@testable import Bench
import Testing

@Suite("Figures are read right from what other programs print")
struct FigureTests {
    @Test("Microseconds a saga are found in pgbench's report, the commits in their order")
    func floor() {
        let report = """
            latency average = 83.2 ms
            statement latencies in milliseconds and failures:
                     0.001           0  \\if :prepared = 0
                    24.900           0  EXECUTE start_runs ('{…}');
                    22.060           0  SELECT floor_repeat(ids, 1) FROM floor_claim('x') AS ids \\gset
                    17.460           0  EXECUTE commit_decisions ('{a}');
                    14.160           0  EXECUTE commit_decisions ('{b}');
            """
        #expect(
            Floor.statements(in: report) == ["start": 124.5, "claim": 110.3, "commit 1": 87.3, "commit 2": 70.8])
    }

    @Test("Claims are added up over lanes and engines, and only what came since counts")
    func claims() {
        let before = Claims(in: "outbox_claims_total 5\noutbox_claims_empty_total 1")
        let after = Claims(in: "outbox_claims_total{a=\"b c\"} 9\noutbox_claims_total 3\noutbox_claims_empty_total 1")
        #expect(Figures.text(after.since(before)) == #"{"claims":7,"collided":null,"empty":0}"#)
    }

    @Test("Each peer's figures are set against sagaflow's, without the participant")
    func peers() throws {
        let load = { (settings: String, rate: Double, server: String) in
            try Figures.decode(
                Peer.Load.self,
                from: """
                    {"settings": "\(settings)", "runs": 100, "seconds": 2.0, "workflows_per_second": \(rate),
                    "cpu_us_per_workflow": {"workers": 8000.0, "driver": 0.0, "\(server)": 1200.0, "participant": 99.0},
                    "calls_counted": "participant"}
                    """)
        }
        let slow = try load("shape=start,processes=2", 50, "postgres")
        let fast = try load("shape=execute,processes=1", 250, "server")
        let slowest = try load("shape=execute,processes=1", 10, "server")
        let results = PeerResults(
            machine: "m", versions: ["sagaflow": "1"], [Samples.loop(1000, 450), Samples.loop(2000, 450)],
            [Latency(runs: 1, acceptMs: Percentiles([2]), finishMs: Percentiles([7]))],
            [
                MeasuredPeer(
                    name: .dbos, versions: ["dbos": "3"], tried: [slow],
                    latency: [Self.latency("shape=threads", 3, 18), Self.latency("shape=queue", 2, 40)], loads: [slow]),
                MeasuredPeer(
                    name: .temporal, versions: [:], latency: [Self.latency("shape=start,rate=2", 4, 80)],
                    loads: [fast, fast, slowest]),
            ])
        #expect(results.peers.map(\.ratio) == [30, 6] && results.peers.map(\.cpuRatio) == [20, 20])
        #expect(results.peers[1].figures.byRound == [250, 250, 10])
        #expect(
            results.lines.prefix(4) == [
                "system          each/s    ratio   CPU, µs each  ratio   durable, p50 / p99    finished, p50 / p99",
                "sagaflow        1500              460                   2.0 / 2.0 ms          7.0 / 7.0 ms",
                "DBOS Transact   50        30.0    9200          20.0    3.0 / 3.0 ms          18.0 / 18.0 ms",
                "Temporal        250       6.0     9200          20.0    4.0 / 4.0 ms          80.0 / 80.0 ms",
            ])
        #expect(results.lines.contains("  settings, 1 were tried: shape=start,processes=2"))
        #expect(results.lines.contains("  threads: durable 3.0 / 3.0 ms, finished 18.0 / 18.0 ms"))
        #expect(results.lines.last == "  start 2 a second: durable 4.0 / 4.0 ms, finished 80.0 / 80.0 ms")
        let cpu = #""cpu_us":{"driver":0,"participant":99,"postgres":1200,"workers":8000}"#
        #expect(Figures.text(results).contains(cpu) && Figures.text(results).contains(#""name":"temporal""#))
    }

    private static func latency(_ settings: String, _ accept: Double, _ finish: Double) -> Peer.Latency {
        Peer.Latency(
            settings: "\(settings),processes=1", runs: 1, acceptMs: Percentiles([accept]),
            finishMs: Percentiles([finish]))
    }
}
