// Metrics: counters, gauges and histograms of a process, and how Prometheus reads them. Instruments are looked up once,
// where a part of the process is put together, and cost an atomic addition or an uncontended lock afterwards. Names and
// meanings are in docs/metrics.md.

internal import Synchronization

/// All metrics of one process.
///
/// A name is registered once; doing so twice is a programmer's error. Everything registered is shown from the start,
/// with zeros, so that an alert over a rate sees the first event and not only the second.
package final class MetricsRegistry: Sendable {
    enum Kind: Sendable {
        case counter(Series<Counter>)
        case gauge(Series<Gauge>)
        /// The same histogram may be shown in another unit: `scale` is the factor.
        case histogram(Series<Histogram>, scale: Double)
        /// Read from its source when it is shown.
        case readings(type: ReadingType, labels: [String], read: @Sendable () -> [Reading])
    }

    struct Family: Sendable {
        let name: String
        let help: String
        let kind: Kind
    }

    /// What Prometheus takes a reading for.
    package enum ReadingType: String, Sendable {
        /// Only grows while the process lives.
        case counter
        /// Goes up and down.
        case gauge
    }

    /// One number as its owner has it, with the values of its labels.
    package struct Reading: Sendable {
        package let values: [String]
        package let number: Double

        package init(_ number: Double, _ values: String...) {
            self.number = number
            self.values = values
        }

        package init(_ number: Int, _ values: String...) {
            self.number = Double(number)
            self.values = values
        }
    }

    /// Brings gauges up to date before they are read.
    package typealias Collector = @Sendable () async -> Void

    private struct State: Sendable {
        var families: [Family] = []
        var names: Set<String> = []
        var collectors: [Collector] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// A counter without labels.
    package func counter(_ name: String, _ help: String) -> Counter { counters(name, help, labels: [])[] }

    /// Counters with labels, at most `limit` of them.
    package func counters(_ name: String, _ help: String, labels: [String], limit: Int = 1000) -> Series<Counter> {
        let series = Series(labels: labels, limit: limit) { Counter() }
        register(Family(name: name, help: help, kind: .counter(series)))
        return series
    }

    /// A gauge without labels.
    package func gauge(_ name: String, _ help: String) -> Gauge { gauges(name, help, labels: [])[] }

    /// Gauges with labels, at most `limit` of them.
    package func gauges(_ name: String, _ help: String, labels: [String], limit: Int = 1000) -> Series<Gauge> {
        let series = Series(labels: labels, limit: limit) { Gauge() }
        register(Family(name: name, help: help, kind: .gauge(series)))
        return series
    }

    /// A histogram without labels.
    package func histogram(_ name: String, _ help: String, bounds: [Double]) -> Histogram {
        histograms(name, help, labels: [], bounds: bounds)[]
    }

    /// Histograms with labels, at most `limit` of them.
    package func histograms(
        _ name: String, _ help: String, labels: [String], bounds: [Double], limit: Int = 300
    ) -> Series<Histogram> {
        let series = Series(labels: labels, limit: limit) { Histogram(bounds: bounds) }
        register(Family(name: name, help: help, kind: .histogram(series, scale: 1)))
        return series
    }

    /// Shows histograms once more under another name and in another unit, at no cost when they are observed.
    package func show(_ series: Series<Histogram>, as name: String, _ help: String, scaledBy factor: Double) {
        register(Family(name: name, help: help, kind: .histogram(series, scale: factor)))
    }

    /// Shows numbers that somebody else keeps, read whenever they are shown. `read` must be quick.
    package func read(
        _ name: String, _ help: String, _ type: ReadingType, labels: [String] = [],
        from read: @escaping @Sendable () -> [Reading]
    ) {
        register(Family(name: name, help: help, kind: .readings(type: type, labels: labels, read: read)))
    }

    /// Has `collector` called before every exposition. It must end within a bounded time.
    package func onCollect(_ collector: @escaping Collector) {
        state.withLock { $0.collectors.append(collector) }
    }

    /// Everything as Prometheus reads it: text exposition format 0.0.4.
    package func exposition() async -> [UInt8] {
        for collect in state.withLock({ $0.collectors }) { await collect() }
        var text = Exposition()
        for family in state.withLock({ $0.families }) { text.append(family) }
        return text.bytes
    }

    /// The `Content-Type` of an exposition.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private func register(_ family: Family) {
        state.withLock { state in
            let isNew = state.names.insert(family.name).inserted
            precondition(isNew, "the metric \(family.name) is registered twice")
            state.families.append(family)
        }
    }
}
