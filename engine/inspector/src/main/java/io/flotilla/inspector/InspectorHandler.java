package io.flotilla.inspector;

import io.flotilla.health.HealthMonitor;
import io.flotilla.health.HealthReport;
import io.flotilla.journal.JournalException;
import io.flotilla.journal.RunDeletedException;
import io.flotilla.run.DivergenceException;
import io.flotilla.run.UnknownRunException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * Answers the requests of an inspector's page, whatever server they come from: see {@link Inspector.Builder#handler()}. The README shows
 * how a WebFlux application mounts it. Thread-safe.
 *
 * @since 0.1
 */
public final class InspectorHandler implements Disposable {

    private static final Logger LOG = LoggerFactory.getLogger(Inspector.class);

    private static final Set<String> ACTIONS =
            Set.of("pause", "unpause", "cancel", "recover", "answer", "fork", "branches");
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** How long the output of a run is kept for those who come back. */
    private static final Duration RETURN = Duration.ofSeconds(30);

    /** Of events, at once. */
    static final int MAX_STREAMS = 1_024;

    private final Settings settings;
    private final Access access;
    private final Assets assets = new Assets();
    private final Sources sources;
    private final RunList list;
    private final RunPages pages;
    private final Live live;
    private final OutputTapes tapes;
    private final Actions actions;
    private final Networks networks;
    private final EventLog log;
    private final Sinks.Empty<Void> closed = Sinks.empty();
    private final AtomicInteger streams = new AtomicInteger();
    private volatile long lastAsked = System.nanoTime();
    private volatile boolean disposed;

    InspectorHandler(Settings settings) {
        this.settings = settings;
        this.access = new Access(settings);
        this.sources = new Sources(settings.runs());
        Rows rows = new Rows();
        this.live = new Live(sources, rows, closed.asMono(), Live.MAX_NEW);
        this.tapes = new OutputTapes(RETURN, closed.asMono());
        this.list = new RunList(sources, rows, live::countLater);
        this.pages = new RunPages(rows);
        this.actions = new Actions(sources, settings.clock());
        this.networks = new Networks(settings.networks());
        this.log = new EventLog(settings.health(), settings.events(), settings.clock());
    }

    /**
     * Answers a request.
     *
     * <p>Cold: nothing happens before subscription; a second one is a second request.
     *
     * <ul>
     *   <li><b>onNext</b>: the response, once. Errors are responses, too: {@code {"error": {"code": .., "message": ..}}}.
     *   <li><b>onError</b>: never.
     *   <li><b>cancel</b>: stops reading; an action that has been begun is carried out.
     *   <li><b>threads</b>: the thread that subscribes, or one of {@code Schedulers.boundedElastic()}.
     * </ul>
     *
     * @param request the request
     * @return the response
     * @throws NullPointerException if {@code request} is null (the call itself, not a signal)
     */
    public Mono<InspectorResponse> handle(InspectorRequest request) {
        String method = request.method();
        return Mono.defer(() -> {
                    lastAsked = System.nanoTime();
                    return answered(request);
                })
                .onErrorResume(cause -> Mono.just(refused(method, request, cause)));
    }

    Mono<Void> idle(Duration time) {
        return Mono.defer(() -> {
            lastAsked = System.nanoTime();
            Duration pause = time.dividedBy(10).compareTo(LOOK) > 0 ? LOOK : time.dividedBy(10);
            return Flux.interval(pause.isZero() ? Duration.ofNanos(1) : pause)
                    .onBackpressureDrop()
                    .takeUntil(any -> streams.get() == 0 && System.nanoTime() - lastAsked >= time.toNanos())
                    .takeUntilOther(closed.asMono())
                    .then();
        });
    }

    private Mono<InspectorResponse> answered(InspectorRequest request) {
        if (disposed) {
            throw ApiError.of(503, "stopped", "this inspector has been stopped");
        }
        access.checkOrigin(request);
        String path = request.path();
        if (!path.startsWith(settings.prefix() + "/")) {
            if (path.equals(settings.prefix())) {
                return Mono.just(redirect());
            }
            throw ApiError.notFound();
        }
        List<String> segments = Query.segments(path.substring(settings.prefix().length()));
        if (segments.isEmpty()) {
            checkMethod(request, "GET");
            return Mono.just(assets.response(Assets.INDEX, request.header("If-None-Match")));
        }
        if (segments.get(0).equals("assets") && segments.size() == 2) {
            checkMethod(request, "GET");
            return Mono.just(assets.response(segments.get(1), request.header("If-None-Match")));
        }
        if (segments.get(0).equals("api")) {
            access.checkReader(request.header("Authorization"));
            return api(request, segments.subList(1, segments.size()));
        }
        throw ApiError.notFound();
    }

    private InspectorResponse redirect() {
        Map<String, String> headers = Responses.headers("text/plain; charset=utf-8");
        headers.put("Location", settings.prefix() + "/");
        headers.put("Content-Length", "0");
        return new InspectorResponse(308, headers, Flux.empty());
    }

    private static void checkMethod(InspectorRequest request, String allowed) {
        if (!request.method().equals(allowed)) {
            throw ApiError.methodNotAllowed(allowed);
        }
    }

    private Mono<InspectorResponse> api(InspectorRequest request, List<String> path) {
        Query query = Query.of(request.query());
        String first = path.isEmpty() ? "" : path.get(0);
        if (path.size() == 1) {
            checkMethod(request, "GET");
            return switch (first) {
                case "about" -> Mono.fromSupplier(() -> Responses.json(200, about()));
                case "runs" ->
                    json(live.cursor()
                            .flatMap(cursor -> list.page(query).doOnNext(page -> page.put("cursor", cursor))));
                case "live" -> events(live.events(position(request, query)));
                case "compare" ->
                    json(Mono.zip(sources.find(query.required("a")), sources.find(query.required("b")))
                            .flatMap(both -> Comparison.of(both.getT1(), both.getT2())));
                case "health" -> json(health());
                case "network" -> json(Mono.fromSupplier(networks::toMap).subscribeOn(Schedulers.boundedElastic()));
                case "log" -> json(Mono.fromSupplier(log::toMap));
                case "actions" -> json(Mono.fromSupplier(actions::recent));
                default -> throw ApiError.notFound();
            };
        }
        if (first.equals("runs")) {
            return run(request, query, path.get(1), path.subList(2, path.size()));
        }
        throw ApiError.notFound();
    }

    private Mono<InspectorResponse> run(InspectorRequest request, Query query, String id, List<String> path) {
        if (path.size() > 1 || ACTIONS.contains(path.isEmpty() ? "" : path.get(0))) {
            checkMethod(request, "POST");
            access.checkActor(request);
            return json(actions.act(request, id, path));
        }
        checkMethod(request, "GET");
        Mono<Sources.Found> found = sources.find(id);
        return switch (path.isEmpty() ? "" : path.get(0)) {
            case "" -> json(found.flatMap(pages::details));
            case "facts" -> found.map(run -> Responses.json(pages.facts(run, query)));
            case "events" -> {
                Position from = Position.parse(position(request, query));
                yield found.flatMap(run -> events(RunEvents.of(run, from, tapes)));
            }
            case "state" -> json(found.flatMap(run -> pages.state(run, query)));
            case "usage" -> json(found.flatMap(pages::usage));
            default -> throw ApiError.notFound();
        };
    }

    private Mono<InspectorResponse> events(Flux<byte[]> events) {
        if (streams.get() >= MAX_STREAMS) {
            throw ApiError.of(
                    503, "too-many-streams", "as many as " + MAX_STREAMS + " streams of events are open: close some");
        }
        return Mono.just(Responses.events(events.takeUntilOther(closed.asMono())
                .doOnSubscribe(any -> streams.incrementAndGet())
                .doFinally(any -> {
                    lastAsked = System.nanoTime();
                    streams.decrementAndGet();
                })));
    }

    /** Where a listener goes on: what the browser sends by itself comes first. */
    private static @Nullable String position(InspectorRequest request, Query query) {
        String last = request.header("Last-Event-ID");
        return last == null || last.isBlank() ? query.text("after") : last.strip();
    }

    private Mono<Map<String, @Nullable Object>> health() {
        HealthMonitor health = settings.health();
        HealthMonitor breakers = settings.breakers();
        Mono<HealthReport> asked = breakers == null
                ? Mono.empty()
                : breakers.refresh().timeout(PATIENCE).onErrorResume(failed -> Mono.empty());
        return asked.map(Optional::of).defaultIfEmpty(Optional.empty()).map(report -> {
            Map<String, @Nullable Object> form = new LinkedHashMap<>();
            form.put("health", health == null ? null : health.report().toMap());
            form.put("breakers", report.map(HealthReport::toMap).orElse(null));
            return form;
        });
    }

    private static Mono<InspectorResponse> json(Mono<? extends Map<String, @Nullable Object>> value) {
        return value.map(found -> Responses.json(200, found));
    }

    private Map<String, @Nullable Object> about() {
        Map<String, @Nullable Object> about = new LinkedHashMap<>();
        String version = InspectorHandler.class.getPackage().getImplementationVersion();
        about.put("version", version == null ? "development" : version);
        about.put(
                "workflows",
                settings.runs().stream()
                        .map(runs -> runs.workflow().name())
                        .distinct()
                        .toList());
        about.put("actions", settings.allowsActions());
        about.put("network", !settings.networks().isEmpty());
        about.put("health", settings.health() != null || settings.breakers() != null);
        about.put("log", settings.health() != null || !settings.events().isEmpty());
        about.put("token", settings.token() != null);
        about.put("now", settings.clock().instant().toString());
        return about;
    }

    // --- errors

    private static InspectorResponse refused(String method, InspectorRequest request, Throwable cause) {
        ApiError error = errorOf(cause);
        if (error.status() == 500) {
            LOG.warn("the inspector cannot answer: {} {}", method, request.path(), cause);
        }
        return Responses.error(error);
    }

    private static ApiError errorOf(Throwable cause) {
        if (cause instanceof ApiError error) {
            return error;
        }
        if (cause instanceof UnknownRunException || cause instanceof RunDeletedException) {
            return ApiError.unknownRun();
        }
        if (cause instanceof DivergenceException) {
            return ApiError.of(409, "diverges", "the run cannot be replayed with the workflow as it is now");
        }
        if (cause instanceof JournalException) {
            return ApiError.of(
                    503,
                    "journal",
                    "the journal cannot be read: " + cause.getClass().getSimpleName());
        }
        return ApiError.of(500, "internal", "the inspector has failed, see the log of the service");
    }

    /** Ends all responses that are still going on, and answers no more requests. What it has shown goes on. */
    @Override
    public void dispose() {
        disposed = true;
        closed.tryEmitEmpty();
        networks.dispose();
        log.dispose();
        HealthMonitor breakers = settings.breakers();
        if (breakers != null) {
            breakers.close();
        }
    }

    @Override
    public boolean isDisposed() {
        return disposed;
    }
}
