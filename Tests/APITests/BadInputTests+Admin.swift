import Testing

extension BadInputTests {
    private static func participant(_ name: String, _ body: String, pointer: String) -> BadRequest {
        .admin(name, "PUT", "/v1/admin/participants/p", body, 422, "invalid-content", pointer: pointer)
    }

    private static func url(_ url: String) -> BadRequest {
        participant("the URL \(url)", #"{"url":"\#(url)"}"#, pointer: "/url")
    }

    private static func header(_ name: String, _ value: String, pointer: String? = nil) -> BadRequest {
        participant(
            "the header \(name)", #"{"url":"http://p","headers":{"\#(name)":\#(value)}}"#,
            pointer: pointer ?? "/headers/\(name)")
    }

    private static func breaker(_ value: String, _ pointer: String = "") -> BadRequest {
        participant("the breaker \(value)", #"{"url":"http://p","breaker":\#(value)}"#, pointer: "/breaker\(pointer)")
    }

    static let participants: [BadRequest] = [
        participant("no URL", "{}", pointer: "/url"),
        participant("a URL that is a number", #"{"url":1}"#, pointer: "/url"),
        url("ftp://p"), url("p"), url("http://"), url("http://u:s3cret@p"), url("http://p?x=1"), url("http://p#x"),
        url("http://p:0"), url("http://p:99999"), url("http://p/../x"), url("http://p q"), url("file:///etc/passwd"),
        url("http://169.254.169.254"), url("http://169.254.1.1:80/x"), url("http://2852039166"),
        url("http://0xa9fea9fe"),
        url("http://169.254.43518"), url("http://[fe80::1]"), url("http://[::ffff:169.254.169.254]"),
        url("http://[fd00:ec2::254]"), url("http://100.100.100.200"), url("http://metadata.google.internal"),
        url("http://METADATA.google.internal."), url("http://0.0.0.0"), url("http://[::]"), url("http://224.0.0.1"),
        url("http://127.0.0.1:3001"), url("http://localhost:3001"), url("http://127.1"), url("http://0x7f.1"),
        url("http://2130706433"), url("http://[::1]"), url("http://[::ffff:127.0.0.1]"), url("http://10.0.0.1"),
        url("http://172.31.0.1"), url("http://192.168.1.1"), url("http://[fd00::1]"), url("http://100.64.0.1"),
        url("http://[64:ff9b::10.0.0.1]"), url("http://8.8.8"), url("http://255.255.255.255"),
        breaker("true"), breaker("[]"), breaker(#""off""#), breaker(#"{"failureThreshold":0}"#, "/failureThreshold"),
        breaker(#"{"failureThreshold":1001}"#, "/failureThreshold"), breaker(#"{"openFor":30}"#, "/openFor"),
        breaker(#"{"successThreshold":1.5}"#, "/successThreshold"), breaker(#"{"openFor":"1ms"}"#, "/openFor"),
        breaker(#"{"openFor":"5m"}"#, "/openFor"), breaker(#"{"openTime":"30s"}"#, "/openTime"),
        participant("a secret that is no list", #"{"url":"http://p","signWith":"a"}"#, pointer: "/signWith"),
        participant("three secrets", #"{"url":"http://p","signWith":["a","b","c"]}"#, pointer: "/signWith"),
        participant("a secret that is no name", #"{"url":"http://p","signWith":["../a"]}"#, pointer: "/signWith/0"),
        participant("a secret twice", #"{"url":"http://p","signWith":["a","a"]}"#, pointer: "/signWith/1"),
        participant("maxConcurrent 0", #"{"url":"http://p","maxConcurrent":0}"#, pointer: "/maxConcurrent"),
        participant("maxConcurrent 1.5", #"{"url":"http://p","maxConcurrent":1.5}"#, pointer: "/maxConcurrent"),
        participant("a rate that is a number", #"{"url":"http://p","rate":5}"#, pointer: "/rate"),
        participant("an empty rate", #"{"url":"http://p","rate":{}}"#, pointer: "/rate/perSecond"),
        participant("a rate of nothing", #"{"url":"http://p","rate":{"perSecond":0}}"#, pointer: "/rate/perSecond"),
        participant(
            "a rate of four decimals", #"{"url":"http://p","rate":{"perSecond":1.0005}}"#, pointer: "/rate/perSecond"),
        participant("a rate as text", #"{"url":"http://p","rate":{"perSecond":"5"}}"#, pointer: "/rate/perSecond"),
        participant(
            "a burst of none", #"{"url":"http://p","rate":{"perSecond":5,"burst":0}}"#, pointer: "/rate/burst"),
        participant(
            "a rate per minute", #"{"url":"http://p","rate":{"perSecond":5,"perMinute":1}}"#,
            pointer: "/rate/perMinute"),
        participant("an unknown member", #"{"url":"http://p","uri":"x"}"#, pointer: "/uri"),
        participant("headers that are a list", #"{"url":"http://p","headers":[]}"#, pointer: "/headers"),
        header("Host", #""x""#), header("content-length", #""1""#), header("Transfer-Encoding", #""chunked""#),
        header("Connection", #""close""#), header("X-Saga-Run-Id", #""x""#), header("Idempotency-Key", #""x""#),
        header("a b", #""x""#), header("X-A", #""b\r\nX-C: d""#), header("X-A", "1"), header("X-Ü", #""x""#),
        .admin(
            "a name in capitals", "PUT", "/v1/admin/participants/P", #"{"url":"http://p"}"#, 400, "invalid-parameter"),
        .admin(
            "an encoded slash", "PUT", "/v1/admin/participants/a%2Fb", #"{"url":"http://p"}"#, 400,
            "invalid-parameter"),
        .http(
            "an unknown participant", "GET", "/v1/admin/participants/q", ["X-Admin-Token": TestAPI.token], 404,
            "unknown-participant"),
        .http(
            "removing an unknown one", "DELETE", "/v1/admin/participants/q", ["X-Admin-Token": TestAPI.token], 404,
            "unknown-participant"),
        .http("no token", "GET", "/v1/admin/participants", 401, "unauthorized"),
        .http("an empty token", "GET", "/v1/admin/participants", ["X-Admin-Token": ""], 401, "unauthorized"),
        .http(
            "a wrong token", "GET", "/v1/admin/participants", ["X-Admin-Token": TestAPI.token + "x"], 401,
            "unauthorized"),
        .http(
            "a wrong token and a body", "POST", "/v1/admin/workflows", ["X-Admin-Token": "x"], body: Array("{".utf8),
            401, "unauthorized"),
    ]

    private static func definition(_ name: String, _ body: String, pointer: String) -> BadRequest {
        .admin(name, "POST", "/v1/admin/workflows", body, 422, "invalid-content", pointer: pointer)
    }

    private static func steps(_ name: String, _ steps: String, pointer: String) -> BadRequest {
        definition(name, #"{"name":"x","version":"1.0.0","steps":\#(steps)}"#, pointer: pointer)
    }

    private static let call = #""action":{"participant":"p","path":"/x"}"#

    // The rules themselves are tested where they live; here, that each kind comes out with its pointer.
    static let definitions: [BadRequest] = [
        definition("no name", #"{"version":"1.0.0","steps":[{"id":"a",\#(call)}]}"#, pointer: "/name"),
        definition(
            "a version that is none", #"{"name":"x","version":"1","steps":[{"id":"a",\#(call)}]}"#,
            pointer: "/version"),
        definition(
            "a timeout of zero", #"{"name":"x","version":"1.0.0","timeout":"0s","steps":[{"id":"a",\#(call)}]}"#,
            pointer: "/timeout"),
        definition(
            "an absurd timeout", #"{"name":"x","version":"1.0.0","timeout":"9999d","steps":[{"id":"a",\#(call)}]}"#,
            pointer: "/timeout"),
        definition(
            "a billion attempts",
            #"{"name":"x","version":"1.0.0","retry":{"maxAttempts":1000000000},"steps":[{"id":"a",\#(call)}]}"#,
            pointer: "/retry/maxAttempts"),
        steps("no steps", "[]", pointer: "/steps"),
        steps("two steps of one id", #"[{"id":"a",\#(call)},{"id":"a",\#(call)}]"#, pointer: "/steps/1/id"),
        steps(
            "a header with a line break",
            #"[{"id":"a","action":{"participant":"p","path":"/x","headers":{"X-A":"b\r\nc"}}}]"#,
            pointer: "/steps/0/action/headers/X-A"),
        steps(
            "the header Host", #"[{"id":"a","action":{"participant":"p","path":"/x","headers":{"Host":"b"}}}]"#,
            pointer: "/steps/0/action/headers/Host"),
        .admin(
            "other content under the same version", "POST", "/v1/admin/workflows",
            #"{"name":"w","version":"1.0.0","steps":[{"id":"z",\#(call)}]}"#, 409, "version-exists"),
        .admin("a definition that is no JSON", "POST", "/v1/admin/workflows", "name: x", 400, "malformed-json"),
    ]
}
