package io.flotilla.samples.trust;

import io.flotilla.AgentId;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.UndeliverableException;
import io.flotilla.message.Withheld;
import io.flotilla.samples.shell.BadInput;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.security.Capabilities;
import io.flotilla.security.Delegation;
import io.flotilla.security.Edge;
import io.flotilla.security.KeyEntry;
import io.flotilla.security.KeyRing;
import io.flotilla.security.KeySource;
import io.flotilla.security.KeyUnavailableException;
import io.flotilla.security.RefusedException;
import io.flotilla.security.SealedJournal;
import io.flotilla.security.SignedMessage;
import io.flotilla.security.Signer;
import io.flotilla.security.Trust;
import io.flotilla.security.Verifier;
import io.flotilla.step.StepEngine;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import reactor.core.publisher.Mono;

/**
 * A clerk tells a cashier what to pay. Mallory has the network, and what passes through it, but no key of the clerk's: seven
 * kinds of bad messages, and why each is refused. Then a right is delegated and revoked, and a sealed journal altered.
 */
public final class TrustedNetworkSample implements Sample {

    private static final String JOURNAL_KEY = "FLOTILLA_JOURNAL_KEY";
    private static final AgentId CLERK = AgentId.of("clerk");
    private static final AgentId CASHIER = AgentId.of("cashier");
    private static final AgentId DEPUTY = AgentId.of("deputy");
    private static final AgentId MALLORY = AgentId.of("mallory");
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);

    public static void main(String[] args) {
        Shell.exit(new TrustedNetworkSample());
    }

    @Override
    public String name() {
        return "trusted-network";
    }

    @Override
    public int run(Settings settings, Output output) {
        KeyRing journalRing = journalRing(settings);
        now.set(Instant.parse("2026-11-21T12:00:00Z"));
        InstantSource clock = now::get; // one for keys, messages and the network
        KeyRing ring = KeyRing.builder().clock(clock).build();
        for (AgentId each : List.of(CLERK, CASHIER, DEPUTY, MALLORY)) {
            ring.add(KeyEntry.generateEd25519(each + "-1").ownedBy(each));
        }
        Capabilities capabilities = Capabilities.create().grant(Edge.between(CLERK, CASHIER));
        Trust trust = Trust.builder(Verifier.builder(ring).clock(clock).build())
                .capabilities(capabilities)
                .build();
        StepEngine engine =
                StepEngine.builder().clock(clock.withZone(ZoneOffset.UTC)).build();
        Hub hub =
                Hub.create(NetworkOptions.builder().guard(trust).engine(engine).build());
        for (AgentId each : List.of(CASHIER, MALLORY)) {
            hub.join(each, envelope -> Mono.empty());
        }
        Signer clerk = trust.signer(CLERK);

        output.line("a hub that believes nobody; %s may send to %s, and nobody else to anybody", CLERK, CASHIER);
        Envelope order = clerk.sign(order("pay 10"));
        output.line("  signed and permitted       -> %s", offer(hub, order));

        output.line("seven kinds of bad messages");
        output.line("  unsigned                   -> %s", offer(hub, order("pay 10")));
        output.line("  10 made 90 on the way      -> %s", offer(hub, altered(clerk.sign(order("pay 10")))));
        Envelope old = clerk.sign(order("pay 10"));
        now.updateAndGet(time -> time.plus(HOUR));
        output.line("  an hour late               -> %s", offer(hub, old));
        Envelope soon = clerk.sign(order("pay 10"));
        now.updateAndGet(time -> time.minus(Duration.ofMinutes(30)));
        output.line("  half an hour early         -> %s", offer(hub, soon));
        Envelope twice = clerk.sign(order("pay 10"));
        offer(hub, twice);
        output.line("  the same once more         -> %s", offer(hub, twice));
        Envelope other = clerk.sign(order("pay 10"));
        output.line(
                "  sent on to somebody else   -> %s",
                offer(
                        hub,
                        Envelope.to(MALLORY, other.payload())
                                .from(CLERK)
                                .correlationId(other.correlationId())
                                .build()));
        Envelope own = Envelope.to(CASHIER, "pay 10").from(MALLORY).build();
        output.line(
                "  signed, by mallory         -> %s",
                offer(hub, trust.signer(MALLORY).sign(own)));

        Delegation given = clerk.delegate(Edge.between(CLERK, CASHIER), DEPUTY, HOUR);
        Signer deputy = trust.signer(DEPUTY);
        Envelope forClerk = Envelope.to(CASHIER, "pay 10").from(DEPUTY).build();
        output.line("the clerk delegates its right to %s", DEPUTY);
        output.line(
                "  the deputy, under it       -> %s",
                offer(hub, deputy.under(given).sign(forClerk)));
        output.line("  the deputy, without it     -> %s", offer(hub, deputy.sign(forClerk)));
        capabilities.revoke(Edge.between(CLERK, CASHIER));
        output.line(
                "  the clerk's right revoked  -> %s",
                offer(hub, deputy.under(given).sign(forClerk)));

        hub.close(Duration.ofSeconds(5)).block(LIMIT);
        output.line("let in %d, refused %s", trust.admittedCount(), trust.refusals());
        output.line(
                "dead letters %d, the payload of each: %s",
                hub.deadLetters().count(),
                hub.deadLetters().recent().stream()
                        .map(letter -> letter.envelope().payload() instanceof Withheld ? "withheld" : "there")
                        .distinct()
                        .toList());
        output.line("a sealed journal, in which 10 was made 90: %s", sealedJournal(journalRing));
        return 0;
    }

    private static Envelope order(String text) {
        return Envelope.to(CASHIER, text).from(CLERK).build();
    }

    /** What the network says to who sends it. */
    private static String offer(Hub hub, Envelope envelope) {
        return Objects.requireNonNull(hub.send(envelope)
                .map(report -> "let in")
                .onErrorResume(UndeliverableException.class, refused -> Mono.just(reason(refused)))
                .block(LIMIT));
    }

    private static String reason(UndeliverableException refused) {
        return refused.getCause() instanceof RefusedException why
                ? String.valueOf(why.getMessage())
                : refused.reason().toString();
    }

    private static byte[] altered(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        return text.replace("pay 10", "pay 90").getBytes(StandardCharsets.ISO_8859_1);
    }

    private static Envelope altered(Envelope signed) {
        byte[] bytes = signed.payload(SignedMessage.class).toBytes();
        return SignedMessage.parse(altered(bytes)).toEnvelope().build();
    }

    /** As a service has it from its environment; without it, one for this run alone. */
    private static KeyRing journalRing(Settings settings) {
        String given = settings.variable(JOURNAL_KEY);
        try {
            return KeyRing.of(KeyEntry.hmac("journal", given == null ? KeySource.random() : KeySource.base64(given)));
        } catch (KeyUnavailableException bad) {
            throw new BadInput(JOURNAL_KEY + " must be " + KeyEntry.MIN_HMAC_BYTES + " bytes or more in Base64: "
                    + bad.getMessage());
        }
    }

    private static String sealedJournal(KeyRing ring) {
        Journal file = Journal.inMemory();
        JournalEntry fact = new JournalEntry(0, Instant.EPOCH, "order", "pay 10".getBytes(StandardCharsets.US_ASCII));
        SealedJournal.builder(file, ring)
                .build()
                .append("run", 0, List.of(fact))
                .block(LIMIT);
        JournalEntry stored = Objects.requireNonNull(file.read("run", 0).blockFirst(LIMIT));
        Journal forged = Journal.inMemory();
        forged.append("run", 0, List.of(new JournalEntry(0, Instant.EPOCH, "order", altered(stored.payload()))))
                .block(LIMIT);
        return Objects.requireNonNull(SealedJournal.builder(forged, ring)
                .build()
                .read("run", 0)
                .map(JournalEntry::toString)
                .onErrorResume(error -> Mono.just(error.getClass().getSimpleName() + ", " + error.getMessage()))
                .blockFirst(LIMIT));
    }
}
