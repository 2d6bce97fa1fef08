import Core

/// The API explained, from the document in which it describes itself: an overview, and a page for each kind of route, for each
/// schema, for definitions, and for what any route may refuse.
package struct ReferencePage: Sendable {
    let reference: APIReference
    let frame: Frame

    package init(_ reference: APIReference, _ frame: Frame) {
        self.reference = reference
        self.frame = frame
    }

    var paths: Paths { frame.paths }

    // MARK: The overview

    package var overview: HTML {
        let count = reference.groups.reduce(0) { $0 + $1.operations.count }
        return page(
            "The API", crumb: nil,
            #"""
            <div class="title"><h1>The API <span class="version">\#(reference.version)</span></h1></div>
            \#(Prose.html(reference.introduction))
            <p>For programs: <a href="/openapi.json">OpenAPI 3.1</a>. For editors: <a href="/schemas/workflow.json">the JSON Schema of definitions</a>, <a href="\#(paths.definitionReference)">which can be read here</a>. <a href="\#(paths.problemReference)">What any route may refuse</a>.</p>
            <p class="reference-find" id="reference-find" hidden><label for="reference-words">Find a route</label> <input id="reference-words" type="search" autocomplete="off" spellcheck="false"> <span class="quiet" role="status" id="reference-found">\#(Part.count(count, "route"))</span></p>
            \#(reference.groups.map(section))
            <section aria-labelledby="schemas-title"><h2 id="schemas-title">What is sent and answered</h2>
            <ul class="columns">\#(reference.schemas.map { #"<li><a href="\#(paths.reference(schema: $0.name))">\#($0.name)</a></li>"# as HTML })</ul></section>
            """#)
    }

    private func section(_ group: APIReference.Group) -> HTML {
        let rows = group.operations.map { operation -> HTML in
            #"<li data-words><a href="\#(paths.reference(of: operation.id, in: group.slug))">\#(route(operation))</a><span>\#(operation.summary)</span>\#(needs(operation))</li>"#
        }
        return #"""
            <section data-section aria-labelledby="\#(group.slug)-title"><h2 id="\#(group.slug)-title"><a href="\#(paths.reference(group: group.slug))">\#(group.title)</a></h2><p class="quiet">\#(group.text)</p><ul class="list routes">\#(rows)</ul></section>
            """#
    }

    func route(_ operation: APIReference.Operation) -> HTML {
        #"<code class="method">\#(operation.method)</code> <code>\#(operation.path)</code>"#
    }

    func needs(_ operation: APIReference.Operation) -> HTML? {
        operation.permission.map { #"<span class="mark-text">\#($0)</span>"# }
    }

    // MARK: What any route may refuse

    package var problems: HTML {
        page(
            "What any route may refuse", crumb: "Problems",
            #"""
            <div class="title"><h1>What any route may refuse</h1></div>
            <p>Each refusal is a <a href="\#(paths.reference(schema: "Problem"))">Problem</a>; its <code>type</code> is <code>urn:sagaflow:problem:</code> and the word that stands here.</p>
            <dl class="answers">\#(reference.usual.map { #"<dt id="status-\#($0.status)"><code>\#($0.status)</code></dt><dd>\#(Prose.html($0.text))</dd>"# as HTML })</dl>
            """#)
    }

    // MARK: Schemas

    /// What is sent or answered under a name; nil for what there is not.
    package func schema(_ name: String) -> HTML? {
        guard let schema = reference.schemas.first(where: { $0.name == name })?.schema else { return nil }
        let view = schemas
        let text = schema["description"]?.string
        let more: HTML? =
            name == "Definition"
            ? #"<p>Member by member: <a href="\#(paths.definitionReference)">workflow definitions</a>.</p>"# : nil
        return page(
            name, crumb: name,
            #"""
            <div class="title"><h1>\#(name)</h1></div>
            \#(text.map(Prose.html))\#(more)\#(view.kind(schema))\#(view.table(schema, label: "Members of \(name)"))
            \#(examples(schema, id: "example"))
            <section aria-labelledby="uses-title"><h2 id="uses-title">Where it is</h2><ul class="list routes">\#(uses(of: name))</ul></section>
            <details class="payload" id="as-json"><summary>As JSON Schema</summary>\#(Part.copied(PayloadView.lines(schema), id: "as-json-text"))</details>
            """#)
    }

    /// Components by what points at them.
    var schemas: SchemaView {
        let known = Dictionary(reference.schemas.map { ($0.name, $0.schema) }) { first, _ in first }
        let paths = paths
        return SchemaView { pointer in
            let name = String(pointer.split(separator: "/").last ?? "")
            return known[name].map { (name, paths.reference(schema: name), $0) }
        }
    }

    /// Routes that send or answer it, and schemas that hold it.
    private func uses(of name: String) -> [HTML] {
        let pointer: JSON = .string("#/components/schemas/\(name)")
        let schemas = reference.schemas.filter { $0.name != name && $0.schema.holds(pointer) }.map { each -> HTML in
            #"<li><a href="\#(paths.reference(schema: each.name))">\#(each.name)</a></li>"#
        }
        let routes = reference.groups.flatMap { group in
            group.operations.filter { operation in
                operation.body?.schema.holds(pointer) == true
                    || operation.answers.contains { answer in
                        answer.problems.isEmpty && answer.contents.contains { $0.schema.holds(pointer) }
                    }
            }.map { operation -> HTML in
                #"<li><a href="\#(paths.reference(of: operation.id, in: group.slug))">\#(route(operation))</a></li>"#
            }
        }
        let none: HTML = #"<li class="quiet">In every refusal.</li>"#
        let all = routes + schemas
        return all.isEmpty ? [none] : all
    }

    func examples(_ schema: JSON, id: String) -> HTML {
        (schema["examples"]?.array ?? []).enumerated().map { place, example in
            Part.copied(PayloadView.lines(example), id: "\(id)-\(place)")
        }.joined()
    }

    func page(_ title: String, crumb: String?, _ content: HTML) -> HTML {
        let crumbs: HTML? = crumb.map {
            #"<nav class="crumbs" aria-label="Where you are"><a href="\#(paths.reference)">The API</a> <span aria-hidden="true">/</span> \#($0)</nav>"#
        }
        return frame.page(title, in: .reference, #"\#(crumbs)<div class="reference">\#(content)</div>"#)
    }
}

extension JSON {
    /// It is in there, at whatever place.
    fileprivate func holds(_ value: JSON) -> Bool {
        if self == value { return true }
        if let list = array { return list.contains { $0.holds(value) } }
        return object?.members.contains { $0.value.holds(value) } ?? false
    }
}
