// Is this call sagaflow's? See docs/participants.md. Needs nothing but Java.
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Verify {
    static boolean verify(String secret, Map<String, String> headers, byte[] body, long tolerance) throws Exception {
        String id = headers.get("webhook-id"), sent = headers.get("webhook-timestamp");
        if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(sent)) > tolerance) return false;
        byte[] key = secret.startsWith("whsec_") ? Base64.getDecoder().decode(secret.substring(6)) : secret.getBytes("UTF-8");
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        mac.update((id + "." + sent + ".").getBytes("UTF-8"));
        byte[] wanted = ("v1," + Base64.getEncoder().encodeToString(mac.doFinal(body))).getBytes("UTF-8");
        for (String one : headers.get("webhook-signature").split(" "))
            if (MessageDigest.isEqual(wanted, one.getBytes("UTF-8"))) return true;
        return false;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> headers = Map.of(
            "webhook-id", System.getenv("WEBHOOK_ID"), "webhook-timestamp", System.getenv("WEBHOOK_TIMESTAMP"),
            "webhook-signature", System.getenv("WEBHOOK_SIGNATURE"));
        System.exit(verify(System.getenv("SECRET"), headers, System.in.readAllBytes(), 300) ? 0 : 1);
    }
}
