package io.flotilla.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

@Timeout(60)
class NetworkTapTest {

    private final Hub hub = Hub.create();
    private final List<String> seen = Collections.synchronizedList(new ArrayList<>());

    private void look(Envelope envelope, AgentId receiver) {
        seen.add(envelope.sender() + " " + receiver + " " + envelope.kind());
    }

    private void join(String id) {
        hub.join(
                AgentId.of(id),
                envelope -> envelope.kind() == Envelope.Kind.REQUEST
                        ? hub.send(envelope.reply(AgentId.of(id), "answer").build())
                        : Mono.empty());
    }

    @Test
    void tap_everyMessageToEveryReceiver_isSeenOnce() {
        join("a");
        join("b");
        hub.tap(this::look);
        hub.offer(Envelope.to("a", 1).from("x").build());
        hub.send(Envelope.toAll(1).from("a").build()).block(Messages.SOON);
        hub.request(Envelope.to("b", 1).from("x").build()).block(Messages.SOON);
        hub.offer(Envelope.to("nobody", 1).from("x").build());

        assertThat(seen).containsExactly("x a MESSAGE", "a b MESSAGE", "x b REQUEST", "b x REPLY");
    }

    @Test
    void tap_refusedByAFullMailbox_isSeenAllTheSame() {
        hub.join(
                AgentId.of("slow"),
                envelope -> Mono.never(),
                MemberOptions.defaults().capacity(1));
        hub.tap(this::look);
        for (int count = 0; count < 5; count++) {
            hub.offer(Envelope.to("slow", count).from("x").build());
        }
        assertThat(seen).hasSize(5);
    }

    @Test
    void tap_twice_isToldTwiceAndRemovedOneByOne() {
        join("a");
        NetworkTap tap = this::look;
        Disposable first = hub.tap(tap);
        Disposable second = hub.tap(tap);
        hub.offer(Envelope.to("a", 1).from("x").build());
        first.dispose();
        first.dispose();
        hub.offer(Envelope.to("a", 1).from("x").build());
        second.dispose();
        hub.offer(Envelope.to("a", 1).from("x").build());

        assertThat(seen).hasSize(3);
    }

    @Test
    void tap_throws_changesNothing() {
        join("a");
        hub.tap((envelope, receiver) -> {
            throw new LinkageError("boom");
        });
        hub.tap(this::look);

        assertThat(hub.offer(Envelope.to("a", 1).from("x").build()).isComplete())
                .isTrue();
        assertThat(seen).hasSize(1);
        assertThatNullPointerException().isThrownBy(() -> hub.tap(null));
    }

    @Test
    void mailboxes_countsOfEachMember_inTheOrderOfJoining() {
        join("b");
        join("a");
        hub.offer(Envelope.to("a", 1).from("x").build());
        hub.close(Duration.ofSeconds(20)).block(Messages.SOON);

        assertThat(hub.mailboxes().keySet()).containsExactly(AgentId.of("b"), AgentId.of("a"));
        assertThat(hub.mailboxes().get(AgentId.of("a")).delivered()).isEqualTo(1);
        assertThat(hub.mailboxes().get(AgentId.of("b")).accepted()).isZero();
    }
}
