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

    @Test("The peer's figures and sagaflow's are set against each other without the participant")
    func peers() throws {
        let load = try Figures.decode(
            Peer.Load.self,
            from: """
                {"settings": "shape=start,processes=2", "runs": 100, "seconds": 2.0, "workflows_per_second": 50.0,
                "cpu_us_per_workflow": {"workers": 8000.0, "driver": 0.0, "postgres": 1200.0, "participant": 99.0},
                "calls_counted": "participant"}
                """)
        let results = PeerResults(
            machine: "m", versions: ["sagaflow": "1"],
            [Samples.loop(1000, 450), Samples.loop(2000, 450)], [], [load, load], [], tried: [load])
        #expect(results.ratio == 30 && results.cpuRatio == 20)
        #expect(results.lines[1] == "  sagaflow                          1500 sagas/s")
        #expect(results.lines[5] == "    settings, 1 were tried          shape=start,processes=2")
        #expect(results.lines[8].hasSuffix("  api 100, engine 150, load 10, participant 30, postgres 200"))
        let cpu = #""cpu_us":{"driver":0,"participant":99,"postgres":1200,"workers":8000}"#
        #expect(Figures.text(results).contains(cpu))
    }
}
