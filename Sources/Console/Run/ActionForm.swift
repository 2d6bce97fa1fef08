import Core

/// A button that opens what will happen, a reason, and the button that does it. It needs no script: it is a disclosure with a form.
struct ActionForm {
    let action: RunAction
    let view: RunView
    let frame: Frame

    private var id: String { "act-\(action.kind.rawValue)\(action.stepID.map { "-" + $0 } ?? "")" }

    var html: HTML {
        let hiddenStep: HTML? = action.stepID.map { #"<input type="hidden" name="stepId" value="\#($0)">"# }
        return #"""
            <details class="action" id="\#(id)"><summary class="button\#(if: action.isGrave, " grave")">\#(action.title)</summary>
            <form class="action-body" method="post" action="\#(frame.paths.actions(view.run.id))">\#(frame.token)
            <input type="hidden" name="action" value="\#(action.kind.rawValue)">\#(hiddenStep)
            <p>\#(action.consequence(view))</p>
            \#(fields)\#(reason)
            <button class="button \#(action.isGrave ? "grave" : "primary")">\#(action.title)\#(stepName)</button>
            </form></details>
            """#
    }

    private var stepName: HTML? { action.stepID.map { " \($0)" } }

    private var reason: HTML? {
        guard action.takesReason else { return nil }
        return #"""
            <label for="\#(id)-reason">Reason\#(if: !action.needsReason, #" <span class="quiet">(may be left out)</span>"#)</label>
            <input id="\#(id)-reason" name="reason" maxlength="1000" autocomplete="off"\#("required", if: action.needsReason)>
            """#
    }

    private var fields: HTML {
        switch action.kind {
        case .resolve: choices
        case .restart: restart
        case .signal: signal
        case .complete:
            #"<label for="\#(id)-output">Output, as JSON <span class="quiet">(may be left out)</span></label><textarea id="\#(id)-output" name="output" rows="3" spellcheck="false"></textarea>"#
        case .pause:
            #"<label class="check"><input type="checkbox" name="holdDeadline" value="true">Its deadline waits, too</label>"#
        case .cancel, .undo, .resume, .retryAll, .retry, .skip, .fail: .empty
        }
    }

    private var choices: HTML {
        let boxes = action.choices.map { step -> HTML in
            #"<label class="check"><input type="checkbox" name="stepIds" value="\#(step)"\#("checked", if: action.choices.count == 1)>\#(step)</label>"#
        }
        return #"<fieldset><legend>Steps that you have undone by hand</legend>\#(boxes)</fieldset>"#
    }

    private var restart: HTML {
        if action.choices.isEmpty { return .empty }
        let options = action.choices.map { Part.option($0, "from \($0)", isChosen: false) }
        return #"""
            <label for="\#(id)-from">Where it begins</label><select id="\#(id)-from" name="fromStep">
            \#(Part.option("", "everything", isChosen: true))\#(options)</select>
            <label class="check"><input type="checkbox" name="repeat" value="true">What still stands may be done once more (from a step only)</label>
            """#
    }

    private var signal: HTML {
        let names = action.choices.enumerated().map { Part.option($1, $1, isChosen: $0 == 0) }
        return #"""
            <label for="\#(id)-name">Signal</label><select id="\#(id)-name" name="name">\#(names)</select>
            <label for="\#(id)-payload">What it says, as JSON</label><textarea id="\#(id)-payload" name="payload" rows="3" spellcheck="false">{}</textarea>
            """#
    }
}
