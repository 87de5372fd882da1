package io.flotilla.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Who subscribes to a result is on its own: whatever one throws, the others are told. */
@Timeout(60)
class ResultSubscribersTest {

    private final Sinks.One<Decision> decision = Sinks.one();
    private final Run<String> run = TestRuns.alone(TestRuns.stepping("Solo", turn -> decision.asMono()))
            .<String>build()
            .start("task");
    private final List<String> told = new CopyOnWriteArrayList<>();

    private Disposable listen(String name) {
        return run.result().subscribe(result -> told.add(name + " " + result.answer()));
    }

    /** Takes everything apart in a place of its own. */
    private static CoreSubscriber<Object> throwing(String where) {
        return new CoreSubscriber<>() {
            private void reach(String here) {
                if (here.equals(where)) {
                    throw new IllegalStateException(here);
                }
            }

            @Override
            public void onSubscribe(Subscription subscription) {
                reach("onSubscribe");
                subscription.request(1);
            }

            @Override
            public void onNext(Object value) {
                reach("onNext");
            }

            @Override
            public void onError(Throwable cause) {
                reach("onError");
            }

            @Override
            public void onComplete() {
                reach("onComplete");
            }
        };
    }

    private static Consumer<RunResult<String>> throwing(Error error) {
        return result -> {
            throw error;
        };
    }

    static Stream<Consumer<Mono<RunResult<String>>>> badSubscribers() {
        return Stream.of(
                result -> result.subscribe(throwing(new LinkageError("link"))),
                result -> result.subscribe(throwing(new StackOverflowError())),
                result -> result.doOnNext(throwing(new LinkageError("link"))).subscribe(),
                result -> result.map(value -> {
                            throw new LinkageError("link");
                        })
                        .subscribe(),
                result -> result.subscribe(throwing("onNext")),
                result -> result.subscribe(throwing("onComplete")),
                result -> result.subscribe(value -> {}, cause -> {}, () -> {
                    throw new StackOverflowError();
                }));
    }

    @ParameterizedTest
    @MethodSource("badSubscribers")
    void result_oneSubscriberThrows_allOthersAreTold(Consumer<Mono<RunResult<String>>> bad) {
        listen("before");
        bad.accept(run.result());
        listen("after");
        decision.tryEmitValue(Decision.answer("ok"));
        listen("late");
        assertThat(told).containsExactly("before ok", "after ok", "late ok");
        assertThat(TestRuns.events(run)).last().isInstanceOf(RunEvent.RunFinished.class);
    }

    @Test
    void result_oneThrowsOnSubscribe_allOthersAreTold() {
        listen("before");
        assertThatThrownBy(() -> run.result().subscribe(throwing("onSubscribe")))
                .isInstanceOf(IllegalStateException.class);
        listen("after");
        decision.tryEmitValue(Decision.answer("ok"));
        assertThat(told).containsExactly("before ok", "after ok");
    }

    @Test
    void result_cancelled_isNotTold() {
        Disposable cancelled = listen("cancelled");
        listen("other");
        cancelled.dispose();
        decision.tryEmitValue(Decision.answer("ok"));
        assertThat(told).containsExactly("other ok");
    }
}
