/// Long graphs are set like text, in bands one below the other: a chain of a hundred steps is read, not panned along.
enum GraphBands {
    /// Divides the layers into as few bands as can be: of about the same width, and between layers where few lines
    /// are to be carried over.
    ///
    /// - Parameter columns: layers in a band at the most.
    static func divide(_ layers: GraphLayers, columns: Int) -> [Range<Int>] {
        let count = layers.layers.count
        // One more is better than lines that are carried over.
        guard count > columns + 1 else { return count == 0 ? [] : [0..<count] }
        let bands = (count + columns - 1) / columns
        let even = Double(count) / Double(bands)
        // By how many bands were filled, and how many layers are in them: what that costs, and where the last band
        // begins.
        var best = [[(cost: Double, start: Int)?]](repeating: Array(repeating: nil, count: count + 1), count: bands + 1)
        best[0][0] = (0, 0)
        for band in 1...bands {
            for end in 1...count {
                for start in max(0, end - columns)..<end {
                    guard let before = best[band - 1][start] else { continue }
                    let uneven = Double(end - start) - even
                    let cost = before.cost + uneven * uneven + (end < count ? Double(layers.lines(behind: end - 1)) : 0)
                    if best[band][end].map({ cost < $0.cost }) ?? true { best[band][end] = (cost, start) }
                }
            }
        }
        var (found, end) = ([Range<Int>](), count)
        for band in (1...bands).reversed() {
            guard let last = best[band][end] else { preconditionFailure("so many bands hold all layers") }
            found.append(last.start..<end)
            end = last.start
        }
        return found.reversed()
    }
}
