package io.flotilla.message;

import static io.flotilla.message.Messages.SOON;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.flotilla.AgentId;
import io.flotilla.agent.Agent;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;

@Timeout(60)
class MeshTest {

    private static final AgentId A = AgentId.of("a");
    private static final AgentId B = AgentId.of("b");
    private static final AgentId C = AgentId.of("c");
    private static final AgentId STRANGER = AgentId.of("stranger");

    private final Mesh mesh = Mesh.create();

    @BeforeEach
    void join() {
        for (AgentId id : List.of(A, B, C)) {
            mesh.join(id, envelope -> Mono.empty());
        }
    }

    private DeadLetter.Reason refusal(AgentId from, AgentId to) {
        return mesh.offer(Envelope.to(to, 1).from(from).build())
                .deliveries()
                .get(0)
                .refusal();
    }

    @Test
    void offer_onlyAlongALink_bothWays() {
        assertThat(mesh.connect(A, B)).isTrue();
        assertThat(mesh.connect(B, A)).as("again").isFalse();

        assertThat(refusal(A, B)).isNull();
        assertThat(refusal(B, A)).isNull();
        assertThat(refusal(A, C)).isEqualTo(DeadLetter.Reason.NOT_CONNECTED);
        assertThat(refusal(STRANGER, A)).isEqualTo(DeadLetter.Reason.NOT_CONNECTED);
        assertThat(refusal(A, STRANGER)).isEqualTo(DeadLetter.Reason.UNKNOWN_RECIPIENT);
        assertThat(mesh.isConnected(A, B)).isTrue();
        assertThat(mesh.isConnected(A, C)).isFalse();
        assertThat(mesh.neighbours(A)).containsExactly(B);
    }

    @Test
    void disconnect_endsTheLink() {
        mesh.connect(A, B);

        assertThat(mesh.disconnect(B, A)).isTrue();
        assertThat(mesh.disconnect(A, B)).as("again").isFalse();
        assertThat(refusal(A, B)).isEqualTo(DeadLetter.Reason.NOT_CONNECTED);
    }

    @Test
    void toAll_goesToNeighboursOnly() {
        mesh.connect(A, B);

        assertThat(mesh.offer(Envelope.toAll(1).from(A).build()).deliveries()).containsExactly(new Delivery(B, null));
        assertThat(mesh.offer(Envelope.toAll(1).from(C).build()).deliveries())
                .containsExactly(new Delivery(null, DeadLetter.Reason.NO_RECEIVER));
        assertThat(mesh.offer(Envelope.onTopic("t", 1).from(A).build()).deliveries())
                .containsExactly(new Delivery(null, DeadLetter.Reason.NO_RECEIVER));
    }

    @Test
    void partition_cutsLinksUntilHealed() {
        mesh.connect(A, B);
        mesh.connect(B, C);
        mesh.partition(List.of(Set.of(A, B)));

        assertThat(refusal(A, B)).isNull();
        assertThat(refusal(B, C)).isEqualTo(DeadLetter.Reason.PARTITIONED);
        assertThat(mesh.offer(Envelope.toAll(1).from(B).build()).deliveries()).containsExactly(new Delivery(A, null));
        assertThat(mesh.isConnected(B, C)).as("partitions aside").isTrue();
        mesh.partition(List.of(Set.of(A), Set.of(B, C)));
        assertThat(refusal(A, B)).isEqualTo(DeadLetter.Reason.PARTITIONED);
        assertThat(refusal(B, C)).as("the earlier one is replaced").isNull();
        mesh.heal();
        assertThat(refusal(A, B)).isNull();
    }

    @Test
    void request_alongALink_isAnswered() {
        AgentId agent = AgentId.of("agent");
        mesh.join(Agent.<String, String>of("agent", (text, context) -> Mono.just(text + "!")));
        mesh.connect(A, agent);

        assertThat(mesh.request(Envelope.to(agent, "x").from(A).build())
                        .block(SOON)
                        .payload())
                .isEqualTo("x!");
    }

    @Test
    void leave_removesItsLinks() {
        mesh.connect(A, B);
        mesh.leave(B).block(SOON);
        mesh.join(B, envelope -> Mono.empty());

        assertThat(mesh.isConnected(A, B)).isFalse();
        assertThat(refusal(A, B)).isEqualTo(DeadLetter.Reason.NOT_CONNECTED);
        assertThat(mesh.neighbours(A)).isEmpty();
    }

    @Test
    void arguments_bad_areRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mesh.connect(A, A))
                .withMessage("a member must not be linked with itself, was a");
        assertThatExceptionOfType(UnknownMemberException.class)
                .isThrownBy(() -> mesh.connect(A, STRANGER))
                .withMessage("the network has no member stranger");
        assertThatExceptionOfType(UnknownMemberException.class).isThrownBy(() -> mesh.disconnect(STRANGER, A));
        assertThatExceptionOfType(UnknownMemberException.class).isThrownBy(() -> mesh.neighbours(STRANGER));
        assertThatNullPointerException().isThrownBy(() -> mesh.connect(null, A));
        assertThatNullPointerException().isThrownBy(() -> mesh.isConnected(A, null));
        assertThatNullPointerException().isThrownBy(() -> mesh.partition(null));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mesh.partition(List.of(Set.of(A), Set.of(A, B))))
                .withMessage("a member must be on one side, a was on two");
    }
}
