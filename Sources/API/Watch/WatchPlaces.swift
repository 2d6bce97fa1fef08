import HTTPTypes
import Synchronization
import Telemetry

/// How many clients may wait at once, streams and starts that prefer to wait together.
struct WatchPlaces: Sendable {
    enum Kind: String, CaseIterable {
        case stream, wait
    }

    private let places: Shares
    private let taken = Taken()
    private let refused: Series<Counter>

    /// One place, given back when nobody holds it.
    final class Place: Sendable {
        private let share: Shares.Share
        private let kind: Kind
        private let taken: Taken

        fileprivate init(_ share: Shares.Share, _ kind: Kind, _ taken: Taken) {
            self.share = share
            self.kind = kind
            self.taken = taken
            taken.add(1, kind)
        }

        deinit { taken.add(-1, kind) }
    }

    fileprivate final class Taken: Sendable {
        private let counts = Mutex<[Kind: Int]>([:])

        func add(_ number: Int, _ kind: Kind) { counts.withLock { $0[kind, default: 0] += number } }

        var readings: [MetricsRegistry.Reading] {
            counts.withLock { counts in Kind.allCases.map { .init(counts[$0] ?? 0, $0.rawValue) } }
        }
    }

    init(total: Int, perClient: Int, metrics: MetricsRegistry) {
        places = Shares(total: total, perClient: perClient)
        metrics.read("run_watchers", "Clients that wait for runs.", .gauge, labels: ["kind"]) { [taken] in
            taken.readings
        }
        refused = metrics.counters(
            "run_watchers_refused_total", "Clients that found no place to wait for a run.", labels: ["kind"])
        for kind in Kind.allCases { _ = refused[kind.rawValue] }
    }

    /// - Throws: `too-many-watchers`.
    func take(_ kind: Kind, for context: APIContext) throws(Problem) -> Place {
        guard let share = places.take(1, for: context.limitedAddress) else {
            refused[kind.rawValue].add()
            let sentence =
                "At most \(places.total) clients wait for runs at once, \(places.perClient) of them from one address. "
            let advice = kind == .wait ? "Nothing was written." : "The history is to be had without a stream."
            throw Problem(.tooManyWatchers, sentence + advice, headers: [.retryAfter: "5"])
        }
        return Place(share, kind, taken)
    }
}
