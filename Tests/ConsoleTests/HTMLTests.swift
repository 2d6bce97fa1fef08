import Console
import Testing

@Suite struct HTMLTests {
    @Test(arguments: [
        ("</script><script>alert(1)</script>", "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\" onmouseover=\"x", "&quot; onmouseover=&quot;x"), ("it's", "it&#39;s"), ("a & b", "a &amp; b"),
        ("&lt;", "&amp;lt;"), ("${x} `y`", "${x} `y`"), ("nul\0.", "nul\u{FFFD}."), ("", ""), ("ק ü 😀", "ק ü 😀"),
        ("<", "&lt;"), ("a<b>c", "a&lt;b&gt;c"),
    ])
    func `What is put in is text, in elements and in attributes`(_ text: String, _ escaped: String) {
        let html: HTML = #"<p title="\#(text)">\#(text)</p>"#
        #expect(html.markup == "<p title=\"\(escaped)\">\(escaped)</p>")
        #expect(HTML(text: text).markup == escaped)
        let optional: String? = text
        #expect(("\(optional)" as HTML).markup == escaped)
        #expect(("<a\("title", attribute: text)>" as HTML).markup == "<a title=\"\(escaped)\">")
    }

    @Test func `Parts of a text are escaped as a whole would be`() {
        let text = "a<b>&c"
        let html: HTML = "\(text.dropFirst())"
        #expect(html.markup == "&lt;b&gt;&amp;c")
    }

    @Test func `Markup is put in as it is, and nothing where there is none`() {
        let bold: HTML = "<b>x</b>"
        let none: HTML? = nil
        let html: HTML = "<i>\(bold)\(none)\([bold, bold])\(if: false, bold)\(12)</i>"
        #expect(html.markup == "<i><b>x</b><b>x</b><b>x</b>12</i>")
        #expect([bold, bold].joined(by: ", ").markup == "<b>x</b>, <b>x</b>")
    }

    @Test func `Attributes are there, or not at all`() {
        let html: HTML = #"<input\#("checked", if: true)\#("disabled", if: false)\#("id", attribute: nil)>"#
        #expect(html.markup == "<input checked>")
    }

    @Test func `Numbers keep all their digits`() {
        let html: HTML = "\(Int64.max) \(UInt64.max) \(0.1)"
        #expect(html.markup == "9223372036854775807 18446744073709551615 0.1")
    }
}
