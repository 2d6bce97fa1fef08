package import Core

/// What a definition may have, from its JSON Schema.
package struct DefinitionReferencePage: Sendable {
    let schema: JSON
    let page: ReferencePage

    /// - Parameter schema: as `/schemas/workflow.json` serves it.
    package init(_ schema: JSON, _ reference: APIReference, _ frame: Frame) {
        self.schema = schema
        page = ReferencePage(reference, frame)
    }

    private var parts: [(key: String, value: JSON)] { schema["$defs"]?.object?.members ?? [] }

    package var html: HTML {
        let links = parts.map { ##"<li><a href="#\##($0.key)">\##($0.key)</a></li>"## as HTML }
        return page.page(
            "Workflow definitions", crumb: "Workflow definitions",
            #"""
            <div class="title"><h1>Workflow definitions</h1></div>
            <p>\#(schema["description"]?.string) This is its <a href="/schemas/workflow.json">JSON Schema</a>; it says what the form of a definition can say. The rest, such as that a step that is named is there, is told when you <a href="\#(page.paths.newDefinition)">try one out</a>.</p>
            \#(view.table(schema, label: "Members of a definition"))\#(page.examples(schema, id: "workflow-example"))
            <h2>Parts</h2><ul class="columns">\#(links)</ul>
            \#(parts.map(part))
            """#)
    }

    private var view: SchemaView {
        let known = Dictionary(parts.map { ($0.key, $0.value) }) { first, _ in first }
        return SchemaView { pointer in
            let name = String(pointer.split(separator: "/").last ?? "")
            return known[name].map { (name, "#\(name)", $0) }
        }
    }

    private func part(_ name: String, _ part: JSON) -> HTML {
        let text = part["description"]?.string
        return #"""
            <section aria-labelledby="\#(name)"><h3 id="\#(name)">\#(name)</h3>\#(text.map(Prose.html))
            \#(view.kind(part))
            \#(view.table(part, label: "Members of \(name)"))\#(page.examples(part, id: "\(name)-example"))</section>
            """#
    }
}
