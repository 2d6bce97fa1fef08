import Console
import Core
import Testing

/// The page on which definitions are written, and what it is made of.
@Suite struct EditorPageTests {
    private static func frame(_ permissions: Set<String> = ["workflows:write"]) -> Frame {
        Frame(
            paths: Paths(base: "/console"), reader: "ann", permissions: permissions, formToken: "t", origin: "https://h"
        )
    }

    private static func check(
        _ standing: DefinitionCheck.Standing, _ remarks: [DefinitionCheck.Remark] = [], draws: String? = "a b c"
    ) throws -> DefinitionCheck {
        var check = DefinitionCheck(isJSON: true, standing, remarks)
        check.definition = try draws.map { try GraphSamples.workflow("order", $0) }
        check.stepLines = [("a", 3), ("b", 9)]
        return check
    }

    private static func page(
        _ check: DefinitionCheck, _ draft: EditorPage.Draft = .init(text: "name: order\n"), mayRegister: Bool = true
    ) -> EditorPage {
        EditorPage(draft, check, mayRegister: mayRegister, choosesTenant: true, frame())
    }

    private static func remark(
        _ severity: Finding.Severity, _ detail: String = "No.", pointer: String = "/steps/0", line: Int? = 7
    ) -> DefinitionCheck.Remark {
        DefinitionCheck.Remark(severity, rule: "a-rule", pointer: pointer, detail: detail, line: line, column: 3)
    }

    /// In every state, with texts that are to break it.
    @Test func `Its pages are well-formed, have nothing inline, and names for everything that can be used`() throws {
        let evil = PageTests.evil
        var draft = EditorPage.Draft(text: evil + "</textarea>", from: (evil, evil), tenant: evil)
        draft.isUnsaved = true
        let remarks = [
            Self.remark(.error, evil, pointer: evil), Self.remark(.warning, line: nil), Self.remark(.note, pointer: ""),
        ]
        var checks = [
            try Self.check(.unreadable, remarks, draws: nil), try Self.check(.refused, remarks, draws: nil),
            try Self.check(.new), try Self.check(.same, remarks), try Self.check(.taken(next: evil), remarks),
            try Self.check(.taken(next: nil)), try Self.check(.unknown),
        ]
        var compared = try Self.check(.new)
        compared.base = try GraphSamples.workflow("order", "a c d", version: "0.9.0")
        compared.trouble = evil
        checks.append(compared)
        for check in checks {
            for mayRegister in [true, false] {
                for page in [Self.page(check, draft, mayRegister: mayRegister), Self.page(check)] {
                    for html in [page.html, page.fragment] {
                        let checked = MarkupPage(html.markup)
                        #expect(checked.faults.isEmpty, "\(check.standing): \(checked.faults.prefix(3))")
                        #expect(checked.hrefs.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("#") })
                    }
                }
            }
        }
    }

    @Test func `A text is in its field as it was written, also if it begins with an empty line`() throws {
        let text = "\n\n<b> & \"c\"\n"
        let page = Self.page(try Self.check(.new), .init(text: text)).html.markup
        #expect(page.contains(">\n\n\n&lt;b&gt; &amp; &quot;c&quot;\n</textarea>"))
    }

    @Test func `Whoever may not register has no button for it, and everybody can check`() throws {
        for standing in [DefinitionCheck.Standing.unreadable, .refused, .new, .taken(next: "1.0.1"), .unknown] {
            let check = try Self.check(standing)
            #expect(Self.page(check).html.markup.contains(#"value="register""#), "\(standing)")
            let other = Self.page(check, mayRegister: false).html.markup
            #expect(!other.contains(#"value="register""#) && other.contains(#"value="check""#), "\(standing)")
        }
        // What is registered is not registered again.
        #expect(!Self.page(try Self.check(.same)).html.markup.contains(#"value="register""#))
    }

    @Test func `It says what registering would do`() throws {
        func says(_ standing: DefinitionCheck.Standing) throws -> String {
            Self.page(try Self.check(standing)).html.markup
        }
        #expect(try says(.new).contains("Registers <b>order 1.0.0</b> for good"))
        #expect(try says(.refused).contains("it would be refused"))
        #expect(try says(.same).contains("is registered with this very content"))
        let taken = try says(.taken(next: "1.0.4"))
        #expect(taken.contains("registered with other content") && taken.contains("Make it 1.0.4"))
        #expect(try !says(.taken(next: nil)).contains("Make it"))
        let own = Self.page(try Self.check(.new), .init(text: "", tenant: "acme")).html.markup
        #expect(own.contains("Registers <b>order 1.0.0</b> of acme for good"))
    }

    @Test func `A finding leads to its line, and a step of the graph to its own`() throws {
        let page = Self.page(try Self.check(.new, [Self.remark(.warning)])).html.markup
        #expect(page.contains(##"href="#definition" data-line="7" data-column="3""##))
        #expect(page.contains(#"data-steps="a:3 b:9""#) && page.contains(#"data-step="b""#))
    }

    @Test func `More findings than anybody reads are counted`() throws {
        let check = try Self.check(.refused, (0..<130).map { Self.remark(.error, "No \($0).") }, draws: nil)
        let page = Self.page(check).html.markup
        #expect(page.contains("No 99.") && !page.contains("No 100.") && page.contains("30</span> more"))
    }

    @Test func `Two versions are drawn as what changes between them`() throws {
        var check = try Self.check(.new, draws: "a b d")
        check.base = try GraphSamples.workflow("order", "a b c", version: "0.9.0")
        let page = Self.page(check).html.markup
        #expect(page.contains("What changes against 0.9.0") && page.contains("step added"))
    }

    // MARK: What it is made of

    @Test(arguments: [
        ("1.0.0", [], "1.0.1"), ("1.0.0", ["1.0.0", "1.0.3", "1.1.0"], "1.0.4"), ("2.1.0", ["1.0.9"], "2.1.1"),
        ("1.0.0-rc.1", ["1.0.0-rc.1"], "1.0.0"), ("1.0.0-rc.1", ["1.0.0"], "1.0.1"),
        ("1.0.2", ["1.0.3-rc.1"], "1.0.3"), ("1.0.18446744073709551615", [], nil),
    ])
    func `The next version is one that is free`(version: String, taken: [String], next: String?) throws {
        let found = NextVersion.after(
            try #require(SemanticVersion(version)), taken: taken.compactMap { SemanticVersion($0) })
        #expect(found == next)
    }

    @Test func `A stored definition is written as people write it, and is the same`() throws {
        let stored = try JSON(
            parsing: #"""
                {"name":"order","steps":[{"action":{"body":{"zeta":"${input.z}","alpha":12345678901234567890.10},"path":"/x","participant":"p"},"id":"a","compensation":"none"},{"id":"b","wait":{"for":"1s"}}],"version":"1.0.0","output":{"q":"\u0022","long":["\#(String(repeating: "x", count: 90))","y"]}}
                """#)
        let text = DefinitionLayout.text(stored, version: "1.0.1")
        var expected = try #require(stored.object)
        expected["version"] = "1.0.1"
        #expect(try JSON(parsing: text) == .object(expected))
        #expect(
            text.hasPrefix(
                "{\n  \"name\": \"order\",\n  \"version\": \"1.0.1\",\n  \"steps\": [\n    {\n      \"id\": \"a\",\n"))
        #expect(text.contains(#""wait": { "for": "1s" }"#) && text.hasSuffix("}\n"))
        // What somebody sends stays in their order.
        #expect(text.contains(#""body": { "zeta": "${input.z}", "alpha": 12345678901234567890.10 }"#))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 110 })
    }
}
