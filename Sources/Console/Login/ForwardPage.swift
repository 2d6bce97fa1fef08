/// Leads on to another page of the console. What the browser asks for then comes from this page, and no more from whatever site had the link
/// to it: so the cookie that says who reads goes along.
package struct ForwardPage: Sendable {
    let frame: Frame
    /// A path of the console's own.
    let path: String

    package init(_ frame: Frame, to path: String) {
        self.frame = frame
        self.path = path
    }

    package var html: HTML {
        frame.bare(
            "One moment",
            #"<div class="login"><h1>One moment</h1><p><a class="button primary" href="\#(path)">Go on</a></p></div>"#,
            leadsTo: path)
    }
}

/// A login at an identity provider that came to nothing.
package struct LoginFailedPage: Sendable {
    let frame: Frame
    let text: String

    package init(_ text: String, _ frame: Frame) {
        self.text = text
        self.frame = frame
    }

    package var html: HTML {
        frame.bare(
            "Not logged in",
            #"""
            <div class="login"><h1>Not logged in</h1>\#(Part.notice(Notice(text, isProblem: true)))
            <p><a class="button primary" href="\#(frame.paths.login)">Log in</a></p></div>
            """#)
    }
}
