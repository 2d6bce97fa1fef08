/// Which Unicode scalars stand at a place: ranges and properties, or all but those.
struct ScalarClass: Sendable {
    /// Ascending, without overlaps once `settle` was called.
    private(set) var ranges: [ClosedRange<UInt32>] = []
    private(set) var properties: [(property: ScalarProperty, isNegated: Bool)] = []
    var isNegated = false
    /// The answer for each scalar of ASCII, which most texts are made of.
    private var ascii: (UInt64, UInt64) = (0, 0)

    init() {}

    init(_ ranges: [ClosedRange<UInt32>], isNegated: Bool = false) {
        self.ranges = ranges
        self.isNegated = isNegated
        settle()
    }

    static let digit = ScalarClass([0x30...0x39])
    static let word = ScalarClass([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    /// WhiteSpace and LineTerminator of ECMA-262.
    static let space = ScalarClass([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
    /// What `.` stands for.
    static let anyButLineEnd = ScalarClass([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029], isNegated: true)

    /// Everything that is not in here.
    var inverted: ScalarClass {
        var inverted = self
        inverted.isNegated.toggle()
        inverted.settle()
        return inverted
    }

    mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }

    mutating func insert(_ property: ScalarProperty, isNegated: Bool) { properties.append((property, isNegated)) }

    /// Adds what another class stands for; that one has no properties.
    mutating func insert(_ other: ScalarClass) {
        guard other.isNegated else {
            ranges += other.ranges
            return
        }
        var next: UInt32 = 0
        for range in other.ranges {
            if range.lowerBound > next { ranges.append(next...(range.lowerBound - 1)) }
            next = range.upperBound + 1
        }
        ranges.append(next...0x10FFFF)
    }

    /// Puts the ranges in order. Without it `contains` is wrong.
    mutating func settle() {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        ranges = merged
        ascii = (0, 0)
        for value in UInt8(0)..<128 where isMember(Unicode.Scalar(value)) {
            if value < 64 { ascii.0 |= 1 << UInt64(value) } else { ascii.1 |= 1 << UInt64(value - 64) }
        }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        if value < 64 { return ascii.0 >> UInt64(value) & 1 == 1 }
        if value < 128 { return ascii.1 >> UInt64(value - 64) & 1 == 1 }
        return isMember(scalar)
    }

    private func isMember(_ scalar: Unicode.Scalar) -> Bool {
        let isListed = isInRanges(scalar.value) || properties.contains { $0.property.holds(scalar) != $0.isNegated }
        return isListed != isNegated
    }

    private func isInRanges(_ value: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound <= value
    }
}
