/// What is about to be asked of many runs: how many, some of them, and why. Nothing has happened yet.
package struct BulkPage: Sendable {
    let title: String
    let consequence: String
    /// Of all of them, the newest first.
    let runs: [RunSummary]
    /// There are more, which are left as they are.
    let isMore: Bool
    /// Where it is sent, and with which fields.
    let path: String
    let fields: [(String, String)]
    let back: String
    let needsReason: Bool
    let takesReason: Bool
    let frame: Frame

    package init(
        _ title: String, _ consequence: String, _ runs: [RunSummary], isMore: Bool, path: String,
        fields: [(String, String)],
        back: String, needsReason: Bool, takesReason: Bool, _ frame: Frame
    ) {
        self.title = title
        self.consequence = consequence
        self.runs = runs
        self.isMore = isMore
        self.path = path
        self.fields = fields
        self.back = back
        self.needsReason = needsReason
        self.takesReason = takesReason
        self.frame = frame
    }

    package var html: HTML {
        let count = runs.count
        guard count > 0 else {
            return frame.page(
                title, in: nil,
                #"<div class="title"><h1>\#(title)</h1></div>\#(Part.empty("No run is meant.", #"<p><a href="\#(back)">Back, to select some</a></p>"#))"#
            )
        }
        let hidden = (fields + runs.map { ("runId", $0.id) }).map { name, value -> HTML in
            #"<input type="hidden" name="\#(name)" value="\#(value)">"#
        }
        let more: HTML =
            #"<p class="quiet">More runs match than are taken at once: these are the newest \#(Part.number(count)).</p>"#
        let reason: HTML = #"""
            <label for="reason">Reason\#(if: !needsReason, #" <span class="quiet">(may be left out)</span>"#)</label>
            <input id="reason" name="reason" maxlength="1000" autocomplete="off"\#("required", if: needsReason)>
            """#
        return frame.page(
            title, in: nil,
            #"""
            <div class="title"><h1>\#(title) \#(Part.count(count, "run"))?</h1></div>
            <p class="sentence">\#(consequence)</p>\#(if: isMore, more)
            <h2>Some of them</h2><ul class="list">\#(runs.prefix(5).map(sample))</ul>
            <form class="login" method="post" action="\#(path)">\#(frame.token)\#(hidden)<input type="hidden" name="sure" value="yes">
            \#(if: takesReason, reason)
            <div class="actions"><button class="button grave">\#(title) \#(Part.count(count, "run"))</button> <a class="quiet-button" href="\#(back)">No, back</a></div></form>
            """#)
    }

    private func sample(_ run: RunSummary) -> HTML {
        #"<li><a href="\#(frame.paths.run(run.id))">\#(run.workflow) \#(Part.short(run.id))</a>\#(Part.status(run.status, isPaused: run.isPaused))\#(RunLine(run: run).html)</li>"#
    }
}
