extension Part {
    /// How much of a limit is used up: a bar, which repeats what stands beside it.
    static func meter(_ value: Int, of most: Int) -> HTML {
        let share = most <= 0 ? 100 : min(100, max(0, value) * 100 / most)
        let tone = share >= 95 ? "bad" : share >= 80 ? "undo" : "good"
        return #"""
            <svg class="meter \#(tone)" viewBox="0 0 100 6" width="100" height="6" aria-hidden="true" focusable="false"><rect width="100" height="6" rx="3" class="meter-rest"/><rect width="\#(share)" height="6" rx="3" class="meter-part"/></svg>
            """#
    }

    /// `512 bytes`, `1.5 MiB`: never more than there is.
    static func size(_ bytes: Int) -> String {
        var (unit, rest) = (0, bytes)
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        var tenths = 0
        while rest >= 1024, unit < units.count - 1 {
            tenths = rest % 1024 * 10 / 1024
            rest /= 1024
            unit += 1
        }
        return unit == 0 || tenths == 0 ? "\(rest) \(units[unit])" : "\(rest).\(tenths) \(units[unit])"
    }

    /// A row of a list of facts; nothing where there is nothing to say.
    static func fact(_ name: String, _ value: HTML?) -> HTML {
        guard let value else { return .empty }
        return "<div><dt>\(name)</dt><dd>\(value)</dd></div>"
    }
}
