package io.flotilla.security;

import static io.flotilla.security.World.PLANNER;
import static io.flotilla.security.World.WRITER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.run.Run;
import io.flotilla.run.RunEvent;
import io.flotilla.run.Workflow;
import io.flotilla.topology.Topology;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Keys and payloads planted as canaries: in none of the texts that leave the module, whatever form they have there. Logs at
 * TRACE, errors with all causes, dead letters, reports, events, meters, journals, and what objects say of themselves.
 */
@Timeout(60)
class SecretsTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final byte[] HMAC = "canary-hmac-0123456789abcdef0123".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] AES = "canary-aes--0123456789abcdef0123".getBytes(StandardCharsets.US_ASCII);
    private static final String PAYLOAD = "canary-payload-4711";

    private final List<String> texts = Collections.synchronizedList(new ArrayList<>());
    private final Logger logger = (Logger) LoggerFactory.getLogger("io.flotilla");
    private Level before = Level.OFF;

    private final AppenderBase<ILoggingEvent> listener = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            texts.add(event.getFormattedMessage());
            for (var thrown = event.getThrowableProxy(); thrown != null; thrown = thrown.getCause()) {
                texts.add(thrown.getClassName() + ": " + thrown.getMessage());
            }
        }
    };

    @BeforeEach
    void listen() {
        before = logger.getLevel();
        logger.setLevel(Level.TRACE);
        listener.setContext(logger.getLoggerContext());
        listener.start();
        logger.addAppender(listener);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(listener);
        logger.setLevel(before);
    }

    private void say(Object any) {
        texts.add(String.valueOf(any));
    }

    private void fail(Throwable error) {
        for (Throwable each = error; each != null; each = each.getCause()) {
            say(each);
            for (Throwable suppressed : each.getSuppressed()) {
                say(suppressed);
            }
        }
    }

    private static KeyRing ring() {
        return KeyRing.of(KeyEntry.hmac("domain", HMAC::clone), KeyEntry.aes("payloads", AES::clone));
    }

    private void assertNoCanary() {
        List<String> forms = new ArrayList<>(List.of("canary"));
        for (byte[] secret : List.of(HMAC, AES, PAYLOAD.getBytes(StandardCharsets.US_ASCII))) {
            forms.add(HexFormat.of().formatHex(secret));
            forms.add(Base64.getEncoder().encodeToString(secret).substring(0, 16));
            forms.add(java.util.Arrays.toString(secret));
        }
        assertThat(List.copyOf(texts)).hasSizeGreaterThan(3).allSatisfy(text -> {
            for (String form : forms) {
                assertThat(text).doesNotContainIgnoringCase(form);
            }
        });
    }

    @Test
    void network_withAllItsFailures_saysNothing() {
        KeyRing ring = ring();
        Capabilities capabilities = Capabilities.create().grant(Edge.between(PLANNER, WRITER));
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        Verifier verifier = Verifier.builder(ring).requireEncryption().build();
        Trust trust = Trust.builder(verifier)
                .capabilities(capabilities)
                .meterRegistry(meters)
                .build();
        Hub hub = Hub.create(NetworkOptions.builder().guard(trust).build());
        hub.deadLetters().letters().subscribe(this::say);
        hub.join(Agent.<String, String>of(
                WRITER.kind(),
                (text, context) -> text.endsWith("fail")
                        ? Mono.error(new IllegalStateException("no luck"))
                        : Mono.just(text.toUpperCase(Locale.ROOT))));
        Signer planner = trust.signer(PLANNER);

        Envelope plain = World.plan(PAYLOAD);
        Envelope signed = planner.sign(plain);
        Delegation delegation = planner.delegate(Edge.between(PLANNER, WRITER), AgentId.of("helper"), LONG);
        List<Object> all = new ArrayList<>(List.of(
                ring, ring.keys(), trust, verifier, planner, signed, signed.payload(), delegation, capabilities));
        all.addAll(List.of(
                ReplayGuard.builder().build(),
                AgentTokens.builder(ring).build(),
                SealedJournal.builder(Journal.inMemory(), ring).encrypting().build(),
                KeyEntry.hmac("k", HMAC::clone).material(),
                KeyEntry.aes("k", AES::clone).material()));
        all.forEach(this::say);

        Envelope reply = Objects.requireNonNull(hub.request(signed).block(LONG));
        assertThat(reply.payload()).isEqualTo(PAYLOAD.toUpperCase(Locale.ROOT));
        say(reply);
        say(Verified.of(reply));
        for (Envelope bad : List.of(
                signed,
                plain,
                Envelope.to(WRITER, PAYLOAD)
                        .from(PLANNER)
                        .headers(java.util.Map.of("key", PAYLOAD))
                        .build(),
                Signer.builder(ring, PLANNER).build().sign(plain),
                planner.sign(World.plan(PAYLOAD + " fail")),
                trust.signer(WRITER)
                        .sign(Envelope.to(PLANNER, PAYLOAD).from(WRITER).build()))) {
            say(hub.offer(bad));
            fail(catchThrowable(() -> hub.send(bad).block(LONG)));
            fail(catchThrowable(() -> hub.request(bad).block(LONG)));
        }
        hub.log().forEach(this::say);
        hub.close(LONG).block(LONG);
        hub.deadLetters().recent().forEach(letter -> {
            say(letter);
            if (letter.cause() != null) {
                fail(letter.cause());
            }
        });
        meters.getMeters().forEach(meter -> say(meter.getId()));

        assertThat(trust.refusals())
                .containsKeys(Refusal.UNSIGNED, Refusal.REPLAYED, Refusal.UNENCRYPTED, Refusal.UNAUTHORISED);
        assertNoCanary();
    }

    @Test
    void run_inASealedJournal_saysNothing() {
        KeyRing ring = ring();
        Journal inner = Journal.inMemory();
        Journal journal = SealedJournal.builder(inner, ring).encrypting().build();
        Workflow<String, String> workflow = Workflow.builder(
                        Topology.parse("start -> shouter\nshouter -> end"), String.class)
                .agent(
                        "shouter",
                        String.class,
                        Agent.<String, String>of(
                                "shouter", (text, context) -> Mono.just(text.toUpperCase(Locale.ROOT))))
                .journal(journal)
                .build();
        Run<String> run = workflow.start(PAYLOAD);
        assertThat(run.result().block(LONG).orThrow().answer()).isEqualTo(PAYLOAD.toUpperCase(Locale.ROOT));
        List<RunEvent> events = run.events().collectList().block(LONG);
        events.forEach(event -> say(event.getClass()));

        List<JournalEntry> stored =
                Objects.requireNonNull(inner.read(run.runId(), 0).collectList().block(LONG));
        stored.forEach(entry -> {
            say(entry);
            say(new String(entry.payload(), StandardCharsets.ISO_8859_1));
        });
        say(inner.list(JournalFilter.all()).blockFirst(LONG));
        KeyRing other = KeyRing.of(KeyEntry.hmac("domain", KeySource.random()));
        fail(catchThrowable(() ->
                SealedJournal.builder(inner, other).build().read(run.runId(), 0).blockLast(LONG)));

        assertNoCanary();
    }

    @Test
    void tokensAndKeys_thatFail_sayNothing() {
        AgentTokens tokens = AgentTokens.builder(ring()).build();
        String token = tokens.issue(PLANNER, "billing", LONG);
        say(tokens.verify(token, "billing"));
        for (String bad : List.of("canary!", token + "A", token.substring(8))) {
            fail(catchThrowable(() -> tokens.verify(bad, "billing")));
        }
        fail(catchThrowable(() -> tokens.verify(token, "mail")));
        String key = new String(HMAC, StandardCharsets.US_ASCII);
        for (KeySource source : List.<KeySource>of(
                () -> {
                    throw new IllegalStateException(key);
                },
                () -> new byte[3],
                KeySource.base64("-canary-!"))) {
            fail(catchThrowable(() -> KeyEntry.hmac("k", source)));
            fail(catchThrowable(() -> KeyEntry.ed25519Public("k", source)));
        }
        assertNoCanary();
    }

    @Test
    void network_thatRequiresTokens_saysNothingOfThem() {
        AgentTokens tokens = AgentTokens.builder(ring()).build();
        Trust trust = Trust.builder(ring())
                .capabilities(Capabilities.create().grant(Edge.between(PLANNER, WRITER)))
                .requireTokens(tokens, "here")
                .build();
        Hub hub = Hub.create(NetworkOptions.builder().guard(trust).build());
        hub.deadLetters().letters().subscribe(this::say);
        hub.join(WRITER, envelope -> {
            say(envelope);
            say(envelope.headers());
            say(Verified.of(envelope));
            return Mono.error(new IllegalStateException("no luck"));
        });
        String good = tokens.issue(PLANNER, "here", LONG);
        String stolen = tokens.issue(WRITER, "here", LONG);
        for (String shown : List.of(good, stolen, tokens.issue(PLANNER, "there", LONG))) {
            Signer signer = trust.signer(PLANNER).showing(shown);
            Envelope signed = signer.sign(World.plan("hello"));
            say(signer);
            say(signed);
            say(signed.payload());
            say(hub.offer(signed));
            fail(catchThrowable(
                    () -> hub.request(signer.sign(World.plan("hello"))).block(LONG)));
        }
        hub.close(LONG).block(LONG);
        hub.log().forEach(this::say);
        hub.deadLetters().recent().forEach(letter -> {
            say(letter);
            fail(letter.cause());
        });

        assertThat(trust.refusals()).containsOnlyKeys(Refusal.INVALID_TOKEN);
        assertThat(List.copyOf(texts))
                .hasSizeGreaterThan(20)
                .allSatisfy(text -> assertThat(text).doesNotContain(good.substring(40, 80), stolen.substring(40, 80)));
    }

    /** No type hands a key out: not by a method, not by a public field, not by serialization. */
    @Test
    void keys_haveNoWayOut() {
        for (Class<?> type : List.of(KeyEntry.class, KeyRing.class, Signer.class, Trust.class)) {
            assertThat(type.getMethods())
                    .allSatisfy(method -> assertThat(method.getReturnType())
                            .isNotEqualTo(byte[].class)
                            .isNotInstanceOf(java.security.Key.class));
            for (Field field : type.getFields()) {
                assertThat(Modifier.isStatic(field.getModifiers())).isTrue();
            }
        }
        assertThat(catchThrowable(() -> {
                    try (ObjectOutputStream out = new ObjectOutputStream(OutputStream.nullOutputStream())) {
                        out.writeObject(ring().keys().get(0));
                    }
                }))
                .isInstanceOf(NotSerializableException.class);
    }
}
