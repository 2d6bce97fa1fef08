/// The sizes of what is drawn, in pixels. `graph.css` has the sizes of the letters in it.
package enum GraphMetrics {
    package static let stepWidth = 184
    package static let stepHeight = 52
    /// A compensation is lower, and rounder.
    package static let undoHeight = 40
    /// The place of what has nothing to undo.
    static let nothingSize = 12

    /// Between two steps of a layer.
    static let rowGap = 24
    /// From a step to the middle of a line that passes it.
    static let passRoom = 18
    /// Between the middles of two lines that pass.
    static let passGap = 14
    /// A bend so small is no bend.
    static let smallBend = 20

    /// Between two tracks of lines.
    static let trackGap = 9
    /// From a column to the first track: heads of arrows that lead back, and the line on which a run turns.
    static let turnRoom = 26
    /// From a column's edge to the line on which a run turns.
    static let turnTrack = 12
    /// From the last track to the next column: heads of arrows that lead on.
    static let arrowRoom = 18
    /// Between two columns at least.
    static let columnGap = 56

    /// Between the steps and the undo lane; the line is in the middle.
    static let laneGap = 56
    /// Around all, and between bands beside their lines.
    static let margin = 22
    /// Above a band in which the pivot is.
    static let pivotRoom = 18
}

/// A place in a drawing.
package struct GraphPoint: Sendable, Hashable {
    package let x: Int
    package let y: Int
}

/// A rectangle in a drawing.
package struct GraphBox: Sendable, Hashable {
    package let x: Int
    package let y: Int
    package let width: Int
    package let height: Int

    package var right: Int { x + width }
    package var bottom: Int { y + height }
    package var middle: GraphPoint { GraphPoint(x: x + width / 2, y: y + height / 2) }

    init(x: Int, y: Int, width: Int, height: Int) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    init(around middle: GraphPoint, width: Int, height: Int) {
        self.init(x: middle.x - width / 2, y: middle.y - height / 2, width: width, height: height)
    }
}
