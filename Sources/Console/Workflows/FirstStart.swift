/// What somebody does who has a system in which nothing is registered yet: commands that work as they stand.
package enum FirstStart {
    /// In this order, each with a sentence.
    ///
    /// - Parameter origin: where the API is.
    package static func steps(origin: String) -> [(id: String, text: String, commands: String)] {
        [
            (
                "first-who",
                "Say where the API is, and who you are: it asks for an admin token, which stays in this shell.",
                "export SAGAFLOW_URL=\(origin)\nread -rs SAGAFLOW_ADMIN_TOKEN && export SAGAFLOW_ADMIN_TOKEN"
            ),
            (
                "first-participants",
                "Register the services that it calls, where engines find them. These are the demo's on this machine.",
                "saga participant set payments http://localhost:3001\nsaga participant set inventory http://localhost:3002"
            ),
            (
                "first-definition", "Write a definition to begin with, and register it.",
                "saga workflow init my-order.yaml\nsaga workflow apply my-order.yaml"
            ),
            (
                "first-run", "Start it.",
                #"saga run start my-order --wait 10s --input '{"orderId": "o-1", "amount": 20, "sku": "book"}'"#
            ),
        ]
    }

    /// The whole system with the demo.
    package static let demo = "saga dev"

    static func html(_ frame: Frame) -> HTML {
        let steps = steps(origin: frame.origin).map { step -> HTML in
            #"<li><p>\#(step.text)</p>\#(Part.copied(step.commands, id: step.id))</li>"#
        }
        let write: HTML =
            #"<p><a class="button primary" href="\#(frame.paths.writeWorkflow)">Write a definition here</a></p>"#
        return #"""
            <div class="empty first"><p class="empty-title">No workflow is registered yet.</p>
            <p>On a machine of your own one command runs the whole system with the demo's services and workflows:</p>
            \#(Part.copied(demo, id: "first-dev"))
            <p>Here, step by step:</p><ol class="steps-to-do">\#(steps)</ol>\#(if: frame.may("workflows:write"), write)</div>
            """#
    }
}
