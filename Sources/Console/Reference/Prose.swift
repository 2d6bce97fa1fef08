/// A description as a page shows it: paragraphs, and what stands in backticks as code. There is no more Markdown in ours.
enum Prose {
    static func html(_ text: String) -> HTML {
        text.split(separator: "\n\n").map { #"<p>\#(line($0))</p>"# as HTML }.joined()
    }

    /// Without a paragraph around it.
    static func line(_ text: some StringProtocol) -> HTML {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        // A backtick that nothing closes is one.
        guard parts.count % 2 == 1 else { return HTML(text: text) }
        return parts.enumerated().map { place, part in
            place % 2 == 1 ? #"<code>\#(part)</code>"# as HTML : HTML(text: part)
        }.joined()
    }
}
