package io.flotilla.security;

import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.WRITER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.flotilla.AgentId;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What the objects of the module say of themselves, found by reflection: each public class has one here, what it holds is
 * looked at too, and none of their texts has anything of a key, a token or a payload. A class that is new is missed until it is
 * among the {@link #roots()}.
 */
class SecretTextsTest {

    private static final String PACKAGE = "io.flotilla.security";
    private static final byte[] HMAC = "canary-hmac-0123456789abcdef0123".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] AES = "canary-aes--0123456789abcdef0123".getBytes(StandardCharsets.US_ASCII);
    private static final String PAYLOAD = "canary-payload-4711";
    private static final Duration LONG = Duration.ofSeconds(20);

    private final KeyRing ring = KeyRing.of(
            KeyEntry.hmac("domain", HMAC::clone),
            KeyEntry.aes("payloads", AES::clone),
            KeyEntry.generateEd25519("own").ownedBy(AgentId.of("helper")));
    private final AgentTokens tokens = AgentTokens.builder(ring).build();
    private final String token = tokens.issue(PLANNER, "here", Duration.ofMinutes(1));

    private List<Object> roots() {
        Capabilities capabilities = Capabilities.create().grant(Edge.between(PLANNER, WRITER));
        Verifier verifier = Verifier.builder(ring).build();
        Trust.Builder builder =
                Trust.builder(verifier).capabilities(capabilities).requireTokens(tokens, "here");
        Trust trust = builder.build();
        Signer plain = trust.signer(PLANNER).showing(token);
        Delegation given = plain.delegate(Edge.between(PLANNER, WRITER), AgentId.of("helper"), Duration.ofMinutes(1));
        Signer helper = trust.signer(AgentId.of("helper")).under(given);
        SealedJournal.Builder sealing =
                SealedJournal.builder(Journal.inMemory(), ring).encrypting();
        SealedJournal journal = sealing.build();
        journal.append(
                        "run",
                        0,
                        List.of(new JournalEntry(0, World.NOON, "fact", PAYLOAD.getBytes(StandardCharsets.US_ASCII))))
                .block(LONG);
        Signer.Builder signing = Signer.builder(ring, PLANNER).encrypting();
        return List.of(
                ring,
                KeyRing.builder(),
                trust,
                builder,
                Verified.of(trust.admit(plain.sign(World.plan(PAYLOAD)), false)),
                verifier,
                Verifier.builder(ring),
                plain,
                helper,
                signing,
                plain.sign(World.plan(PAYLOAD)).payload(),
                helper.sign(io.flotilla.message.Envelope.to(WRITER, PAYLOAD)
                                .from(AgentId.of("helper"))
                                .build())
                        .payload(),
                signing.build().sign(World.plan(PAYLOAD)).payload(),
                tokens,
                AgentTokens.builder(ring),
                tokens.verify(token, "here"),
                ReplayGuard.builder(),
                journal,
                sealing,
                journal.head("run").block(LONG),
                catchThrowableOfType(RefusedException.class, () -> verifier.verify(World.plan(PAYLOAD))),
                catchThrowableOfType(KeyUnavailableException.class, () -> ring.retire("canary?")),
                new JournalSealException("run", 0, "has sealed it"));
    }

    /** All objects of the package that hang on these. */
    private static Set<Object> reachable(Collection<?> roots) throws IllegalAccessException {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Object> open = new ArrayDeque<>(roots);
        while (!open.isEmpty()) {
            Object one = open.pop();
            if (one instanceof Collection<?> items) {
                items.stream().filter(item -> item != null).forEach(open::push);
            } else if (one instanceof Map<?, ?> map) {
                open.push(map.keySet());
                open.push(map.values());
            } else if (one.getClass().getPackageName().equals(PACKAGE) && seen.add(one)) {
                for (Field field : one.getClass().getDeclaredFields()) {
                    field.setAccessible(true);
                    Object value = Modifier.isStatic(field.getModifiers()) ? null : field.get(one);
                    if (value != null) {
                        open.push(value);
                    }
                }
            }
        }
        return seen;
    }

    private static Set<Class<?>> publicClasses() throws Exception {
        Path classes = Path.of(KeyRing.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .resolve(PACKAGE.replace('.', '/'));
        Set<Class<?>> found = new LinkedHashSet<>();
        try (Stream<Path> files = Files.list(classes)) {
            for (String file : files.map(each -> each.getFileName().toString()).toList()) {
                if (file.endsWith(".class") && !file.startsWith("package-info")) {
                    found.add(Class.forName(PACKAGE + "." + file.substring(0, file.length() - 6)));
                }
            }
        }
        found.removeIf(each -> !Modifier.isPublic(each.getModifiers())
                || each.isInterface()
                || Enum.class.isAssignableFrom(each)
                || each.isAnonymousClass());
        return found;
    }

    @Test
    void texts_ofAllObjectsOfTheModule_haveNoSecrets() throws Exception {
        Set<Object> all = reachable(roots());

        assertThat(all.stream().map(Object::getClass).distinct().toList()).containsAll(publicClasses());
        assertThat(all)
                .as("what is inside is looked at as well")
                .hasAtLeastOneElementOfType(HmacKey.class)
                .hasAtLeastOneElementOfType(AesKey.class)
                .hasAtLeastOneElementOfType(SealKeys.SealKey.class)
                .hasAtLeastOneElementOfType(SignedMessage.Fields.class);
        for (Object one : all) {
            assertThat(one.toString())
                    .as("%s", one.getClass())
                    .doesNotContainIgnoringCase(
                            "canary-",
                            token.substring(20, 60),
                            HexFormat.of().formatHex(HMAC),
                            HexFormat.of().formatHex(AES),
                            Base64.getEncoder().encodeToString(HMAC).substring(0, 16),
                            Base64.getEncoder().encodeToString(AES).substring(0, 16),
                            Arrays.toString(HMAC),
                            Arrays.toString(AES));
        }
    }
}
