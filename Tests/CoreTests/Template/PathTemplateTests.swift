import Core
import Testing

@Suite("Templates of paths and headers")
struct PathTemplateTests {
    @Test(
        "values are encoded so that they stay within their segment",
        arguments: [
            ("/charge", "/charge"), ("/", "/"), ("/a/", "/a/"), ("/a//b", "/a//b"), ("/a?b=c&d=e?f", "/a?b=c&d=e?f"),
            ("/a;v=1/b:c@d", "/a;v=1/b:c@d"), ("/a%20b", "/a%20b"), ("/orders/${input.id}", "/orders/o-1"),
            ("/orders/${input.id}/", "/orders/o-1/"), ("/${input.id}", "/o-1"),
            ("/x/${input.lines.0.sku}", "/x/a%20b%2Fc"),
            ("/x/${input.id}-${input.amount}.json", "/x/o-1-12.5.json"),
            ("/x?q=${input.text}", "/x?q=%C3%BCml%C3%A4ut%20%26%20more"),
            ("/x?q=${input.empty}&r=${input.dots}", "/x?q=&r=.."), ("/x/${input.crlf}", "/x/a%0D%0AX%3A%20y"),
            ("/x/${input.dots}a", "/x/..a"), ("/${run.id}/${input.ok}", "/017f22e2-79b0-7cc3-98c4-dc0c0c07398f/true"),
            ("/x/${input.fake}", "/x/%24%7Binput.id%7D"), ("/...", "/..."),
            ("/x?a=${input.missing?}", "/x"), ("/x?a=${input.none?}&b=1", "/x?b=1"),
            ("/x?a=1&b=${input.missing?}&c=${input.id?}", "/x?a=1&c=o-1"),
            ("/${input.id}?a=${input.ok?}", "/o-1?a=true"),
            ("/x?a=b?${input.missing?}&c", "/x?c"), ("/x?a=${input.empty?}", "/x?a="),
            ("/x?q=${input.text?}&r=${input.missing?}", "/x?q=%C3%BCml%C3%A4ut%20%26%20more"),
        ])
    func renders(_ text: String, _ expected: String) throws {
        #expect(try PathTemplate(text).render(TestScope.order) == expected)
    }

    @Test(
        "values that would lead elsewhere are refused",
        arguments: [
            ("/x/${input.dot}", TemplateError.Kind.dotSegment), ("/x/${input.dots}/y", .dotSegment),
            ("/x/.${input.dot}", .dotSegment),
            ("/x/%2e${input.dot}", .dotSegment), ("/x/${input.dots}?a=b", .dotSegment),
            ("/x/${input.empty}", .emptySegment),
            ("/${input.empty}/y", .emptySegment), ("/${input.empty}", .emptySegment),
            ("/x/${input.empty}/", .emptySegment),
            ("/x/${input.missing}", .missing(Reference(.input, [.name("missing")]))),
            ("/x/${input.none}", .missing(Reference(.input, [.name("none")]))),
            ("/x?y=${input.missing}", .missing(Reference(.input, [.name("missing")]))),
            ("/x/${input.lines}", .notText(Reference(.input, [.name("lines")]), "an array")),
        ])
    func refusesValues(_ text: String, _ kind: TemplateError.Kind) throws {
        let path = try PathTemplate(text)
        #expect((#expect(throws: TemplateError.self) { try path.render(TestScope.order) })?.kind == kind)
    }

    @Test(
        "paths that are none, or name a host, are refused at registration",
        arguments: [
            ("", TemplateError.Kind.pathNotAbsolute), ("charge", .pathNotAbsolute),
            ("//evil.example/x", .pathNotAbsolute),
            ("http://evil.example/", .pathNotAbsolute), ("${input.id}/x", .pathNotAbsolute), ("?a=b", .pathNotAbsolute),
            ("/a#b", .pathCharacter), ("/a b", .pathCharacter), ("/a\r\nHost: x", .pathCharacter),
            ("/a\u{0}", .pathCharacter),
            ("/é", .pathCharacter), ("/a\\b", .pathCharacter), ("/a%", .pathCharacter), ("/a%2", .pathCharacter),
            ("/a%zz", .pathCharacter),
            ("/a%2${input.id}", .pathCharacter), ("/{id}", .pathCharacter), ("/$${input.id}", .pathCharacter),
            ("/a\"b", .pathCharacter),
            ("/a<b", .pathCharacter), ("/a|b", .pathCharacter), ("/a^b", .pathCharacter), ("/a`b", .pathCharacter),
            ("/[x]", .pathCharacter),
            ("/..", .dotSegment), ("/a/../b", .dotSegment), ("/a/./b", .dotSegment), ("/%2e%2E/b", .dotSegment),
            ("/.%2e", .dotSegment),
            ("/x/${input.id?}", .optionalSegment), ("/x/${input.id?}?a=1", .optionalSegment),
            ("/a/..?x", .dotSegment), ("/a/${input.id", .unterminated), ("/a/${id}", .invalidReference("id")),
            ("/" + String(repeating: "${input}", count: 257), .tooManyReferences(limit: 256)),
        ])
    func refuses(_ text: String, _ kind: TemplateError.Kind) {
        #expect((#expect(throws: TemplateError.self) { try PathTemplate(text) })?.kind == kind)
    }

    @Test("a path longer than servers take is refused")
    func limits() throws {
        let scope = TestScope(input: .string(String(repeating: "x", count: 9000)))
        let error = #expect(throws: TemplateError.self) { try PathTemplate("/${input}").render(scope) }
        #expect(error?.kind == .tooLong(limit: 8192))
    }

    @Test(
        "a header renders to printable ASCII or not at all",
        arguments: [
            ("plain", "plain", nil), ("id ${input.id}", "id o-1", nil), ("${input.amount}", "12.5", nil),
            ("${input.empty}", "", nil), ("${input.id?}", "o-1", nil),
            ("${input.crlf}", nil, .headerCharacter), ("x ${input.text}", nil, .headerCharacter),
            ("${input.missing}", nil, .missing(Reference(.input, [.name("missing")]))),
            ("${input.lines}", nil, .notText(Reference(.input, [.name("lines")]), "an array")),
        ] as [(String, String?, TemplateError.Kind?)])
    func headers(_ text: String, _ expected: String?, _ kind: TemplateError.Kind?) throws {
        let header = try HeaderTemplate(text)
        if let expected {
            #expect(try header.render(TestScope.order) == expected)
        } else {
            #expect((#expect(throws: TemplateError.self) { try header.render(TestScope.order) })?.kind == kind)
        }
    }

    @Test("a header with an optional value that is missing is left out, others are not")
    func leavesOutHeaders() throws {
        for (text, isLeftOut) in [
            ("${input.missing?}", true), ("a ${input.none?}", true), ("${input.id?}", false),
            ("${input.empty?}", false),
            ("${input.missing}", false),
        ] {
            #expect(try HeaderTemplate(text).isLeftOut(TestScope.order) == isLeftOut, "\(text)")
        }
    }

    @Test(
        "a header that no value could mend is refused at registration",
        arguments: ["a\r\nb", "a\u{0}", "é", "\u{7f}", "a\tb"])
    func refusesHeaders(_ text: String) {
        #expect((#expect(throws: TemplateError.self) { try HeaderTemplate(text) })?.kind == .headerCharacter)
    }
}
