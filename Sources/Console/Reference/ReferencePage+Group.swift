import Core

extension ReferencePage {
    /// The routes of one kind; nil for a kind that there is not.
    package func group(_ slug: String) -> HTML? {
        guard let group = reference.group(slug) else { return nil }
        return page(
            group.title, crumb: group.title,
            #"""
            <div class="title"><h1>\#(group.title)</h1></div><p>\#(group.text)</p>
            \#(group.operations.map(operation))
            """#)
    }

    /// Whoever comes by a link to what is folded finds it unfolded: that is why the anchor is within.
    private func operation(_ operation: APIReference.Operation) -> HTML {
        #"""
        <details class="operation"><summary><h2>\#(route(operation))</h2><span>\#(operation.summary)</span>\#(needs(operation))</summary>
        <div class="operation-body" id="\#(operation.id)">\#(Prose.html(operation.details))
        \#(parameters(operation))\#(body(operation))\#(answers(operation))
        <h3>Try it</h3>\#(Part.copied(CurlCommand(operation: operation, origin: frame.origin).text, id: "\(operation.id)-curl"))</div></details>
        """#
    }

    private func parameters(_ operation: APIReference.Operation) -> HTML {
        if operation.parameters.isEmpty { return .empty }
        let view = schemas
        let rows = operation.parameters.map { parameter -> HTML in
            let bounds = view.bounds(parameter.schema)
            let more: HTML = #" <span class="quiet">(\#(bounds))</span>"#
            let needed: HTML = #" <span class="quiet">needed</span>"#
            return #"""
                <tr><th scope="row"><code>\#(parameter.name)</code>\#(if: parameter.isRequired, needed)</th><td>\#(parameter.place)</td><td>\#(view.type(parameter.schema))</td><td>\#(Prose.line(parameter.text))\#(if: !bounds.isEmpty, more)</td></tr>
                """#
        }
        return #"""
            <h3>Parameters</h3><div class="scroll" tabindex="0" role="group" aria-label="Parameters of \#(operation.id)"><table class="members"><thead><tr><th scope="col">Name</th><th scope="col">In the</th><th scope="col">Is</th><th scope="col">Means</th></tr></thead><tbody>\#(rows)</tbody></table></div>
            """#
    }

    private func body(_ operation: APIReference.Operation) -> HTML {
        guard let body = operation.body else { return .empty }
        let types = body.types.map { #"<code>\#($0)</code>"# as HTML }.joined(by: ", ")
        let examples = body.examples.enumerated().map { place, example -> HTML in
            let name: HTML = body.examples.count > 1 ? #"<p class="quiet">\#(example.name)</p>"# : .empty
            let text = example.value.string ?? PayloadView.lines(example.value)
            return #"\#(name)\#(Part.copied(text, id: "\(operation.id)-example-\(place)"))"#
        }
        return #"""
            <h3>Body</h3><p>\#(schemas.type(body.schema))\#(if: !body.isRequired, ", which may be left out"), as \#(types).</p>\#(schemas.table(body.schema, label: "Members of the body of \(operation.id)"))\#(examples)
            """#
    }

    private func answers(_ operation: APIReference.Operation) -> HTML {
        let own = operation.answers.filter { !$0.isUsual }.sorted { $0.status < $1.status }
        let usual = operation.answers.filter(\.isUsual).sorted { $0.status < $1.status }
        let links = usual.map {
            #"<a href="\#(paths.problemReference)#status-\#($0.status)">\#($0.status)</a>"# as HTML
        }
        let more: HTML =
            #"<p>And <a href="\#(paths.problemReference)">what any route may refuse</a>: \#(links.joined(by: ", ")).</p>"#
        return #"""
            <h3>Answers</h3><dl class="answers">\#(own.map(answer))</dl>\#(if: !usual.isEmpty, more)
            """#
    }

    private func answer(_ answer: APIReference.Answer) -> HTML {
        let contents = answer.contents.map { type, schema -> HTML in
            #"<p>\#(schemas.type(schema)), as <code>\#(type)</code></p>"#
        }
        let headers = answer.headers.map { #"<code>\#($0)</code>"# as HTML }.joined(by: ", ")
        return #"""
            <dt class="\#(answer.problems.isEmpty ? "good" : "bad")"><code>\#(answer.status)</code></dt><dd>\#(Prose.html(answer.text))\#(if: answer.problems.isEmpty, contents.joined())\#(if: !headers.isEmpty, #"<p class="quiet">With \#(headers)</p>"#)</dd>
            """#
    }
}
