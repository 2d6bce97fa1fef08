internal import Synchronization

/// The instruments of one name, one for each combination of label values.
///
/// Bounded: when there are `limit` of them, further combinations share one whose values all read `other`. So a name that
/// somebody else chooses (a workflow's, a step's) can be a label, and memory and scrapes stay small.
package final class Series<Instrument: Sendable>: Sendable {
    /// The labels' names, in the order of their values.
    package let labels: [String]
    private let limit: Int
    private let make: @Sendable () -> Instrument
    private let known = Mutex<(order: [[String]], instruments: [[String]: Instrument])>(([], [:]))

    init(labels: [String], limit: Int, make: @escaping @Sendable () -> Instrument) {
        self.labels = labels
        self.limit = limit
        self.make = make
    }

    /// The instrument of these label values; made, and from then on shown, when it is asked for first.
    package subscript(_ values: String...) -> Instrument { self[values] }

    /// The same, with the values in an array.
    package subscript(_ values: [String]) -> Instrument {
        precondition(values.count == labels.count, "every label has a value")
        return known.withLock { known in
            if let instrument = known.instruments[values] { return instrument }
            let isFull = known.order.count >= limit
            let key = isFull ? Array(repeating: "other", count: labels.count) : values
            if let instrument = known.instruments[key] { return instrument }
            let instrument = make()
            known.instruments[key] = instrument
            known.order.append(key)
            return instrument
        }
    }

    /// All there are, in the order in which they were made.
    var all: [(values: [String], instrument: Instrument)] {
        known.withLock { known in
            known.order.compactMap { values in known.instruments[values].map { (values, $0) } }
        }
    }
}
