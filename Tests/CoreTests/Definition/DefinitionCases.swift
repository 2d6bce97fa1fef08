import Testing

/// A definition that breaks rules: where that is to be reported, and a part of the first sentence.
struct DefinitionChange: Sendable, CustomTestStringConvertible {
    let text: String
    let pointers: [String]
    let detail: String

    var testDescription: String { "\(pointers): \(text.prefix(160))" }

    /// A whole text.
    static func whole(_ text: String, _ pointers: String..., detail: String = "") -> DefinitionChange {
        DefinitionChange(text: text, pointers: pointers, detail: detail)
    }

    /// A workflow of one good step with these members added (a member given twice would be malformed JSON).
    static func top(_ members: String, _ pointers: String..., detail: String = "") -> DefinitionChange {
        let steps =
            members.contains(#""steps""#) ? "" : #","steps":[{"id":"a","action":{"participant":"p","path":"/"}}]"#
        let name = members.contains(#""name""#) ? "" : #","name":"w""#
        let version = members.contains(#""version""#) ? "" : #","version":"1.0.0""#
        return DefinitionChange(text: "{\(members)\(name)\(version)\(steps)}", pointers: pointers, detail: detail)
    }

    /// A workflow with these steps.
    static func steps(_ steps: String, _ pointers: String..., detail: String = "") -> DefinitionChange {
        DefinitionChange(
            text: #"{"name":"w","version":"1.0.0","steps":[\#(steps)]}"#, pointers: pointers, detail: detail)
    }

    /// A workflow whose only step's action has these members besides participant and path.
    static func action(_ members: String, _ pointers: String..., detail: String = "") -> DefinitionChange {
        let text =
            #"{"name":"w","version":"1.0.0","steps":[{"id":"a","action":{"participant":"p","path":"/",\#(members)}}]}"#
        return DefinitionChange(text: text, pointers: pointers.map { "/steps/0/action" + $0 }, detail: detail)
    }

    /// A workflow whose only step's action has this path.
    static func path(_ path: String) -> DefinitionChange {
        .steps(#"{"id":"a","action":{"participant":"p","path":"\#(path)"}}"#, "/steps/0/action/path")
    }
}

private let call = #"{"participant":"p","path":"/"}"#

private func step(_ id: String, _ more: String = "") -> String {
    #"{"id":"\#(id)","action":\#(call)\#(more.isEmpty ? "" : ",")\#(more)}"#
}

let brokenDefinitions: [DefinitionChange] = [
    // Types and members at the top
    .whole("null", "", detail: "an object"), .whole("[]", "", detail: "not an array"), .whole("\"x\"", ""),
    .whole("{}", "/name", "/version", "/steps", detail: "required"),
    .top(#""nmae":"x""#, "/nmae", detail: "not known"), .top(#""Timeout":"1s""#, "/Timeout"),
    .top(#""sensitive":"input.a""#, "/sensitive", detail: "a list of paths"),
    .top(#""sensitive":[1]"#, "/sensitive/0", detail: "a string"),
    .top(#""sensitive":["input.a","input.a"]"#, "/sensitive/1", detail: "twice"),
    .top(#""sensitive":["input..a"]"#, "/sensitive/0", detail: "no path that can be sensitive"),
    .top(#""sensitive":["${input.a}"]"#, "/sensitive/0"), .top(#""sensitive":["input.items[*].ssn"]"#, "/sensitive/0"),
    .top(#""sensitive":["card.number"]"#, "/sensitive/0"), .top(#""sensitive":["steps.a"]"#, "/sensitive/0"),
    .top(#""sensitive":["steps.a.status"]"#, "/sensitive/0"), .top(#""sensitive":["run.id"]"#, "/sensitive/0"),
    .top(#""sensitive":["response.body"]"#, "/sensitive/0"), .top(#""sensitive":[""]"#, "/sensitive/0"),
    .top(#""sensitive":["steps.b.output.x"]"#, "/sensitive/0", detail: "no step \"b\""),
    .top(#""sensitive":["nothing"],"output":"${steps.b.output}""#, "/sensitive/0", "/output"),
    .top(#""name":"Order""#, "/name"), .top(#""name":"""#, "/name"), .top(#""name":"-a""#, "/name"),
    .top(#""name":"a_b""#, "/name"),
    .top(#""name":"a b""#, "/name"), .top(#""name":"é""#, "/name"), .top(#""name":"a/b""#, "/name"),
    .top(#""name":5"#, "/name", detail: "not a number"),
    .top(#""name":null"#, "/name", detail: "not null"),
    .top(#""name":"\#(String(repeating: "a", count: 64))""#, "/name"),
    .top(#""version":"1.0""#, "/version"), .top(#""version":"v1.0.0""#, "/version"), .top(#""version":1"#, "/version"),
    .top(#""version":"1.0.0-\#(String(repeating: "a", count: 59))""#, "/version"),
    .top(#""description":1"#, "/description"),
    .top(#""description":"\#(String(repeating: "a", count: 1001))""#, "/description"),
    .top(#""timeout":"0s""#, "/timeout"), .top(#""timeout":"-1s""#, "/timeout"),
    .top(#""timeout":"367d""#, "/timeout", detail: "at most 366d"),
    .top(#""timeout":"1.5s""#, "/timeout"), .top(#""timeout":60"#, "/timeout"), .top(#""timeout":"60""#, "/timeout"),
    .top(#""timeout":null"#, "/timeout"),
    .top(#""output":"${steps.b.output}""#, "/output", detail: "steps.b.output"),
    .top(#""output":{"x":["${foo}"]}"#, "/output/x/0"),
    .top(#""output":{"${input.a}":1}"#, "/output/${input.a}"),
    // Retries
    .top(#""retry":[]"#, "/retry"), .top(#""retry":{"attempts":3}"#, "/retry/attempts"),
    .top(#""retry":{"maxAttempts":0}"#, "/retry/maxAttempts"),
    .top(#""retry":{"maxAttempts":101}"#, "/retry/maxAttempts"),
    .top(#""retry":{"maxAttempts":1000000000}"#, "/retry/maxAttempts"),
    .top(#""retry":{"maxAttempts":2.5}"#, "/retry/maxAttempts"),
    .top(#""retry":{"maxAttempts":"3"}"#, "/retry/maxAttempts"),
    .top(#""retry":{"maxAttempts":1e400}"#, "/retry/maxAttempts"),
    .top(#""retry":{"initialInterval":"0ms"}"#, "/retry/initialInterval"),
    .top(#""retry":{"initialInterval":"2d"}"#, "/retry/initialInterval"),
    .top(#""retry":{"maxInterval":"25h"}"#, "/retry/maxInterval"),
    .top(#""retry":{"initialInterval":"2s","maxInterval":"1s"}"#, "/retry/maxInterval"),
    .top(#""retry":{"multiplier":0.5}"#, "/retry/multiplier"),
    .top(#""retry":{"multiplier":10.01}"#, "/retry/multiplier"),
    .top(#""retry":{"multiplier":"2"}"#, "/retry/multiplier"),
    .top(#""retry":{"multiplier":1e400}"#, "/retry/multiplier"), .top(#""retry":{"jitter":-0.1}"#, "/retry/jitter"),
    .top(#""retry":{"jitter":1.1}"#, "/retry/jitter"),
    .top(#""compensationRetry":{"maxAttempts":101}"#, "/compensationRetry/maxAttempts"),
    .action(#""retry":{"maxAttempts":0}"#, "/retry/maxAttempts"),
    .steps(step("a", #""retry":{"jitter":2}"#), "/steps/0/retry/jitter"),
    // Steps
    .top(#""steps":{}"#, "/steps"), .top(#""steps":[]"#, "/steps", detail: "1 to 100"),
    .steps((0..<101).map { step("s\($0)") }.joined(separator: ","), "/steps", detail: "1 to 100"),
    .steps("1", "/steps/0"), .steps("null", "/steps/0"),
    .steps("{}", "/steps/0/id", "/steps/0/action"), .steps(step("A"), "/steps/0/id"),
    .steps(step("a.b"), "/steps/0/id"), .steps(step("_a"), "/steps/0/id"),
    .steps(#"{"id":1,"action":\#(call)}"#, "/steps/0/id"),
    .steps(step("a", #""depends_on":[]"#), "/steps/0/depends_on"),
    .steps(#"{"id":"a","compensation":\#(call)}"#, "/steps/0/action", detail: "one of action, wait, await, run, end"),
    // Calls after the end
    .top(#""onEnd":{}"#, "/onEnd", detail: "an array of calls"),
    .top(#""onEnd":[]"#, "/onEnd", detail: "1 to 10"),
    .top(
        #""onEnd":[\#(Array(repeating: "{\"action\":\(call)}", count: 11).joined(separator: ","))]"#, "/onEnd",
        detail: "1 to 10"),
    .top(#""onEnd":[1]"#, "/onEnd/0", detail: "an object"),
    .top(#""onEnd":[{}]"#, "/onEnd/0/action", detail: "required"),
    .top(#""onEnd":[{"action":\#(call),"compensation":\#(call)}]"#, "/onEnd/0/compensation", detail: "not known"),
    .top(#""onEnd":[{"action":\#(call),"dependsOn":["a"]}]"#, "/onEnd/0/dependsOn", detail: "not known"),
    .top(#""onEnd":[{"run":{"workflow":"w"}}]"#, "/onEnd/0/run", "/onEnd/0/action", detail: "not known"),
    .top(#""onEnd":[{"id":"t","action":\#(call)},{"id":"t","action":\#(call)}]"#, "/onEnd/1/id", detail: "already"),
    .top(#""onEnd":[{"id":"call-1","action":\#(call)},{"action":\#(call)}]"#, "/onEnd/1/id", detail: "already"),
    .top(#""onEnd":[{"id":"T","action":\#(call)}]"#, "/onEnd/0/id"),
    .top(#""onEnd":[{"when":{"nope":1},"action":\#(call)}]"#, "/onEnd/0/when/nope"),
    .top(
        #""onEnd":[{"when":{"var":"steps.b.output"},"action":\#(call)}]"#, "/onEnd/0/when/var", detail: "this workflow"),
    .top(#""onEnd":[{"when":{"var":"item"},"action":\#(call)}]"#, "/onEnd/0/when/var"),
    .top(#""onEnd":[{"action":{"participant":"p","path":"/${payload.a}"}}]"#, "/onEnd/0/action/path", detail: "signal"),
    .top(#""onEnd":[{"timeout":"2h","action":\#(call)}]"#, "/onEnd/0/timeout"),
    .top(#""onEnd":[{"retry":{"jitter":2},"action":\#(call)}]"#, "/onEnd/0/retry/jitter"),
    .top(#""output":"${run.status}""#, "/output", detail: "onEnd"),
    .steps(step("a", #""when":{"var":"run.status"}"#), "/steps/0/when/var", detail: "onEnd"),
    // Steps that make no call
    .steps(#"{"id":"a","wait":{"for":"1s"},"action":\#(call)}"#, "/steps/0/wait", detail: "only one of"),
    .steps(#"{"id":"a","wait":{}}"#, "/steps/0/wait", detail: "one of for and until"),
    .steps(#"{"id":"a","wait":{"for":"1s","until":"${input.at}"}}"#, "/steps/0/wait", detail: "one of for and until"),
    .steps(#"{"id":"a","wait":{"long":"1s"}}"#, "/steps/0/wait/long", detail: "not known"),
    .steps(#"{"id":"a","wait":"1s"}"#, "/steps/0/wait", detail: "an object"),
    .steps(#"{"id":"a","wait":{"for":5}}"#, "/steps/0/wait/for", detail: "a string"),
    .steps(#"{"id":"a","wait":{"for":"soon"}}"#, "/steps/0/wait/for", detail: "A duration"),
    .steps(#"{"id":"a","wait":{"for":"367d"}}"#, "/steps/0/wait/for", detail: "at most 366d"),
    .steps(#"{"id":"a","wait":{"until":"tomorrow"}}"#, "/steps/0/wait/until", detail: "RFC 3339"),
    .steps(#"{"id":"a","wait":{"for":"${input."}}"#, "/steps/0/wait/for"),
    .steps(#"{"id":"a","wait":{"for":"${steps.b.output}"}}"#, "/steps/0/wait/for", detail: "not among"),
    .steps(#"{"id":"a","wait":{"for":"${step.key}"}}"#, "/steps/0/wait/for", detail: "only in what a call sends"),
    .steps(
        #"{"id":"a","wait":{"for":"1s"},"compensation":\#(call)}"#, "/steps/0/compensation", detail: "makes no call"),
    .steps(#"{"id":"a","wait":{"for":"1s"},"timeout":"1s"}"#, "/steps/0/timeout", detail: "makes no call"),
    .steps(
        #"{"id":"a","action":{"participant":"p","path":"/","completion":"later"}}"#, "/steps/0/action/completion",
        detail: "callback"),
    .steps(
        #"{"id":"a","action":{"participant":"p","path":"/","completion":{"callback":{"timeout":"999ms"}}}}"#,
        "/steps/0/action/completion/callback/timeout", detail: "at least 1s"),
    .steps(
        #"{"id":"a","action":{"participant":"p","path":"/","completion":{"callback":{"heartbeatTimeout":"4s"}}}}"#,
        "/steps/0/action/completion/callback/heartbeatTimeout", detail: "at least 5s"),
    .steps(
        #"{"id":"a","action":{"participant":"p","path":"/","completion":{"callback":{"timeout":"367d"}}}}"#,
        "/steps/0/action/completion/callback/timeout", detail: "at most 366d"),
    .steps(
        #"{"id":"a","action":{"participant":"p","path":"/","completion":{"hook":{}}}}"#,
        "/steps/0/action/completion/hook", "/steps/0/action/completion/callback"),
    .steps(
        #"{"id":"a","action":{"participant":"p","path":"/","completion":"callback","output":1}}"#,
        "/steps/0/action/output", detail: "what the callback says"),
    .steps(
        #"{"id":"a","action":\#(polled("{}"))}"#,
        "/steps/0/action/completion/poll/path", "/steps/0/action/completion/poll/every",
        "/steps/0/action/completion/poll/succeededWhen"),
    .steps(
        #"{"id":"a","action":\#(polled(#"{"path":"jobs","every":"999ms","succeededWhen":{"nope":1},"failedWhen":{"nope":1},"x":1}"#))}"#,
        "/steps/0/action/completion/poll/x", "/steps/0/action/completion/poll/path",
        "/steps/0/action/completion/poll/every", "/steps/0/action/completion/poll/succeededWhen/nope",
        "/steps/0/action/completion/poll/failedWhen/nope"),
    .steps(
        #"{"id":"a","action":\#(polled(#"{"path":"/j","every":"61m","succeededWhen":true}"#))}"#,
        "/steps/0/action/completion/poll/every", detail: "at most 1h"),
    .steps(
        #"{"id":"a","action":\#(polled(#"{"path":"/j","every":"5m","succeededWhen":true,"timeout":"366d"}"#))}"#,
        "/steps/0/action/completion/poll/every", detail: "at least 317s"),
    .steps(
        #"{"id":"a","action":\#(polled(#"{"path":"/j","every":"1m","succeededWhen":true,"timeout":"367d"}"#))}"#,
        "/steps/0/action/completion/poll/timeout", detail: "at most 366d"),
    .steps(
        #"{"id":"a","action":\#(polled(#"{"path":"/${steps.b.output}","every":"1m","succeededWhen":{"var":"steps.b.status"},"failedWhen":{"var":"step.key"}}"#))}"#,
        "/steps/0/action/completion/poll/path", "/steps/0/action/completion/poll/succeededWhen/var",
        "/steps/0/action/completion/poll/failedWhen/var"),
    .steps(
        #"{"id":"a","action":{"participant":"p","path":"/","completion":{"poll":{"path":"/j","every":"1m","succeededWhen":true},"callback":{}}}}"#,
        "/steps/0/action/completion/callback", detail: "either"),
    .steps(#"{"id":"a","run":{}}"#, "/steps/0/run/workflow", detail: "required"),
    .steps(#"{"id":"a","run":"w"}"#, "/steps/0/run", detail: "an object"),
    .steps(#"{"id":"a","run":{"workflow":"W!"}}"#, "/steps/0/run/workflow", detail: "A name has"),
    .steps(#"{"id":"a","run":{"workflow":"w","version":"1"}}"#, "/steps/0/run/version", detail: "semantic"),
    .steps(#"{"id":"a","run":{"workflow":"w","body":1}}"#, "/steps/0/run/body", detail: "not known"),
    .steps(#"{"id":"a","run":{"workflow":"w","context":[1]}}"#, "/steps/0/run/context", detail: "an object"),
    .steps(#"{"id":"a","run":{"workflow":"w","detached":1}}"#, "/steps/0/run/detached", detail: "true or false"),
    .steps(
        #"{"id":"a","run":{"workflow":"w","detached":true},"timeout":"1h"}"#, "/steps/0/timeout",
        detail: "not waited for"),
    .steps(#"{"id":"a","run":{"workflow":"w"},"timeout":"999ms"}"#, "/steps/0/timeout", detail: "at least 1s"),
    .steps(#"{"id":"a","run":{"workflow":"w"},"timeout":"367d"}"#, "/steps/0/timeout", detail: "at most 366d"),
    .steps(#"{"id":"a","run":{"workflow":"w"},"retry":{}}"#, "/steps/0/retry", detail: "makes no call"),
    .steps(#"{"id":"a","run":{"workflow":"w"},"pivot":true}"#, "/steps/0/pivot", detail: "no pivot"),
    .steps(
        #"{"id":"a","run":{"workflow":"w","input":{"n":"${steps.b.output}"}}}"#, "/steps/0/run/input/n",
        detail: "not among"),
    .steps(
        #"{"id":"a","run":{"workflow":"w","input":{"$logic":{"hmacSha256":["key","x"]}}}}"#, "/steps/0/run/input",
        detail: "A secret"),
    .steps(#"{"id":"a","await":{}}"#, "/steps/0/await/signal", detail: "required"),
    .steps(#"{"id":"a","await":{"signal":"Go!"}}"#, "/steps/0/await/signal", detail: "A name has"),
    .steps(#"{"id":"a","await":{"signal":"go","for":"1s"}}"#, "/steps/0/await/for", detail: "not known"),
    .steps(#"{"id":"a","await":"go"}"#, "/steps/0/await", detail: "an object"),
    .steps(#"{"id":"a","await":{"signal":"go"},"timeout":"999ms"}"#, "/steps/0/timeout", detail: "at least 1s"),
    .steps(#"{"id":"a","await":{"signal":"go"},"timeout":"367d"}"#, "/steps/0/timeout", detail: "at most 366d"),
    .steps(#"{"id":"a","await":{"signal":"go"},"retry":{}}"#, "/steps/0/retry", detail: "makes no call"),
    .steps(
        #"{"id":"a","await":{"signal":"go"},"compensation":\#(call)}"#, "/steps/0/compensation", detail: "makes no call"
    ),
    .steps(#"{"id":"a","await":{"signal":"go"},"end":{"as":"completed"}}"#, "/steps/0/end", detail: "only one of"),
    .steps(
        #"{"id":"a","await":{"signal":"go","where":{"nosuch":1}}}"#, "/steps/0/await/where/nosuch", detail: "operator"),
    .steps(
        #"{"id":"a","await":{"signal":"go","where":{"var":"steps.b.output"}}}"#, "/steps/0/await/where/var",
        detail: "not among"),
    .steps(
        #"{"id":"a","await":{"signal":"go","where":{"var":"response.body"}}}"#, "/steps/0/await/where/var",
        detail: "where an answer is judged"),
    .steps(step("a", #""when":{"var":"payload.ok"}"#), "/steps/0/when/var", detail: "where a signal is looked at"),
    .steps(#"{"id":"a","wait":{"for":"1s"},"retry":{}}"#, "/steps/0/retry", detail: "makes no call"),
    .steps(#"{"id":"a","end":{}}"#, "/steps/0/end/as", detail: "required"),
    .steps(#"{"id":"a","end":{"as":"done"}}"#, "/steps/0/end/as", detail: "completed or failed"),
    .steps(#"{"id":"a","end":{"as":"failed","output":1}}"#, "/steps/0/end/output", detail: "as completed"),
    .steps(#"{"id":"a","end":{"as":"completed","reason":"x"}}"#, "/steps/0/end/reason", detail: "as failed"),
    .steps(
        #"{"id":"a","end":{"as":"completed"},"onFailure":"continue"}"#, "/steps/0/onFailure", detail: "makes no call"),
    .steps(
        #"{"id":"a","end":{"as":"completed","output":{"$logic":{"hmacSha256":["k","x"]}}}}"#, "/steps/0/end/output",
        detail: "A secret"),
    .steps(step("a", #""onFailure":"ignore""#), "/steps/0/onFailure", detail: "compensate or continue"),
    .steps(step("a", #""runIf":"failed""#), "/steps/0/runIf", detail: "done or succeeded"),
    .steps(
        step("a") + #","# + #"{"id":"b","action":{"participant":"p","path":"/","body":"${steps.a.error.message}"}}"#,
        "/steps/1/action/body", detail: "onFailure"),
    .steps(#"{"id":"a","action":null}"#, "/steps/0/action"),
    .steps(step("a", #""compensation":null"#), "/steps/0/compensation"),
    .steps(step("a", #""compensation":{}"#), "/steps/0/compensation/participant", "/steps/0/compensation/path"),
    .steps(step("a", #""timeout":"61m""#), "/steps/0/timeout", detail: "at most 1h"),
    .steps(step("a", #""description":{}"#), "/steps/0/description"),
    .steps(step("a") + "," + step("a"), "/steps/1/id", detail: "Step 0"),
    .steps(step("a") + "," + step("b") + "," + step("a"), "/steps/2/id"),
    // Dependencies
    .steps(step("a", #""dependsOn":"b""#), "/steps/0/dependsOn"),
    .steps(step("a", #""dependsOn":null"#), "/steps/0/dependsOn"),
    .steps(step("a", #""dependsOn":[1]"#), "/steps/0/dependsOn/0"),
    .steps(step("a", #""dependsOn":["b"]"#), "/steps/0/dependsOn/0", detail: "no step"),
    .steps(step("a", #""dependsOn":["a"]"#), "/steps/0/dependsOn/0", detail: "itself"),
    .steps(step("a") + "," + step("b", #""dependsOn":["a","a"]"#), "/steps/1/dependsOn/1", detail: "twice"),
    .steps(
        step("a", #""dependsOn":["b"]"#) + "," + step("b", #""dependsOn":["a"]"#), "/steps/0/dependsOn",
        detail: "a, b, a"),
    .steps(step("a", #""dependsOn":["b"]"#) + "," + step("b"), "/steps/0/dependsOn", detail: "a, b, a"),
    .steps(
        step("x", #""dependsOn":[]"#) + "," + step("a", #""dependsOn":["c","x"]"#) + ","
            + step("b", #""dependsOn":["a"]"#) + "," + step("c", #""dependsOn":["b"]"#), "/steps/1/dependsOn",
        detail: "a, c, b, a"),
    // Calls
    .action(#""url":"http://evil""#, "/url"), .action(#""host":"evil""#, "/host"),
    .action(#""method":"post""#, "/method"), .action(#""method":"CONNECT""#, "/method"),
    .action(#""method":1"#, "/method"), .action(#""method":"GET","body":{}"#, "/body"),
    .action(#""timeout":"0s""#, "/timeout"), .action(#""timeout":"2h""#, "/timeout"),
    .action(#""retryOn":409"#, "/retryOn"), .action(#""retryOn":[199]"#, "/retryOn/0"),
    .action(#""succeedOn":[100]"#, "/succeedOn/0"), .action(#""rejectOn":[600]"#, "/rejectOn/0"),
    .action(#""retryOn":["409"]"#, "/retryOn/0"), .action(#""retryOn":[409,409]"#, "/retryOn/1"),
    .action(#""retryOn":[409,503],"rejectOn":[503]"#, "/rejectOn"),
    .action(#""unknownOn":404"#, "/unknownOn"), .action(#""unknownOn":[199]"#, "/unknownOn/0"),
    .action(#""unknownOn":[404,404]"#, "/unknownOn/1"),
    .action(#""unknownOn":[404],"retryOn":[404]"#, "/unknownOn", detail: "retryOn"),
    .action(#""succeedOn":[404],"rejectOn":[404]"#, "/rejectOn", detail: "succeedOn"),
    .action(#""unknownOn":[503],"rejectOn":[503]"#, "/unknownOn", detail: "rejectOn"),
    .action(#""onUnreadable":"null""#, "/onUnreadable", detail: "text"),
    .action(#""onUnreadable":null"#, "/onUnreadable"), .action(#""onUnreadable":true"#, "/onUnreadable"),
    .action(#""body":"${x}""#, "/body"), .action(#""body":{"a":["${input.x"]}"#, "/body/a/0"),
    .steps(#"{"id":"a","action":{"participant":"http://evil","path":"/"}}"#, "/steps/0/action/participant"),
    .steps(#"{"id":"a","action":{"participant":"","path":"/"}}"#, "/steps/0/action/participant"),
    .steps(#"{"id":"a","action":{"participant":"p","path":1}}"#, "/steps/0/action/path"), .path("charge"),
    .path("//evil/x"), .path("http://evil/"), .path("/a#b"), .path("/../admin"), .path("/a b"),
    .path("/${input"), .path(#"/a\r\nHost: evil"#), .path("/" + String(repeating: "a", count: 2048)),
    // Headers
    .action(#""headers":[]"#, "/headers"), .action(#""headers":{"X-A":1}"#, "/headers/X-A"),
    .action(#""headers":{"X-A":"a\r\nHost: evil"}"#, "/headers/X-A"),
    .action(#""headers":{"X-A":"a\u000ab"}"#, "/headers/X-A"),
    .action(#""headers":{"X-A":"é"}"#, "/headers/X-A"), .action(#""headers":{"X A":"a"}"#, "/headers/X A"),
    .action(#""headers":{"":"a"}"#, "/headers/"), .action(#""headers":{"X-A\r\nHost":"a"}"#, "/headers/X-A\r\nHost"),
    .action(#""headers":{"X:A":"a"}"#, "/headers/X:A"),
    .action(#""headers":{"Host":"a"}"#, "/headers/Host", detail: "protocol"),
    .action(#""headers":{"hOST":"a"}"#, "/headers/hOST"),
    .action(#""headers":{"Content-Length":"1"}"#, "/headers/Content-Length"),
    .action(#""headers":{"Transfer-Encoding":"chunked"}"#, "/headers/Transfer-Encoding"),
    .action(#""headers":{"Connection":"close"}"#, "/headers/Connection"),
    .action(#""headers":{"Idempotency-Key":"x"}"#, "/headers/Idempotency-Key"),
    .action(#""headers":{"X-Idempotency-Key":"x"}"#, "/headers/X-Idempotency-Key"),
    .action(#""headers":{"x-saga-run-id":"x"}"#, "/headers/x-saga-run-id"),
    .action(#""headers":{"traceparent":"x"}"#, "/headers/traceparent"),
    .action(#""headers":{"X-A":"1","x-a":"2"}"#, "/headers/x-a", detail: "twice"),
    .action(#""headers":{"X-A":"${nope}"}"#, "/headers/X-A"),
    .action(#""headers":{\#((0..<33).map { "\"X-\($0)\":\"\"" }.joined(separator: ","))}"#, "/headers", detail: "32"),
    // Conditions
    .steps(step("a", #""when":{"log":1}"#), "/steps/0/when/log"),
    .steps(step("a", #""when":{"and":[{"==":[1]}]}"#), "/steps/0/when/and/0/=="),
    .steps(step("a", #""when":{"var":"foo"}"#), "/steps/0/when/var"),
    // Who may refer to whom
    .action(#""body":"${steps.a.output}""#, "/body", detail: "before a"),
    .action(#""body":{"x":"${steps.zzz.status}"}"#, "/body/x"),
    .action(#""headers":{"X-A":"${steps.a.status}"}"#, "/headers/X-A"), .path("/${steps.a.output.id}"),
    .steps(step("a", #""when":{"var":"steps.a.status"}"#), "/steps/0/when/var"),
    .steps(step("a", #""when":{"missing":["steps.b.output.x"]}"#) + "," + step("b"), "/steps/0/when/missing/0"),
    .steps(
        step("a", #""compensation":{"participant":"p","path":"/","body":["${steps.b.output}"]}"#) + "," + step("b"),
        "/steps/0/compensation/body/0", detail: "a and the steps before it"),
    .steps(
        step("a", #""dependsOn":[]"#) + ","
            + #"{"id":"b","dependsOn":[],"action":{"participant":"p","path":"/${steps.a.output}"}}"#,
        "/steps/1/action/path"),
    .steps(
        step("a") + "," + #"{"id":"b","action":{"participant":"p","path":"/","body":"${steps.c.output}"}}"# + ","
            + step("c"), "/steps/1/action/body"),
]

private func polled(_ poll: String) -> String {
    #"{"participant":"p","path":"/","completion":{"poll":\#(poll)}}"#
}
