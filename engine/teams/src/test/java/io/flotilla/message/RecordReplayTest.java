package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalClosedException;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.run.Join;
import io.flotilla.step.StepEngine;
import io.flotilla.testkit.UndisturbedTime;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A shop: a desk takes orders, asks the stock, tells the printer, and answers; what the stock has not, it says to the manager. All
 * of it in virtual time.
 */
@Timeout(60)
class RecordReplayTest {

    private static final AgentId DESK = AgentId.of("desk");
    private static final AgentId STOCK = AgentId.of("stock");
    private static final AgentId PRINTER = AgentId.of("printer");

    private UndisturbedTime time;

    @BeforeEach
    void begin() {
        time = UndisturbedTime.begin();
    }

    @AfterEach
    void end() {
        time.close();
    }

    // --- the system

    private static void joinStock(Network network, BiFunction<String, Integer, Integer> left) {
        network.join(Agent.<String, Integer>of(
                "stock",
                (item, context) -> item.equals("unicorn")
                        ? Mono.error(new IllegalStateException("no such thing"))
                        : Mono.just(left.apply(item, 5)).delayElement(Duration.ofMillis(20))));
    }

    private static void joinDesk(Network network, String bill) {
        network.join(
                DESK,
                order -> network.request(
                                Envelope.to(STOCK, order.payload()).from(DESK).build(), Duration.ofSeconds(5))
                        .map(reply -> reply.payload(Integer.class))
                        .onErrorReturn(UndeliverableException.class, 0)
                        .flatMap(left -> left == 0
                                ? Mono.error(new IllegalArgumentException("sold out: " + order.payload()))
                                : network.send(Envelope.to(PRINTER, Map.of(bill, order.payload(), "left", left))
                                                .from(DESK)
                                                .build())
                                        .then(network.send(Envelope.onTopic("sold", "x")
                                                .from(DESK)
                                                .build()))
                                        .onErrorComplete(UndeliverableException.class)));
    }

    private static void joinPrinter(Network network) {
        network.join(PRINTER, bill -> Mono.empty());
    }

    private static void shop(Network network) {
        joinDesk(network, "item");
        joinStock(network, (item, left) -> left);
        joinPrinter(network);
    }

    private NetworkRecording record(NetworkRecorder recorder) {
        Hub hub = Hub.create();
        Disposable tap = hub.tap(recorder);
        run(hub);
        tap.dispose();
        return recorder.recording();
    }

    private void run(Hub hub) {
        shop(hub);
        for (String item : List.of("pen", "unicorn", "ink")) {
            hub.offer(
                    Envelope.to(DESK, item).from("customer").id("order-" + item).build());
        }
        time.advanceTimeBy(Duration.ofSeconds(30));
    }

    /** Lets in what it has no objection to. */
    private static NetworkGuard guard(Predicate<Envelope> objects) {
        return (envelope, isAnswer) -> {
            if (objects.test(envelope)) {
                throw new IllegalStateException("no");
            }
            return envelope;
        };
    }

    private NetworkReplayReport replay(NetworkReplay replay, Consumer<Network> system) {
        NetworkReplayReport[] report = new NetworkReplayReport[1];
        Throwable[] failure = new Throwable[1];
        replay.run(system).subscribe(each -> report[0] = each, each -> failure[0] = each);
        time.advanceTimeBy(Duration.ofMinutes(1));
        if (failure[0] instanceof RuntimeException thrown) {
            throw thrown;
        }
        assertThat(report[0]).as("the replay has ended").isNotNull();
        return report[0];
    }

    // --- recorded

    @Test
    void recording_ofAShop_hasEveryMessageAndWhatBecameOfIt() {
        NetworkRecording recording = record(NetworkRecorder.create());

        assertThat(recording.isComplete()).isTrue();
        assertThat(recording.events().stream().map(RecordReplayTest::shape).limit(12))
                .containsExactly(
                        "JOINED desk",
                        "JOINED stock",
                        "JOINED printer",
                        "SENT customer",
                        "RECEIVED desk",
                        "SENT desk",
                        "RECEIVED stock",
                        "SENT customer",
                        "SENT customer",
                        "SENT stock",
                        "ANSWERED desk",
                        "HANDLED stock");
        assertThat(recording.events().stream().map(RecordReplayTest::shape))
                .contains("DEAD_LETTERED stock HANDLER_FAILED", "DEAD_LETTERED desk HANDLER_FAILED")
                .contains("REFUSED null NO_RECEIVER");
        assertThat(recording.events().get(3).messageId()).isEqualTo("order-pen");
        assertThat(recording.events()).noneMatch(event -> event.toString().contains("pen\""));
    }

    private static String shape(NetworkEvent event) {
        return event.kind() + " " + event.member() + (event.reason() == null ? "" : " " + event.reason());
    }

    @Test
    void recording_ofMembersThatComeAndGo_hasThem() {
        Hub hub = Hub.create();
        joinPrinter(hub);
        NetworkRecorder recorder = NetworkRecorder.create();
        hub.tap(recorder);
        joinStock(hub, (item, left) -> left);
        hub.leave(PRINTER).subscribe();
        time.advanceTimeBy(Duration.ofSeconds(1));

        assertThat(recorder.recording().events().stream().map(RecordReplayTest::shape))
                .containsExactly("JOINED printer", "JOINED stock", "LEFT printer");
    }

    @Test
    void recording_full_saysSoAndHasNoMore() {
        NetworkRecording events = record(NetworkRecorder.builder().maxEvents(10).build());
        NetworkRecording bytes = record(NetworkRecorder.builder().maxBytes(500).build());

        assertThat(events.events()).hasSize(11);
        assertThat(events.isComplete()).isFalse();
        assertThat(events.events().get(10).kind()).isEqualTo(NetworkEvent.Kind.TRUNCATED);
        assertThat(bytes.isComplete()).isFalse();
        assertThat(bytes.events()).hasSizeBetween(4, 12);
    }

    @Test
    void recording_ended_hasNoMore() {
        NetworkRecorder recorder = NetworkRecorder.create();
        Hub hub = Hub.create();
        hub.tap(recorder);
        joinPrinter(hub);
        recorder.close().subscribe();
        joinStock(hub, (item, left) -> left);

        assertThat(recorder.recording().events()).hasSize(1);
    }

    @Test
    void recording_inAJournal_isReadFromIt() {
        Journal journal = Journal.inMemory();
        NetworkRecorder recorder =
                NetworkRecorder.builder().journal(journal, "shop").build();
        Hub hub = Hub.create();
        hub.tap(recorder);
        run(hub);
        boolean[] closed = new boolean[1];
        recorder.close().subscribe(none -> {}, failure -> {}, () -> closed[0] = true);
        time.advanceTimeBy(Duration.ofSeconds(1));
        NetworkRecording read = NetworkRecording.read(journal, "shop").block(Messages.SOON);

        assertThat(closed[0]).isTrue();
        assertThat(read.events().stream().map(RecordReplayTest::shape))
                .isEqualTo(record(NetworkRecorder.create()).events().stream()
                        .map(RecordReplayTest::shape)
                        .toList());
        assertThat(replay(NetworkReplay.of(read), RecordReplayTest::shop).matches())
                .isTrue();
        assertThatThrownBy(recorder::recording).isInstanceOf(IllegalStateException.class);
        assertThat(NetworkRecording.read(journal, "other").block(Messages.SOON).events())
                .isEmpty();
    }

    @Test
    void recording_inAJournalThatIsClosed_failsAtItsEndAlone() {
        Journal journal = Journal.inMemory();
        journal.close().subscribe();
        NetworkRecorder recorder =
                NetworkRecorder.builder().journal(journal, "shop").build();
        Hub hub = Hub.create();
        hub.tap(recorder);
        run(hub);
        Throwable[] failure = new Throwable[1];
        recorder.close().subscribe(none -> {}, cause -> failure[0] = cause);
        time.advanceTimeBy(Duration.ofSeconds(1));

        assertThat(failure[0]).isInstanceOf(JournalClosedException.class);
    }

    /** Answers the first append when it is told to. */
    private static final class SlowJournal implements Journal {

        private final Journal journal = Journal.inMemory();
        private final Sinks.Empty<Void> first = Sinks.empty();

        @Override
        public Mono<Long> append(String runId, long expectedSequence, List<JournalEntry> entries) {
            Mono<Long> append = journal.append(runId, expectedSequence, entries);
            return expectedSequence == 0 ? first.asMono().then(append) : append;
        }

        @Override
        public Flux<JournalEntry> read(String runId, long fromSequence) {
            return journal.read(runId, fromSequence);
        }

        @Override
        public Flux<RunSummary> list(JournalFilter filter) {
            return journal.list(filter);
        }

        @Override
        public Mono<Boolean> delete(String runId) {
            return journal.delete(runId);
        }

        @Override
        public Mono<Void> close() {
            return journal.close();
        }
    }

    @Test
    void recording_inAJournalThatIsTooSlow_isTruncated() {
        SlowJournal slow = new SlowJournal();
        NetworkRecorder recorder =
                NetworkRecorder.builder().journal(slow, "shop").build();
        recorder.joined(DESK);
        time.advanceTimeBy(Duration.ZERO);
        for (int at = 0; at < 20_000; at++) {
            recorder.joined(DESK);
        }
        boolean[] closed = new boolean[1];
        recorder.close().subscribe(none -> {}, failure -> {}, () -> closed[0] = true);
        time.advanceTimeBy(Duration.ofSeconds(1));
        assertThat(closed[0]).isFalse();
        slow.first.tryEmitEmpty();
        time.advanceTimeBy(Duration.ofSeconds(1));

        assertThat(closed[0]).isTrue();
        NetworkRecording read = NetworkRecording.read(slow, "shop").block(Messages.SOON);
        assertThat(read.events()).hasSize(1 + 5_000 + 1);
        assertThat(read.isComplete()).isFalse();
    }

    @Test
    void recording_ofSecrets_isRedacted() {
        StepEngine engine = StepEngine.builder()
                .redactor(text -> text.replace("pen", "***"))
                .build();
        Journal journal = Journal.inMemory();
        NetworkRecorder recorder = NetworkRecorder.builder()
                .engine(engine)
                .journal(journal, "shop")
                .build();
        Hub hub = Hub.create();
        hub.tap(recorder);
        hub.join(PRINTER, bill -> Mono.empty());
        hub.offer(Envelope.to(PRINTER, List.of("a pen"))
                .headers(Map.of("note", "pen"))
                .build());
        time.advanceTimeBy(Duration.ofSeconds(1));
        List<JournalEntry> entries = journal.read("shop", 0).collectList().block(Messages.SOON);

        assertThat(entries).hasSize(4);
        assertThat(entries).noneMatch(entry -> new String(entry.payload(), StandardCharsets.UTF_8).contains("pen"));
        NetworkRecording read = NetworkRecording.read(journal, "shop").block(Messages.SOON);
        assertThat(replay(NetworkReplay.of(read).engine(engine), RecordReplayTest::joinPrinter)
                        .received())
                .isEqualTo(1);
    }

    @Test
    void settings_outOfBounds_areRefused() {
        NetworkRecorder.Builder builder = NetworkRecorder.builder();
        assertThatThrownBy(() -> builder.maxEvents(0)).hasMessage("maxEvents must be >= 1, was 0");
        assertThatThrownBy(() -> builder.maxBytes(0)).hasMessage("maxBytes must be >= 1, was 0");
        assertThatThrownBy(() -> builder.codec(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> builder.engine(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> builder.journal(Journal.inMemory(), "two words"))
                .isInstanceOf(IllegalArgumentException.class);
        NetworkReplay replay = NetworkReplay.of(NetworkRecorder.create().recording());
        assertThatThrownBy(() -> replay.timeout(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> replay.run(null)).isInstanceOf(NullPointerException.class);
    }

    // --- replayed

    @Test
    void replay_ofTheSameSystem_matches() {
        NetworkRecording recording = record(NetworkRecorder.create());
        NetworkReplayReport report = replay(NetworkReplay.of(recording), RecordReplayTest::shop);

        assertThat(report.divergence()).isNull();
        assertThat(report.matches()).isTrue();
        assertThat(report.received()).isEqualTo(8);
        assertThat(report.sent()).isEqualTo(9);
        report.orThrow();
    }

    @Test
    void replay_ofOneAgentAlone_hasTheRecordingForTheOthers() {
        NetworkRecording recording = record(NetworkRecorder.create());
        NetworkReplayReport report = replay(NetworkReplay.of(recording), network -> joinDesk(network, "item"));

        assertThat(report.divergence()).isNull();
        assertThat(report.received()).isEqualTo(3);
    }

    private static void withDesk(Network network, MessageHandler desk) {
        network.join(DESK, desk);
        joinStock(network, (item, left) -> left);
        joinPrinter(network);
    }

    @ParameterizedTest
    @EnumSource(
            value = NetworkDivergence.Kind.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"DIFFERENT_ADMISSION", "DIFFERENT_HEADERS"})
    void replay_ofAChangedAgent_stopsAtItsFirstDivergence(NetworkDivergence.Kind kind) {
        NetworkRecording recording = record(NetworkRecorder.create());
        Consumer<Network> changed = switch (kind) {
            case MISSING -> network -> withDesk(network, order -> Mono.empty());
            case UNEXPECTED ->
                network -> {
                    joinDesk(network, "item");
                    joinStock(network, (item, left) -> left);
                    network.join(
                            PRINTER,
                            bill -> network.send(
                                    Envelope.to(DESK, "printed").from(PRINTER).build()));
                };
            case DIFFERENT_RECIPIENT ->
                network -> withDesk(
                        network,
                        order -> network.request(
                                Envelope.to(PRINTER, order.payload()).from(DESK).build()));
            case DIFFERENT_PAYLOAD ->
                network -> {
                    joinDesk(network, "item");
                    joinStock(network, (item, left) -> item.equals("ink") ? 4 : left);
                    joinPrinter(network);
                };
            case DIFFERENT_ADMISSION, DIFFERENT_HEADERS -> throw new AssertionError("elsewhere");
            case DIFFERENT_FAILURE ->
                network -> {
                    joinDesk(network, "item");
                    joinStock(network, (item, left) -> left);
                    network.join(PRINTER, bill -> Mono.error(new UnsupportedOperationException("no paper")));
                };
        };
        NetworkDivergence divergence =
                replay(NetworkReplay.of(recording), changed).divergence();

        assertThat(divergence).isNotNull();
        assertThat(divergence.kind()).isEqualTo(kind);
        switch (kind) {
            case MISSING -> {
                assertThat(divergence.agent()).isEqualTo(DESK);
                assertThat(divergence.expected()).isEqualTo("REQUEST to stock: pen");
                assertThat(divergence.found()).isEqualTo("nothing");
            }
            case UNEXPECTED -> {
                assertThat(divergence.agent()).isEqualTo(PRINTER);
                assertThat(divergence.expected()).isEqualTo("nothing");
                assertThat(divergence.found()).isEqualTo("MESSAGE to desk: printed");
            }
            case DIFFERENT_RECIPIENT -> {
                assertThat(divergence.expected()).isEqualTo("REQUEST to stock: pen");
                assertThat(divergence.found()).isEqualTo("REQUEST to printer: pen");
            }
            case DIFFERENT_PAYLOAD -> {
                assertThat(divergence.agent()).isEqualTo(STOCK);
                assertThat(divergence.expected()).endsWith(": 5");
                assertThat(divergence.found()).endsWith(": 4");
            }
            case DIFFERENT_ADMISSION, DIFFERENT_HEADERS -> throw new AssertionError("elsewhere");
            case DIFFERENT_FAILURE -> {
                assertThat(divergence.agent()).isEqualTo(PRINTER);
                assertThat(divergence.expected()).isEqualTo("handled without a failure");
                assertThat(divergence.found()).isEqualTo("failed with java.lang.UnsupportedOperationException");
            }
        }
        assertThat(recording.events().stream().map(NetworkEvent::messageId))
                .as("the message is named")
                .satisfies(ids -> assertThat(
                                kind == NetworkDivergence.Kind.UNEXPECTED || ids.contains(divergence.messageId()))
                        .isTrue());
    }

    private NetworkRecording recordBehind(NetworkGuard guard, NetworkRecorder recorder) {
        Hub hub = Hub.create(NetworkOptions.builder().guard(guard).build());
        hub.tap(recorder);
        run(hub);
        return recorder.recording();
    }

    @Test
    void replay_behindAGuardThatRefusesOthers_isADivergence() {
        NetworkGuard noPrinter = guard(message -> PRINTER.equals(message.recipient()));
        NetworkRecording open = recordBehind(guard(message -> false), NetworkRecorder.create());
        NetworkRecording closed = recordBehind(noPrinter, NetworkRecorder.create());
        NetworkReplay replayClosed = NetworkReplay.of(closed).guard(noPrinter);

        assertThat(replay(replayClosed, RecordReplayTest::shop).divergence()).isNull();
        assertThat(replay(NetworkReplay.of(open).guard(guard(message -> false)), RecordReplayTest::shop)
                        .divergence())
                .isNull();
        NetworkDivergence refused = replay(NetworkReplay.of(open).guard(noPrinter), RecordReplayTest::shop)
                .divergence();
        assertThat(refused.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_ADMISSION);
        assertThat(refused.found()).isEqualTo("refused, java.lang.IllegalStateException: MESSAGE to printer");
        NetworkDivergence letIn = replay(replayClosed.guard(guard(message -> false)), RecordReplayTest::shop)
                .divergence();
        assertThat(letIn.kind()).isEqualTo(NetworkDivergence.Kind.DIFFERENT_ADMISSION);
        assertThat(letIn.expected()).startsWith("refused, ");
        assertThat(replay(replayClosed, network -> joinDesk(network, "item")).matches())
                .isTrue();
    }

    /** Lets everything in, and fails at all that is asked for recordings. */
    private static final class BrokenGuard implements NetworkGuard {

        @Override
        public Envelope admit(Envelope envelope, boolean isAnswer) {
            if (envelope.recipient() == null) {
                throw new IllegalStateException("not to all");
            }
            return envelope;
        }

        @Override
        public boolean isConfidential(Envelope admitted) {
            throw new LinkageError("gone");
        }

        @Override
        public Map<String, String> notes(Envelope admitted) {
            return Map.of("a", "b");
        }

        @Override
        public Envelope recorded(Envelope message, Map<String, String> notes) {
            throw new IllegalStateException("cannot have been " + notes);
        }

        @Override
        public String reason(Throwable refusal) {
            return null;
        }
    }

    @Test
    void recording_behindAGuardThatFails_leavesOutRatherThanTells() {
        NetworkRecording recording = recordBehind(new BrokenGuard(), NetworkRecorder.create());

        assertThat(recording.events().stream().map(NetworkEvent::message))
                .filteredOn(message -> message != null)
                .isNotEmpty()
                .allSatisfy(message -> assertThat(message.payload()).isEqualTo(Withheld.PAYLOAD));
        assertThat(recording.events().stream().map(NetworkEvent::refusal)).contains("REFUSED");
        assertThatThrownBy(() -> replay(NetworkReplay.of(recording).guard(new BrokenGuard()), RecordReplayTest::shop))
                .hasMessage("cannot have been {a=b}");
        assertThatThrownBy(() ->
                        replay(NetworkReplay.of(recording).guard(guard(message -> false)), RecordReplayTest::shop))
                .hasMessageContaining("recordConfidential");
    }

    @Test
    void replay_ofAnAgentThatHangs_isADivergenceAtTheTimeout() {
        NetworkRecording recording = record(NetworkRecorder.create());
        NetworkReplayReport report = replay(
                NetworkReplay.of(recording).timeout(Duration.ofSeconds(2)),
                network -> network.join(PRINTER, bill -> Mono.never()));

        assertThat(report.divergence().found()).isEqualTo("HANDLER_TIMED_OUT");
        assertThatThrownBy(report::orThrow)
                .isInstanceOf(NetworkDivergenceException.class)
                .hasMessageContaining("printer");
    }

    @Test
    void replay_ofHandlersThatThrowOrReturnNull_isADivergence() {
        NetworkRecording recording = record(NetworkRecorder.create());

        assertThat(replay(
                                NetworkReplay.of(recording),
                                network -> network.join(PRINTER, bill -> {
                                    throw new LinkageError("gone");
                                }))
                        .divergence()
                        .found())
                .isEqualTo("failed with java.lang.LinkageError");
        assertThat(replay(NetworkReplay.of(recording), network -> network.join(PRINTER, bill -> null))
                        .divergence()
                        .found())
                .isEqualTo("failed with java.lang.NullPointerException");
    }

    @Test
    void replay_ofASystemThatThrows_isAnError() {
        NetworkReplay replay = NetworkReplay.of(record(NetworkRecorder.create()));

        assertThatThrownBy(() -> replay(replay, network -> {
                    throw new IllegalStateException("no system");
                }))
                .hasMessage("no system");
        assertThatThrownBy(() -> replay(replay, network -> {
                    joinPrinter(network);
                    joinPrinter(network);
                }))
                .isInstanceOf(DuplicateMemberException.class);
    }

    @Test
    void replay_ofPayloadsWithTimes_isAsThePredicateSays() {
        NetworkRecording recording = record(NetworkRecorder.create());
        Consumer<Network> other = network -> joinDesk(network, "thing");

        assertThat(replay(NetworkReplay.of(recording), other).divergence().kind())
                .isEqualTo(NetworkDivergence.Kind.DIFFERENT_PAYLOAD);
        assertThat(replay(
                                NetworkReplay.of(recording)
                                        .sameIf((recorded, found) -> recorded.getClass() == found.getClass()),
                                other)
                        .matches())
                .isTrue();
        assertThat(replay(
                                NetworkReplay.of(recording).sameIf((recorded, found) -> {
                                    throw new IllegalStateException("no");
                                }),
                                other)
                        .matches())
                .isFalse();
    }

    @Test
    void replay_ofARecordingThatBeganLate_isAnError() {
        Hub hub = Hub.create();
        hub.join(PRINTER, bill -> Mono.delay(Duration.ofMillis(10)));
        hub.offer(Envelope.to(PRINTER, "bill").id("bill-0").build());
        hub.offer(Envelope.to(PRINTER, "bill").id("bill-1").build());
        NetworkRecorder recorder = NetworkRecorder.create();
        hub.tap(recorder);
        time.advanceTimeBy(Duration.ofSeconds(1));

        assertThatThrownBy(() -> replay(NetworkReplay.of(recorder.recording()), RecordReplayTest::joinPrinter))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("bill-1")
                .hasMessageContaining("before the first message");
    }

    @Test
    void replay_ofAPayloadTheCodecDoesNotKnow_isAnErrorThatNamesItsType() {
        Hub hub = Hub.create();
        NetworkRecorder recorder = NetworkRecorder.create();
        hub.tap(recorder);
        joinPrinter(hub);
        hub.offer(Envelope.to(PRINTER, new AtomicReference<>("bill")).build());
        time.advanceTimeBy(Duration.ofSeconds(1));

        assertThatThrownBy(() -> replay(NetworkReplay.of(recorder.recording()), RecordReplayTest::joinPrinter))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("AtomicReference");
    }

    @Test
    void replay_ofWhatIsSentLater_isWaitedFor() {
        Consumer<Network> later = network -> network.join(PRINTER, bill -> {
            Mono.delay(Duration.ofSeconds(1))
                    .then(Mono.defer(() -> network.send(
                            Envelope.to(DESK, "printed").from(PRINTER).build())))
                    .subscribe(done -> {}, failure -> {});
            return Mono.empty();
        });
        Hub hub = Hub.create(NetworkOptions.builder()
                .undeliverable(Undeliverable.DEAD_LETTER)
                .build());
        NetworkRecorder recorder = NetworkRecorder.create();
        hub.tap(recorder);
        later.accept(hub);
        hub.offer(Envelope.to(PRINTER, "bill").build());
        time.advanceTimeBy(Duration.ofSeconds(5));
        NetworkReplay replay = NetworkReplay.of(recorder.recording()).undeliverable(Undeliverable.DEAD_LETTER);

        assertThat(replay(replay, later).sent()).isEqualTo(1);
        assertThat(replay(replay, RecordReplayTest::joinPrinter).divergence().kind())
                .isEqualTo(NetworkDivergence.Kind.MISSING);
    }

    @Test
    void replay_ofGathersAndRequestsThatFail_isAnsweredAsItWas() {
        Consumer<Network> asking = network -> {
            network.join(AgentId.of("a"), question -> Mono.error(new IllegalStateException("a")));
            network.join(
                    AgentId.of("b"),
                    question ->
                            network.send(question.reply(AgentId.of("b"), "yes").build()));
            network.join(AgentId.of("c"), question -> Mono.never());
            network.join(AgentId.of("d"), failure -> Mono.empty());
            network.join(
                    DESK,
                    order -> network.gather(
                                    Envelope.toAll("who?").from(DESK).build(),
                                    Join.allSettled()
                                            .within(Duration.ofSeconds(2))
                                            .orProceed())
                            .flatMap(gathered -> network.send(Envelope.to(
                                            "customer",
                                            gathered.answers().stream()
                                                    .map(answer -> answer.receiver() + " " + answer.status())
                                                    .toList())
                                    .from(DESK)
                                    .build()))
                            .onErrorComplete(UndeliverableException.class)
                            .then(network.request(
                                    Envelope.to("nobody", "?").from(DESK).build()))
                            .onErrorResume(failure -> network.offer(Envelope.to(
                                                            "d",
                                                            failure.getClass().getSimpleName())
                                                    .from(DESK)
                                                    .build())
                                            .isComplete()
                                    ? Mono.empty()
                                    : Mono.error(failure)));
        };
        Hub hub = Hub.create();
        NetworkRecorder recorder = NetworkRecorder.create();
        hub.tap(recorder);
        asking.accept(hub);
        hub.offer(Envelope.to(DESK, "go").from("customer").build());
        time.advanceTimeBy(Duration.ofSeconds(30));
        NetworkReplayReport report = replay(NetworkReplay.of(recorder.recording()), asking);

        assertThat(report.divergence()).isNull();
        assertThat(report.sent()).isGreaterThanOrEqualTo(4);
    }

    @Test
    void replay_cancelled_cancelsTheHandler() {
        NetworkRecording recording = record(NetworkRecorder.create());
        boolean[] cancelled = new boolean[1];
        Disposable running = NetworkReplay.of(recording)
                .run(network -> network.join(PRINTER, bill -> Mono.never().doOnCancel(() -> cancelled[0] = true)))
                .subscribe();
        time.advanceTimeBy(Duration.ZERO);
        running.dispose();

        assertThat(cancelled[0]).isTrue();
    }
}
