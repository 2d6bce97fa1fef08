/// What is about to be asked of many runs: how many, some of them, and why. Nothing has happened yet.
package struct BulkPage: Sendable {
    let title: String
    let consequence: String
    /// How many are meant.
    let count: Int
    /// More match, which are left as they are.
    let isMore: Bool
    /// Some of them, the newest first.
    let samples: [RunSummary]
    /// Where it is sent, and with which fields.
    let path: String
    let fields: [(String, String)]
    let back: String
    let needsReason: Bool
    let frame: Frame

    package init(
        _ title: String, _ consequence: String, count: Int, isMore: Bool, samples: [RunSummary], path: String,
        fields: [(String, String)], back: String, needsReason: Bool, _ frame: Frame
    ) {
        self.title = title
        self.consequence = consequence
        self.count = count
        self.isMore = isMore
        self.samples = samples
        self.path = path
        self.fields = fields
        self.back = back
        self.needsReason = needsReason
        self.frame = frame
    }

    package var html: HTML {
        guard count > 0 else {
            return frame.page(
                title, in: nil,
                #"<div class="title"><h1>\#(title)</h1></div>\#(Part.empty("No run is meant.", #"<p><a href="\#(back)">Back, to select some</a></p>"#))"#
            )
        }
        let hidden = fields.map { name, value -> HTML in #"<input type="hidden" name="\#(name)" value="\#(value)">"# }
        let more: HTML =
            #"<p class="quiet">More runs match, or may match, than are asked in one go: these are the newest \#(Part.number(count)). Afterwards you can go on with the others.</p>"#
        let reason: HTML = #"""
            <label for="reason">Reason\#(if: !needsReason, #" <span class="quiet">(may be left out)</span>"#)</label>
            <input id="reason" name="reason" maxlength="1000" autocomplete="off"\#("required", if: needsReason)>
            """#
        return frame.page(
            title, in: nil,
            #"""
            <div class="title"><h1>\#(title) \#(Part.count(count, "run"))?</h1></div>
            <p class="sentence">\#(consequence)</p>\#(if: isMore, more)
            <h2>Some of them</h2><ul class="list">\#(samples.prefix(5).map(sample))</ul>
            <form class="login" method="post" action="\#(path)">\#(frame.token)\#(hidden)
            \#(reason)
            <div class="actions"><button class="button grave">\#(title) \#(Part.count(count, "run"))</button> <a class="quiet-button" href="\#(back)">No, back</a></div></form>
            """#)
    }

    private func sample(_ run: RunSummary) -> HTML {
        #"<li><a href="\#(frame.paths.run(run.id))">\#(run.workflow) \#(Part.short(run.id))</a>\#(Part.status(run.status, isPaused: run.isPaused))\#(RunLine(run: run).html)</li>"#
    }
}
