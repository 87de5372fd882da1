package io.flotilla.inspector;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.timeout.WriteTimeoutHandler;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.ChannelBindException;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.http.server.HttpServerRoutes;
import reactor.netty.resources.LoopResources;

/** An inspector with a server of its own. Thread-safe. */
final class InspectorServer {

    private static final Duration GRACE = Duration.ofSeconds(2);

    /**
     * A thread that ends looks once more for connections after it. Without, one that is accepted while the threads end is neither
     * closed nor answered.
     */
    private static final Duration LAST_CONNECTIONS = Duration.ofMillis(20);

    /** More are closed as they come. */
    private static final int MAX_CONNECTIONS = 2 * InspectorHandler.MAX_STREAMS;

    /** What the system may keep of a connection that is not read. */
    private static final int SEND_BYTES = 262_144;

    /** How long a request may take to arrive. */
    private static final Duration REQUEST = Duration.ofSeconds(10);

    private final Settings settings;
    private final InspectorHandler handler;
    private final LoopResources threads;
    private final DisposableServer server;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Mono<Void> stop;

    private InspectorServer(
            Settings settings, InspectorHandler handler, LoopResources threads, DisposableServer server) {
        this.settings = settings;
        this.handler = handler;
        this.threads = threads;
        this.server = server;
        this.stop = Mono.defer(this::stopOnce).cache();
    }

    static Mono<InspectorServer> start(Settings settings) {
        return Mono.defer(() -> {
            LoopResources threads = LoopResources.create("flotilla-inspector", 1, 2, true);
            InspectorHandler handler = new InspectorHandler(settings);
            AtomicBoolean isBound = new AtomicBoolean();
            return HttpServer.create()
                    .host(settings.host())
                    .port(settings.port())
                    .runOn(threads, false)
                    .maxConnections(MAX_CONNECTIONS)
                    .childOption(ChannelOption.SO_SNDBUF, SEND_BYTES)
                    .idleTimeout(Duration.ofMinutes(1))
                    .requestTimeout(REQUEST)
                    // First of all: it sees whatever is written, and closes who does not read.
                    .doOnChannelInit((observer, channel, remote) -> channel.pipeline()
                            .addFirst(new WriteTimeoutHandler(
                                    settings.writeTimeout().toMillis(), TimeUnit.MILLISECONDS)))
                    .httpRequestDecoder(
                            decoder -> decoder.maxInitialLineLength(8_192).maxHeaderSize(16_384))
                    .route(routes -> route(routes, settings.prefix(), handler))
                    .bind()
                    .map(server -> {
                        isBound.set(true);
                        return new InspectorServer(settings, handler, threads, server);
                    })
                    .onErrorMap(Exception.class, failed -> notBound(settings, failed))
                    .doOnError(failed -> giveUp(handler, threads))
                    .doOnCancel(() -> {
                        if (!isBound.get()) {
                            giveUp(handler, threads);
                        }
                    })
                    .doOnDiscard(
                            InspectorServer.class, unwanted -> unwanted.stop().subscribe());
        });
    }

    private static InspectorException notBound(Settings settings, Exception failed) {
        Throwable cause =
                failed instanceof ChannelBindException && failed.getCause() != null ? failed.getCause() : failed;
        String why = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        String hint = cause instanceof BindException && why.contains("in use") && settings.port() != 0
                ? ": is another inspector there? Port 0 is any that is free"
                : "";
        return new InspectorException(
                "the inspector cannot listen on " + settings.host() + ":" + settings.port() + ", " + why + hint, cause);
    }

    private static void giveUp(InspectorHandler handler, LoopResources threads) {
        handler.dispose();
        threads.dispose();
    }

    static void route(HttpServerRoutes routes, String prefix, InspectorHandler handler) {
        routes.route(
                request -> pathOf(request).equals(prefix) || pathOf(request).startsWith(prefix + "/"),
                (request, response) -> handle(request, response, handler));
    }

    private static String pathOf(HttpServerRequest request) {
        String uri = request.uri();
        int query = uri.indexOf('?');
        return query < 0 ? uri : uri.substring(0, query);
    }

    private static Publisher<Void> handle(
            HttpServerRequest request, HttpServerResponse response, InspectorHandler handler) {
        String path = pathOf(request);
        SocketAddress remote = request.remoteAddress();
        InspectorRequest own = new InspectorRequest(
                request.method().name(),
                path,
                request.uri().length() > path.length() ? request.uri().substring(path.length() + 1) : "",
                headers(request.requestHeaders()),
                remote == null ? null : remote.toString(),
                Flux.defer(() -> request.receive().asByteArray()));
        return handler.handle(own).flatMap(answer -> send(answer, response));
    }

    private static Map<String, String> headers(HttpHeaders from) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        from.forEach(header -> headers.merge(header.getKey(), header.getValue(), (some, more) -> some + ", " + more));
        return headers;
    }

    private static Mono<Void> send(InspectorResponse answer, HttpServerResponse response) {
        response.status(answer.status());
        answer.headers().forEach(response::header);
        boolean streams = !answer.headers().containsKey("Content-Length");
        return response.send(answer.body().map(Unpooled::wrappedBuffer), piece -> streams)
                .then();
    }

    URI address() {
        InetSocketAddress bound = (InetSocketAddress) server.address();
        return Inspector.uri(bound, settings.host(), settings.prefix());
    }

    boolean isStopped() {
        return stopped.get();
    }

    Mono<Void> idle(Duration time) {
        return handler.idle(time);
    }

    Mono<Void> stop() {
        return stop;
    }

    private Mono<Void> stopOnce() {
        stopped.set(true);
        handler.dispose();
        server.dispose();
        return server.onDispose()
                .timeout(GRACE, Mono.empty())
                .then(threads.disposeLater(LAST_CONNECTIONS, GRACE))
                .onErrorResume(failed -> Mono.empty());
    }
}
