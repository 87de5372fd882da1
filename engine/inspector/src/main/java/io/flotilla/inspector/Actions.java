package io.flotilla.inspector;

import io.flotilla.journal.PayloadException;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Decision;
import io.flotilla.run.DivergenceException;
import io.flotilla.run.InvalidAnswerException;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.Run;
import io.flotilla.run.RunAlreadyLiveException;
import io.flotilla.run.RunEndedException;
import io.flotilla.run.RunSuspendedException;
import io.flotilla.run.RunsShutDownException;
import io.flotilla.run.UnknownRunException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * What can be done to runs. Each action is carried out whether or not the caller waits, and is logged with its outcome. Thread-safe.
 */
final class Actions {

    static final int MAX_BODY_BYTES = 65_536;

    private static final Logger LOG = LoggerFactory.getLogger(Inspector.class);

    /** An action that takes longer goes on, and is answered as accepted. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** How long a body may take to arrive. */
    private static final Duration ARRIVAL = Duration.ofSeconds(10);

    private static final int MAX_KEPT = 200;
    private static final int MAX_NAME_LENGTH = 100;

    private final Sources sources;
    private final Clock clock;

    /** Guarded by itself; the last first. */
    private final ArrayDeque<Map<String, @Nullable Object>> log = new ArrayDeque<>();

    Actions(Sources sources, Clock clock) {
        this.sources = sources;
        this.clock = clock;
    }

    Map<String, @Nullable Object> recent() {
        synchronized (log) {
            Map<String, @Nullable Object> form = new LinkedHashMap<>();
            form.put("actions", new ArrayList<>(log));
            return form;
        }
    }

    /** {@code path} is what comes behind the id of the run. */
    Mono<Map<String, @Nullable Object>> act(InspectorRequest request, String id, List<String> path) {
        String name = nameOf(path);
        return body(request).flatMap(body -> {
            Mono<Map<String, @Nullable Object>> action = sources.find(id)
                    .flatMap(run -> act(run, name, path, body))
                    .onErrorMap(Actions::refusal)
                    .doOnSuccess(done -> note(request, name, id, "done"))
                    .doOnError(failed -> note(request, name, id, codeOf(failed)))
                    .subscribeOn(Schedulers.boundedElastic());
            return Mono.fromFuture(action::toFuture, true)
                    .timeout(PATIENCE, Mono.fromSupplier(() -> answer("accepted", true)));
        });
    }

    private static String nameOf(List<String> path) {
        boolean isOfBranch = path.size() == 3
                && path.get(0).equals("branches")
                && path.get(2).equals("cancel");
        if (isOfBranch) {
            return "cancel-branch";
        }
        if (path.size() != 1
                || !List.of("pause", "unpause", "cancel", "recover", "answer", "fork")
                        .contains(path.get(0))) {
            throw ApiError.notFound();
        }
        return path.get(0);
    }

    private static Mono<Map<String, @Nullable Object>> act(
            Sources.Found run, String name, List<String> path, Map<String, @Nullable Object> body) {
        return switch (name) {
            case "pause" ->
                Mono.fromSupplier(() -> {
                    live(run).pause();
                    return answer("paused", true);
                });
            case "unpause" ->
                Mono.fromSupplier(() -> {
                    live(run).resume();
                    return answer("paused", false);
                });
            case "cancel" -> run.runs().cancel(run.id()).map(result -> answer("status", "cancelled"));
            case "recover" ->
                run.isEnded()
                        ? Mono.error(ApiError.of(409, "run-ended", "the run has ended"))
                        : run.runs().recover(run.id()).map(recovered -> answer("live", true));
            case "answer" -> answer(live(run), body);
            case "fork" -> fork(run, body);
            default -> cancelBranch(live(run), path.get(1));
        };
    }

    private static Run<?> live(Sources.Found run) {
        Run<?> live = run.live();
        if (live == null) {
            throw run.isEnded()
                    ? ApiError.of(409, "run-ended", "the run has ended")
                    : ApiError.of(409, "not-live", "the run is not live in this process: recover it first");
        }
        return live;
    }

    private static Map<String, @Nullable Object> answer(String name, Object value) {
        Map<String, @Nullable Object> form = new LinkedHashMap<>();
        form.put(name, value);
        return form;
    }

    // --- answers

    private static Mono<Map<String, @Nullable Object>> answer(Run<?> run, Map<String, @Nullable Object> body) {
        if (!(body.get("question") instanceof String id)) {
            throw ApiError.parameter("question", "must be the id of a question");
        }
        if (!body.containsKey("value")) {
            throw ApiError.parameter("value", "is missing");
        }
        PendingQuestion question = run.questions().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow(Actions::notOpen);
        return run.answer(id, Answers.of(question, body.get("value"))).map(isTaken -> {
            if (!isTaken) {
                throw notOpen();
            }
            return answer("answered", true);
        });
    }

    private static ApiError notOpen() {
        return ApiError.of(
                409, "question-not-open", "the question is answered, expired, withdrawn, or was never asked");
    }

    // --- forks

    private static Mono<Map<String, @Nullable Object>> fork(Sources.Found run, Map<String, @Nullable Object> body) {
        Object event = body.get("event");
        Mono<Long> at =
                event == null ? Mono.just(number("at", body.get("at"))) : RunPages.factOf(run, number("event", event));
        return at.flatMap(fact -> fork(run, fact, input(body))).map(forked -> answer("run", forked.runId()));
    }

    /** A whole number may be meant as an {@code int} or as a {@code long}: the workflow's task says which. */
    private static Mono<? extends Run<?>> fork(Sources.Found run, long fact, @Nullable Object input) {
        Object narrow = input instanceof Long whole && whole == whole.intValue() ? (Object) whole.intValue() : input;
        Mono<? extends Run<?>> forked = run.runs().fork(run.id(), fact, narrow);
        return narrow == input
                ? forked
                : Mono.from(forked)
                        .cast(Run.class)
                        .<Run<?>>map(done -> done)
                        .onErrorResume(
                                cause -> cause instanceof IllegalArgumentException
                                        || cause instanceof InvalidAnswerException,
                                cause -> Mono.from(run.runs().fork(run.id(), fact, input)));
    }

    private static long number(String name, @Nullable Object value) {
        if (value instanceof Long number && number >= 0) {
            return number;
        }
        throw ApiError.parameter(name, "must be a number from 0");
    }

    /** The input itself, or a decision: {@code answer}, {@code hand-off}, {@code fail}. */
    private static @Nullable Object input(Map<String, @Nullable Object> body) {
        if (!(body.get("decision") instanceof Map<?, ?> decision)) {
            return body.get("input");
        }
        Object kind = decision.get("kind");
        if ("answer".equals(kind)) {
            return Decision.answer(decision.get("value"));
        }
        if ("hand-off".equals(kind) && decision.get("agent") instanceof String agent) {
            return Decision.handOff(agent, decision.get("request"));
        }
        if ("fail".equals(kind) && decision.get("reason") instanceof String reason) {
            return Decision.fail(reason);
        }
        throw ApiError.parameter("decision", "must be an answer, a hand-off with an agent, or a fail with a reason");
    }

    private static Mono<Map<String, @Nullable Object>> cancelBranch(Run<?> run, String path) {
        BranchPath branch;
        try {
            branch = BranchPath.parse(path);
        } catch (IllegalArgumentException none) {
            throw ApiError.parameter("branch", "is no path of a branch");
        }
        return run.cancelBranch(branch).map(wasLive -> {
            if (!wasLive) {
                throw ApiError.of(409, "branch-not-live", "no branch of that path is live");
            }
            return answer("cancelled", true);
        });
    }

    // --- bodies

    private static Mono<Map<String, @Nullable Object>> body(InspectorRequest request) {
        return Flux.from(request.body())
                .reduceWith(ByteArrayOutputStream::new, (bytes, piece) -> {
                    if (bytes.size() + piece.length > MAX_BODY_BYTES) {
                        throw ApiError.of(413, "too-large", "the body may have " + MAX_BODY_BYTES + " bytes");
                    }
                    bytes.writeBytes(piece);
                    return bytes;
                })
                .timeout(ARRIVAL, Mono.error(() -> ApiError.of(408, "too-slow", "the body takes too long to arrive")))
                .map(bytes -> object(bytes.toString(StandardCharsets.UTF_8)));
    }

    @SuppressWarnings("unchecked") // its keys are texts
    private static Map<String, @Nullable Object> object(String text) {
        if (text.isBlank()) {
            return Map.of();
        }
        if (Json.read(text) instanceof Map<?, ?> fields) {
            return (Map<String, @Nullable Object>) fields;
        }
        throw ApiError.of(400, "malformed-json", "the body must be a JSON object");
    }

    // --- refusals and notes

    private static Throwable refusal(Throwable cause) {
        if (cause instanceof RunEndedException) {
            return ApiError.of(409, "run-ended", "the run has ended");
        }
        if (cause instanceof RunAlreadyLiveException) {
            return ApiError.of(409, "already-live", "the run is live in this process, or is being recovered");
        }
        if (cause instanceof RunsShutDownException || cause instanceof RunSuspendedException) {
            return ApiError.of(409, "shutting-down", "the service is shutting down");
        }
        if (cause instanceof InvalidAnswerException
                || cause instanceof PayloadException
                || cause instanceof IllegalArgumentException) {
            return ApiError.of(422, "invalid-input", String.valueOf(cause.getMessage()));
        }
        return cause;
    }

    private static String codeOf(Throwable cause) {
        if (cause instanceof ApiError error) {
            return error.code();
        }
        boolean isOfTheRun = cause instanceof UnknownRunException || cause instanceof DivergenceException;
        return isOfTheRun ? cause.getClass().getSimpleName() : "failed";
    }

    private void note(InspectorRequest request, String action, String run, String outcome) {
        String by = printable(request.header("X-Inspector-User"));
        String from = printable(request.remote());
        LOG.info("inspector: action={} run={} by={} from={} outcome={}", action, printable(run), by, from, outcome);
        Map<String, @Nullable Object> entry = new LinkedHashMap<>();
        entry.put("at", clock.instant().toString());
        entry.put("action", action);
        entry.put("run", run);
        entry.put("by", by);
        entry.put("from", from);
        entry.put("outcome", outcome);
        synchronized (log) {
            log.addFirst(entry);
            if (log.size() > MAX_KEPT) {
                log.removeLast();
            }
        }
    }

    /** Nobody writes a line of their own into the log. */
    private static String printable(@Nullable String text) {
        if (text == null || text.isBlank()) {
            return "-";
        }
        String line = text.strip().replaceAll("[^\\p{L}\\p{N}\\p{Punct} ]", "?");
        return line.length() <= MAX_NAME_LENGTH ? line : line.substring(0, MAX_NAME_LENGTH);
    }
}
