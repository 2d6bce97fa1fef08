import Core
import Testing

@Suite("Calls are signed as Standard Webhooks are")
struct CallSignatureTests {
    private static let body = Array(#"{"test": 2432232314}"#.utf8)
    private static let time = Instant(microseconds: 1_614_265_330_900_000)

    /// The second is that of Python's `hmac` for the same bytes.
    @Test(
        "by HMAC-SHA256 over id, time and body",
        arguments: [
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
            ("plain", "v1,tgOMx2V+ymftc5zrV4Kwy5UOWZAx1XMh0yu4Sm/6/r0="),
        ])
    func known(_ secret: String, _ signature: String) {
        let headers = CallSignature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Self.time, body: Self.body, secrets: [Array(secret.utf8)])
        #expect(headers.map(\.0) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers.map(\.1) == ["msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", signature])
    }

    @Test("once for each secret, in their order")
    func several() {
        let secrets = ["plain", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"].map { Array($0.utf8) }
        let both = CallSignature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Self.time, body: Self.body, secrets: secrets)
        #expect(
            both.last?.1 == "v1,tgOMx2V+ymftc5zrV4Kwy5UOWZAx1XMh0yu4Sm/6/r0= "
                + "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }
}
