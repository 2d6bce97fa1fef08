/// Numbers as the table has them.
extension Double {
    /// Rounded to so many digits after the point, all of which are written.
    func places(_ digits: Int) -> String {
        let scale = (0..<digits).reduce(1) { scale, _ in scale * 10 }
        let value = Int((self * Double(scale)).rounded())
        guard digits > 0 else { return "\(value)" }
        let fraction = "\(value.magnitude % UInt(scale))"
        return (value < 0 ? "-" : "") + "\(value.magnitude / UInt(scale))."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    /// Whole, thousands apart.
    var grouped: String { Int(rounded()).grouped }
}

extension Int {
    /// Thousands apart.
    var grouped: String {
        var text = ""
        for (index, digit) in "\(magnitude)".reversed().enumerated() {
            if index > 0, index.isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return (self < 0 ? "-" : "") + String(text.reversed())
    }

    /// Bytes as MiB.
    var mib: String { (Double(self) / 1_048_576).places(0) }
}

extension Array where Element == Double {
    var listed: String { map { $0.places(0) }.joined(separator: ", ") }
}

extension Percentiles {
    var pair: String { pair(1) }

    /// With so many digits after the point.
    func pair(_ digits: Int) -> String { "\(p50.places(digits)) / \(p99.places(digits)) ms" }
}
