/// A sign of 20 by 20: an outline, and what stands in it.
struct GraphIcon: Sendable {
    enum Shape: Sendable { case ring, disc, square, octagon, diamond, triangle, dashed }
    enum Glyph: Sendable {
        case none, play, dots, hourglass, again, exclamation, check, link, cross, on, skip, back, backwards, dash, lock,
            question
        case call, clock, envelope, run, flag, end
    }

    let shape: Shape
    let glyph: Glyph

    init(_ shape: Shape, _ glyph: Glyph) { (self.shape, self.glyph) = (shape, glyph) }

    /// A call had no answer that says what became of it.
    static let unknown = GraphIcon(.diamond, .question)

    var svg: HTML { shape.svg + glyph.svg }
}

extension GraphIcon.Shape {
    fileprivate var svg: HTML {
        switch self {
        case .ring: #"<circle class="ring" cx="10" cy="10" r="8.5"/>"#
        case .dashed: #"<circle class="ring dashed" cx="10" cy="10" r="8.5"/>"#
        case .disc: #"<circle class="solid" cx="10" cy="10" r="9"/>"#
        case .square: #"<rect class="solid" x="1.5" y="1.5" width="17" height="17" rx="4"/>"#
        case .octagon: #"<path class="solid" d="M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z"/>"#
        case .diamond: #"<path class="solid" d="M10 0l10 10-10 10L0 10z"/>"#
        case .triangle: #"<path class="solid" d="M10 .5 20 18.5H0z"/>"#
        }
    }
}

extension GraphIcon.Glyph {
    /// Lines; `graph.css` says how thick.
    var svg: HTML {
        switch self {
        case .none: .empty
        case .play: #"<path class="glyph full" d="M7.8 5.8v8.4l6.6-4.2z"/>"#
        case .dots: #"<path class="glyph" d="M5.6 10h.1M9.95 10h.1M14.3 10h.1"/>"#
        case .hourglass: #"<path class="glyph" d="M6.5 5h7M6.5 15h7M7 5c0 5 6 5 6 10M13 5c0 5-6 5-6 10"/>"#
        case .again: #"<path class="glyph" d="M14.5 7.5A5 5 0 1 0 15 11M15 4.8v3h-3"/>"#
        case .exclamation: #"<path class="glyph" d="M10 6v5.5M10 14.6v.1"/>"#
        case .check: #"<path class="glyph" d="M5.8 10.4l3 3 5.5-6.4"/>"#
        case .link: #"<path class="glyph" d="M5 10h8M10 6.8 13.4 10 10 13.2M15.6 6v8"/>"#
        case .cross: #"<path class="glyph" d="M6.7 6.7l6.6 6.6M13.3 6.7l-6.6 6.6"/>"#
        case .on: #"<path class="glyph" d="M5 10h9M10.8 6.8 14.2 10l-3.4 3.2"/>"#
        case .skip: #"<path class="glyph" d="M6 6.5 9.5 10 6 13.5M10.5 6.5 14 10l-3.5 3.5"/>"#
        case .back: #"<path class="glyph" d="M8.4 5.2 5.4 8.2l3 3M5.6 8.2h5.6a3.3 3.3 0 0 1 0 6.6H8"/>"#
        case .backwards: #"<path class="glyph full" d="M12.2 5.8v8.4L5.6 10z"/>"#
        case .dash: #"<path class="glyph" d="M6.5 10h7"/>"#
        case .lock: #"<path class="glyph" d="M6.5 9.5h7v5h-7zM7.8 9.5V7.6a2.2 2.2 0 0 1 4.4 0v1.9"/>"#
        case .question: #"<path class="glyph" d="M7.8 8.2a2.2 2.2 0 1 1 3 2c-.6.3-.8.7-.8 1.4M10 14.3v.1"/>"#
        case .call: #"<path class="glyph" d="M3.5 7h12M12.5 4l3 3-3 3M16.5 13h-12M7.500 10l-3 3 3 3"/>"#
        case .clock: #"<path class="glyph" d="M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0zM10 6v4.2l2.800 1.8"/>"#
        case .envelope: #"<path class="glyph" d="M3 5.500h14v9H3zM3 6l7 5 7-5"/>"#
        case .run: #"<path class="glyph" d="M3.500 3.500h6v4h-6zM10.500 12.500h6v4h-6zM6.500 7.500v7h4"/>"#
        case .flag: #"<path class="glyph" d="M5.500 17V3.500M5.500 4h9l-2.500 3 2.500 3h-9"/>"#
        case .end: #"<path class="glyph" d="M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0zM7.500 7.500h5v5h-5z"/>"#
        }
    }
}
