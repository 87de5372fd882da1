package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static io.flotilla.message.Messages.WRITER;
import static io.flotilla.message.Messages.await;
import static io.flotilla.message.Messages.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;
import reactor.test.StepVerifier;

@Timeout(60)
class DeadLettersTest {

    private static DeadLetter letter(Object payload, DeadLetter.Reason reason) {
        return new DeadLetter(message(payload), WRITER, reason, null, Instant.EPOCH);
    }

    @Test
    void add_countsByReasonAndKeepsTheLast() {
        DeadLetters letters = DeadLetters.keeping(2);
        letters.add(letter(1, DeadLetter.Reason.FULL));
        letters.add(letter(2, DeadLetter.Reason.EXPIRED));
        letters.add(letter(3, DeadLetter.Reason.FULL));

        assertThat(letters.count()).isEqualTo(3);
        assertThat(letters.count(DeadLetter.Reason.FULL)).isEqualTo(2);
        assertThat(letters.count(DeadLetter.Reason.CLOSED)).isZero();
        assertThat(letters.recent())
                .extracting(each -> each.envelope().payload())
                .containsExactly(2, 3);
        assertThat(letters).hasToString("DeadLetters{FULL=2, EXPIRED=1}");
    }

    @Test
    void keeping_none_countsOnly() {
        DeadLetters letters = DeadLetters.keeping(0);
        letters.add(letter(1, DeadLetter.Reason.FULL));

        assertThat(letters.recent()).isEmpty();
        assertThat(letters.count()).isEqualTo(1);
    }

    @Test
    void letters_isHotAndHonoursDemand() {
        DeadLetters letters = DeadLetters.create();
        letters.add(letter(0, DeadLetter.Reason.FULL));
        StepVerifier.create(letters.letters().map(each -> each.envelope().payload()), 0)
                .expectSubscription()
                .then(() -> IntStream.rangeClosed(1, 3).forEach(at -> letters.add(letter(at, DeadLetter.Reason.FULL))))
                .thenRequest(2)
                .expectNext(1, 2)
                .thenRequest(1)
                .expectNext(3)
                .thenCancel()
                .verify(SOON);
    }

    @Test
    void letters_slowSubscriber_missesTheOldestAndHoldsUpNobody() {
        DeadLetters letters = DeadLetters.create();
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        letters.letters().subscribe(each -> {
            started.countDown();
            await(release);
        });
        List<Object> seen = Collections.synchronizedList(new ArrayList<>());
        letters.letters().subscribe(each -> seen.add(each.envelope().payload()));
        letters.add(letter(-1, DeadLetter.Reason.FULL));
        await(started);
        for (int count = 0; count < DeadLetters.BUFFER + 50; count++) {
            letters.add(letter(count, DeadLetter.Reason.FULL));
            int expected = count + 2;
            await(() -> seen.size() == expected);
        }

        assertThat(letters.missed()).isBetween(49L, 51L); // one may be on its way besides
        release.countDown();
    }

    @Test
    void letters_subscriberThatThrows_holdsUpNoOther() {
        DeadLetters letters = DeadLetters.create();
        letters.letters()
                .subscribe(
                        each -> {
                            throw new IllegalStateException("listener");
                        },
                        ignored -> {});
        List<Object> seen = Collections.synchronizedList(new ArrayList<>());
        letters.letters().subscribe(each -> seen.add(each.envelope().payload()));
        letters.add(letter(1, DeadLetter.Reason.FULL));
        letters.add(letter(2, DeadLetter.Reason.FULL));

        await(() -> seen.size() == 2);
    }

    @Test
    void add_isLoggedWithoutPayloadAndNotForEver() {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        Logger logger = (Logger) LoggerFactory.getLogger(DeadLetters.class);
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getFormattedMessage().contains("OnlyHere")) {
                    lines.add(event.getLevel() + " " + event.getFormattedMessage());
                }
            }
        };
        appender.start();
        logger.addAppender(appender);
        logger.setLevel(Level.WARN);
        try {
            record OnlyHere(String secret) {}
            DeadLetters letters = DeadLetters.create();
            IntStream.range(0, 100)
                    .forEach(any -> letters.add(letter(new OnlyHere("canary"), DeadLetter.Reason.DROPPED)));
            await(() -> lines.size() == 13);

            assertThat(lines)
                    .allMatch(line -> line.startsWith("WARN dead letter "))
                    .noneMatch(line -> line.contains("canary"))
                    .anyMatch(line -> line.contains("dead letter 64 of this reason: DROPPED at writer: "));
        } finally {
            logger.detachAppender(appender);
            logger.setLevel(null);
        }
    }

    @Test
    void arguments_bad_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DeadLetters.keeping(-1))
                .withMessage("kept must be >= 0, was -1");
        assertThatNullPointerException()
                .isThrownBy(() -> DeadLetters.create().add(null))
                .withMessage("letter");
        assertThatNullPointerException()
                .isThrownBy(() -> new DeadLetter(null, WRITER, DeadLetter.Reason.FULL, null, Instant.EPOCH));
        assertThatNullPointerException()
                .isThrownBy(() -> new DeadLetter(message(1), WRITER, null, null, Instant.EPOCH));
        assertThatNullPointerException()
                .isThrownBy(() -> new DeadLetter(message(1), WRITER, DeadLetter.Reason.FULL, null, null));
    }
}
