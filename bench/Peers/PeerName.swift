import ArgumentParser

/// A system that is measured beside sagaflow: a folder of `bench/peers` has its Python.
enum PeerName: String, CaseIterable, Codable, ExpressibleByArgument, Sendable {
    case dbos, temporal, absurd

    var title: String {
        switch self {
        case .dbos: "DBOS Transact"
        case .temporal: "Temporal"
        case .absurd: "absurd"
        }
    }

    /// What the first stage of trials starts from; all else is the default of `bench/peers/NAME/settings.py`.
    var first: String {
        switch self {
        case .dbos: "processes=2,concurrency=32"
        case .temporal: "processes=2,concurrency=64"
        case .absurd: "processes=2,concurrency=16"
        }
    }

    /// What is tried, stage by stage: the best so far is where the next one starts. The first is how workflows get going and
    /// with which kind of code; docs/peers.md explains them all.
    var stages: [[String]] {
        switch self {
        case .dbos:
            [
                ["shape=start", "shape=call", "shape=threads", "shape=queue,polling=0.05", "shape=queue,polling=0.01"],
                ["pre_ping=false"], ["processes=1", "processes=3", "processes=4"],
                ["concurrency=8", "concurrency=16", "concurrency=64"], ["pool=10", "pool=40"], ["uvloop=true"],
            ]
        case .temporal:
            [
                ["shape=start", "shape=execute"], ["sandbox=false"], ["processes=1", "processes=3"],
                ["concurrency=16", "concurrency=32", "concurrency=256"], ["pollers=5", "pollers=20"],
                ["activities=20", "activities=400"], ["workflow_tasks=20", "workflow_tasks=400"], ["partitions=1"],
                ["uvloop=true"],
            ]
        case .absurd:
            [
                ["shape=async", "shape=threads"], ["workers=2", "workers=4", "workers=8"],
                ["processes=1", "processes=3", "processes=4"], ["concurrency=4", "concurrency=8", "concurrency=32"],
                ["batch=1", "batch=4"], ["polling=0.01"], ["partitioned=true"], ["uvloop=true"],
            ]
        }
    }

    /// What latency is taken with, besides the best settings and one process.
    var latencies: [String] {
        switch self {
        case .dbos: ["shape=start", "shape=threads", "shape=queue,polling=0.01"]
        case .temporal: ["shape=start,rate=10", "shape=start,rate=2"]
        case .absurd: ["shape=async,polling=0.01", "shape=threads,polling=0.01"]
        }
    }
}

/// `NAME:SETTINGS`: what a peer is run with, so that nothing is tried.
struct GivenSettings: ExpressibleByArgument, Equatable {
    let peer: PeerName
    let settings: String

    init?(argument: String) {
        guard let colon = argument.firstIndex(of: ":"), let peer = PeerName(rawValue: String(argument[..<colon])) else {
            return nil
        }
        self.peer = peer
        settings = String(argument[colon...].dropFirst())
    }
}
