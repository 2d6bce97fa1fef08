// Is this call sagaflow's? See docs/participants.md. Needs nothing but Java 17; with a JSON parser of your own, use that.
import java.io.ByteArrayOutputStream;
import java.security.*;
import java.security.spec.X509EncodedKeySpec;
import java.util.*;
import java.util.regex.*;

public class VerifyJwt {
    static final byte[] ED25519 = HexFormat.of().parseHex("302a300506032b6570032100");

    /** One member of a flat object, as its text; null when it is not there. */
    static String member(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*(?:\"([^\"\\\\]*)\"|(\\d+))").matcher(json);
        return !found.find() ? null : found.group(1) != null ? found.group(1) : found.group(2);
    }

    static PublicKey key(String jwks, String kid) throws Exception {
        for (String jwk : jwks.split("\\{")) {
            if (!kid.equals(member(jwk, "kid"))) continue;
            ByteArrayOutputStream der = new ByteArrayOutputStream();
            der.writeBytes(ED25519);
            der.writeBytes(Base64.getUrlDecoder().decode(member(jwk, "x")));
            return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(der.toByteArray()));
        }
        return null; // fetch /.well-known/jwks.json again
    }

    static boolean verify(String jwks, String me, String token, String method, String path, byte[] body) throws Exception {
        String[] parts = token.split("\\.");
        String head = new String(Base64.getUrlDecoder().decode(parts[0]), "UTF-8");
        String claims = new String(Base64.getUrlDecoder().decode(parts[1]), "UTF-8");
        PublicKey key = "EdDSA".equals(member(head, "alg")) ? key(jwks, member(head, "kid")) : null;
        if (key == null) return false;
        Signature signature = Signature.getInstance("Ed25519");
        signature.initVerify(key);
        signature.update((parts[0] + "." + parts[1]).getBytes("UTF-8"));
        if (!signature.verify(Base64.getUrlDecoder().decode(parts[2]))) return false;
        long now = System.currentTimeMillis() / 1000;
        if (Long.parseLong(member(claims, "iat")) - 5 > now || now > Long.parseLong(member(claims, "exp")) + 5) return false;
        String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
        return List.of("sagaflow", me, method, path, digest).equals(
            Arrays.asList(member(claims, "iss"), member(claims, "aud"), member(claims, "method"),
                member(claims, "path"), member(claims, "bodySha256")));
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> given = System.getenv();
        System.exit(verify(given.get("JWKS"), given.get("PARTICIPANT"), given.get("TOKEN"), given.get("METHOD"),
            given.get("CALL_PATH"), System.in.readAllBytes()) ? 0 : 1);
    }
}
