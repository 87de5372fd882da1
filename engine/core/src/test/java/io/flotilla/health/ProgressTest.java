package io.flotilla.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.test.publisher.TestPublisher;

/** Who is stuck, and who is only idle. */
class ProgressTest {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration NANO = Duration.ofNanos(1);

    @RegisterExtension
    final VirtualHealth time = new VirtualHealth();

    private final Progress progress = Progress.stuckAfter(LIMIT);

    private HealthStatus status() {
        return progress.health().status();
    }

    @Test
    void health_withoutWork_isUpForAsLongAsItTakes() {
        time.passes(Duration.ofDays(1));
        assertThat(progress.health())
                .isEqualTo(Health.up()
                        .with("inFlight", 0)
                        .with("silent", 0L)
                        .with("settled", 0L)
                        .with("abandoned", 0L));
    }

    @Test
    void health_workThatDoesNotEnd_isDownRightAfterTheLimit() {
        progress.begin();
        time.passes(LIMIT);
        assertThat(status()).isEqualTo(HealthStatus.UP);
        time.passes(NANO);
        assertThat(status()).isEqualTo(HealthStatus.DOWN);
        assertThat(progress.health().reason()).isEqualTo("there has been work for 30000 ms without any progress");
    }

    @Test
    void health_stuckWithAnIdlePauseBefore_countsFromTheWorkAndNotFromThePause() {
        progress.begin().settled();
        time.passes(Duration.ofHours(1));
        progress.begin();
        time.passes(LIMIT);
        assertThat(status()).isEqualTo(HealthStatus.UP);
    }

    @Test
    void health_moreWorkForOneThatIsStuck_isNoProgress() {
        progress.begin();
        for (int second = 0; second < 31; second++) {
            time.passes(Duration.ofSeconds(1));
            progress.begin();
        }
        assertThat(status()).isEqualTo(HealthStatus.DOWN);
    }

    @Test
    void health_oneSilentWhileOthersEnd_isDegraded() {
        Progress.Work stuck = progress.begin();
        for (int second = 0; second < 31; second++) {
            time.passes(Duration.ofSeconds(1));
            progress.begin().settled();
        }
        assertThat(progress.health().reason()).isEqualTo("1 of 1 pieces of work are silent for more than 30000 ms");
        assertThat(status()).isEqualTo(HealthStatus.DEGRADED);
        stuck.settled();
        assertThat(status()).isEqualTo(HealthStatus.UP);
    }

    @Test
    void health_workThatAdvances_isUp() {
        Progress.Work work = progress.begin();
        time.passes(LIMIT);
        work.advanced();
        time.passes(LIMIT);
        assertThat(status()).isEqualTo(HealthStatus.UP);
        time.passes(NANO);
        assertThat(status()).isEqualTo(HealthStatus.DOWN);
    }

    @Test
    void health_everyPieceGivenUpBeforeTheLimit_isDownAllTheSame() {
        for (int piece = 0; piece < 7; piece++) {
            Progress.Work work = progress.begin();
            time.passes(Duration.ofSeconds(5));
            work.abandoned();
        }
        assertThat(status()).isEqualTo(HealthStatus.DOWN);
    }

    @Test
    void health_noWorkAnyMoreSinceItWasDown_isUpAgainAfterTheLimitAndMayBeTried() {
        Progress.Work work = progress.begin();
        time.passes(Duration.ofMinutes(1));
        work.abandoned();
        time.passes(LIMIT);
        assertThat(status()).isEqualTo(HealthStatus.DOWN);
        time.passes(NANO);
        assertThat(status()).isEqualTo(HealthStatus.UP);
        progress.begin();
        assertThat(status()).as("another try has all the time again").isEqualTo(HealthStatus.UP);
    }

    @Test
    void health_oneEndAfterItWasDown_isUp() {
        Progress.Work stuck = progress.begin();
        time.passes(Duration.ofMinutes(1));
        assertThat(status()).isEqualTo(HealthStatus.DOWN);
        stuck.settled();
        assertThat(status()).isEqualTo(HealthStatus.UP);
        stuck.abandoned();
        stuck.advanced();
        assertThat(progress.health().details())
                .as("what comes after the end is ignored")
                .containsEntry("settled", 1L)
                .containsEntry("abandoned", 0L);
    }

    @Test
    void track_mono_beginsWithTheSubscriptionAndEndsWithItsSignal() {
        Sinks.One<String> answer = Sinks.one();
        Mono<String> tracked = progress.track(answer.asMono());
        time.passes(Duration.ofHours(1));
        assertThat(progress.health().details()).containsEntry("inFlight", 0);
        tracked.subscribe();
        assertThat(progress.health().details()).containsEntry("inFlight", 1);
        answer.tryEmitValue("done").orThrow();
        assertThat(progress.health().details()).containsEntry("inFlight", 0).containsEntry("settled", 1L);
    }

    @Test
    void track_errorTimeoutAndCancel_countAsWhatTheyAre() {
        progress.track(Mono.error(new IOException("no"))).onErrorComplete().subscribe();
        assertThat(progress.health().details()).as("an error is an end").containsEntry("settled", 1L);
        progress.track(Mono.error(new TimeoutException())).onErrorComplete().subscribe();
        Disposable given = progress.track(Mono.never()).subscribe();
        given.dispose();
        assertThat(progress.health().details()).containsEntry("abandoned", 2L).containsEntry("inFlight", 0);
        progress.track(Mono.empty()).subscribe();
        progress.track(Flux.empty()).subscribe();
        progress.track(Flux.error(new TimeoutException())).onErrorComplete().subscribe();
        progress.track(Flux.never()).subscribe().dispose();
        assertThat(progress.health().details()).containsEntry("settled", 3L).containsEntry("abandoned", 4L);
    }

    @Test
    void track_flux_eachElementIsProgress() {
        TestPublisher<String> tokens = TestPublisher.create();
        progress.track(tokens.flux()).subscribe();
        for (int token = 0; token < 5; token++) {
            time.passes(LIMIT);
            tokens.next("token");
        }
        assertThat(status()).isEqualTo(HealthStatus.UP);
        time.passes(LIMIT.plus(NANO));
        assertThat(status()).isEqualTo(HealthStatus.DOWN);
        tokens.complete();
        assertThat(status()).isEqualTo(HealthStatus.UP);
    }

    @Test
    void heartbeat_beats_isUpWithinAndDownAfter() {
        Heartbeat heart = Heartbeat.within(LIMIT);
        HealthCheck check = heart.check("poll");
        time.passes(LIMIT);
        assertThat(check.ask().block())
                .as("it has time for the first beat")
                .isEqualTo(Health.up().with("beats", 0L));
        heart.beat();
        time.passes(LIMIT);
        assertThat(check.ask().block()).isEqualTo(Health.up().with("beats", 1L));
        time.passes(NANO);
        assertThat(check.ask().block())
                .isEqualTo(Health.down("no beat for 30000 ms, 30000 ms are allowed")
                        .with("beats", 1L));
    }

    @Test
    void limits_ofNoTime_areRefused() {
        assertThatThrownBy(() -> Progress.stuckAfter(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("stuckAfter must be > 0");
        assertThatThrownBy(() -> Heartbeat.within(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("within must be > 0");
    }
}
