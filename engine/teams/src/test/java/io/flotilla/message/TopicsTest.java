package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static io.flotilla.message.Messages.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

@Timeout(60)
class TopicsTest {

    private static final AgentId A = AgentId.of("a");
    private static final AgentId B = AgentId.of("b");

    private final Topics topics = Topics.create();

    private void join(AgentId... ids) {
        for (AgentId id : ids) {
            topics.join(id, envelope -> Mono.empty());
        }
    }

    private List<AgentId> receivers(String topic) {
        return topics.offer(Envelope.onTopic(topic, 1).build()).deliveries().stream()
                .filter(Delivery::isAccepted)
                .map(Delivery::receiver)
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "news, news, true",
        "news, news/sport, false",
        "news/*, news/sport, true",
        "news/*, news, false",
        "news/*, news/sport/chess, false",
        "news/**, news, true",
        "news/**, news/sport, true",
        "news/**, news/sport/chess, true",
        "news/**, weather, false",
        "**, anything/at/all, true",
        "*, news, true",
        "*, news/sport, false",
        "**/chess, chess, true",
        "**/chess, news/sport/chess, true",
        "**/chess, news/sport/chess/open, false",
        "news/*/chess, news/sport/chess, true",
        "news/**/chess, news/chess, true",
        "news/**/chess, news/a/b/chess, true",
        "news/**/chess, news/chess/a/b, false",
        "**/a/**/b, x/a/y/a/b, true",
        "**/a/*/b, a/a/x/b, true",
        "**/**, a, true",
        "a/**/**/b, a/b, true"
    })
    void pattern_matches(String pattern, String topic, boolean matches) {
        join(A);
        topics.subscribe(A, pattern);

        assertThat(receivers(topic)).hasSize(matches ? 1 : 0);
    }

    /** By the definition, tried out: slow, and obviously right. */
    private static boolean matchesSlowly(List<String> pattern, List<String> topic) {
        if (pattern.isEmpty()) {
            return topic.isEmpty();
        }
        List<String> rest = pattern.subList(1, pattern.size());
        if (pattern.get(0).equals("**")) {
            for (int taken = 0; taken <= topic.size(); taken++) {
                if (matchesSlowly(rest, topic.subList(taken, topic.size()))) {
                    return true;
                }
            }
            return false;
        }
        return !topic.isEmpty()
                && (pattern.get(0).equals("*") || pattern.get(0).equals(topic.get(0)))
                && matchesSlowly(rest, topic.subList(1, topic.size()));
    }

    @Test
    void pattern_atRandom_matchesAsTheDefinitionSays() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        String[] levels = {"a", "b", "*", "**"};
        for (int round = 0; round < 20_000; round++) {
            List<String> pattern = new ArrayList<>();
            List<String> topic = new ArrayList<>();
            random.ints(1 + random.nextInt(5), 0, 4).forEach(at -> pattern.add(levels[at]));
            random.ints(1 + random.nextInt(6), 0, 2).forEach(at -> topic.add(levels[at]));

            assertThat(TopicPattern.of(String.join("/", pattern)).matches(String.join("/", topic)))
                    .as("seed %s: %s on %s", seed, pattern, topic)
                    .isEqualTo(matchesSlowly(pattern, topic));
        }
    }

    @Test
    void publish_reportsEachReceiverOnce() {
        join(A, B);
        topics.subscribe(B, "news/**");
        topics.subscribe(A, "news/sport");
        topics.subscribe(A, "news/*");

        assertThat(topics.offer(Envelope.onTopic("news/sport", 1).from(A).build())
                        .deliveries())
                .containsExactly(new Delivery(A, null), new Delivery(B, null));
        assertThat(topics.subscriptions(A)).containsExactly("news/sport", "news/*");
    }

    @Test
    void publish_nobodySubscribed_isUndeliverable() {
        join(A);

        assertThat(topics.offer(Envelope.onTopic("news", 1).build()).deliveries())
                .containsExactly(new Delivery(null, DeadLetter.Reason.NO_RECEIVER));
    }

    @Test
    void subscribe_andUnsubscribe_takeEffectAtOnce() {
        join(A, B);
        assertThat(topics.subscribe(A, "news")).isTrue();
        assertThat(topics.subscribe(A, "news")).as("again").isFalse();
        assertThat(receivers("news")).containsExactly(A);
        topics.subscribe(B, "*");
        assertThat(receivers("news")).containsExactly(A, B);
        assertThat(topics.unsubscribe(A, "news")).isTrue();
        assertThat(topics.unsubscribe(A, "news")).as("again").isFalse();
        assertThat(receivers("news")).containsExactly(B);
        topics.leave(B).block(SOON);
        assertThat(receivers("news")).isEmpty();
        join(B);
        assertThat(receivers("news")).as("who joins anew has no subscription").isEmpty();
    }

    @Test
    void publish_oneSubscriberBlocksAndOneFails_theOthersReceive() {
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger seen = new AtomicInteger();
        topics.join(AgentId.of("blocking"), envelope -> Mono.fromRunnable(() -> await(release)));
        topics.join(AgentId.of("failing"), envelope -> Mono.error(new IllegalStateException("boom")));
        topics.join(AgentId.of("good"), envelope -> {
            seen.incrementAndGet();
            return Mono.empty();
        });
        topics.members().forEach(id -> topics.subscribe(id, "news"));
        for (int count = 0; count < 100; count++) {
            assertThat(topics.offer(Envelope.onTopic("news", count).build()).isComplete())
                    .isTrue();
        }
        await(() -> seen.get() == 100);

        release.countDown();
        topics.close(SOON).block(SOON);
        assertThat(topics.deadLetters().count(DeadLetter.Reason.HANDLER_FAILED)).isEqualTo(100);
        assertThat(topics.stats().delivered()).isEqualTo(200);
    }

    /** They are woken together, 64 at a time; each group has somebody who keeps its thread, more than the pool has. */
    @Test
    void publish_toManyOfWhomSomeBlock_theOthersReceive() {
        int members = 200;
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch heard = new CountDownLatch(members - members / 10);
        for (int at = 0; at < members; at++) {
            AgentId id = AgentId.of("reader", at);
            boolean isStuck = at % 10 == 0;
            topics.join(id, envelope -> {
                if (isStuck) {
                    await(never);
                } else {
                    heard.countDown();
                }
                return Mono.empty();
            });
            topics.subscribe(id, "news");
        }
        try {
            assertThat(topics.offer(Envelope.onTopic("news", 1).build()).acceptedCount())
                    .isEqualTo(members);
            await(heard);
        } finally {
            never.countDown();
        }
        await(() -> topics.stats().delivered() == members);
    }

    /** Whoever has the message is at it, whatever keeps the publisher on its way to the next one. */
    @ParameterizedTest
    @ValueSource(strings = {"tap", "scheduler", "faults"})
    void publish_keptBetweenTwoReceivers_theFirstOneIsAtItMeanwhile(String what) {
        CountDownLatch heard = new CountDownLatch(1);
        AtomicInteger keptInVain = new AtomicInteger();
        Runnable keeps = () -> {
            try {
                keptInVain.addAndGet(heard.await(SOON.toSeconds(), TimeUnit.SECONDS) ? 0 : 1);
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
        };
        MessageFaults slow = (envelope, receiver) -> {
            if (receiver.equals(B)) {
                keeps.run();
            }
            return List.of(Duration.ZERO);
        };
        NetworkOptions.Builder options = NetworkOptions.builder();
        Topics kept = Topics.create((what.equals("faults") ? options.faults(slow) : options).build());
        kept.join(A, envelope -> {
            heard.countDown();
            return Mono.empty();
        });
        MemberOptions how = MemberOptions.defaults();
        kept.join(
                B,
                envelope -> Mono.empty(),
                what.equals("scheduler")
                        ? how.scheduler(() -> {
                            keeps.run();
                            return Schedulers.boundedElastic();
                        })
                        : how);
        kept.subscribe(A, "news");
        kept.subscribe(B, "news");
        if (what.equals("tap")) {
            kept.tap(new NetworkTap() {
                @Override
                public void passing(Envelope envelope, AgentId receiver) {
                    if (receiver.equals(B)) {
                        keeps.run();
                    }
                }
            });
        }

        assertThat(kept.offer(Envelope.onTopic("news", 1).build()).isComplete()).isTrue();

        assertThat(keptInVain).hasValue(0);
    }

    /** Counts that fit no group, and mailboxes with a thread of their own among them. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 129})
    void publish_toManyAgainAndAgain_eachReceivesAllInOrder(int members) {
        List<List<Integer>> heard = new ArrayList<>();
        for (int at = 0; at < members; at++) {
            AgentId id = AgentId.of("reader", at);
            List<Integer> own = Collections.synchronizedList(new ArrayList<>());
            heard.add(own);
            MemberOptions how = MemberOptions.defaults();
            topics.join(
                    id,
                    envelope -> Mono.fromRunnable(() -> own.add(envelope.payload(Integer.class))),
                    at % 5 == 1 ? how.scheduler(Schedulers::boundedElastic) : how);
            topics.subscribe(id, "news");
        }
        List<Integer> all = new ArrayList<>();
        for (int message = 0; message < 300; message++) {
            all.add(message);
            int told = message;
            assertThat(topics.offer(Envelope.onTopic("news", told).build()).isComplete())
                    .isTrue();
        }
        await(() -> topics.stats().delivered() == 300L * members);

        assertThat(heard).allSatisfy(own -> assertThat(own).isEqualTo(all));
    }

    @Test
    void request_toOne_andToAll_workAsInAHub() {
        topics.join(Agent.<String, String>of("a", (text, context) -> Mono.just(text + "!")));
        join(B);

        assertThat(topics.request(Envelope.to(A, "x").build(), Duration.ofSeconds(10))
                        .block(SOON)
                        .payload())
                .isEqualTo("x!");
        assertThat(topics.offer(Envelope.toAll("x").from(A).build()).deliveries())
                .containsExactly(new Delivery(B, null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "a//b", "/a", "a/", "a*", "a/**b", "***", "a\n"})
    void pattern_bad_isRefused(String pattern) {
        join(A);
        assertThatIllegalArgumentException().isThrownBy(() -> topics.subscribe(A, pattern));
        assertThatIllegalArgumentException().isThrownBy(() -> topics.unsubscribe(A, pattern));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "a//b", "*", "a/**", "a*b"})
    void topic_bad_isRefused(String topic) {
        assertThatIllegalArgumentException().isThrownBy(() -> Envelope.onTopic(topic, 1));
    }

    @Test
    void member_unknown_isRefused() {
        assertThatExceptionOfType(UnknownMemberException.class).isThrownBy(() -> topics.subscribe(A, "t"));
        assertThatExceptionOfType(UnknownMemberException.class).isThrownBy(() -> topics.unsubscribe(A, "t"));
        assertThatExceptionOfType(UnknownMemberException.class).isThrownBy(() -> topics.subscriptions(A));
        assertThatNullPointerException().isThrownBy(() -> topics.subscribe(null, "t"));
        assertThatNullPointerException().isThrownBy(() -> topics.subscribe(A, null));
    }
}
