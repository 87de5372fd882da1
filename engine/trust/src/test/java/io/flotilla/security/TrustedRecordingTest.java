package io.flotilla.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.message.DeadLetter;
import io.flotilla.message.Envelope;
import io.flotilla.message.Hub;
import io.flotilla.message.Network;
import io.flotilla.message.NetworkDivergence;
import io.flotilla.message.NetworkEvent;
import io.flotilla.message.NetworkOptions;
import io.flotilla.message.NetworkRecorder;
import io.flotilla.message.NetworkRecording;
import io.flotilla.message.NetworkReplay;
import io.flotilla.message.NetworkReplayReport;
import io.flotilla.message.UndeliverableException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * An office whose messages are signed, bear tokens, and are encrypted on one edge, is recorded behind its guard, and replayed with
 * other signatures. A customer orders a text at the desk; the desk asks the writer, tells the printer, and would tell the boss, whom
 * it may not write to.
 */
@Timeout(60)
class TrustedRecordingTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final AgentId CUSTOMER = AgentId.of("customer");
    private static final AgentId DESK = AgentId.of("desk");
    private static final AgentId PRINTER = AgentId.of("printer");
    private static final AgentId BOSS = AgentId.of("boss");
    private static final Edge TO_BOSS = Edge.between(DESK, BOSS);
    private static final String HERE = "the-office";
    private static final String DOMAIN_KEY = "canary-hmac-0123456789abcdef0123";
    private static final String PAYLOAD_KEY = "canary-aes--0123456789abcdef0123";
    private static final String ORDER = "plain-order";
    private static final String SECRET = "canary-draft-4711";

    private final KeyRing ring = KeyRing.of(
            KeyEntry.hmac("domain", () -> DOMAIN_KEY.getBytes(StandardCharsets.US_ASCII)),
            KeyEntry.aes("payloads", () -> PAYLOAD_KEY.getBytes(StandardCharsets.US_ASCII)));
    private final AgentTokens tokens = AgentTokens.builder(ring).build();
    private final Capabilities capabilities = Capabilities.create()
            .grant(Edge.between(CUSTOMER, DESK))
            .grant(Edge.between(DESK, World.WRITER))
            .grant(Edge.between(DESK, PRINTER));
    private Sinks.Empty<Void> worked = Sinks.empty();
    private final List<String> shown = Collections.synchronizedList(new ArrayList<>());

    /** Whether the desk encrypts what it asks the writer, whether it writes to the boss, and how often. */
    private record Desk(boolean encrypts, int toBoss) {

        static final Desk USUAL = new Desk(true, 1);
    }

    private Trust trust() {
        return Trust.builder(ring)
                .capabilities(capabilities)
                .requireTokens(tokens, HERE)
                .build();
    }

    private Signer signer(AgentId agent, boolean encrypts) {
        String token = tokens.issue(agent, HERE, Duration.ofMinutes(5));
        shown.add(token);
        Signer.Builder builder = Signer.builder(ring, agent);
        return (encrypts ? builder.encrypting() : builder).build().showing(token);
    }

    private Mono<?> sent(Network network, AgentId to, Object payload) {
        return Mono.defer(() -> network.send(
                signer(DESK, false).sign(Envelope.to(to, payload).from(DESK).build())));
    }

    private Mono<?> work(Network network, Desk how, Envelope order) {
        Sinks.Empty<Void> done = worked; // a replay may be cancelled when the next recording is under way
        Verified verified = Objects.requireNonNull(Verified.of(order), "handlers see what was verified");
        assertThat(verified.keyId()).isEqualTo("domain");
        assertThat(verified.edge()).isEqualTo(Edge.between(CUSTOMER, DESK));
        Mono<?> asked = Mono.defer(() -> network.request(signer(DESK, how.encrypts())
                        .sign(Envelope.to(World.WRITER, SECRET).from(DESK).build())))
                .flatMap(answer ->
                        sent(network, PRINTER, "print " + Verified.of(answer).keyId()));
        Mono<?> told = Mono.defer(() -> sent(network, BOSS, "for your eyes"))
                .onErrorResume(UndeliverableException.class, refused -> Mono.empty())
                .repeat(Math.max(0, how.toBoss() - 1))
                .then();
        return (how.toBoss() == 0 ? asked : asked.then(told)).doFinally(ended -> done.tryEmitEmpty());
    }

    private void office(Network network, Desk how) {
        network.join(DESK, order -> work(network, how, order));
        network.join(Agent.<String, String>of(
                World.WRITER.kind(), (text, context) -> Mono.just(text.toUpperCase(Locale.ROOT))));
        network.join(PRINTER, job -> Mono.empty());
        network.join(BOSS, note -> Mono.empty());
    }

    private Consumer<Network> office(Desk how) {
        return network -> office(network, how);
    }

    private void record(NetworkRecorder recorder, Desk how, BiConsumer<Hub, Envelope> meanwhile) {
        worked = Sinks.empty();
        Hub hub = Hub.create(NetworkOptions.builder().guard(trust()).build());
        hub.tap(recorder);
        office(hub, how);
        Envelope order = Envelope.to(DESK, ORDER).from(CUSTOMER).id("order").build();
        assertThat(hub.offer(signer(CUSTOMER, false).sign(order)).isComplete()).isTrue();
        meanwhile.accept(hub, order);
        worked.asMono().block(LONG);
        hub.close(LONG).block(LONG);
        assertThat(hub.deadLetters().recent())
                .allSatisfy(letter -> assertThat(letter.reason()).isEqualTo(DeadLetter.Reason.REFUSED));
    }

    private NetworkRecording recorded(Desk how) {
        NetworkRecorder recorder =
                NetworkRecorder.builder().recordConfidential().build();
        record(recorder, how, (hub, order) -> {});
        return recorder.recording();
    }

    private NetworkReplayReport replay(NetworkRecording recording, Consumer<Network> system) {
        return Objects.requireNonNull(NetworkReplay.of(recording)
                .guard(trust())
                .timeout(Duration.ofSeconds(2))
                .run(system)
                .block(LONG));
    }

    // --- the same again

    @Test
    void replay_ofATrustedNetwork_matchesWhateverItsSignaturesAre() {
        NetworkRecording recording = recorded(Desk.USUAL);
        NetworkReplayReport report = replay(recording, office(Desk.USUAL));

        assertThat(report.divergence()).isNull();
        assertThat(report.received()).isEqualTo(3);
        assertThat(report.sent()).as("the desk's two, and the writer's answer").isEqualTo(3);
        assertThat(recording.events().stream().map(NetworkEvent::refusal).filter(Objects::nonNull))
                .containsExactly("UNAUTHORISED");
        assertThat(replay(recording, network -> network.join(DESK, order -> work(network, Desk.USUAL, order)))
                        .matches())
                .as("one agent alone")
                .isTrue();
    }

    @Test
    void replay_withoutTheGuard_isAnErrorThatSaysSo() {
        NetworkReplay replay = NetworkReplay.of(recorded(Desk.USUAL));

        assertThatThrownBy(() -> replay.run(office(Desk.USUAL)).block(LONG))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("guard");
        assertThatThrownBy(() -> replay.guard(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void replay_ofADelegatedMessageOfARun_showsWhatWasVerified() {
        Map<String, String> seen = Collections.synchronizedMap(new TreeMap<>());
        Consumer<Network> helped = network -> network.join(
                World.WRITER,
                text -> Mono.fromRunnable(() -> {
                    Verified verified = Objects.requireNonNull(Verified.of(text));
                    seen.put(
                            verified.toString(),
                            verified.run() + " " + verified.isDelegated() + " " + verified.wasEncrypted());
                }));
        Hub hub = Hub.create(NetworkOptions.builder().guard(trust()).build());
        NetworkRecorder recorder =
                NetworkRecorder.builder().recordConfidential().build();
        hub.tap(recorder);
        helped.accept(hub);
        AgentId helper = AgentId.of("helper");
        Delegation given = Signer.builder(ring, DESK)
                .build()
                .inRun("run-1")
                .delegate(Edge.between(DESK, World.WRITER), helper, Duration.ofMinutes(1));
        hub.offer(signer(helper, true)
                .inRun("run-1")
                .under(given)
                .sign(Envelope.to(World.WRITER, "text").from(helper).build()));
        hub.close(LONG).block(LONG);
        Map<String, String> then = Map.copyOf(seen);
        seen.clear();

        assertThat(replay(recorder.recording(), helped).matches()).isTrue();
        assertThat(then).containsExactly(Map.entry("desk -> writer, signed by domain", "run-1 true true"));
        assertThat(seen).isEqualTo(then);
    }

    // --- let in, or not

    @Test
    void replay_letsInWhatWasRefused_isADivergence() {
        NetworkRecording recording = recorded(Desk.USUAL);
        capabilities.grant(TO_BOSS);
        NetworkDivergence divergence = replay(recording, office(Desk.USUAL)).divergence();

        assertThat(divergence).isNotNull();
        assertThat(divergence.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_ADMISSION);
        assertThat(divergence.agent()).isEqualTo(DESK);
        assertThat(divergence.expected()).isEqualTo("refused, UNAUTHORISED: MESSAGE to boss");
        assertThat(divergence.found()).isEqualTo("MESSAGE to boss: for your eyes");
    }

    @Test
    void replay_letsInWhatWasRefusedAtFirst_isADivergenceToo() {
        NetworkRecorder recorder =
                NetworkRecorder.builder().recordConfidential().build();
        Hub hub = Hub.create(NetworkOptions.builder().guard(trust()).build());
        hub.tap(recorder);
        Consumer<Network> tryTwice = network -> {
            network.join(BOSS, note -> Mono.empty());
            network.join(
                    DESK,
                    order -> sent(network, BOSS, "note")
                            .onErrorResume(UndeliverableException.class, refused -> {
                                capabilities.grant(TO_BOSS);
                                return sent(network, BOSS, "note").then(Mono.empty());
                            })
                            .doFinally(ended -> worked.tryEmitEmpty()));
        };
        tryTwice.accept(hub);
        hub.offer(signer(CUSTOMER, false)
                .sign(Envelope.to(DESK, ORDER).from(CUSTOMER).build()));
        worked.asMono().block(LONG);
        hub.close(LONG).block(LONG);
        NetworkRecording recording = recorder.recording();
        NetworkDivergence divergence = replay(recording, tryTwice).divergence();
        capabilities.revoke(TO_BOSS);

        assertThat(divergence).isNotNull();
        assertThat(divergence.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_ADMISSION);
        assertThat(replay(recording, tryTwice).matches())
                .as("with the right that it had then")
                .isTrue();
    }

    @Test
    void replay_refusesWhatWasLetIn_isADivergence() {
        NetworkRecording recording = recorded(Desk.USUAL);
        capabilities.revoke(Edge.between(DESK, PRINTER));
        NetworkDivergence divergence = replay(recording, office(Desk.USUAL)).divergence();

        assertThat(divergence).isNotNull();
        assertThat(divergence.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_ADMISSION);
        assertThat(divergence.expected()).isEqualTo("MESSAGE to printer: print domain");
        assertThat(divergence.found()).isEqualTo("refused, UNAUTHORISED: MESSAGE to printer");
    }

    @Test
    void replay_refusesARequestOrAnAnswer_isADivergence() {
        NetworkRecording recording = recorded(Desk.USUAL);
        capabilities.revoke(Edge.between(DESK, World.WRITER));
        NetworkDivergence request = replay(recording, office(Desk.USUAL)).divergence();
        capabilities.grant(Edge.between(DESK, World.WRITER));
        ring.add(KeyEntry.ed25519Public("writers", Keys.PUBLIC).ownedBy(World.WRITER));
        NetworkDivergence answer = replay(recording, office(Desk.USUAL)).divergence();

        assertThat(request).isNotNull();
        assertThat(request.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_ADMISSION);
        assertThat(request.expected()).isEqualTo("REQUEST to writer: (encrypted)");
        assertThat(answer).isNotNull();
        assertThat(answer.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_ADMISSION);
        assertThat(answer.agent()).isEqualTo(World.WRITER);
        assertThat(answer.found()).contains("KeyUnavailableException");
    }

    @Test
    void replay_refusesForAnotherReason_isADivergence() {
        NetworkRecording recording = recorded(Desk.USUAL);
        Desk again = Desk.USUAL;
        NetworkDivergence divergence = replay(recording, network -> {
                    office(network, again);
                    network.leave(DESK).block();
                    network.join(
                            DESK,
                            order -> work(network, new Desk(true, 0), order)
                                    .then(Mono.defer(() -> network.send(Envelope.to(BOSS, "unsigned")
                                            .from(DESK)
                                            .build())))
                                    .onErrorResume(UndeliverableException.class, refused -> Mono.empty()));
                })
                .divergence();

        assertThat(divergence).isNotNull();
        assertThat(divergence.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_ADMISSION);
        assertThat(divergence.expected()).isEqualTo("refused, UNAUTHORISED: MESSAGE to boss");
        assertThat(divergence.found()).isEqualTo("refused, UNSIGNED: MESSAGE to boss");
    }

    @Test
    void replay_doesNotSendWhatWasRefusedInItsHandler_isADivergence() {
        NetworkDivergence divergence =
                replay(recorded(Desk.USUAL), office(new Desk(true, 0))).divergence();

        assertThat(divergence).isNotNull();
        assertThat(divergence.kind()).isEqualTo(NetworkDivergence.Kind.MISSING);
        assertThat(divergence.expected()).isEqualTo("refused, UNAUTHORISED: MESSAGE to boss");
    }

    @Test
    void replay_sendsMoreThatIsRefused_isADivergence() {
        NetworkDivergence divergence =
                replay(recorded(Desk.USUAL), office(new Desk(true, 2))).divergence();

        assertThat(divergence).isNotNull();
        assertThat(divergence.kind()).isEqualTo(NetworkDivergence.Kind.UNEXPECTED);
        assertThat(divergence.found()).isEqualTo("refused, UNAUTHORISED: MESSAGE to boss");
    }

    @Test
    void recording_ofAStrangerWhoUsesANameOfAnAgent_isReplayedWithoutHim() {
        NetworkRecorder recorder =
                NetworkRecorder.builder().recordConfidential().build();
        record(recorder, Desk.USUAL, (hub, order) -> {
            hub.offer(Envelope.to(PRINTER, "free beer").from(DESK).id("order").build());
            hub.offer(Envelope.to(DESK, "free beer").from(PRINTER).build());
        });

        assertThat(recorder.recording().events().stream()
                        .map(NetworkEvent::refusal)
                        .filter(Objects::nonNull))
                .containsExactlyInAnyOrder("UNSIGNED", "UNSIGNED", "UNAUTHORISED");
        assertThat(replay(recorder.recording(), office(Desk.USUAL)).divergence())
                .isNull();
    }

    // --- what is not to be read

    private List<String> forms(String secret) {
        byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
        return List.of(
                secret,
                HexFormat.of().formatHex(bytes),
                Base64.getEncoder().withoutPadding().encodeToString(bytes).substring(0, bytes.length),
                Arrays.toString(bytes));
    }

    private void assertHasNone(Journal journal, List<String> secrets) {
        List<JournalEntry> entries =
                Objects.requireNonNull(journal.read("office", 0).collectList().block(LONG));
        assertThat(entries).hasSizeGreaterThan(10).allSatisfy(entry -> {
            String text = entry + new String(entry.payload(), StandardCharsets.UTF_8);
            for (String secret : secrets) {
                for (String form : forms(secret)) {
                    assertThat(text).doesNotContainIgnoringCase(form);
                }
            }
        });
    }

    private void assertHas(Journal journal, String text) {
        assertThat(journal.read("office", 0).collectList().block(LONG))
                .anyMatch(entry -> new String(entry.payload(), StandardCharsets.UTF_8).contains(text));
    }

    private List<String> secrets() {
        List<String> secrets = new ArrayList<>(List.of(DOMAIN_KEY, PAYLOAD_KEY, SECRET, "for your eyes", "free beer"));
        assertThat(shown).hasSizeGreaterThan(3);
        shown.forEach(token -> secrets.add(token.substring(40, 80)));
        return secrets;
    }

    private NetworkRecorder recorder(Journal journal) {
        return NetworkRecorder.builder().journal(journal, "office").build();
    }

    @Test
    void recording_byDefault_hasNoTokenNoKeyAndNothingThatWasEncrypted() {
        Journal journal = Journal.inMemory();
        NetworkRecorder recorder = recorder(journal);
        record(
                recorder,
                Desk.USUAL,
                (hub, order) -> hub.offer(Envelope.to(PRINTER, "free beer")
                        .from(DESK)
                        .headers(Map.of("note", SECRET))
                        .build()));
        recorder.close().block(LONG);

        assertHasNone(journal, secrets());
        assertHas(journal, ORDER);
        NetworkRecording recording =
                Objects.requireNonNull(NetworkRecording.read(journal, "office").block(LONG));
        assertThat(replay(recording, network -> network.join(PRINTER, job -> Mono.empty()))
                        .matches())
                .as("who was given nothing that was encrypted can be replayed")
                .isTrue();
        assertThatThrownBy(() ->
                        replay(recording, network -> network.join(DESK, order -> work(network, Desk.USUAL, order))))
                .as("who has received an answer to what it encrypted cannot")
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("desk received");
        assertThatThrownBy(() -> replay(recording, network -> network.join(World.WRITER, text -> Mono.empty())))
                .as("who has received it cannot either")
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("writer received")
                .hasMessageContaining("recordConfidential");
    }

    @Test
    void recording_ofAnswersThatWereEncrypted_cannotBeGivenWithoutThem() {
        Trust trust = Trust.builder(Verifier.builder(ring).requireEncryption().build())
                .capabilities(capabilities)
                .build();
        Hub hub = Hub.create(NetworkOptions.builder().guard(trust).build());
        NetworkRecorder recorder = NetworkRecorder.create();
        hub.tap(recorder);
        Consumer<Network> asking = network -> network.join(DESK, order -> Mono.empty());
        asking.accept(hub);
        hub.join(Agent.<String, String>of("writer", (text, context) -> Mono.just(text)));
        hub.request(trust.signer(DESK)
                        .sign(Envelope.to(World.WRITER, SECRET).from(DESK).build()))
                .block(LONG);
        hub.close(LONG).block(LONG);
        NetworkReplay replay = NetworkReplay.of(recorder.recording()).guard(trust);

        assertThatThrownBy(() -> replay.run(network -> {
                            asking.accept(network);
                            network.request(trust.signer(DESK)
                                            .sign(Envelope.to(World.WRITER, SECRET)
                                                    .from(DESK)
                                                    .build()))
                                    .subscribe();
                        })
                        .block(LONG))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("desk received");
    }

    @Test
    void recordConfidential_inASealedJournal_isReadAndReplayedWithTheKeyAlone() {
        Journal inner = Journal.inMemory();
        Journal sealed = SealedJournal.builder(inner, ring).encrypting().build();
        NetworkRecorder recorder = NetworkRecorder.builder()
                .journal(sealed, "office")
                .recordConfidential()
                .build();
        record(recorder, Desk.USUAL, (hub, order) -> {});
        recorder.close().block(LONG);
        NetworkRecording recording =
                Objects.requireNonNull(NetworkRecording.read(sealed, "office").block(LONG));

        assertHas(sealed, SECRET);
        assertHasNone(inner, secrets());
        assertThat(replay(recording, office(Desk.USUAL)).divergence()).isNull();
    }

    @Test
    void replay_ofAnAgentThatDoesNotEncryptAnyMore_isADivergenceThatDoesNotSayWhat() {
        NetworkDivergence divergence =
                replay(recorded(Desk.USUAL), office(new Desk(false, 1))).divergence();

        assertThat(divergence).isNotNull();
        assertThat(divergence.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_PAYLOAD);
        assertThat(divergence.expected()).isEqualTo("REQUEST to writer: (encrypted)");
        NetworkDivergence other =
                replay(recorded(new Desk(false, 1)), office(Desk.USUAL)).divergence();
        assertThat(other).isNotNull();
        assertThat(other.toString()).contains("found REQUEST to writer: (encrypted)");
    }

    /** Somebody's public key: whose own key it is can sign with no other. */
    private static final class Keys {
        static final KeySource PUBLIC = KeySource.base64(publicKey());

        private static String publicKey() {
            try {
                return Base64.getEncoder()
                        .encodeToString(java.security.KeyPairGenerator.getInstance("Ed25519")
                                .generateKeyPair()
                                .getPublic()
                                .getEncoded());
            } catch (java.security.GeneralSecurityException missing) {
                throw new IllegalStateException(missing);
            }
        }
    }
}
