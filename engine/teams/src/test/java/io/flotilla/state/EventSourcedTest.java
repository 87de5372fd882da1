package io.flotilla.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.tuple;

import io.flotilla.agent.Agent;
import io.flotilla.journal.Journal;
import io.flotilla.journal.JournalEntry;
import io.flotilla.journal.JournalFilter;
import io.flotilla.journal.RunSummary;
import io.flotilla.run.Recovery;
import io.flotilla.run.Run;
import io.flotilla.run.UnknownRunException;
import io.flotilla.run.Workflow;
import io.flotilla.state.Accounts.Deposited;
import io.flotilla.state.Accounts.Event;
import io.flotilla.state.Accounts.Withdrawn;
import io.flotilla.step.StepEngine;
import io.flotilla.testkit.UndisturbedTime;
import io.flotilla.topology.Topology;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

@Timeout(60)
class EventSourcedTest {

    private static final Duration SOON = Duration.ofSeconds(20);

    private final Journal journal = Journal.inMemory();
    private final EventSourced<Integer, Event> accounts = Accounts.over(journal).build();
    private final EventSourcedState<Integer, Event> account = accounts.of("4711");

    private static List<Event> deposits(int... cents) {
        List<Event> events = new ArrayList<>();
        for (int each : cents) {
            events.add(new Deposited(each));
        }
        return events;
    }

    private List<JournalEntry> entries(String log) {
        return journal.read(log, 0).collectList().block(SOON);
    }

    // --- appending

    @Test
    void load_noEvents_isTheInitialStateAtVersionZero() {
        assertThat(account.load().block(SOON)).isEqualTo(new Versioned<>(0, 0));
        assertThat(account.events(0).collectList().block(SOON)).isEmpty();
        assertThat(accounts.ids().collectList().block(SOON)).isEmpty();
    }

    @Test
    void append_expectedVersion_isCommittedAsAWhole() {
        assertThat(account.append(0, deposits(10, 20)).block(SOON)).isEqualTo(new Write.Committed<>(30, 2));
        assertThat(account.append(2, List.of(new Withdrawn(5, "bread"))).block(SOON))
                .isEqualTo(new Write.Committed<>(25, 3));
        assertThat(account.load().block(SOON)).isEqualTo(new Versioned<>(25, 3));
        assertThat(accounts.of("4711").load().block(SOON)).isEqualTo(new Versioned<>(25, 3));
        assertThat(accounts.ids().collectList().block(SOON)).containsExactly("4711");
    }

    @Test
    void append_anotherVersion_isAConflictAndAppendsNothing() {
        account.append(0, deposits(10, 20)).block(SOON);

        assertThat(account.append(1, deposits(1)).block(SOON)).isEqualTo(new Write.Conflict<>(List.of("4711"), 2));
        assertThat(account.append(3, deposits(1)).block(SOON)).isEqualTo(new Write.Conflict<>(List.of("4711"), 2));
        assertThat(entries("state:account:4711")).hasSize(2);
    }

    @Test
    void append_twoWritersWithTheSameVersion_oneIsAConflict() {
        EventSourcedState<Integer, Event> other = accounts.of("4711");
        account.append(0, deposits(10)).block(SOON);
        other.load().block(SOON);
        account.append(1, deposits(20)).block(SOON);

        assertThat(other.append(1, deposits(1)).block(SOON))
                .as("from the journal, since what it remembers is old")
                .isEqualTo(new Write.Conflict<>(List.of("4711"), 2));
        assertThat(other.append(2, deposits(1)).block(SOON)).isEqualTo(new Write.Committed<>(31, 3));
    }

    @Test
    void append_eventThatCannotBeApplied_isRolledBackAsAWhole() {
        Write<Integer> write = account.append(0, List.of(new Deposited(1), new Withdrawn(2, "too much")))
                .block(SOON);

        assertThat(write).isInstanceOf(Write.RolledBack.class);
        EventReplayException cause = (EventReplayException) ((Write.RolledBack<Integer>) write).cause();
        assertThat(cause)
                .hasMessage("event 2 of 4711: NOT_APPLICABLE, Withdrawn")
                .hasRootCauseMessage("overdrawn");
        assertThat(cause.reason()).isEqualTo(EventReplayException.Reason.NOT_APPLICABLE);
        assertThat(cause.version()).isEqualTo(2);
        assertThat(cause.stateId()).isEqualTo("4711");
        assertThat(entries("state:account:4711")).isEmpty();
    }

    @Test
    void append_isCold_secondSubscriptionIsAConflict() {
        Mono<Write<Integer>> append = account.append(0, deposits(10));

        assertThat(append.block(SOON).isCommitted()).isTrue();
        assertThat(append.block(SOON)).isEqualTo(new Write.Conflict<>(List.of("4711"), 1));
    }

    @Test
    void update_manyWritersAtOnce_noneIsLost() {
        AtomicInteger tries = new AtomicInteger();
        Flux.range(0, 400)
                .flatMap(
                        at -> (at % 2 == 0 ? account : accounts.of("4711"))
                                .update(balance -> {
                                    tries.incrementAndGet();
                                    return deposits(1);
                                })
                                .subscribeOn(Schedulers.parallel()),
                        16)
                .blockLast(SOON);

        assertThat(account.load().block(SOON)).isEqualTo(new Versioned<>(400, 400));
        assertThat(tries).hasValueGreaterThanOrEqualTo(400);
    }

    @Test
    void update_noEvents_changesNothing_andWhatTheFunctionThrowsIsSignalled() {
        account.append(0, deposits(10)).block(SOON);

        assertThat(account.update(balance -> List.of()).block(SOON)).isEqualTo(new Versioned<>(10, 1));
        StepVerifier.create(account.update(balance -> {
                    throw new IllegalStateException("no");
                }))
                .expectErrorMessage("no")
                .verify(SOON);
        StepVerifier.create(account.update(balance -> {
                    throw new LinkageError("fatal");
                }))
                .expectErrorMessage("decide threw")
                .verify(SOON);
        StepVerifier.create(account.update(balance -> List.of(new Withdrawn(99, ""))))
                .expectError(EventReplayException.class)
                .verify(SOON);
        assertThat(account.load().block(SOON)).isEqualTo(new Versioned<>(10, 1));
    }

    // --- time travel

    @Test
    void at_version_isTheStateAsItWas() {
        account.append(0, deposits(1, 2, 3)).block(SOON);
        List<JournalEntry> before = entries("state:account:4711");

        for (int version = 0; version <= 3; version++) {
            assertThat(account.at(version).block(SOON))
                    .isEqualTo(new Versioned<>(version * (version + 1) / 2, version));
        }
        assertThat(account.at(9).block(SOON)).as("all there are").isEqualTo(new Versioned<>(6, 3));
        assertThat(account.load().block(SOON)).as("the state of now").isEqualTo(new Versioned<>(6, 3));
        assertThat(entries("state:account:4711")).as("nothing is changed").isEqualTo(before);
    }

    @Test
    void at_instant_isTheStateAsItWas() {
        try (UndisturbedTime time = UndisturbedTime.begin()) {
            StepEngine engine = StepEngine.builder().build();
            EventSourcedState<Integer, Event> timed = Accounts.withSnapshots(Journal.inMemory(), 2)
                    .engine(engine)
                    .build()
                    .of("timed");
            for (int second = 0; second < 6; second++) {
                timed.append(second, deposits(1)).block();
                time.advanceTimeBy(Duration.ofSeconds(1));
            }
            List<Instant> stamps =
                    timed.events(0).map(RecordedEvent::timestamp).collectList().block();

            assertThat(timed.at(stamps.get(0).minusNanos(1)).block()).isEqualTo(new Versioned<>(0, 0));
            assertThat(timed.at(stamps.get(0)).block()).isEqualTo(new Versioned<>(1, 1));
            assertThat(timed.at(stamps.get(3).plusMillis(999)).block()).isEqualTo(new Versioned<>(4, 4));
            assertThat(timed.at(stamps.get(5)).block()).isEqualTo(new Versioned<>(6, 6));
        }
    }

    @Test
    void events_afterAVersion_haveVersionAndTime() {
        account.append(0, deposits(1, 2, 3)).block(SOON);

        assertThat(account.events(1).collectList().block(SOON))
                .extracting(RecordedEvent::version, RecordedEvent::event)
                .containsExactly(tuple(2L, new Deposited(2)), tuple(3L, new Deposited(3)));
        StepVerifier.create(account.events(0), 1)
                .expectNextCount(1)
                .thenCancel()
                .verify(SOON);
    }

    // --- snapshots

    @Test
    void snapshots_everyN_keepTheLastTwo_andChangeNoAnswer() {
        AtomicInteger applied = new AtomicInteger();
        EventSourced<Integer, Event> counted = EventSourced.<Integer, Event>builder(
                        "account",
                        0,
                        (balance, event) -> {
                            applied.incrementAndGet();
                            return event.applyTo(balance);
                        },
                        Accounts.FORMAT,
                        journal)
                .snapshots(10, 1, balance -> Map.of("balance", balance), fields -> (Integer) fields.get("balance"))
                .build();
        EventSourcedState<Integer, Event> writer = counted.of("x");
        for (int version = 0; version < 35; version++) {
            writer.append(version, deposits(1)).block(SOON);
        }
        assertThat(entries("snapshot:0:account:x")).hasSize(1);
        assertThat(entries("snapshot:1:account:x")).hasSize(1);
        applied.set(0);

        assertThat(counted.of("x").load().block(SOON)).isEqualTo(new Versioned<>(35, 35));
        assertThat(applied).as("from the snapshot at 30").hasValue(5);
        applied.set(0);
        assertThat(counted.of("x").at(29).block(SOON)).isEqualTo(new Versioned<>(29, 29));
        assertThat(applied).as("from the snapshot at 20").hasValue(9);
        assertThat(counted.of("x").at(30).block(SOON)).isEqualTo(new Versioned<>(30, 30));
        applied.set(0);
        assertThat(counted.of("x").at(5).block(SOON)).isEqualTo(new Versioned<>(5, 5));
        assertThat(applied).as("from the first event").hasValue(5);
    }

    @Test
    void snapshots_ofAnotherVersionTornOrOfOtherEvents_arePassedOver() {
        EventSourcedState<Integer, Event> writer =
                Accounts.withSnapshots(journal, 2).build().of("x");
        writer.append(0, deposits(1, 2)).block(SOON);
        EventSourced<Integer, Event> newer = Accounts.over(journal)
                .snapshots(2, 2, balance -> Map.of(), fields -> -1)
                .build();
        assertThat(newer.of("x").load().block(SOON)).isEqualTo(new Versioned<>(3, 2));

        EventSourced<Integer, Event> throwing = Accounts.over(journal)
                .snapshots(2, 1, balance -> Map.of(), fields -> {
                    throw new LinkageError("boom");
                })
                .build();
        assertThat(throwing.of("x").load().block(SOON)).isEqualTo(new Versioned<>(3, 2));

        journal.delete("state:account:x").block(SOON); // and the snapshot stays
        EventSourcedState<Integer, Event> again =
                Accounts.withSnapshots(journal, 2).build().of("x");
        assertThat(again.load().block(SOON)).isEqualTo(new Versioned<>(0, 0));
        Accounts.over(journal).build().of("x").append(0, deposits(7, 7, 7)).block(SOON);
        assertThat(Accounts.withSnapshots(journal, 2).build().of("x").load().block(SOON))
                .as("the snapshot is of other events")
                .isEqualTo(new Versioned<>(21, 3));
        assertThat(writer.load().block(SOON)).as("what it remembers as well").isEqualTo(new Versioned<>(21, 3));
    }

    @Test
    void snapshots_thatCannotBeWritten_costNoEvent() {
        EventSourcedState<Integer, Event> broken = Accounts.over(journal)
                .snapshots(
                        1,
                        1,
                        balance -> {
                            throw new IllegalStateException("boom");
                        },
                        fields -> 0)
                .build()
                .of("x");

        assertThat(broken.append(0, deposits(1)).block(SOON)).isEqualTo(new Write.Committed<>(1, 1));
        assertThat(accounts.of("x").load().block(SOON)).isEqualTo(new Versioned<>(1, 1));
    }

    @Test
    void snapshots_atRandom_sameAnswersAsWithout() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 100; round++) {
            int every = 1 + random.nextInt(7);
            EventSourcedState<Integer, Event> with =
                    Accounts.withSnapshots(journal, every).build().of("r" + round);
            EventSourcedState<Integer, Event> without = accounts.of("r" + round);
            long version = 0;
            for (int append = 0; append < 6; append++) {
                List<Event> events =
                        deposits(random.ints(1 + random.nextInt(5), 0, 100).toArray());
                assertThat(with.append(version, events).block(SOON).isCommitted())
                        .isTrue();
                version += events.size();
            }
            for (long at = 0; at <= version; at++) {
                assertThat(with.at(at).block(SOON))
                        .as("seed %s, round %s, version %s", seed, round, at)
                        .isEqualTo(without.at(at).block(SOON));
            }
        }
    }

    // --- old events

    @Test
    void upcast_oldAndRenamedEvents_areReadInTheirPresentForm() {
        EventFormat<Event> old = EventFormat.<Event>builder()
                .event(
                        "paid-in",
                        1,
                        Deposited.class,
                        event -> Map.of("euros", event.cents() / 100),
                        fields -> new Deposited(0))
                .build();
        EventSourced.<Integer, Event>builder("account", 0, (balance, event) -> event.applyTo(balance), old, journal)
                .build()
                .of("x")
                .append(0, deposits(700))
                .block(SOON);
        List<JournalEntry> written = entries("state:account:x");
        EventFormat<Event> now = EventFormat.<Event>builder()
                .event(
                        "deposited",
                        3,
                        Deposited.class,
                        event -> Map.of("cents", event.cents()),
                        fields -> new Deposited((Integer) fields.get("cents")))
                .upcast("deposited", 1, fields -> {
                    fields.put("cent", (Integer) fields.remove("euros") * 100);
                    return fields;
                })
                .upcast("deposited", 2, fields -> Map.of("cents", fields.get("cent")))
                .renamed("paid-in", "deposited")
                .build();
        EventSourcedState<Integer, Event> today = EventSourced.<Integer, Event>builder(
                        "account", 0, (balance, event) -> event.applyTo(balance), now, journal)
                .build()
                .of("x");

        assertThat(today.append(1, deposits(1)).block(SOON)).isEqualTo(new Write.Committed<>(701, 2));
        assertThat(today.events(0).map(RecordedEvent::event).collectList().block(SOON))
                .containsExactly(new Deposited(700), new Deposited(1));
        assertThat(entries("state:account:x").get(0)).as("nothing is changed").isEqualTo(written.get(0));
    }

    private EventReplayException replayFailure(EventFormat<Event> format) {
        EventSourcedState<Integer, Event> state = EventSourced.<Integer, Event>builder(
                        "account", 0, (balance, event) -> event.applyTo(balance), format, journal)
                .build()
                .of("4711");
        try {
            state.load().block(SOON);
        } catch (EventReplayException failed) {
            return failed;
        }
        throw new AssertionError("no failure");
    }

    @Test
    void load_eventsThatCannotBeRead_areTypedErrors() {
        account.append(0, deposits(1)).block(SOON);

        EventFormat<Event> unknown = EventFormat.<Event>builder()
                .event("other", 1, Deposited.class, event -> Map.of(), fields -> new Deposited(0))
                .build();
        assertThat(replayFailure(unknown).reason()).isEqualTo(EventReplayException.Reason.UNKNOWN_EVENT);
        EventFormat<Event> malformed = EventFormat.<Event>builder()
                .event("deposited", 1, Deposited.class, event -> Map.of(), fields -> {
                    throw new LinkageError("boom");
                })
                .build();
        assertThat(replayFailure(malformed))
                .hasMessage("event 1 of 4711: MALFORMED, deposited of version 1 cannot be read")
                .hasRootCauseMessage("boom");
        EventFormat<Event> newer = EventFormat.<Event>builder()
                .event("deposited", 2, Deposited.class, event -> Map.of("cents", 1), fields -> new Deposited(0))
                .upcast("deposited", 1, fields -> fields)
                .build();
        EventSourced.<Integer, Event>builder("account", 0, (balance, event) -> event.applyTo(balance), newer, journal)
                .build()
                .of("4711")
                .append(1, deposits(1))
                .block(SOON);
        EventReplayException failed = replayFailure(Accounts.FORMAT);
        assertThat(failed.reason()).isEqualTo(EventReplayException.Reason.NEWER_VERSION);
        assertThat(failed.version()).isEqualTo(2);
        journal.delete("state:account:4711").block(SOON);
        journal.append(
                        "state:account:4711",
                        0,
                        List.of(new JournalEntry(0, Instant.EPOCH, "state-snapshot", new byte[0])))
                .block(SOON);
        assertThat(replayFailure(Accounts.FORMAT).reason()).isEqualTo(EventReplayException.Reason.NO_EVENT);
    }

    @Test
    void append_eventTheFormatDoesNotKnowOrCannotWrite_isRolledBack() {
        EventFormat<Event> half = EventFormat.<Event>builder()
                .event(
                        "deposited",
                        1,
                        Deposited.class,
                        event -> {
                            throw new IllegalStateException("boom");
                        },
                        fields -> new Deposited(0))
                .build();
        EventSourcedState<Integer, Event> state = EventSourced.<Integer, Event>builder(
                        "account", 0, (balance, event) -> event.applyTo(balance), half, journal)
                .build()
                .of("x");

        assertThat(((Write.RolledBack<Integer>) state.append(0, deposits(1)).block(SOON)).cause())
                .hasMessageContaining("MALFORMED")
                .hasRootCauseMessage("boom");
        assertThat(((Write.RolledBack<Integer>)
                                state.append(0, List.of(new Withdrawn(0, ""))).block(SOON))
                        .cause())
                .hasMessageContaining("UNKNOWN_EVENT");
    }

    @Test
    void redactor_ofTheEngine_goesOverTextsAndLeavesNamesAlone() {
        StepEngine engine = StepEngine.builder()
                .redactor(text -> text.replace("deposited", "***").replace("bread", "***"))
                .build();
        EventSourcedState<Integer, Event> state =
                Accounts.over(journal).engine(engine).build().of("x");
        state.append(0, List.of(new Deposited(5), new Withdrawn(1, "bread"))).block(SOON);

        assertThat(state.events(0).map(RecordedEvent::event).collectList().block(SOON))
                .containsExactly(new Deposited(5), new Withdrawn(1, "***"));
    }

    // --- beside runs

    @Test
    void runs_ofTheSameJournal_doNotSeeStates() {
        Workflow<String, String> workflow = Workflow.builder(Topology.parse("start -> echo\necho -> end"), String.class)
                .agent("echo", String.class, Agent.<String, String>of("echo", (input, context) -> Mono.just(input)))
                .journal(journal)
                .build();
        EventSourcedState<Integer, Event> state =
                Accounts.withSnapshots(journal, 1).build().of("x");
        state.append(0, deposits(1, 2)).block(SOON);
        Run<String> run = workflow.start("task");
        run.result().block(SOON);

        assertThat(workflow.runs()
                        .list(JournalFilter.all())
                        .map(RunSummary::runId)
                        .collectList()
                        .block(SOON))
                .containsExactly(run.runId());
        assertThat(workflow.runs().list(JournalFilter.all().limit(1)).count().block(SOON))
                .as("the limit counts runs")
                .isEqualTo(1);
        Recovery<String> recovery = workflow.runs().recoverAll().block(SOON);
        assertThat(recovery.recovered()).isEmpty();
        assertThat(recovery.failures()).isEmpty();
        StepVerifier.create(workflow.runs().recover("state:account:x"))
                .expectErrorSatisfies(failed -> assertThat(failed)
                        .isInstanceOf(UnknownRunException.class)
                        .hasMessage("run state:account:x is not a run but the log of a state"))
                .verify(SOON);
        assertThat(state.load().block(SOON)).isEqualTo(new Versioned<>(3, 2));
    }

    @Test
    void ids_manyKinds_areTheirOwn() {
        account.append(0, deposits(1)).block(SOON);
        EventSourced<Integer, Event> others = EventSourced.<Integer, Event>builder(
                        "other", 0, (balance, event) -> event.applyTo(balance), Accounts.FORMAT, journal)
                .build();
        others.of("a:b").append(0, deposits(1)).block(SOON);

        assertThat(accounts.ids().collectList().block(SOON)).containsExactly("4711");
        assertThat(others.ids().collectList().block(SOON)).containsExactly("a:b");
    }

    @Test
    void delete_removesEventsAndSnapshots() {
        EventSourcedState<Integer, Event> state =
                Accounts.withSnapshots(journal, 1).build().of("x");
        state.append(0, deposits(1, 2)).block(SOON);

        assertThat(state.delete().block(SOON)).isTrue();
        assertThat(state.delete().block(SOON)).isFalse();
        assertThat(journal.list(JournalFilter.all()).collectList().block(SOON)).isEmpty();
        assertThat(state.append(0, deposits(5)).block(SOON)).isEqualTo(new Write.Committed<>(5, 1));
    }

    // --- bad input

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "\u00e4", "a:b", "tab\t"})
    void names_bad_areRefused(String name) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EventSourced.builder(name, 0, (any, event) -> any, Accounts.FORMAT, journal));
        if (!name.equals("a:b")) {
            assertThatIllegalArgumentException().isThrownBy(() -> accounts.of(name));
        }
    }

    @Test
    void names_ofTheMostLength_haveRoomInTheJournal() {
        String most = "n".repeat(EventSourced.MAX_LENGTH);
        EventSourcedState<Integer, Event> state = EventSourced.<Integer, Event>builder(
                        most, 0, (balance, event) -> event.applyTo(balance), Accounts.FORMAT, journal)
                .snapshots(1, 1, balance -> Map.of("balance", balance), fields -> (Integer) fields.get("balance"))
                .build()
                .of(most);

        assertThat(state.append(0, deposits(1)).block(SOON).isCommitted()).isTrue();
        assertThatIllegalArgumentException().isThrownBy(() -> accounts.of(most + "n"));
    }

    @Test
    void arguments_bad_areRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> account.append(0, List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> account.append(-1, deposits(1)));
        assertThatIllegalArgumentException().isThrownBy(() -> account.at(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> account.events(-1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Accounts.over(journal).snapshots(0, 1, any -> Map.of(), any -> 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Accounts.over(journal).snapshots(1, 0, any -> Map.of(), any -> 0));
        assertThatNullPointerException().isThrownBy(() -> account.append(0, null));
        assertThatNullPointerException().isThrownBy(() -> account.at(null));
        assertThatNullPointerException().isThrownBy(() -> account.update(null));
        assertThatNullPointerException().isThrownBy(() -> accounts.of(null));
        assertThatNullPointerException().isThrownBy(() -> Accounts.over(null));
        assertThatNullPointerException().isThrownBy(() -> Accounts.over(journal).engine(null));
    }

    @Test
    void formats_bad_areRefused() {
        EventFormat.Builder<Event> builder = EventFormat.<Event>builder()
                .event("deposited", 2, Deposited.class, event -> Map.of(), fields -> new Deposited(0));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.event(
                        "deposited", 1, Withdrawn.class, event -> Map.of(), fields -> new Withdrawn(0, "")));
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        builder.event("again", 1, Deposited.class, event -> Map.of(), fields -> new Deposited(0)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.event(" ", 1, Withdrawn.class, any -> Map.of(), any -> new Withdrawn(0, "")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.event("w", 0, Withdrawn.class, any -> Map.of(), any -> new Withdrawn(0, "")));
        assertThatIllegalStateException()
                .isThrownBy(builder::build)
                .withMessage("deposited has no upcast from version 1 to 2");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.upcast("deposited", 2, fields -> fields));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.upcast("none", 1, fields -> fields));
        builder.upcast("deposited", 1, fields -> fields);
        assertThatIllegalArgumentException().isThrownBy(() -> builder.upcast("deposited", 1, fields -> fields));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.renamed("deposited", "deposited"));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.renamed("old", "none"));
        assertThatIllegalStateException().isThrownBy(() -> EventFormat.builder().build());
        assertThat(builder.build().toString()).isEqualTo("EventFormat[deposited]");
    }
}
