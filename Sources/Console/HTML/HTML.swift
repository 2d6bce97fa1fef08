// Pages of the console, as pure functions from what they show to HTML.
//
//   HTML/        markup that is safe by its type            Layout/   the frame of every page, and what pages are made of
//   Runs/        the list of runs, and one run              Now/      what needs a person, and how the system does
//   Failed/      groups of failed runs                      Login/    who is asked for a key
//   Editor/      definitions, as they are written           Reference/ the API explained, from what it says of itself
//   Assets/      style and scripts, embedded and named by their content
//
// Nothing here knows of requests, principals or the database: whoever serves a page has read what is in it, with the rights of
// whoever asked.

/// A piece of markup that is safe to send.
///
/// Written as a literal, in which only what stands there in the source is markup: whatever is put in, a text or a number, becomes
/// text, in elements and within the quotes of attributes alike. Pieces of markup are put in as they are.
///
/// ```swift
/// let row: HTML = #"<td class="name" title="\#(run.name)">\#(run.name)</td>"#
/// ```
///
/// No other way makes markup of a text that comes from elsewhere, for a literal's own parts are `StaticString`s.
package struct HTML: Sendable, Hashable {
    /// UTF-8 text as it is sent.
    package private(set) var markup: String

    /// Nothing.
    package static let empty = HTML(markup: "")

    private init(markup: String) { self.markup = markup }

    /// A text, and no markup in it.
    package init(text: some StringProtocol) {
        markup = ""
        append(text: text)
    }

    /// A number, with all its digits.
    package init(_ number: some BinaryInteger) { markup = String(number) }

    package var isEmpty: Bool { markup.isEmpty }

    /// Adds more behind it.
    package mutating func append(_ other: HTML) { markup += other.markup }

    package static func + (left: HTML, right: HTML) -> HTML { HTML(markup: left.markup + right.markup) }
    package static func += (left: inout HTML, right: HTML) { left.append(right) }

    private mutating func append(text: some StringProtocol) {
        var rest = text.utf8[...]
        while let special = rest.firstIndex(where: Self.isSpecial) {
            markup += text[rest.startIndex..<special]
            markup += Self.escape(rest[special])
            rest = rest[rest.index(after: special)...]
        }
        markup += text[rest.startIndex..<rest.endIndex]
    }

    /// All of them are one byte of UTF-8, so what is cut there stays text.
    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"), 0: true
        default: false
        }
    }

    private static func escape(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "'"): "&#39;"
        // No document may hold it.
        default: "\u{FFFD}"
        }
    }
}

extension HTML: ExpressibleByStringInterpolation {
    package init(stringLiteral markup: StaticString) { self.markup = markup.description }

    package init(stringInterpolation: Interpolation) { self = stringInterpolation.html }

    /// What is put into a literal.
    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var html = HTML.empty

        package init(literalCapacity: Int, interpolationCount: Int) {
            html.markup.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        package mutating func appendLiteral(_ literal: StaticString) { html.markup += literal.description }

        /// A text.
        package mutating func appendInterpolation(_ text: some StringProtocol) { html.append(text: text) }

        /// A text, or nothing.
        package mutating func appendInterpolation(_ text: String?) { if let text { html.append(text: text) } }

        /// A number, with all its digits.
        package mutating func appendInterpolation(_ number: some BinaryInteger) { html.markup += String(number) }

        /// A number, with as many digits as tell it from every other.
        package mutating func appendInterpolation(_ number: Double) { html.markup += String(number) }

        package mutating func appendInterpolation(_ piece: HTML) { html.append(piece) }

        package mutating func appendInterpolation(_ piece: HTML?) { if let piece { html.append(piece) } }

        /// One after the other, with nothing between.
        package mutating func appendInterpolation(_ pieces: some Sequence<HTML>) {
            for piece in pieces { html.append(piece) }
        }

        /// An attribute, a space before it, or nothing: ` name="value"`.
        package mutating func appendInterpolation(_ name: StaticString, attribute value: String?) {
            guard let value else { return }
            html.markup += " \(name)=\""
            html.append(text: value)
            html.markup += "\""
        }

        /// An attribute without a value, a space before it, or nothing: ` checked`.
        package mutating func appendInterpolation(_ name: StaticString, if condition: Bool) {
            if condition { html.markup += " \(name)" }
        }

        /// A piece, or nothing.
        package mutating func appendInterpolation(if condition: Bool, _ piece: @autoclosure () -> HTML) {
            if condition { html.append(piece()) }
        }
    }
}

extension Sequence<HTML> {
    /// One after the other.
    package func joined(by separator: HTML = .empty) -> HTML {
        var all = HTML.empty
        for (index, piece) in enumerated() {
            if index > 0 { all += separator }
            all += piece
        }
        return all
    }
}
