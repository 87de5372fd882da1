package io.flotilla.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.test.publisher.TestPublisher;
import reactor.util.context.Context;
import reactor.util.retry.Retry;

/** What is wrapped around steps and attempts, and what it makes of their results. */
@Timeout(30)
class StepInterceptorTest {

    private final List<String> log = new CopyOnWriteArrayList<>();

    /** Wraps whole steps only; the lambdas of the tests. */
    private interface AroundStep {
        <I, O> Mono<O> around(StepCall<I, O> call, Mono<O> attempts);
    }

    private static final class Noting implements StepInterceptor {
        private final String name;
        private final List<String> log;

        Noting(String name, List<String> log) {
            this.name = name;
            this.log = log;
        }

        @Override
        public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
            return noted("step(" + name + ")", attempts);
        }

        @Override
        public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
            return noted("attempt(" + name + ") " + context.attempt(), attempt);
        }

        private <O> Mono<O> noted(String what, Mono<O> wrapped) {
            return Mono.defer(() -> {
                log.add(what);
                return wrapped.doFinally(signal -> log.add("/" + what));
            });
        }
    }

    /** Retries without a wait. */
    private static final class Retrying implements StepInterceptor {
        private final long more;

        Retrying(long more) {
            this.more = more;
        }

        @Override
        public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
            return attempts.retry(more);
        }
    }

    private static StepResult<String> one(StepEngine engine, Agent<String, String> agent) {
        return engine.run(List.of(agent), "go").block().results().get(0);
    }

    private static StepEngine engine(StepInterceptor... interceptors) {
        StepEngine.Builder builder = StepEngine.builder();
        for (StepInterceptor interceptor : interceptors) {
            builder.interceptor(interceptor);
        }
        return builder.build();
    }

    // --- order and attempts

    @Test
    void interceptor_twoInterceptors_theFirstIsOutermostAndStepsAreOutsideAttempts() {
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            log.add("body");
            return Mono.just("done");
        });

        one(engine(new Noting("1", log), new Noting("2", log)), agent);

        assertThat(log.subList(0, 5)).containsExactly("step(1)", "step(2)", "attempt(1) 1", "attempt(2) 1", "body");
    }

    @Test
    void aroundStep_retried_everySubscriptionIsAnAttemptWithTheNextNumberAndTheSameStepId() {
        List<StepContext> contexts = new CopyOnWriteArrayList<>();
        Agent<String, String> agent = Agent.of("a", (input, context) -> {
            log.add("body " + context.attempt());
            contexts.add(context);
            return context.attempt() < 3 ? Mono.error(new IllegalStateException("again")) : Mono.just("done");
        });

        StepResult<String> result = one(engine(new Noting("outer", log), new Retrying(2), new Noting("n", log)), agent);

        assertThat(log.stream().filter(line -> !line.startsWith("/") && !line.contains("outer")))
                .containsExactly(
                        "step(n)",
                        "attempt(n) 1",
                        "body 1",
                        "step(n)",
                        "attempt(n) 2",
                        "body 2",
                        "step(n)",
                        "attempt(n) 3",
                        "body 3");
        assertThat(log.stream().filter("step(outer)"::equals)).hasSize(1);
        assertThat(contexts)
                .extracting(StepContext::stepId)
                .hasSize(3)
                .containsOnly(contexts.get(0).stepId());
        assertThat(result.value()).isEqualTo("done");
        assertThat(result.attempts()).isEqualTo(3);
        assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
    }

    /** A value out of a cache, which is brought up to date later: what is kept of a step stays that step's. */
    @Test
    void aroundStep_answersAtOnceAndKeepsTheCall_callAndAttemptsStayThoseOfTheirStep() {
        List<StepCall<?, ?>> calls = new CopyOnWriteArrayList<>();
        List<Mono<?>> kept = new CopyOnWriteArrayList<>();
        StepInterceptor cache = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                calls.add(call);
                kept.add(attempts);
                return Mono.empty();
            }
        };
        List<Agent<String, String>> agents = List.of(
                Agent.of("a", (input, context) -> Mono.just("of a")),
                Agent.of("b", (input, context) -> Mono.just("of b")),
                Agent.of("c", (input, context) -> Mono.just("of c")));

        engine(cache).run(agents, "go").block();

        assertThat(calls).extracting(call -> call.agent().id().kind()).containsExactly("a", "b", "c");
        assertThat(kept).<Object>extracting(Mono::block).containsExactly("of a", "of b", "of c");
    }

    @Test
    void aroundStep_passedThrough_valueAndOneAttempt() {
        StepResult<String> result = one(engine(new StepInterceptor() {}), TestAgents.answering("a"));

        assertThat(result.value()).isEqualTo("a");
        assertThat(result.attempts()).isEqualTo(1);
    }

    @Test
    void aroundStep_bodyCompletesEmpty_isSucceededWithoutValue() {
        StepResult<String> result =
                one(engine(new StepInterceptor() {}), Agent.of("a", (input, context) -> Mono.empty()));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
        assertThat(result.value()).isNull();
    }

    @Test
    void aroundStep_answersItself_theAgentIsNotCalled() {
        StepInterceptor cache = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return Mono.empty();
            }
        };

        StepResult<String> result = one(engine(cache), Agent.of("a", (input, context) -> {
            log.add("body");
            return Mono.just("done");
        }));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
        assertThat(result.attempts()).isZero();
        assertThat(log).isEmpty();
    }

    // --- causes

    /** Fails with another exception at every attempt. */
    private static Agent<String, String> failingAnew() {
        return Agent.of("a", (input, context) -> Mono.error(new IllegalStateException("boom " + context.attempt())));
    }

    @Test
    void aroundStep_allAttemptsFail_hasTheFirstCauseAndTheLaterOnesSuppressed() {
        StepResult<String> result = one(engine(new Retrying(2)), failingAnew());

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.attempts()).isEqualTo(3);
        assertThat(result.cause()).hasMessage("boom 1");
        assertThat(result.cause().getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("boom 2", "boom 3");
    }

    @Test
    void aroundStep_retriesExhausted_theFirstCauseIsNotHidden() {
        StepInterceptor retry = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.retryWhen(Retry.max(2));
            }
        };

        StepResult<String> result = one(engine(retry), failingAnew());

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.attempts()).isEqualTo(3);
        assertThat(result.cause()).isInstanceOf(IllegalStateException.class).hasMessage("boom 1");
        assertThat(result.cause().getSuppressed())
                .extracting(Throwable::getMessage)
                .startsWith("boom 2", "boom 3");
    }

    @Test
    void aroundStep_oneAttemptFails_hasNothingSuppressed() {
        assertThat(one(engine(new StepInterceptor() {}), failingAnew()).cause().getSuppressed())
                .isEmpty();
    }

    @Test
    void aroundStep_sameExceptionAtEveryAttempt_isNotSuppressedInItself() {
        IllegalStateException shared = new IllegalStateException("shared");

        StepResult<String> result = one(engine(new Retrying(5)), TestAgents.failing("a", shared));

        assertThat(result.cause()).isSameAs(shared);
        assertThat(shared.getSuppressed()).isEmpty();
    }

    @Test
    void aroundStep_sharedExceptionInManyRounds_doesNotGrowWithoutEnd() {
        IllegalStateException shared = new IllegalStateException("shared");
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.error(context.attempt() == 1 ? shared : new IllegalStateException("other")));
        StepEngine engine = engine(new Retrying(1));

        for (int round = 0; round < 100; round++) {
            one(engine, agent);
        }

        assertThat(shared.getSuppressed()).as("of the first round only").hasSize(1);
    }

    @Test
    void aroundStep_exceptionWithoutSuppression_isTheCauseAllTheSame() {
        RuntimeException closed = new RuntimeException("closed", null, false, false) {};
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.error(context.attempt() == 1 ? closed : new IllegalStateException("other")));

        assertThat(one(engine(new Retrying(1)), agent).cause()).isSameAs(closed);
    }

    // --- interceptors that misbehave

    private static StepInterceptor aroundStep(AroundStep around) {
        return new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return around.around(call, attempts);
            }
        };
    }

    @Test
    void aroundStep_throws_isFailedNamingTheAgentAndTheOthersGoOn() {
        StepInterceptor throwing = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                if (call.agent().id().equals(AgentId.of("a#1"))) {
                    throw new IllegalStateException("interceptor");
                }
                return attempts;
            }
        };

        StepReport<String> report =
                engine(throwing).run(TestAgents.manyAnswering(3), "go").block();

        assertThat(report.values()).containsExactly("a#0", "a#2");
        StepResult<String> failed = report.failures().get(0);
        assertThat(failed.agentId()).isEqualTo(AgentId.of("a#1"));
        assertThat(failed.cause()).hasMessage("interceptor");
        assertThat(failed.attempts()).isZero();
    }

    @Test
    void aroundStep_returnsNull_isFailedWithAMessageThatNamesTheAgent() {
        StepInterceptor nothing = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return null;
            }
        };

        StepResult<String> result = one(engine(nothing), TestAgents.answering("a#1"));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause()).isInstanceOf(NullPointerException.class).hasMessageContaining("agent a#1");
    }

    @Test
    void aroundAttempt_throws_isFailedAndRetriedAsAnyFailure() {
        StepInterceptor throwing = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                throw new IllegalStateException("attempt " + context.attempt());
            }
        };

        StepResult<String> result = one(engine(new Retrying(1), throwing), TestAgents.answering("a#1"));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.agentId()).isEqualTo(AgentId.of("a#1"));
        assertThat(result.attempts()).isEqualTo(2);
        assertThat(result.cause()).hasMessage("attempt 1");
    }

    @Test
    void aroundAttempt_throws_isASignalToTheInterceptorsAroundIt() {
        List<String> seen = new CopyOnWriteArrayList<>();
        StepInterceptor outer = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return attempt.doOnError(cause -> seen.add(cause.getMessage()));
            }
        };
        StepInterceptor throwing = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                throw new IllegalStateException("inner");
            }
        };

        one(engine(outer, throwing), TestAgents.answering("a#1"));

        assertThat(seen).as("a breaker out there must count it").containsExactly("inner");
    }

    @Test
    void aroundAttempt_returnsNull_isFailedWithAMessageThatNamesTheAgent() {
        StepInterceptor nothing = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return null;
            }
        };

        StepResult<String> result = one(engine(nothing), TestAgents.answering("a#1"));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause()).isInstanceOf(NullPointerException.class).hasMessageContaining("agent a#1");
    }

    @Test
    void aroundStep_throwsAFatalError_isFailedAndTheRoundEnds() {
        StepInterceptor fatal = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                throw new StackOverflowError("interceptor");
            }
        };

        assertThat(one(engine(fatal), TestAgents.answering("a")).cause()).isInstanceOf(StackOverflowError.class);
    }

    // --- rejected and timed out

    private static StepInterceptor refusing(int fromAttempt) {
        return new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return context.attempt() < fromAttempt
                        ? attempt
                        : Mono.error(new StepRejectedException("circuitbreaker", "open", Duration.ofSeconds(3)));
            }
        };
    }

    @Test
    void aroundAttempt_rejected_isRejectedWithGuardAndTime() {
        StepResult<String> result = one(engine(refusing(1)), TestAgents.answering("a"));

        assertThat(result).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.guard()).isEqualTo("circuitbreaker");
            assertThat(rejected.retryAfter()).isEqualTo(Duration.ofSeconds(3));
        });
        assertThat(result.cause())
                .isInstanceOf(StepRejectedException.class)
                .hasMessage("circuitbreaker refused the step: open, come back in PT3S");
        assertThat(result.cause().getStackTrace()).isEmpty();
    }

    @Test
    void aroundStep_rejectedBeforeTheFirstAttempt_hasNoAttempts() {
        StepInterceptor bulkhead = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return Mono.error(new StepRejectedException("bulkhead", "25 of 25 in use", null));
            }
        };

        StepResult<String> result = one(engine(bulkhead), TestAgents.answering("a"));

        assertThat(result.attempts()).isZero();
        assertThat(result).isInstanceOfSatisfying(StepResult.Rejected.class, rejected -> {
            assertThat(rejected.guard()).isEqualTo("bulkhead");
            assertThat(rejected.retryAfter()).isNull();
        });
    }

    @Test
    void aroundAttempt_rejectedAfterAnAttemptFailed_isFailedWithThatCause() {
        StepResult<String> result = one(engine(new Retrying(2), refusing(2)), failingAnew());

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause()).hasMessage("boom 1");
        assertThat(result.cause().getSuppressed()).hasAtLeastOneElementOfType(StepRejectedException.class);
    }

    @Test
    void aroundAttempt_failsAfterARefusal_isFailedWithThatCause() {
        StepInterceptor refusingFirst = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return context.attempt() > 1
                        ? attempt
                        : Mono.error(new StepRejectedException("ratelimiter", "empty", Duration.ofSeconds(1)));
            }
        };

        StepResult<String> result = one(engine(new Retrying(1), refusingFirst), failingAnew());

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause()).hasMessage("boom 2");
    }

    @Test
    void aroundStep_endsWithStepTimeoutException_isTimedOutWithItsLimit() {
        Duration limit = Duration.ofMillis(70);
        StepInterceptor limiting = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return Mono.error(new StepTimeoutException("attempt too slow", limit));
            }
        };

        StepResult<String> result = one(engine(limiting), TestAgents.answering("a"));

        assertThat(result)
                .isInstanceOfSatisfying(
                        StepResult.TimedOut.class,
                        timedOut -> assertThat(timedOut.limit()).isEqualTo(limit));
        assertThat(result.cause()).hasMessage("attempt too slow");
    }

    @Test
    void aroundStep_timesOutAfterAnAttemptFailed_isTimedOutWithTheFirstCause() {
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.error(
                        context.attempt() == 1
                                ? new IllegalStateException("boom 1")
                                : new StepTimeoutException("too slow", Duration.ofSeconds(1))));

        StepResult<String> result = one(engine(new Retrying(1)), agent);

        assertThat(result.kind()).isEqualTo(StepResult.Kind.TIMED_OUT);
        assertThat(result.cause()).hasMessage("boom 1");
    }

    @Test
    void body_failsWithATimeoutExceptionOfItsOwn_isFailed() {
        StepResult<String> result = one(
                engine(new StepInterceptor() {}),
                TestAgents.failing("a", new java.util.concurrent.TimeoutException("socket")));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
    }

    // --- degraded

    private static final class Fallback implements StepInterceptor {
        @Override
        public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
            @SuppressWarnings("unchecked") // all agents here answer with strings
            O backup = (O) "plan B";
            return attempts.onErrorResume(cause -> {
                call.markDegraded("backup", cause);
                return Mono.just(backup);
            });
        }
    }

    @Test
    void markDegraded_valueOfAFallback_isDegradedWithValueSourceAndCause() {
        StepResult<String> result = one(engine(new Fallback()), failingAnew());

        assertThat(result.kind()).isEqualTo(StepResult.Kind.DEGRADED);
        assertThat(result.value()).isEqualTo("plan B");
        assertThat(result.cause()).hasMessage("boom 1");
        assertThat(result)
                .isInstanceOfSatisfying(
                        StepResult.Degraded.class,
                        degraded -> assertThat(degraded.source()).isEqualTo("backup"));
    }

    @Test
    void markDegraded_afterRetries_hasTheFirstCause() {
        StepResult<String> result = one(engine(new Fallback(), new Retrying(2)), failingAnew());

        assertThat(result.kind()).isEqualTo(StepResult.Kind.DEGRADED);
        assertThat(result.attempts()).isEqualTo(3);
        assertThat(result.cause()).hasMessage("boom 1");
    }

    @Test
    void markDegraded_agentAnswers_isSucceeded() {
        assertThat(one(engine(new Fallback()), TestAgents.answering("a")).kind())
                .isEqualTo(StepResult.Kind.SUCCEEDED);
    }

    @Test
    void markDegraded_fallbackFailsToo_isFailedWithTheFirstCause() {
        StepInterceptor broken = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return attempts.onErrorResume(cause -> {
                    call.markDegraded("backup", cause);
                    return Mono.error(new IllegalStateException("backup"));
                });
            }
        };

        StepResult<String> result = one(engine(broken), failingAnew());

        assertThat(result.kind()).isEqualTo(StepResult.Kind.FAILED);
        assertThat(result.cause()).hasMessage("boom 1");
        assertThat(result.cause().getSuppressed())
                .extracting(Throwable::getMessage)
                .containsExactly("backup");
    }

    @Test
    void markDegraded_calledTwice_theLastOneCounts() {
        StepInterceptor twice = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                call.markDegraded("first", new IllegalStateException("first"));
                call.markDegraded("second", new IllegalStateException("second"));
                return attempts;
            }
        };

        assertThat(one(engine(twice), TestAgents.answering("a")))
                .isInstanceOfSatisfying(StepResult.Degraded.class, degraded -> {
                    assertThat(degraded.source()).isEqualTo("second");
                    assertThat(degraded.cause()).hasMessage("second");
                });
    }

    @Test
    void markDegraded_nullArgument_failsTheStep() {
        StepInterceptor careless = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                call.markDegraded(null, new IllegalStateException());
                return attempts;
            }
        };

        assertThat(one(engine(careless), TestAgents.answering("a")).cause())
                .isInstanceOf(NullPointerException.class)
                .hasMessage("source");
    }

    @Test
    void markDegraded_oneStepOfMany_leavesTheOthersAsTheyAre() {
        StepReport<String> report = engine(new Fallback())
                .run(List.of(TestAgents.answering("a"), failingAnew(), TestAgents.answering("c")), "go")
                .block();

        assertThat(report.results())
                .extracting(StepResult::kind)
                .containsExactly(StepResult.Kind.SUCCEEDED, StepResult.Kind.DEGRADED, StepResult.Kind.SUCCEEDED);
    }

    // --- signals

    @Test
    void aroundAttempt_bodyThrowsAFatalError_arrivesAsAnError() {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        StepInterceptor watching = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return attempt.doOnError(seen::set);
            }
        };
        NoClassDefFoundError missing = new NoClassDefFoundError("plugin");
        Agent<String, String> assembling = Agent.of("a", (input, context) -> {
            throw missing;
        });
        Agent<String, String> requested = Agent.of(
                "a",
                (input, context) -> Mono.fromCallable(() -> {
                    throw missing;
                }));

        assertThat(one(engine(watching), assembling).cause()).isSameAs(missing);
        assertThat(seen.getAndSet(null)).isSameAs(missing);
        assertThat(one(engine(watching), requested).cause()).isSameAs(missing);
        assertThat(seen.get()).isSameAs(missing);
    }

    @Test
    void aroundAttempt_bodyReturnsNull_arrivesAsAnErrorThatNamesTheAgent() {
        AtomicReference<Throwable> seen = new AtomicReference<>();
        StepInterceptor watching = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return attempt.doOnError(seen::set);
            }
        };

        one(engine(watching), Agent.of("a#1", (input, context) -> null));

        assertThat(seen.get()).hasMessage("agent a#1 returned null instead of a Mono");
    }

    private static StepInterceptor ofAttempts(UnaryOperator<Mono<Object>> around) {
        return new StepInterceptor() {
            @Override
            @SuppressWarnings("unchecked")
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext attempt, Mono<O> body) {
                return (Mono<O>) around.apply((Mono<Object>) body);
            }
        };
    }

    private static Agent<String, String> computing(AtomicInteger calls) {
        return Agent.of("a", (input, context) -> Mono.fromCallable(() -> "call " + calls.incrementAndGet()));
    }

    @Test
    void aroundAttempt_cancelsBeforeItAsks_bodyThatIsComputedInOneGoIsNotCalled() {
        AtomicInteger calls = new AtomicInteger();

        StepResult<String> result = engine(ofAttempts(body -> body.takeUntilOther(Mono.just("now"))))
                .step(computing(calls), "go")
                .block(Duration.ofSeconds(10));

        assertThat(result.kind()).isEqualTo(StepResult.Kind.SUCCEEDED);
        assertThat(result.value()).isNull();
        assertThat(calls).hasValue(0);
    }

    @Test
    void aroundAttempt_subscribesThreeTimes_bodyThatIsComputedInOneGoIsCalledThreeTimes() {
        AtomicInteger calls = new AtomicInteger();

        StepResult<String> result = engine(ofAttempts(body -> body.repeat(2).last()))
                .step(computing(calls), "go")
                .block(Duration.ofSeconds(10));

        assertThat(result.value()).isEqualTo("call 3");
        assertThat(result.attempts()).isEqualTo(3);
        assertThat(calls).hasValue(3);
    }

    @Test
    void aroundAttempt_bodyThatIsComputedInOneGoThrows_isAnErrorToThoseAroundIt() {
        AtomicInteger calls = new AtomicInteger();
        Agent<String, String> flaky = Agent.of(
                "a",
                (input, context) -> Mono.fromCallable(() -> {
                    if (calls.incrementAndGet() == 1) {
                        throw new IOException("first");
                    }
                    if (calls.get() == 2) {
                        throw new LinkageError("second");
                    }
                    return "done";
                }));

        StepResult<String> result =
                engine(ofAttempts(body -> body.retry(2))).step(flaky, "go").block(Duration.ofSeconds(10));

        assertThat(result.value()).isEqualTo("done");
        assertThat(result.attempts()).isEqualTo(3);
    }

    @Test
    void cancel_ofTheRound_reachesTheBody() {
        TestPublisher<String> body = TestPublisher.create();

        engine(new StepInterceptor() {}, new Retrying(3))
                .run(List.of(Agent.of("a", (String input, StepContext context) -> body.mono())), "go")
                .subscribe()
                .dispose();

        body.assertCancelled();
    }

    @Test
    void context_ofTheSubscriber_reachesInterceptorsAndBody() {
        StepInterceptor reading = new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                return Mono.deferContextual(view -> {
                    log.add("step " + view.get("user"));
                    return attempts.contextWrite(Context.of("added", "by the step"));
                });
            }

            @Override
            public <I, O> Mono<O> aroundAttempt(StepCall<I, O> call, StepContext context, Mono<O> attempt) {
                return Mono.deferContextual(view -> {
                    log.add("attempt " + view.get("user") + " " + view.get("added"));
                    return attempt;
                });
            }
        };
        Agent<String, String> agent = Agent.of(
                "a",
                (input, context) -> Mono.deferContextual(view -> {
                    log.add("body " + view.get("user") + " " + view.get("added"));
                    return Mono.just("done");
                }));

        engine(reading)
                .run(List.of(agent), "go")
                .contextWrite(Context.of("user", "ada"))
                .block();

        assertThat(log).containsExactly("step ada", "attempt ada by the step", "body ada by the step");
    }

    @Test
    void call_ofAStep_saysWhoWithWhat() {
        Agent<String, String> agent = TestAgents.answering("a#1");
        AtomicReference<StepCall<?, ?>> seen = new AtomicReference<>();
        one(
                engine(aroundStep(new AroundStep() {
                    @Override
                    public <I, O> Mono<O> around(StepCall<I, O> call, Mono<O> attempts) {
                        seen.set(call);
                        return attempts;
                    }
                })),
                agent);

        assertThat(seen.get().agent()).isSameAs(agent);
        assertThat(seen.get().input()).isEqualTo("go");
        assertThat(seen.get().context().agentId()).isEqualTo(agent.id());
        assertThat(seen.get().context().attempt()).isEqualTo(1);
    }

    @Test
    void interceptor_interceptorsOfTwoEngines_eachSeesItsOwnSteps() {
        AtomicInteger first = new AtomicInteger();
        AtomicInteger second = new AtomicInteger();
        StepEngine one = engine(counting(first));
        StepEngine other = engine(counting(second));
        StepEngine none = engine();

        Mono.when(
                        one.run(TestAgents.manyAnswering(3), "go"),
                        other.run(TestAgents.manyAnswering(5), "go"),
                        none.run(TestAgents.manyAnswering(7), "go"))
                .block();

        assertThat(first).hasValue(3);
        assertThat(second).hasValue(5);
    }

    private static StepInterceptor counting(AtomicInteger steps) {
        return new StepInterceptor() {
            @Override
            public <I, O> Mono<O> aroundStep(StepCall<I, O> call, Mono<O> attempts) {
                steps.incrementAndGet();
                return attempts;
            }
        };
    }
}
