/// The text exposition format 0.0.4 of Prometheus, being written.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
struct Exposition {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(32 * 1024) }

    mutating func append(_ family: MetricsRegistry.Family) {
        write("# HELP \(family.name) \(Self.escape(family.help, quotes: false))\n")
        switch family.kind {
        case .counter(let series):
            write("# TYPE \(family.name) counter\n")
            for (values, counter) in series.all {
                sample(family.name, Self.pairs(series.labels, values), "\(counter.value)")
            }
        case .gauge(let series):
            write("# TYPE \(family.name) gauge\n")
            for (values, gauge) in series.all {
                guard let value = gauge.value else { continue }
                sample(family.name, Self.pairs(series.labels, values), Self.number(value))
            }
        case .histogram(let series, let scale):
            write("# TYPE \(family.name) histogram\n")
            for (values, histogram) in series.all {
                append(histogram, family.name, Self.pairs(series.labels, values), scale)
            }
        case .readings(let type, let labels, let read):
            write("# TYPE \(family.name) \(type.rawValue)\n")
            for reading in read() {
                sample(family.name, Self.pairs(labels, reading.values), Self.number(reading.number))
            }
        }
    }

    private mutating func append(_ histogram: Histogram, _ name: String, _ pairs: String, _ scale: Double) {
        let counts = histogram.counts
        var total = 0
        let prefix = pairs.isEmpty ? "" : pairs + ","
        for (index, count) in counts.buckets.enumerated() {
            total += count
            let bound = index < histogram.bounds.count ? Self.number(histogram.bounds[index] * scale) : "+Inf"
            sample(name + "_bucket", "\(prefix)le=\"\(bound)\"", "\(total)")
        }
        sample(name + "_sum", pairs, Self.number(counts.sum * scale))
        sample(name + "_count", pairs, "\(total)")
    }

    private mutating func sample(_ name: String, _ pairs: String, _ value: String) {
        write(pairs.isEmpty ? "\(name) \(value)\n" : "\(name){\(pairs)} \(value)\n")
    }

    private mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private static func pairs(_ labels: [String], _ values: [String]) -> String {
        zip(labels, values).map { "\($0)=\"\(escape($1, quotes: true))\"" }.joined(separator: ",")
    }

    /// Backslashes and line feeds, in label values quotes as well.
    private static func escape(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == 0x0A || $0 == UInt8(ascii: "\"") }) else {
            return text
        }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Whole numbers without a fraction; others in the shortest form that reads back the same.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int(value))" }
        return "\(value)"
    }
}
