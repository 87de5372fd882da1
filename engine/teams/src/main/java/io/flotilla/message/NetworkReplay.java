package io.flotilla.message;

import io.flotilla.observe.Redactor;
import io.flotilla.step.EngineAccess;
import io.flotilla.step.StepEngine;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Drives the members of a recorded network again: each is given the messages it received, in their order, and what it sends is
 * compared with what it had sent.
 *
 * <pre>{@code
 * Mono<NetworkReplayReport> report = NetworkReplay.of(recording).run(network -> {
 *     network.join(new Translator());
 *     network.join(AgentId.of("desk"), new Desk(network));
 * });
 * }</pre>
 *
 * <p>Only the members that join are driven; for the others the recording stands in. So one agent can be replayed alone. Its
 * requests are answered as they were, and what it sends is reported as it was; nothing leaves the replay. Messages are handled one after
 * another, in the order in which they were received: an agent must not wait for another one but by messages. What a member receives
 * is the same message, with its id, without its context, its trace and its deadline.
 *
 * <p>A member is compared by what it sends as {@link Envelope#sender}, one message after another, and by how its handlers end:
 * with which exception, not with which text; a handler that was cancelled is not compared. Ids and times are not compared.
 *
 * <p>Immutable and thread-safe.
 *
 * @since 0.1
 */
public final class NetworkReplay {

    /** The default of {@link #timeout}. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

    private final NetworkRecording recording;
    private final @Nullable StepEngine engine;
    private final Duration timeout;
    private final Undeliverable undeliverable;
    private final Likeness likeness;
    private final @Nullable NetworkGuard guard;

    private NetworkReplay(
            NetworkRecording recording,
            @Nullable StepEngine engine,
            Duration timeout,
            Undeliverable undeliverable,
            Likeness likeness,
            @Nullable NetworkGuard guard) {
        this.recording = recording;
        this.engine = engine;
        this.timeout = timeout;
        this.undeliverable = undeliverable;
        this.likeness = likeness;
        this.guard = guard;
    }

    /**
     * A replay with all defaults.
     *
     * @param recording what to replay
     * @return the replay
     * @throws NullPointerException if {@code recording} is null
     */
    public static NetworkReplay of(NetworkRecording recording) {
        return new NetworkReplay(
                Objects.requireNonNull(recording, "recording"),
                null,
                DEFAULT_TIMEOUT,
                Undeliverable.ERROR,
                Likeness.EQUAL,
                null);
    }

    /**
     * The engine that steps members that are agents, and whose redactor payloads go through before they are compared: as that of
     * the recorder.
     *
     * @param other default: one with all defaults
     * @return the changed replay
     * @throws NullPointerException if {@code other} is null
     */
    public NetworkReplay engine(StepEngine other) {
        return new NetworkReplay(
                recording, Objects.requireNonNull(other, "engine"), timeout, undeliverable, likeness, guard);
    }

    /**
     * How long a handler may take, and what was sent after its handler had ended. Where handlers ran into their {@linkplain
     * MemberOptions#handlerTimeout time limit} when they were recorded, give that one: what they send later is {@linkplain
     * NetworkDivergence.Kind#UNEXPECTED unexpected}.
     *
     * @param limit more than zero; default 10 seconds
     * @return the changed replay
     * @throws NullPointerException if {@code limit} is null
     * @throws IllegalArgumentException if {@code limit} is not more than zero, or over 292 years
     */
    public NetworkReplay timeout(Duration limit) {
        return new NetworkReplay(recording, engine, Limits.positive("timeout", limit), undeliverable, likeness, guard);
    }

    /**
     * What sending fails with that nobody accepted: as the network that was recorded.
     *
     * @param how default {@link Undeliverable#ERROR}
     * @return the changed replay
     * @throws NullPointerException if {@code how} is null
     */
    public NetworkReplay undeliverable(Undeliverable how) {
        return new NetworkReplay(recording, engine, timeout, Objects.requireNonNull(how, "how"), likeness, guard);
    }

    /**
     * When two payloads are the same, for those that have times or random ids in them.
     *
     * @param recordedAndFound is given the recorded payload, and the one that is sent now as the codec would give it back.
     *     Default {@link Objects#deepEquals}. One that throws finds them different
     * @return the changed replay
     * @throws NullPointerException if {@code recordedAndFound} is null
     */
    public NetworkReplay sameIf(BiPredicate<Object, Object> recordedAndFound) {
        return new NetworkReplay(
                recording,
                engine,
                timeout,
                undeliverable,
                likeness.withPayloads(Objects.requireNonNull(recordedAndFound, "recordedAndFound")),
                guard);
    }

    /**
     * When the headers of two messages are the same, for those that have times or random ids in them: {@code (recorded, found) ->
     * true} compares none.
     *
     * @param recordedAndFound is given the recorded headers, and those that are sent now, redacted. Default {@link Map#equals}. One
     *     that throws finds them different
     * @return the changed replay
     * @throws NullPointerException if {@code recordedAndFound} is null
     */
    public NetworkReplay sameHeadersIf(
            BiPredicate<? super Map<String, String>, ? super Map<String, String>> recordedAndFound) {
        return new NetworkReplay(
                recording,
                engine,
                timeout,
                undeliverable,
                likeness.withHeaders(Objects.requireNonNull(recordedAndFound, "recordedAndFound")),
                guard);
    }

    /**
     * What stands at the door of the replay, as it did in the network that was recorded: needed if that had one. What members send
     * comes through it, with signatures and times of now, and is compared behind it. So these need not be the same; but what it
     * lets in that had been refused, refuses that had been let in, or refuses for another reason, is a {@link
     * NetworkDivergence.Kind#DIFFERENT_ADMISSION}.
     *
     * <p>What came from outside is not verified again: the recording stands in for it. A message that was refused in the recording
     * must be refused again if the member itself had sent it, in its handler; others may have used its name.
     *
     * @param likeThen built as that of the recorded network was; one that knows no message yet
     * @return the changed replay
     * @throws NullPointerException if {@code likeThen} is null
     */
    public NetworkReplay guard(NetworkGuard likeThen) {
        return new NetworkReplay(
                recording, engine, timeout, undeliverable, likeness, Objects.requireNonNull(likeThen, "likeThen"));
    }

    /**
     * Replays the recording, to its end or to the first divergence.
     *
     * <p>Cold: every subscription builds the system and replays it.
     *
     * <ul>
     *   <li><b>onNext</b>: the report.
     *   <li><b>onError</b>: what {@code system} throws; {@link IllegalArgumentException} if a member is to be given a message that is
     *       not in the recording, whose payload the codec could not write, or was encrypted and left out; or if the recorded network
     *       had a {@link #guard} and the replay has none.
     *   <li><b>cancel</b>: cancels the handler that is called.
     *   <li><b>threads</b>: handlers are called on {@link reactor.core.scheduler.Schedulers#boundedElastic()}, and may block; one that
     *       has not returned at its time limit is interrupted, and left behind.
     * </ul>
     *
     * @param system builds the system: its agents join the network they are given, and send through it
     * @return the report
     * @throws NullPointerException if {@code system} is null (the call itself, not a signal)
     */
    public Mono<NetworkReplayReport> run(Consumer<? super Network> system) {
        Objects.requireNonNull(system, "system");
        return Mono.defer(() -> {
            if (guard == null && recording.isGuarded()) {
                return Mono.error(new IllegalArgumentException(
                        "the network that was recorded had a guard: give the replay one, with guard(..)"));
            }
            StepEngine steps = engine == null ? WorkerPool.defaultEngine() : engine;
            Redactor redactor = EngineAccess.of(steps).redactor();
            Expectations expectations = new Expectations(recording, redactor, likeness);
            ReplayNetwork network = new ReplayNetwork(recording, expectations, steps, undeliverable, guard);
            system.accept(network);
            return new Replaying(recording, network, expectations, timeout, guard).run();
        });
    }

    /** What is replayed. */
    @Override
    public String toString() {
        return "NetworkReplay[" + recording + "]";
    }
}
