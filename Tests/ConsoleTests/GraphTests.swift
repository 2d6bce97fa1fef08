import Console
import Core
import Simulation
import Testing

/// What the graph of a run says, and that drawing and table say the same.
@Suite struct GraphTests {
    private static func graph(_ text: String, _ answers: [String: [Life.Answer]] = [:], until: String? = nil) throws
        -> RunGraph
    {
        let definition = try GraphSamples.workflow("order", text)
        var life = Life(definition, input: ["items": [1, 2, 3]], answers: answers)
        life.go(until: until)
        return RunGraph(definition: definition, run: GraphRun(life.run), runPath: "/console/runs/")
    }

    private static func signs(_ graph: RunGraph) -> String {
        graph.steps.map { "\($0.id):\($0.sign?.rawValue ?? "-")/\($0.undoSign.rawValue)" }.joined(separator: " ")
    }

    @Test(
        "Every state of a run has its signs",
        arguments: [
            (S("a b c-"), "a:succeeded/ready b:succeeded/ready c:succeeded/no-undo"),
            (S("a b c-", ["b": [("no", 10)]]), "a:succeeded/undone b:failed/unused c:pending/no-undo"),
            (
                S("a b c-", ["b": [("no", 10)], "-a": [("busy", 10)]], until: "-a=busy"),
                "a:succeeded/due b:failed/unused c:pending/no-undo"
            ),
            (
                S("a b c", ["b": [("what", 10), ("no", 10)]], until: "b=no"),
                "a:succeeded/due b:failed/undoing c:pending/unused"
            ),
            (S("a b", ["b": [("busy", 10)]], until: "b=busy"), "a:succeeded/ready b:retrying/planned"),
            (S("a! b", ["b": [("no", 10)]]), "a:succeeded/stays b:failed/unused"),
            (S("a b", ["b": [("no", 1)], "-a": [("no", 1)]]), "a:succeeded/stuck b:failed/unused"),
            (S("a b+ c", ["b": [("no", 1)]]), "a:succeeded/ready b:gave-up/planned c:succeeded/ready"),
            (S("a b^ c", ["c": [("no", 1)]]), "a:succeeded/closed b:succeeded/closed c:person/closed"),
            (S("a~ b"), "a:waiting/nothing b:pending/planned"),
            (S("a? b"), "a:skipped/planned b:succeeded/ready"),
            (S("a&", ["a": [("202", 5)]], until: "a=202"), "a:accepted/planned"),
            (S("a@ b"), "a:waiting/planned b:pending/planned"),
        ])
    func signs(_ sample: S, expected: String) throws {
        #expect(Self.signs(try Self.graph(sample.text, sample.answers, until: sample.until)) == expected)
    }

    struct S: Sendable {
        let text: String
        let answers: [String: [Life.Answer]]
        let until: String?

        init(_ text: String, _ answers: [String: [Life.Answer]] = [:], until: String? = nil) {
            (self.text, self.answers, self.until) = (text, answers, until)
        }
    }

    @Test("The line on which a run turned leads from the step that failed, and from nowhere while none has")
    func turns() throws {
        let forward = try Self.graph("a b c")
        #expect(!forward.svg.markup.contains(#"class="turn""#))
        let back = try Self.graph("a b c", ["b": [("no", 10)]])
        #expect(Markup.count(#"class="turn" data-step="b""#, in: back.svg) == 1)
        #expect(Markup.count(#"class="turn""#, in: back.svg) == 1)
        #expect(back.svg.markup.contains("turned back"))
        // The run has come back over b and a; nothing has come over c.
        #expect(Markup.count("edge undo taken", in: back.svg) == 1)
    }

    @Test("A cancelled run turned where it was, whatever is beside it")
    func turnsWhereItWas() throws {
        let definition = try GraphSamples.workflow("order", "a b<a c<a d<b e<c,d")
        var life = Life(definition, answers: ["c": [("ok", 9000)]])
        life.go(until: "b=ok")
        life.happen(.cancel(by: "ann", reason: nil))
        life.go()
        let svg = RunGraph(definition: definition, run: GraphRun(life.run)).svg
        #expect(svg.markup.contains("cancelled"))
        #expect(Markup.count(#"class="turn" data-step="c""#, in: svg) == 1)
        #expect(Markup.count(#"class="turn" data-step="a""#, in: svg) == 0)
    }

    @Test("An attempt without a usable answer has its own sign, until the step has succeeded")
    func unknown() throws {
        let open = try Self.graph("a b", ["b": [("what", 10)]], until: "b=what")
        #expect(open.steps.map(\.isUnknown) == [false, true])
        #expect(Markup.count("s-unknown", in: open.svg) == 1)
        let well = try Self.graph("a b", ["b": [("what", 10)]])
        #expect(Markup.count("s-unknown", in: well.svg) == 0)
        #expect(well.svg.markup.contains("×2"))
    }

    @Test("A list's elements are counted by how they stand, forward and back")
    func elements() throws {
        let graph = try Self.graph("a* b", ["a[1]": [("no", 10)]], until: "a[1]=no")
        let counts = graph.steps[0].elements.map { "\($0.count) \($0.sign.rawValue)" }
        #expect(counts.contains("1 failed") && graph.steps[0].elements.reduce(0) { $0 + $1.count } == 3)
        let back = try Self.graph("a* b", ["b": [("no", 10)]])
        #expect(back.steps[0].undoneElements.map { "\($0.count) \($0.sign.rawValue)" } == ["3 undone"])
        #expect(back.svg.markup.contains("3 of 3 undone"))
    }

    @Test("A child is a link to its run, in the drawing and in the table; a drawing with links is no image")
    func children() throws {
        let graph = try Self.graph("a b@ c")
        let child = try #require(graph.steps[1].child)
        for html in [graph.svg, graph.table] { #expect(html.markup.contains(#"href="/console/runs/\#(child.run)""#)) }
        #expect(graph.svg.markup.contains(#"role="group""#))
        let plain = try Self.graph("a b")
        #expect(plain.svg.markup.contains(#"role="img""#) && !plain.svg.markup.contains("<a "))
    }

    @Test("Two versions: what is new, gone and changed is marked, also where their orders contradict")
    func comparison() throws {
        let old = try GraphSamples.workflow("w", "a b c d")
        let new = try GraphSamples.workflow("w", "a c<a b<c e<b d!<e", version: "1.1.0")
        let graph = RunGraph(comparing: old, with: new)
        let changes = Dictionary(uniqueKeysWithValues: graph.steps.map { ($0.id, $0.change) })
        #expect(changes == ["a": .same, "b": .changed, "c": .changed, "d": .changed, "e": .added])
        let gone = RunGraph(comparing: new, with: old)
        #expect(gone.steps.first { $0.id == "e" }?.change == .removed)
        #expect(gone.table.markup.contains("removed"))
        let same = RunGraph(comparing: old, with: old)
        #expect(same.steps.allSatisfy { $0.change == .same } && !same.svg.markup.contains("added"))
    }

    @Test("A line that follows from others is not drawn, and stands in the table")
    func impliedLines() throws {
        let graph = RunGraph(definition: try GraphSamples.workflow("w", "a b<a c<a,b"))
        #expect(graph.layout.edges.map { [$0.from, $0.to] } == [[0, 1], [1, 2]])
        #expect(graph.table.markup.contains("<td>a, b</td>"))
    }

    @Test("What a definition says is text in the drawing, however it is written")
    func isText() throws {
        let evil = #"${input.at ?? "\u0022><script>alert(1)</script>&'"}"#
        let definition = try WorkflowDefinition([
            "name": "w", "version": "1.0.0", "steps": [["id": "a", "wait": ["until": .string(evil)]]],
        ])
        let graph = RunGraph(definition: definition)
        #expect(graph.steps[0].does.contains("<script>") && !graph.svg.markup.contains("<script>"))
        #expect(Markup.faults(graph.svg) == [] && Markup.faults(graph.table) == [])
    }

    @Test("Runs in 600 random states: sound markup, each step once in each lane, and where it is without a run")
    func randomRuns() throws {
        var random = SeededGenerator(seed: 18)
        var (turned, failed, elements) = (0, 0, 0)
        for number in 0..<600 {
            let workflow = try RandomWorkflow(using: &random, children: ["c"])
            let items: JSON = .array((0..<4).map { .number(JSONNumber($0)) })
            var life = Life(workflow.definition, input: ["items": items], random: SeededGenerator(seed: UInt64(number)))
            life.go(most: Int.random(in: 0...30, using: &random))
            if random.chance(20) { life.happen(.cancel(by: "ann", reason: nil)) }
            life.go(most: Int.random(in: 0...20, using: &random))
            let run = GraphRun(life.run)
            let graph = RunGraph(definition: workflow.definition, run: run, runPath: "/r/")
            let faults = Markup.faults(graph.svg) + Markup.faults(graph.table)
            #expect(faults == [], "run \(number)")
            guard faults.isEmpty else { return }
            for step in workflow.definition.steps {
                for lane in ["forward", "undo"] {
                    #expect(Markup.count(#"data-step="\#(step.id)" data-lane="\#(lane)""#, in: graph.svg) == 1)
                }
                #expect(Markup.count(#"<tr data-step="\#(step.id)">"#, in: graph.table) == 1)
            }
            let plain = RunGraph(definition: workflow.definition).layout
            #expect(graph.layout.steps == plain.steps && graph.layout.edges == plain.edges, "a run moves nothing")
            #expect(graph.svg == RunGraph(definition: workflow.definition, run: run, runPath: "/r/").svg)
            let turns = Markup.count(#"<g class="turn""#, in: graph.svg)
            if run.hasTurned { turned += 1 }
            if run.cause == .stepFailed { #expect(turns == 1) }
            if !run.hasTurned { #expect(turns == 0) }
            if life.run.status == .failed { failed += 1 }
            if graph.steps.contains(where: { !$0.elements.isEmpty }) { elements += 1 }
        }
        #expect(turned > 100 && failed > 5 && elements > 30, "\(turned) \(failed) \(elements)")
    }
}

@Suite struct FittedTextTests {
    @Test("What fits is whole; what does not is cut in its middle, and keeps its ends")
    func cuts() {
        #expect(FittedText("pay", width: 100, size: 12).isWhole)
        let long = FittedText("reserve-inventory-warehouse-eu-2", width: 120, size: 12)
        #expect(
            !long.isWhole && long.shown.hasPrefix("reserve") && long.shown.hasSuffix("2") && long.shown.contains("…"))
        #expect(FittedText.width(of: long.shown, size: 12) <= 120)
        #expect(FittedText("中文测试中文测试", width: 50, size: 12).shown.count < 6)
    }
}
